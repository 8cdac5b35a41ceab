"""recvmmsg and sendmmsg (Linux): up to 64 datagrams in one system call, in buffers that are made once.

The kernel writes to the buffers' addresses, so they must stay where they are: what a memoryview shows cannot be given
another size. And a slice of it costs half of what one of the bytearray does.

All headers lie in one bytearray. Before each receive it is restored from a template by one slice copy, which also
resets the lengths that the kernel wrote; no ctypes attribute is touched for a message.

Where the socket hears on all addresses, each message comes with the address that was asked (IP_PKTINFO,
IPV6_RECVPKTINFO), and the answer goes out with that as its source.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Final

SLOTS: Final = 64
SIZE: Final = 65_536
"""Octets of a slot, which no datagram exceeds: updates may be long. Pages that none needs take no memory."""

NAME: Final = 28  # struct sockaddr_in6, the larger of the two
CONTROL: Final = 64
HEADER: Final = 64
"""Octets of struct mmsghdr: name* namelen iov* iovlen control* controllen flags | len."""

# Lengths of a control message with its padding (CMSG_SPACE): in_pktinfo has 12 octets, in6_pktinfo 20.
CONTROL_LENGTH: Final = {socket.AF_INET: 32, socket.AF_INET6: 40}
NAME_LENGTH: Final = {socket.AF_INET: 16, socket.AF_INET6: 28}
_INTERFACE_AT: Final = {socket.AF_INET: 4, socket.AF_INET6: 8}  # in 32-bit words of a control message

# PyDLL holds the GIL: with MSG_DONTWAIT nothing blocks, and to give it up and take it again costs more than the call.
_libc = ctypes.PyDLL(None, use_errno=True)
_libc.recvmmsg.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p]
_libc.sendmmsg.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int]
recvmmsg, sendmmsg = _libc.recvmmsg, _libc.sendmmsg


def address_of(buffer: bytearray | memoryview) -> int:
    return ctypes.addressof((ctypes.c_char * len(buffer)).from_buffer(buffer))


def _pages(size: int) -> mmap.mmap:
    """Each of them is there once it is written to, and not 512 at once."""
    found = mmap.mmap(-1, size)
    with suppress(OSError):  # a kernel without huge pages
        found.madvise(mmap.MADV_NOHUGEPAGE)
    return found


class Batch:
    """Buffers for one socket. Slot `i` has its message in `data[i * SIZE :]`, and the peer's address in `names`.

    * `lengths[i]`: octets received in slot `i`; `outgoing[i]`: octets to send from it
    * `control`: what says which address was asked, where `with_local` is true
    """

    def __init__(self, sock: socket.socket, with_local: bool) -> None:
        self.family = sock.family
        self.with_local = with_local
        self._descriptor = sock.fileno()
        self.data = memoryview(_pages(SLOTS * SIZE))
        self.names = memoryview(bytearray(SLOTS * NAME))
        self.control = memoryview(bytearray(SLOTS * CONTROL))
        self._vectors = bytearray(SLOTS * 16)
        self._headers = bytearray(SLOTS * HEADER)
        data, names, control = map(address_of, (self.data, self.names, self.control))
        vectors = address_of(self._vectors)
        for i in range(SLOTS):
            struct.pack_into("QQ", self._vectors, i * 16, data + i * SIZE, SIZE)
            struct.pack_into(
                "QI4xQQQQi4xI4x",
                self._headers,
                i * HEADER,
                names + i * NAME,
                NAME,
                vectors + i * 16,
                1,
                control + i * CONTROL if with_local else 0,
                CONTROL if with_local else 0,
                0,
                0,
            )
        self._fresh_headers, self._fresh_vectors = bytes(self._headers), bytes(self._vectors)
        self.lengths = memoryview(self._headers).cast("I")[14::16]
        self.outgoing = memoryview(self._vectors).cast("Q")[1::2]
        self._interfaces = self.control.cast("I")[_INTERFACE_AT[self.family] :: CONTROL // 4]
        self._no_interfaces = memoryview(bytes(SLOTS * 4)).cast("I")
        self._at = address_of(self._headers)

    def receive(self) -> int:
        """Takes what is there, at most `SLOTS` messages; 0 where there is none. Raises OSError."""
        self._headers[:] = self._fresh_headers
        self._vectors[:] = self._fresh_vectors
        count: int = recvmmsg(self._descriptor, self._at, SLOTS, socket.MSG_DONTWAIT, None)
        if count > 0:
            if self.with_local:
                # The answer leaves by the interface that its route names, which need not be the one it came in by.
                self._interfaces[:] = self._no_interfaces
            return count
        code = ctypes.get_errno()
        if count == 0 or code in (errno.EAGAIN, errno.EINTR):
            return 0
        raise OSError(code, "recvmmsg failed")

    def send(self, first: int, count: int, keep: Callable[[int], None] | None = None) -> int:
        """Sends `count` slots from `first` on; says how many could not be sent.

        Those that the kernel has no room for now are given to `keep` instead, where it is there.
        """
        failed = 0
        while count > 0:
            sent: int = sendmmsg(self._descriptor, self._at + first * HEADER, count, socket.MSG_DONTWAIT)
            if sent <= 0 and keep is not None and ctypes.get_errno() == errno.EAGAIN:
                for slot in range(first, first + count):
                    keep(slot)
                return failed
            if sent <= 0:  # the first of them: its peer cannot be reached, or there is no room in the kernel
                sent = 1
                failed += 1
            first += sent
            count -= sent
        return failed

    def for_sending(self) -> None:
        """Has all headers ready to send: for a batch that receives nothing, and is filled by `put`."""
        for i in range(SLOTS):
            struct.pack_into("I", self._headers, i * HEADER + 8, NAME_LENGTH[self.family])
            if self.with_local:
                struct.pack_into("Q", self._headers, i * HEADER + 40, CONTROL_LENGTH[self.family])

    def put(self, slot: int, name: bytes, control: bytes, message: bytes) -> None:
        """Fills a slot. `name` and `control` are as `peer` gave them."""
        self.names[slot * NAME : slot * NAME + NAME] = name
        if self.with_local:
            self.control[slot * CONTROL : slot * CONTROL + len(control)] = control
        self.data[slot * SIZE : slot * SIZE + len(message)] = message
        self.outgoing[slot] = len(message)

    def message(self, slot: int) -> bytes:
        """What is to be sent from a slot."""
        return self.data[slot * SIZE : slot * SIZE + self.outgoing[slot]].tobytes()

    def peer(self, slot: int) -> tuple[bytes, bytes]:
        """Who sent a message, and the address that was asked (empty where that is the socket's own)."""
        at = slot * CONTROL
        return (
            self.names[slot * NAME : slot * NAME + NAME].tobytes(),
            self.control[at : at + CONTROL_LENGTH[self.family]].tobytes() if self.with_local else b"",
        )

    def close(self) -> None:
        """From now on nothing is sent: the number of the socket's descriptor may be another's soon."""
        self._descriptor = -1
