"""pydns with the `file` plugin, served and asked as its peers are."""

from __future__ import annotations

from collections.abc import Sequence

from tests.e2e.programs import Program, pydns
from tests.peers.peer import Peer


class Pydns(Peer):
    program = "pydns"

    def words(self) -> Sequence[str]:
        return ("-conf", str(self.config))

    def start(self) -> Program:
        return pydns(*self.words(), folder=self.folder)

    def configuration(self) -> str:
        lines = [f"    file {zone.file} {zone.name}." for zone in self.zones.values()]
        return "\n".join((f".:{self.port} {{", "    bind 127.0.0.1", *lines, "}", "")) + self.extra
