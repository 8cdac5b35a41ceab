"""Several processes, one of which takes the updates: the others send them there, and read what came of them."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import trio

from pydns.errors import PydnsError
from pydns.names import to_text
from pydns.records import Ede, Rcode
from pydns.update.performing import Outcome, perform

if TYPE_CHECKING:
    from pydns.update.updated import Updated

log = logging.getLogger("pydns.update")

PATIENCE: Final = 8.0
"""Seconds that an answer may take; less than a query may wait."""

_LOST: Final = Outcome(Rcode.SERVFAIL, Ede.OTHER, "the process that takes updates does not answer")


class Relay:
    """That of one zone. What the family's processes say of it:

    * `look`: there is something new in the journal
    * `ask`: a worker's number, a number of its own, message, key, and who sent it
    * `answer`: the same two numbers, and the outcome
    """

    def __init__(self, updated: Updated) -> None:
        self._updated = updated
        self._topic = f"update {updated.held.origin.hex()} {updated.file.path}"
        self._numbers = count()
        self._waiting: dict[int, _Answer] = {}
        self._nurseries: list[trio.Nursery] = []
        self._hearing = ExitStack()

    async def run(self) -> None:
        """May run twice at a time, before and after a reload: what is heard is heard once."""
        async with trio.open_nursery() as nursery:
            if not self._nurseries:
                self._hearing.enter_context(self._updated.family.hear(self._topic, self._hear))
            self._nurseries.append(nursery)
            try:
                await trio.sleep_forever()
            finally:
                self._nurseries.remove(nursery)
                if not self._nurseries:
                    self._hearing.close()

    def tell(self) -> None:
        """There is something new in the journal."""
        if self._updated.leads:
            self._updated.family.say(self._topic, ("look",))

    async def perform(self, wire: bytes, key: bytes, host: str) -> Outcome:
        """Here, or where updates are taken; then what came of it is in force here too."""
        updated = self._updated
        if updated.leads:
            return await perform(updated, wire, key, host)
        number, answer = next(self._numbers), _Answer()
        self._waiting[number] = answer
        try:
            updated.family.say(self._topic, ("ask", updated.family.number, number, wire, key, host))
            with trio.move_on_after(PATIENCE):
                await answer.came.wait()
                await updated.catch_up()
        except (PydnsError, OSError) as error:
            log.error("%s: what was updated is not seen here: %s", to_text(updated.held.origin), error)
        finally:
            del self._waiting[number]
        return answer.outcome

    def _hear(self, said: Any) -> None:
        what, *words = said
        if what == "look":
            self._updated.look_again()
        elif what == "ask" and self._updated.leads and self._nurseries:
            self._nurseries[-1].start_soon(self._answer, *words)
        elif what == "answer" and words[0] == self._updated.family.number and words[1] in self._waiting:
            answer = self._waiting[words[1]]
            answer.outcome = Outcome(*words[2])
            answer.came.set()

    async def _answer(self, worker: int, number: int, wire: bytes, key: bytes, host: str) -> None:
        outcome = await perform(self._updated, wire, key, host)
        self._updated.family.say(self._topic, ("answer", worker, number, tuple(outcome)))


class _Answer:
    def __init__(self) -> None:
        self.came = trio.Event()
        self.outcome = _LOST
