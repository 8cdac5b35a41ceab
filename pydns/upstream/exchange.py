"""One question to one upstream, from the first datagram to its end: an answer or a failure.

Nothing here waits. Sockets hand in what arrives, the sweep ends what is overdue, and each step (a retry over TCP, a
retry without EDNS) is taken at once. So a question may have exchanges with two upstreams under way and needs no task
for either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

import trio

from pydns.errors import WireError
from pydns.names import LOWER
from pydns.records import Rcode
from pydns.upstream.datagrams import LARGEST
from pydns.upstream.request import without_opt
from pydns.wire.scan import opt_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydns.upstream.upstream import Upstream

_KNOWS_NO_EDNS: Final = frozenset((Rcode.FORMERR, Rcode.NOTIMP))


class Carrier(Protocol):
    """A socket that holds exchanges by their id."""

    def forget(self, exchange: Exchange, answered: bool) -> None:
        """It was answered or given up: what comes under its id from now on is junk."""


class Exchange:
    """`done` once it has ended: then `wire` is the answer, or empty where it failed, and `failure` says why.

    `then` is called with it in that step; `about` is whatever that wants to know. `question` is what is asked, and
    `tail` the message behind its id.
    `rcode` is the whole one, with the upper bits that are in the OPT record (RFC 6891 section 6.1.3), SERVFAIL where it
    failed; `opt` is where that record stands in the answer, 0 where there is none. `stream` is true while it is under
    way over TCP, `edns` while it is with an OPT. `sent` and `deadline` are on trio's clock, `seconds` is what the
    upstream took.
    """

    __slots__ = (
        "about", "carrier", "deadline", "done", "edns", "failure", "fresh", "id", "latest", "opt", "question", "rcode",
        "seconds", "sent", "stream", "tail", "then", "timeout", "upstream", "wire",
    )  # fmt: skip

    def __init__(
        self,
        upstream: Upstream,
        question: bytes,
        tail: bytes,
        stream: bool,
        then: Callable[[Exchange], None],
        now: float,
        timeout: float,
        latest: float,
        about: Any = None,
    ) -> None:
        self.upstream = upstream
        self.question = question
        self.tail = tail
        self.stream = stream
        self.then = then
        self.about = about
        self.sent = now
        self.timeout = timeout
        self.latest = latest
        deadline = now + timeout
        self.deadline = deadline if deadline < latest else latest
        self.edns = True
        self.fresh = False  # wants a connection that nobody has used yet
        self.done = False
        self.failure = ""
        self.wire = b""
        self.opt = 0
        self.rcode: int = Rcode.SERVFAIL
        self.seconds = 0.0
        self.carrier: Carrier | None = None
        self.id = b""

    def why(self) -> str:
        """Who answered, over what, and how fast."""
        return f"{self.upstream.name} {'tcp' if self.stream else 'udp'} {self.seconds * 1000:.0f} ms"

    def take(self, wire: bytes, now: float) -> bool:
        """A message with its id came over its socket. False where it is junk; then the exchange goes on waiting.

        Forged and broken messages must not end it: the good answer may still come (RFC 5452 section 9.1).
        """
        question = self.question
        end = 12 + len(question)
        if wire[2] & 0xF8 != 0x80:  # QR set, opcode QUERY
            return False
        if wire[4:6] != b"\0\1":
            return self._take_bare(wire)
        if wire[12:end] != question and not _same_question(wire[12:end], question):
            return False
        if not self.stream and (wire[2] & 0x02 or len(wire) > LARGEST):
            self._leave(True)
            self._go_on(stream=True)  # RFC 7766 section 5
            return True
        try:
            opt = opt_at(wire, end)
        except WireError:
            return False
        rcode = wire[3] & 15 | (wire[opt + 5] << 4 if opt else 0)
        self._leave(True)
        if rcode and self.edns and _knows_no_edns(rcode, opt):
            self._go_on(edns=False)
            return True
        self.wire = wire
        self.opt = opt
        self.rcode = rcode
        self.seconds = now - self.sent
        self.done = True
        self.upstream.answered(self, now)
        self.then(self)
        return True

    def _take_bare(self, wire: bytes) -> bool:
        """Servers that could not read the OPT record send a header and no question (RFC 6891 section 7)."""
        if len(wire) != 12 or wire[4:12] != bytes(8) or wire[3] & 15 not in _KNOWS_NO_EDNS:
            return False
        if not self.edns:
            return False
        self._leave(True)
        self._go_on(edns=False)
        return True

    def resend(self) -> None:
        """The connection that it was sent on had been closed by the upstream meanwhile: once more over a new one."""
        self.fresh = True
        self._go_on()

    def _go_on(self, *, stream: bool | None = None, edns: bool | None = None) -> None:
        if stream is not None:
            self.stream = stream
        if edns is not None:
            self.edns = edns
            self.tail = without_opt(self.tail, self.question)
        self.deadline = min(trio.current_time() + self.timeout, self.latest)
        self.upstream.send(self)

    def fail(self, reason: str) -> None:
        """It ends without an answer."""
        if self.done:
            return
        self._leave(False)
        self.failure = reason
        self.done = True
        self.upstream.failed(self)
        self.then(self)

    def _leave(self, answered: bool) -> None:
        carrier, self.carrier = self.carrier, None
        if carrier is not None:
            carrier.forget(self, answered)


def _knows_no_edns(rcode: int, opt: int) -> bool:
    """It refused our OPT record, of version 0, and so knows nothing of EDNS (RFC 6891 sections 6.1.3 and 7)."""
    return rcode == Rcode.BADVERS if opt else rcode in _KNOWS_NO_EDNS


def _same_question(found: bytes, asked: bytes) -> bool:
    """Letters of the name may differ (RFC 4343), type and class may not."""
    return found[-4:] == asked[-4:] and found[:-4].translate(LOWER) == asked[:-4].translate(LOWER)
