"""Answers whose records stand ready for the message, and what plugins do to them on their way up.

A source that can say what there is from a name and a type alone says so in this form (`Plugin.packed`), and plugins
that do no more to such an answer than to bound its TTLs say that beforehand (`Plugin.passage`). Then a plain query is
answered without a Query and a Reply, at half the cost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from pydns.plugin import Turn

MOST_TTL: Final = 2**32 - 1

Packed = tuple[int, int, int, bytes, str]
"""What there is for a name and a type of class IN, whoever asks. Its parts:

* the header's bits that the answer has of its own: AA (0x0400), and the rcode
* how many records stand in the answer section
* and how many in the authority section: only of a denial, its SOA
* the records of both as they stand in the message, each owner a pointer to the question's name (0xC00C) or to an ending
  of it
* the plugin that answers

No class, since it costs as much to make an instance as to look a name up.
"""

AskPacked = Callable[[bytes, int], "Packed | Turn"]
"""From a name and a type to the answer: `Turn.NEXT` where nobody has it, `Turn.SERVE` where only a query can tell."""


class Passage(NamedTuple):
    """What becomes of a packed answer on its way through plugins.

    * `least`, `most`: bounds of the TTLs, in seconds, of an answer that has records in its answer section
    * `denial_least`, `denial_most`: of one that has not
    * `records`: an answer of more records is none of its: the plugins must see it
    * `missing`: False where they must see that a name does not exist
    * `signs`: True where they must see every answer to who sets DO
    """

    least: int = 0
    most: int = MOST_TTL
    denial_least: int = 0
    denial_most: int = MOST_TTL
    records: int = 2**16
    missing: bool = True
    signs: bool = False

    def after(self, below: Passage) -> Passage:
        """The passage through `below` first, and then through this one."""
        return Passage(
            min(max(below.least, self.least), self.most),
            min(max(below.most, self.least), self.most),
            min(max(below.denial_least, self.denial_least), self.denial_most),
            min(max(below.denial_most, self.denial_least), self.denial_most),
            min(self.records, below.records),
            self.missing and below.missing,
            self.signs or below.signs,
        )

    def through(self, found: Packed) -> Packed | None:
        """The answer as it leaves; None where the plugins themselves must be asked."""
        flags, answers, authorities, records, _ = found
        if flags & 15 and not self.missing:
            return None
        count = answers + authorities
        if count != 1:
            return found if not count or self == FREE or (count <= self.records and self[:4] == FREE[:4]) else None
        ttl = int.from_bytes(records[6:10])  # of a record whose owner is a pointer
        least, most = (self[0], self[1]) if answers else (self[2], self[3])
        if least <= ttl <= most:
            return found
        ttl = least if ttl < least else most
        return found[0], answers, authorities, records[:6] + ttl.to_bytes(4) + records[10:], found[4]


FREE: Final = Passage()
