"""A log plugin whose lines are kept, and the sending of its answers as the server does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from pydns.plugin import House
from pydns.query import Query
from pydns.records import Record
from pydns.reply import Reply
from pydns.testing import Someone
from pydns_plugins.log import Log
from tests.plugins.asking import block, directives


class Lines:
    """Keeps what a LineWriter would write."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, line: str) -> bool:
        self.lines.append(line)
        return True


def message(query: Query, reply: Reply) -> bytes:
    """The reply as it leaves for this query, names uncompressed."""
    flags = 0x8000 | query.flags & 0x7910 | reply.flags | reply.rcode & 15
    sections: tuple[Sequence[Record], ...] = (reply.answer, reply.authority, reply.additional)
    wire = query.wire[:2] + flags.to_bytes(2) + b"\0\1" + b"".join(len(records).to_bytes(2) for records in sections)
    wire += query.wire[12 : query.question_end]
    for owner, type_, class_, ttl, rdata in (record for records in sections for record in records):
        wire += owner + type_.to_bytes(2) + class_.to_bytes(2) + ttl.to_bytes(4) + len(rdata).to_bytes(2) + rdata
    return wire


class Logged:
    """A log plugin and what it wrote."""

    def __init__(self, text: str) -> None:
        (self.plugin,) = Log.parse(directives(text), block())
        self.plugin.house = House()
        self._writer = Lines()
        self.plugin.house.lines = self._writer  # type: ignore[assignment] # all that the plugin calls is `write`

    @property
    def lines(self) -> list[str]:
        return self._writer.lines

    async def answer(self, query: Query, reply: Reply) -> Reply:
        """The chain below gives `reply`; it is sent unless it was dropped."""

        async def below(query: Query) -> Reply:
            return reply

        passed = await self.plugin.serve(query, below)
        if not passed.dropped:
            self.send(query, passed)
        return passed

    def send(self, query: Query, reply: Reply, client: Someone | None = None) -> None:
        """Sends the reply, the first time or in a replay."""
        for watcher in reply.watchers:
            watcher(query.wire, client or query.client, message(query, reply))


@pytest.fixture
def logged() -> Callable[[str], Logged]:
    return Logged
