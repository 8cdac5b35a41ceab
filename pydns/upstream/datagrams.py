"""Datagrams of connected sockets, up to 64 in one system call, in buffers that all sockets of a pool share.

A connected socket needs no addresses, and the kernel changes nothing in the headers but lengths and flags. So there is
nothing to make ready before a call.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct
from collections.abc import Iterable
from typing import Final

from pydns.mmsg import HEADER, SLOTS, address_of, recvmmsg, sendmmsg

LARGEST: Final = 4096
"""Octets; a longer answer, though 1232 were asked for, is taken as a truncated one."""

SIZE: Final = LARGEST + 1
"""Octets of a slot: a datagram that fills it was longer than the largest."""


class Datagrams:
    """Slots for messages. Slot `i` is `data[i * SIZE :]`; `received[i]` are its octets that came in.

    What is between `receive` and the copying of its messages must not call `receive` again.
    """

    def __init__(self) -> None:
        self.data = memoryview(bytearray(SLOTS * SIZE))
        self._vectors = bytearray(SLOTS * 16)
        self._headers = bytearray(SLOTS * HEADER)
        data, vectors = address_of(self.data), address_of(self._vectors)
        for i in range(SLOTS):
            struct.pack_into("QQ", self._vectors, i * 16, data + i * SIZE, SIZE)
            struct.pack_into("QI4xQQQQi4xI4x", self._headers, i * HEADER, 0, 0, vectors + i * 16, 1, 0, 0, 0, 0)
        self.received = memoryview(self._headers).cast("I")[14::16]
        self._lengths = memoryview(self._vectors).cast("Q")[1::2]
        self._at = address_of(self._headers)

    def receive(self, descriptor: int) -> int:
        """Takes what is there, at most `SLOTS` messages; 0 where there is none. Raises OSError."""
        count: int = recvmmsg(descriptor, self._at, SLOTS, socket.MSG_DONTWAIT, None)
        if count > 0:
            return count
        code = ctypes.get_errno()
        if count == 0 or code in (errno.EAGAIN, errno.EINTR):
            return 0
        raise OSError(code, os.strerror(code))

    def fill(self, messages: Iterable[bytes]) -> None:
        """Puts messages into the slots, of buffers that only send. Each has at most `SIZE` octets."""
        data, lengths, at = self.data, self._lengths, 0
        for i, message in enumerate(messages):
            length = lengths[i] = len(message)
            data[at : at + length] = message
            at += SIZE

    def send(self, descriptor: int, first: int, count: int) -> int:
        """Sends slots from `first` on, and says how many; raises OSError where not even that one could be sent.

        What kept it from sending all of them is told by the next call, if it is still so.
        """
        sent: int = sendmmsg(descriptor, self._at + first * HEADER, count, socket.MSG_DONTWAIT)
        if sent > 0:
            return sent
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
