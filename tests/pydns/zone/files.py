"""Master files for tests, and plugins that serve them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import trio

from pydns.plugin import House
from pydns.watch import Watcher
from pydns.zone.holder import Held

HEAD: Final = "$TTL 60\n@ IN SOA ns admin {serial} 3600 600 86400 60\n@ NS ns.example.net.\n"


def master(serial: int = 1, *lines: str) -> str:
    """A zone of a SOA, an NS, and these lines."""
    return HEAD.format(serial=serial) + "".join(f"{line}\n" for line in lines)


async def house(nursery: trio.Nursery) -> House:
    """With a file watcher that runs."""
    watcher = Watcher()
    await nursery.start(watcher.run)
    return House(watcher=watcher)


def replace(path: Path, text: str) -> None:
    """By rename, so that no half is seen."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(text)
    new.replace(path)


class Published:
    """Waits for what a plugin publishes of a zone."""

    def __init__(self, held: Held) -> None:
        self.held = held
        self._event = trio.Event()
        held.listeners.append(self._heard)

    def _heard(self) -> None:
        self._event.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        with trio.fail_after(30):
            while not condition():
                await self._event.wait()
                self._event = trio.Event()

    async def serial(self, serial: int) -> None:
        await self.until(lambda: self.held.zone is not None and self.held.zone.serial == serial)
