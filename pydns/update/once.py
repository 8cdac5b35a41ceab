"""A message that comes twice is done once.

Its sender asks again where no answer came, and would be told that its own change goes against its prerequisites. Who
has overheard it may repeat it as long as its signature is good, and would undo what came since.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

import trio

from pydns.records import Rcode
from pydns.tsig.algorithms import LEAST

if TYPE_CHECKING:
    from pydns.tsig.record import Tsig
    from pydns.update.performing import Outcome

MOST: Final = 10_000
"""Outcomes that are remembered; the oldest go ahead of their time where there are more."""


class Once:
    """By key and MAC: these are another's for whatever else is signed, and at another second.

    Of the MAC only what is there however it is cut (RFC 8945 section 5.2.2.1): where a key takes cut ones, who has
    overheard a whole one might cut it once more each time.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._known: OrderedDict[tuple[bytes, bytes], _Doing] = OrderedDict()

    async def outcome(self, signature: Tsig, do: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """What `do` gives, or gave for the same signature. It is done again where it could not be done."""
        identity = signature.name, signature.mac[:LEAST]
        while (known := self._known.get(identity)) is not None:
            await known.over.wait()
            if known.outcome is not None:
                return known.outcome
        self._forget()
        doing = self._known[identity] = _Doing(signature.time + signature.fudge)
        try:
            outcome = await do()
            if outcome.rcode != Rcode.SERVFAIL:
                doing.outcome = outcome
            return outcome
        finally:
            if doing.outcome is None and self._known.get(identity) is doing:
                del self._known[identity]
            doing.over.set()

    def _forget(self) -> None:
        """Those whose signatures are good no more."""
        now = self._clock()
        while self._known:
            first = next(iter(self._known.values()))
            if first.until >= now and len(self._known) < MOST:
                return
            self._known.popitem(last=False)


class _Doing:
    def __init__(self, until: float) -> None:
        self.until = until
        self.outcome: Outcome | None = None
        self.over = trio.Event()
