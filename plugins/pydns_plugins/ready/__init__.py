"""Say over HTTP whether all plugins have their data, and if not, which have not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar, Final, Self

from pydns.corefile import values
from pydns.http import Page, Site
from pydns.plugin import CallNext, Plugin
from pydns.query import Query
from pydns.reply import Reply

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock, Word
    from pydns.settings import Settings

DEFAULT_ADDRESS: Final = ":8181"

_MODES: Final = ("until-ready", "continuously")


class Ready(Plugin):
    """The ready directive of one server block: it speaks for the plugins of that block.

    Blocks that name the same address have one page, which speaks for all of them.
    """

    name: ClassVar[str] = "ready"
    frees_task: ClassVar[bool] = True

    opcodes: ClassVar[frozenset[int]] = frozenset()
    """None: it has nothing to do with any query."""

    def __init__(self, address: Word, continuously: bool) -> None:
        self.host, self.port = values.listen_address(address)
        self.word = address
        self.continuously = continuously
        self._were_ready: set[int] = set()  # places in the chain

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        directive = values.once(directives)
        words = values.arguments(directive, 0, 1)
        modes: list[str] = []

        def monitor(option: Directive) -> None:
            modes.append(values.choice(values.arguments(option, 1, 1)[0], _MODES, "mode"))

        values.options(directive, {"monitor": monitor})
        address = words[0] if words else type(directive.name)(DEFAULT_ADDRESS, directive.position)
        return (cls(address, modes[-1:] == ["continuously"]),)

    def configure(self, settings: Settings) -> None:
        settings.sites.append(Site(self.host, self.port, "/ready", self.page, self.word))

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        return await call_next(query)

    async def page(self) -> Page:
        """200, or 503 with the names of those that are not ready, in one line as CoreDNS tells them."""
        names: set[str] = set()
        for block in self.house.generation(self):
            for plugin in block:
                if isinstance(plugin, Ready) and (plugin.host, plugin.port) == (self.host, self.port):
                    reports = await self.house.family.reports(plugin)
                    # None answers while all workers are being replaced.
                    names.update(*reports if reports else (("multisocket",),))
        if names:
            return Page(",".join(sorted(names)).encode(), 503)
        return Page(b"OK")

    def report(self) -> list[str]:
        return list(self.missing())

    def missing(self) -> Iterator[str]:
        """Names of plugins of this block that are not ready; one that was is asked again only `continuously`."""
        for place, plugin in enumerate(self.house.siblings(self)):
            if place in self._were_ready:
                continue
            if not plugin.ready():
                yield plugin.name
            elif not self.continuously:
                self._were_ready.add(place)
