"""Messages to and from a primary, over UDP and TCP."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import trio

from pydns.transfer.errors import TransferError

if TYPE_CHECKING:
    from pydns.upstream.endpoint import Endpoint

CONNECTING: Final = 10.0
"""Seconds in which a connection must stand."""

_RECEIVED: Final = 65_536


class Stream:
    """A TCP connection on which messages go framed by their length (RFC 1035 section 4.2.2)."""

    def __init__(self, sock: trio.socket.SocketType) -> None:
        self._socket = sock
        self._received = bytearray()

    async def send(self, message: bytes) -> None:
        left = memoryview(len(message).to_bytes(2) + message)
        while left:
            left = left[await self._socket.send(left) :]

    async def receive(self) -> bytes:
        """The next message. Raises TransferError where the connection ends before it is whole."""
        received = self._received
        while len(received) < 2 or len(received) < 2 + int.from_bytes(received[:2]):
            piece = await self._socket.recv(_RECEIVED)
            if not piece:
                raise TransferError("the connection ended in the midst of it")
            received += piece
        end = 2 + int.from_bytes(received[:2])
        message = bytes(received[2:end])
        del received[:end]
        return message


@asynccontextmanager
async def connected(primary: Endpoint) -> AsyncIterator[Stream]:
    """Raises OSError, and trio.TooSlowError where nobody answers."""
    async with _socket(primary, socket.SOCK_STREAM) as sock:
        yield Stream(sock)


async def exchange(primary: Endpoint, message: bytes) -> AsyncGenerator[bytes, None]:
    """Sends one datagram, and gives all that come back from there. Raises OSError."""
    async with _socket(primary, socket.SOCK_DGRAM) as sock:
        await sock.send(message)
        while True:
            yield await sock.recv(_RECEIVED)


@asynccontextmanager
async def _socket(primary: Endpoint, kind: socket.SocketKind) -> AsyncIterator[trio.socket.SocketType]:
    family, address = primary.resolved(kind)
    with trio.socket.socket(family, kind) as sock:
        with trio.fail_after(CONNECTING):
            await sock.connect(address)
        yield sock
