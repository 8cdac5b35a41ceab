"""A server's plugin with one zone that takes updates, and its files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from pydns import names
from pydns.plugin import House
from pydns.testing import plugins_of
from pydns.update.performing import Outcome
from pydns.update.updated import Updated
from pydns_plugins.file import UpdatedFile
from tests.pydns.update.messages import add, address, message
from tests.pydns.zone.files import house

KEY = names.from_text("key.example")


class Site:
    """A server's plugin with one zone that takes updates."""

    def __init__(self, plugin: UpdatedFile) -> None:
        self.plugin = plugin
        (zone,) = plugin.following.values()
        assert isinstance(zone, Updated)
        self.zone = zone

    async def update(self, name: str, last: int = 1, key: bytes = KEY) -> Outcome:
        wire = message([], [add(name, "A", address(last))])
        return await self.zone.relay.perform(wire, key, "192.0.2.1")

    @property
    def serial(self) -> int | None:
        return self.zone.serial()

    def has(self, name: str) -> bool:
        zone = self.zone.held.zone
        return zone is not None and zone.node(names.from_text(f"{name}.example.org")) is not None


@asynccontextmanager
async def site(path: Path, nursery: trio.Nursery, shared: House | None = None) -> AsyncIterator[Site]:
    """Runs until the block ends."""
    corefile = f"example.org {{\nfile {path} {{\nupdate key key.example\n}}\ntsig {{\nsecret key.example YQ==\n}}\n}}"
    (plugin,) = [each for each in plugins_of(corefile) if isinstance(each, UpdatedFile)]
    plugin.house = shared or await house(nursery)
    plugin.house.generations.append(((plugin,),))
    async with trio.open_nursery() as own:
        with trio.fail_after(30):
            await own.start(plugin.run)
        found = Site(plugin)
        with trio.move_on_after(0 if found.serial is None else 0.5):
            await found.zone.takes.wait()
        yield found
        own.cancel_scope.cancel()
    plugin.house.generations.remove(((plugin,),))


async def until(condition: Callable[[], bool]) -> None:
    """What a thread or the watcher does, of which there is no event here."""
    with trio.fail_after(10):
        while not condition():  # noqa: ASYNC110 -- as above
            await trio.sleep(0.01)


def octets(path: Path) -> bytes:
    return path.read_bytes()


def put(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def remove(path: Path) -> None:
    path.unlink()


def is_there(path: Path) -> bool:
    return path.exists()


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def set_mode(path: Path, mode: int) -> None:
    path.chmod(mode)
