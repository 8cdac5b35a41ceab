"""The few errors that cross rooms; each is translated once, where it leaves the room."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydns.corefile.tree import Corefile, Position


class PydnsError(Exception):
    """The base of all errors that pydns raises on purpose."""


class CorefileError(PydnsError):
    """A fault in a Corefile: where it stands, what is wrong, and what to do about it."""

    def __init__(self, position: Position, message: str, remedy: str = "") -> None:
        super().__init__(position, message, remedy)
        self.position = position
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        tail = f" ({self.remedy})" if self.remedy else ""
        return f"{self.position}: {self.message}{tail}"


class CorefileErrorGroup(PydnsError):  # noqa: N818 -- it holds errors
    """Every fault found in one reading, in the order of the file. Never empty.

    `rest`: what could be read all the same, in which further faults may be found; None where nothing could.
    """

    def __init__(self, errors: Iterable[CorefileError], rest: Corefile | None = None) -> None:
        self.errors: Sequence[CorefileError] = tuple(errors)
        self.rest = rest
        super().__init__(self.errors)

    def __str__(self) -> str:
        return "\n".join(map(str, self.errors))


class WireError(PydnsError):
    """Bytes that are no DNS message; `reply_with` is the rcode that the sender deserves, None for silence."""

    def __init__(self, reason: str, reply_with: int | None = 1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.reply_with = reply_with


class ZoneError(PydnsError):
    """Records that make no zone, or a change that does not fit the zone it is for."""


class StartError(PydnsError):
    """The server cannot start or reload for a reason outside the Corefile: a port taken, a missing file."""


@contextmanager
def ungrouped(*kinds: type[Exception]) -> Iterator[None]:
    """Takes an error of these kinds out of the groups that nurseries put it into; the first where there are several."""
    try:
        yield
    except BaseExceptionGroup as group:
        error: BaseException | None = group.subgroup(kinds)
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if error is None:
            raise
        raise error from None
