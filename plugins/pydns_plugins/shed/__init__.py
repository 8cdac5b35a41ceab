"""Let answers over UDP wait where the kernel has no room for them, and drop queries while many of these wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Self

from pydns.corefile import values
from pydns.plugin import CallNext, Plugin
from pydns.query import Query
from pydns.reply import Reply

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock
    from pydns.settings import Settings


class Shed(Plugin):
    """Has no options. The listeners do it: see `pydns.listen.unwritten`."""

    name: ClassVar[str] = "shed"

    opcodes: ClassVar[frozenset[int]] = frozenset()
    """None: queries are dropped before they come to any plugin."""

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        for directive in directives:
            values.alone(directive)
        return (cls(),)

    def configure(self, settings: Settings) -> None:
        settings.shed = True

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        return await call_next(query)
