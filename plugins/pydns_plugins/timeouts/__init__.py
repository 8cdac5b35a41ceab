"""How long TCP connections may be idle, slow to ask and slow to read, and how much may be asked on one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from pydns.corefile import values
from pydns.errors import CorefileError
from pydns.listen.limits import DEFAULTS, TcpLimits
from pydns.plugin import CallNext, Plugin
from pydns.query import Query
from pydns.reply import Reply

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock
    from pydns.settings import Settings

LEAST: Final = 1.0  # seconds, and
MOST: Final = 86_400.0  # a day: CoreDNS's bounds


class Timeouts(Plugin):
    """The timeouts directive of one server block."""

    name: ClassVar[str] = "timeouts"
    frees_task: ClassVar[bool] = True

    opcodes: ClassVar[frozenset[int]] = frozenset()
    """None: it has nothing to do with any query."""

    def __init__(self, limits: TcpLimits) -> None:
        self.limits = limits

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        directive = values.once(directives)
        values.arguments(directive, 0, 0)
        changes: dict[str, Any] = {}

        def timeout(name: str) -> Callable[[Directive], None]:
            def read(option: Directive) -> None:
                word = values.arguments(option, 1, 1)[0]
                seconds = values.duration(word, bare=1.0)
                if not LEAST <= seconds <= MOST:
                    raise CorefileError(word.position, f"{word} is out of range", "between 1s and 24h")
                changes[name] = seconds

            return read

        def most_queries(option: Directive) -> None:
            word = values.arguments(option, 1, 1)[0]
            number = values.integer(word, -1)
            if number == 0:
                raise CorefileError(word.position, "0 queries on a connection are none", "-1 is any number")
            changes["most_queries"] = None if number == -1 else number

        values.options(
            directive,
            {
                "read": timeout("read"),
                "write": timeout("write"),
                "idle": timeout("idle"),
                "maxtcpqueries": most_queries,
            },
        )
        if not changes:
            raise CorefileError(
                directive.position, "timeouts wants at least one option", "read, write, idle or maxtcpqueries"
            )
        return (cls(replace(DEFAULTS, **changes)),)

    def configure(self, settings: Settings) -> None:
        settings.tcp = self.limits

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        return await call_next(query)
