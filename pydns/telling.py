"""Who is told of answers: those who watch or count them may fail, and the answers leave all the same."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pydns.query import Query
    from pydns.reply import Reply
    from pydns.settings import Alike, Observer

log = logging.getLogger("pydns.server")

Watch = tuple["Callable[[bytes, Any, bytes], None]", ...]


def tell(told: Iterable[Callable[..., object]], *what: object) -> None:
    """Calls those who watch answers leave (`Reply.watchers`), count more of them, or watch what is refused."""
    for each in told:
        try:
            each(*what)
        except Exception as error:
            log.error("who watches or counts answers failed: %s: %s", type(error).__name__, error)


def observed(
    observers: Sequence[Observer], query: Query, reply: Reply, answer: bytes | None, seconds: float
) -> tuple[Alike, ...]:
    """Tells a block's observers of an answer; gives what counts more such answers."""
    found: tuple[Alike, ...] = ()
    for observe in observers:
        try:
            alike = observe(query, reply, answer, seconds)
        except Exception as error:
            log.error("who watches or counts answers failed: %s: %s", type(error).__name__, error)
        else:
            if alike is not None:
                found += (alike,)
    return found
