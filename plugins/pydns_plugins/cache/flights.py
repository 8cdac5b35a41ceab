"""Questions on their way down the chain, so that clients who ask the same wait for one answer.

A flight has one leader, the query that went down. What the waiters do when it is back hangs on how it ended:

    ANSWERED   they take its answer
    FAILED     one of them tries anew, since other upstreams may do better; a second failure is everybody's
    ABANDONED  the leader was cancelled, or the data changed meanwhile: one of them asks anew
    PERSONAL   the answer depends on who asks: each asks alone

Only clients' own questions wait. A question from within never does: it may be part of what the leader waits for.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Final

import trio

from pydns.reply import Reply

if TYPE_CHECKING:
    from pydns.query import Query


_AT_ONCE: Final = 64  # waiters that go on before other tasks have their turn


class End(Enum):
    """How a flight ended."""

    ANSWERED = auto()
    FAILED = auto()
    ABANDONED = auto()
    PERSONAL = auto()


class Flight:
    """One question on its way, over `transport`. Until it is back, `end` is as if the leader were cancelled.

    `reply` is what waiters take: the answer, or where the chain failed what it said, if anything. `names` are those
    that the answer depends on, beside the question's.
    """

    __slots__ = ("_has_landed", "_waiting", "end", "names", "reply", "transport")

    def __init__(self, transport: str) -> None:
        self.transport = transport
        self.end = End.ABANDONED
        self.reply: Reply | None = None
        self.names: tuple[bytes, ...] = ()
        self._has_landed = False
        self._waiting: trio.lowlevel.ParkingLot | None = None  # made for the first waiter: most flights have none

    async def landed(self) -> None:
        """Waits until `land` is called."""
        if self._has_landed:
            return
        if self._waiting is None:
            self._waiting = trio.lowlevel.ParkingLot()
        await self._waiting.park()
        self._waiting.unpark()

    def answer_for(self, query: Query) -> Reply | None:
        """What it brought, where that answers `query` too: a cut answer (TC) is none for another transport."""
        reply = self.reply
        if self.end is not End.ANSWERED or reply is None:
            return None
        if _is_truncated(reply) and self.transport != query.transport:
            return None
        query.origin.asked_within += self.names
        return reply

    def land(self) -> None:
        """Lets the waiters go on: the first of them at once, and each of these lets another.

        So thousands do not hold up everybody else.
        """
        self._has_landed = True
        if self._waiting is not None:
            self._waiting.unpark(count=_AT_ONCE)


def _is_truncated(reply: Reply) -> bool:
    return bool(reply.flags & Reply.TC or (reply.wire is not None and reply.wire[2] & 0x02))
