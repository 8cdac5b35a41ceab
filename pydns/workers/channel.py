"""Messages between a parent and a worker, over a pair of Unix sockets; a message may bring file descriptors along.

What comes out is what went in, by pickle: both ends are the same program, and nobody else has the sockets.
"""

from __future__ import annotations

import io
import os
import pickle
import socket
import struct
from array import array
from collections.abc import Sequence
from typing import Any, Final

import trio

_HEADER: Final = struct.Struct("!IB")  # octets of the message, and how many descriptors it brings
_MOST_DESCRIPTORS: Final = 253  # SCM_MAX_FD
_PIECE: Final = 1 << 16


class ChannelClosed(Exception):  # noqa: N818 -- an end, and often no error
    """The other process has closed its end, or is gone."""


class Descriptor:
    """A file descriptor on its way, anywhere in a message. Who receives it closes it."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number


class Letter:
    """A message as octets, with copies of its descriptors, so that it can wait while the originals are closed."""

    def __init__(self, message: object) -> None:
        """Raises OSError where a descriptor is none, ValueError where there are too many."""
        self.descriptors: list[int] = []
        body = io.BytesIO()
        try:
            _Writer(body, self.descriptors).dump(message)
            if len(self.descriptors) > _MOST_DESCRIPTORS:
                raise ValueError(f"{len(self.descriptors)} descriptors in a message, at most {_MOST_DESCRIPTORS}")
        except BaseException:
            self.close()
            raise
        octets = body.getvalue()
        self.octets = _HEADER.pack(len(octets), len(self.descriptors)) + octets

    def close(self) -> None:
        """Its descriptors are sent, or never will be."""
        while self.descriptors:
            os.close(self.descriptors.pop())


class Channel:
    """One end. One task may send and one receive at a time."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = trio.socket.from_stdlib_socket(sock)
        self._received = bytearray()
        self._descriptors: list[int] = []

    async def send(self, letter: Letter) -> None:
        """Raises ChannelClosed."""
        rest = memoryview(letter.octets)
        control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", letter.descriptors))] if letter.descriptors else []
        try:
            while rest:
                rest = rest[await self._socket.sendmsg([rest], control) :]
                control = []  # they go with the first octets
        except (OSError, trio.ClosedResourceError) as error:
            raise ChannelClosed from error
        finally:
            letter.close()

    async def receive(self) -> Any:
        """The next message. Raises ChannelClosed."""
        size, count = _HEADER.unpack(await self._take(_HEADER.size))
        octets = await self._take(size)
        mine, self._descriptors = self._descriptors[:count], self._descriptors[count:]
        return _Reader(io.BytesIO(octets), mine).load()

    async def _take(self, size: int) -> bytes:
        room = socket.CMSG_SPACE(_MOST_DESCRIPTORS * array("i").itemsize)
        while len(self._received) < size:
            try:
                octets, control, _, _ = await self._socket.recvmsg(_PIECE, room, socket.MSG_CMSG_CLOEXEC)
            except (OSError, trio.ClosedResourceError) as error:
                raise ChannelClosed from error
            for level, kind, data in control:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                    numbers = array("i")
                    numbers.frombytes(data[: len(data) - len(data) % numbers.itemsize])
                    self._descriptors += numbers
            if not octets:
                raise ChannelClosed
            self._received += octets
        taken = bytes(self._received[:size])
        del self._received[:size]
        return taken

    def close(self) -> None:
        self._socket.close()
        while self._descriptors:
            os.close(self._descriptors.pop())


class _Writer(pickle.Pickler):
    def __init__(self, file: io.BytesIO, descriptors: list[int]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._descriptors = descriptors

    def persistent_id(self, found: Any) -> int | None:
        if not isinstance(found, Descriptor):
            return None
        self._descriptors.append(os.dup(found.number))
        return len(self._descriptors) - 1


class _Reader(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, descriptors: Sequence[int]) -> None:
        super().__init__(file)
        self._descriptors = descriptors

    def persistent_load(self, found: Any) -> Descriptor:
        return Descriptor(self._descriptors[found])
