"""pydns with the `file` plugin, served and asked as its peers are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from tests.e2e.programs import Program, pydns
from tests.peers.peer import Peer


class Pydns(Peer):
    program = "pydns"
    plugins: ClassVar[Sequence[str]] = ()
    """Lines ahead of those of the zones."""

    def words(self) -> Sequence[str]:
        return ("-conf", str(self.config))

    def start(self) -> Program:
        return pydns(*self.words(), folder=self.folder)

    def reload(self) -> None:
        """It sees by itself that a file changed."""

    def configuration(self) -> str:
        lines = [f"    file {zone.file} {zone.name}." for zone in self.zones.values()]
        plugins = [f"    {plugin}" for plugin in self.plugins]
        return "\n".join((f".:{self.port} {{", "    bind 127.0.0.1", *plugins, *lines, "}", "")) + self.extra


class Cached(Pydns):
    """With the cache plugin ahead, which keeps answers of its own."""

    plugins = ("cache",)
