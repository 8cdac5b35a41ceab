"""One TCP connection of a client: messages in, answers out, and when it is over (RFC 7766)."""

from __future__ import annotations

import logging
import socket
import struct
from contextlib import suppress
from select import EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT
from typing import TYPE_CHECKING, Any, Final

from pydns.errors import WireError
from pydns.listen.framing import LONGEST, MessageReader, framed
from pydns.listen.sockaddr import to_address

if TYPE_CHECKING:
    from pydns.listen.connections import Connections
    from pydns.listen.waiting import Waiting
    from pydns.query import Address
    from pydns.reply import Messages

log = logging.getLogger("pydns.listen")

_RECEIVED: Final = 16384  # octets taken at once: dozens of queries, and what a connection may hold here is little
_TURN: Final = 64  # messages taken from one connection before the others have their turn
_PIECE: Final = 65536  # octets that must leave within the write timeout
_RESET: Final = struct.pack("ii", 1, 0)  # struct linger: closing drops what the kernel still holds


class Connection:
    """It is the client of each message that came over it, so that a message costs no object of its own.

    Answers carry their id, so they leave in any order (RFC 7766 section 6.2.1.1). Nothing here waits: the listener
    calls `on_events` when epoll reports something, and `flush` once after answers were given.
    """

    __slots__ = (
        "_begun", "_connections", "_ended", "_events", "_following", "_full", "_gathered", "_local", "_moved", "_name",
        "_out", "_peer", "_reader", "_taken", "_under_way", "_unsent", "_waits", "client", "family", "held", "size",
        "socket",
    )  # fmt: skip

    transport = "tcp"

    def __init__(
        self, sock: socket.socket, name: tuple[Any, ...], client: str | bytes, connections: Connections
    ) -> None:
        self.socket = sock
        self.family = 4 if sock.family == socket.AF_INET else 6
        self.client = client  # whom it counts against
        self.size = 0  # octets of answers that are here
        self.held = 0  # of them, those counted in `Connections.held`
        self._name = name
        self._peer: Address | None = None
        self._local: Address | None = None
        self._connections = connections
        self._reader = MessageReader()
        self._taken = 0
        self._under_way = 0
        self._full = False  # nothing is taken until more was answered, or has left
        self._ended = ""  # why nothing is read any more
        self._out: list[bytes] = []  # lengths and answers in turn
        self._following: list[Messages] = []  # of answers of several messages, what is not made yet
        self._unsent: memoryview | bytes = b""  # what the kernel did not take
        self._moved = 0  # octets that left since the write timeout began
        self._begun = False  # what is here of a message is of another one than before
        self._gathered = False  # `flush` comes
        self._events = EPOLLIN
        self._waits: Waiting[Connection] | None = None

    @property
    def peer(self) -> Address:
        if self._peer is None:
            self._peer = to_address(self._name)
        return self._peer

    @property
    def local(self) -> Address:
        if self._local is None:
            self._local = to_address(self.socket.getsockname())
        return self._local

    def lasting(self) -> Connection:
        return self

    def send(self, answer: bytes | None) -> None:
        """Gives it to the next `flush`. Call it exactly once for each message that was taken."""
        self._under_way -= 1
        if answer is not None:
            size = len(answer)
            if size > LONGEST:
                log.error("an answer of %d octets cannot be sent over TCP, which takes %d", size, LONGEST)
            else:
                self._out += (size.to_bytes(2), answer)
                self.size += size + 2
        if not self._gathered:
            self._gathered = True
            self._connections.gather(self)

    def follow(self, messages: Messages) -> None:
        """As `pydns.listen.taker.Stream` says: each is made when all before it has left.

        Answers to other queries leave between them (RFC 7766 section 7, RFC 5936 section 4.1.1).
        """
        if self.socket.fileno() < 0:
            messages.close()
        else:
            self._following.append(messages)

    def on_events(self, events: int) -> None:
        try:
            if events & (EPOLLERR | EPOLLHUP):
                self.close("reset")
            elif events & EPOLLOUT and (self._unsent or self._out):
                self._write()
            else:
                if events & EPOLLOUT and self._following:
                    self._connections.has_more(self)
                if events & EPOLLIN:
                    self._receive()
                elif self._reader.held and not self._full:
                    self._take(b"")
        except Exception:  # whatever one connection stumbles over is the end of that connection alone
            log.exception("a TCP connection is closed after an error")
            self.close("error")

    def make_one(self) -> None:
        """Makes one message of those that follow, and sends it."""
        if not self._following or self._out or self._unsent:
            return
        try:
            message = self._following[0].__next__()
            octets = framed(message)
        except StopIteration:
            self._following.pop(0).close()
            self._settle()
            return
        except Exception as error:
            log.error("an answer of several messages breaks off: %s: %s", type(error).__name__, error)
            self.close("error")
            return
        self._out.append(octets)
        self.size += len(octets)
        self._write()

    def begin(self) -> None:
        """From here on it is watched. Raises OSError."""
        self._connections.epoll.register(self.socket.fileno(), EPOLLIN)
        self._settle()

    def _receive(self) -> None:
        try:
            octets = self.socket.recv(_RECEIVED)
        except BlockingIOError:
            return
        except OSError:
            self.close("reset")
            return
        if octets:
            self._take(octets)
        else:  # it may have closed its half only and still read: all it asked is answered (RFC 7766 section 6.2.4)
            self.end("client")

    def _take(self, octets: bytes) -> None:
        limits = self._connections.limits
        most = min(_TURN, limits.queries - self._under_way)
        if limits.most_queries is not None:
            most = min(most, max(1, limits.most_queries - self._taken))  # they may be fewer than before
        try:
            messages = self._reader.feed(octets, most)
        except WireError:
            self.end("malformed")
            return
        self._taken += len(messages)
        self._under_way += len(messages)
        if messages:
            self._begun = True
        take, now = self._connections.taker.take, self._connections.now
        for wire in messages:
            take(wire, self, now)
        if messages and limits.most_queries is not None and self._taken >= limits.most_queries:
            self._reader.rest.clear()
            self.end("queries")
        elif not self._gathered:
            self._settle()

    def flush(self) -> None:
        """Sends what was answered since the last time, in one go."""
        self._gathered = False
        if self.socket.fileno() < 0:
            self._out.clear()
        elif self._out and not self._unsent:
            self._write()
        else:
            self._settle()

    def _write(self) -> None:
        octets = self._unsent
        if not octets:
            octets = b"".join(self._out)
            self._out.clear()
        try:
            sent = self.socket.send(octets)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.close("reset")
            return
        self.size -= sent
        self._unsent = b"" if sent == len(octets) else memoryview(octets)[sent:]
        self._moved += sent
        self._settle()

    def end(self, reason: str) -> None:
        """Reads nothing more; closes when all that was taken is answered and has left."""
        if not self._ended:
            self._ended = reason
        if not self._gathered and self.socket.fileno() >= 0:
            self._settle()

    def _settle(self) -> None:
        """What follows from a step: whether it is over, what epoll shall report, and which time is running."""
        rest = self._reader.rest
        busy = self._unsent or self._out or self._under_way or self._following
        if not (busy or rest or self._full or self._ended or self.held) and self._events == EPOLLIN:
            # Most: it may ask again.
            self._wait(self._connections.idle, True)
            self._begun = False
            return
        held = bool(rest) and self._reader.held
        unsent = bool(self._unsent or self._out)
        if self._ended and not (self._under_way or unsent or held or self._following):
            self._finish()
            return
        connections, limits = self._connections, self._connections.limits
        share = 2 if self._full else 1  # once full, half of it must be gone: else it would turn with each answer
        self._full = self._under_way * share >= limits.queries or self.size * share > limits.output
        events = 0
        if self._unsent or (self._out and not self._gathered) or (held and not self._full) or self._following:
            # For messages that are here already as well: epoll reports a socket that can be written to at once, and
            # those that it reports take turns.
            events |= EPOLLOUT
        if not (self._ended or self._full or held):
            events |= EPOLLIN
        if events != self._events:
            connections.epoll.modify(self.socket.fileno(), events)
            self._events = events
        if self._unsent or self._following:
            self._wait(connections.writing, self._moved >= _PIECE)
        elif held and not self._full:
            # The kernel took all answers, and has no room for more: who does not read them is slow just the same.
            self._wait(connections.writing, self._begun)
        elif rest and events & EPOLLIN:
            self._wait(connections.reading, self._begun)
        elif unsent or held or self._under_way:
            self._wait(None, False)
        else:
            self._wait(connections.idle, True)
        self._begun = False
        if self._unsent or self.held:
            connections.hold(self)

    def _wait(self, waits: Waiting[Connection] | None, anew: bool) -> None:
        before = self._waits
        if waits is before and not anew:
            return
        if before is not None and before is not waits:
            before.end(self)
        self._waits = waits
        self._moved = 0
        if waits is not None:
            waits.begin(self, self._connections.now)

    @property
    def busy(self) -> bool:
        """True while something that it asked is under way or waits to leave."""
        return bool(self._under_way or self._out or self._unsent or self._following)

    def _finish(self) -> None:
        """Closes it in order. Octets left unread would make the kernel send a reset, which overtakes answers."""
        if self._ended != "client":
            with suppress(OSError):
                self.socket.recv(_RECEIVED)
        self.close(self._ended)

    def close(self, reason: str) -> None:
        """Closes it now; answers that are still to come go nowhere."""
        if self.socket.fileno() < 0:
            return
        if self._waits is not None:
            self._waits.end(self)
        if self._under_way:
            self._local = self.local  # a log may ask for it when the socket can no longer be asked
        if self._unsent or self._following:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._out.clear()
        self._unsent = b""
        self._reader.rest.clear()
        for messages in self._following:
            messages.close()
        self._following.clear()
        self._connections.forget(self, reason)
        self.socket.close()
