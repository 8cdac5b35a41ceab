"""Follow the Corefile, and all that it imports, and take up what changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final, Self

from pydns import settings
from pydns.corefile import values
from pydns.errors import CorefileError
from pydns.plugin import CallNext, Plugin
from pydns.query import Query
from pydns.reply import Reply

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock

INTERVAL: Final = 30.0
JITTER: Final = 15.0
LEAST_INTERVAL: Final = 2.0
LEAST_JITTER: Final = 1.0


class Reload(Plugin):
    """Says how often the files are looked at; the reload itself is the process's (`pydns.run`)."""

    name: ClassVar[str] = "reload"
    frees_task: ClassVar[bool] = True

    opcodes: ClassVar[frozenset[int]] = frozenset()
    """None: it has nothing to do with any query."""

    def __init__(self, interval: float, jitter: float) -> None:
        self.interval = interval
        self.jitter = jitter

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        directive = values.once(directives)
        words = values.arguments(directive, 0, 2)
        values.no_block(directive)
        interval = values.duration(words[0]) if words else INTERVAL
        jitter = values.duration(words[1]) if len(words) > 1 else JITTER
        if interval and interval < LEAST_INTERVAL:
            remedy = f"at least {LEAST_INTERVAL:g}s, or 0 to reload on a signal alone"
            raise CorefileError(words[0].position, f"an interval of {words[0]} is too short", remedy)
        if jitter and jitter < LEAST_JITTER:
            remedy = f"at least {LEAST_JITTER:g}s, or 0 for none"
            raise CorefileError(words[1].position, f"a jitter of {words[1]} is too short", remedy)
        # As in CoreDNS: a jitter is at most half of the interval.
        return (cls(interval, min(jitter, interval / 2)),)

    def configure(self, settings_: settings.Settings) -> None:
        if settings_.reload is None:
            settings_.reload = settings.Reload(self.interval, self.jitter)

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        return await call_next(query)
