"""Who is told of answers: those who watch or count them may fail, and the answers leave all the same."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pydns.query import Client, Query
    from pydns.refusal import Refusal, WatchRefusals
    from pydns.reply import Reply
    from pydns.settings import Alike, Observer

log = logging.getLogger("pydns.server")

Watch = tuple["Callable[[bytes, Any, bytes], None]", ...]


def tell(watchers: Watch, query: bytes, client: Client, answer: bytes) -> None:
    """Calls those who watch an answer leave (`Reply.watchers`)."""
    for watch in watchers:
        try:
            watch(query, client, answer)
        except Exception as error:
            log.error("who watches answers failed: %s: %s", type(error).__name__, error)


def observed(
    observers: Sequence[Observer], query: Query, reply: Reply, answer: bytes | None, seconds: float
) -> tuple[Alike, ...]:
    """Tells a block's observers of an answer; gives what counts more such answers."""
    found: tuple[Alike, ...] = ()
    for observe in observers:
        try:
            alike = observe(query, reply, answer, seconds)
        except Exception as error:
            log.error("who observes answers failed: %s: %s", type(error).__name__, error)
        else:
            if alike is not None:
                found += (alike,)
    return found


def count_more(counting: Iterable[Callable[..., None]], *numbers: Any) -> None:
    """Has more answers counted by each who does: so many, and what they took where that is known."""
    for count in counting:
        try:
            count(*numbers)
        except Exception as error:
            log.error("who counts answers failed: %s: %s", type(error).__name__, error)


def tell_refusal(watchers: Iterable[WatchRefusals], refusal: Refusal) -> None:
    for watch in watchers:
        try:
            watch(refusal)
        except Exception as error:
            log.error("who watches refusals failed: %s: %s", type(error).__name__, error)
