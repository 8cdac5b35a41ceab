"""One transfer under way: its messages, how long it may take, and what is told of it at the end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Final, NamedTuple

from pydns.errors import PydnsError

log = logging.getLogger("pydns.transfer")

LONGEST: Final = 7200.0
"""Seconds that a transfer may take, as in BIND, however eagerly its client reads a little now and then."""


class TooSlowError(PydnsError):
    """A transfer takes longer than any should."""


class About(NamedTuple):
    """What a transfer is, for the log: `AXFR of example.org. 7 to 192.0.2.1 port 4242`."""

    what: str
    records: int


class Outgoing:
    """The messages behind the first one (see `pydns.reply.Messages`). `ended` is called once, however it ends.

    It is told whether all messages were taken.
    """

    __slots__ = ("_about", "_began", "_ended", "_is_whole", "_messages", "_octets", "_packed")

    def __init__(self, first: bytes, packed: Iterator[bytes], about: About, ended: Callable[[bool], None]) -> None:
        self._packed = packed
        self._about = about
        self._ended: Callable[[bool], None] | None = ended
        self._is_whole = False
        self._began = monotonic()
        self._messages = 1
        self._octets = len(first)

    def __next__(self) -> bytes:
        if monotonic() > self._began + LONGEST:
            raise TooSlowError(f"{self._about.what}: not done in {LONGEST:g} s")
        try:
            message = next(self._packed)
        except StopIteration:
            self._is_whole = True
            raise
        self._messages += 1
        self._octets += len(message)
        return message

    def close(self) -> None:
        ended, self._ended = self._ended, None
        if ended is None:
            return
        ended(self._is_whole)
        seconds = monotonic() - self._began
        sent = f"{self._messages} messages, {self._octets} octets in {seconds:.2f} s"
        if self._is_whole:
            log.info("%s: %d records, %s", self._about.what, self._about.records, sent)
        else:
            log.warning("%s: broke off after %s", self._about.what, sent)

    def __del__(self) -> None:
        """Where the answer never left."""
        self.close()
