"""A catalog of what a server block holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from gc import collect
from pathlib import Path
from weakref import ref

import pytest
import trio

from pydns.errors import CorefileErrorGroup
from pydns.family import Family
from pydns.names import from_text
from pydns.plugin import House
from pydns.steps import whole
from pydns.testing import RunningServer, plugins_of, running_server
from pydns.zone.catalog import members
from pydns_plugins.catalog import Catalog
from pydns_plugins.secondary import Secondary

CATALOG = from_text("catalog.invalid")
ORG, NET, COM = from_text("example.org"), from_text("example.net"), from_text("example.com")
COREFILE = """example.org example.net catalog.invalid {{
    bind 127.0.0.1
    secondary example.org example.net {{
        transfer from 127.0.0.1:1
    }}
    catalog catalog.invalid {}
}}
"""


def parts(server: RunningServer) -> tuple[Catalog, Secondary]:
    plugins = server.process.configuration.blocks[0].plugins
    (catalog,) = (each for each in plugins if isinstance(each, Catalog))
    (secondary,) = (each for each in plugins if isinstance(each, Secondary))
    return catalog, secondary


async def until_listed(catalog: Catalog, *zones: bytes) -> int:
    """The serial."""
    (held,) = catalog.held()
    with trio.fail_after(10):
        while held.zone is None or whole(members(held.zone)).keys() != {*zones}:
            came = trio.Event()
            held.listeners.append(came.set)
            await came.wait()
            held.listeners.remove(came.set)
    return held.zone.serial


@asynccontextmanager
async def running(scope: str = "", house: House | None = None) -> AsyncIterator[tuple[Catalog, Secondary]]:
    async with running_server(COREFILE.format(scope), house=house) as server:
        yield parts(server)


async def test_zones_of_the_block_are_listed_though_they_are_not_loaded() -> None:
    async with running() as (catalog, _):
        await until_listed(catalog, ORG, NET)


async def test_only_those_in_scope_are_listed() -> None:
    async with running("org") as (catalog, _):
        await until_listed(catalog, ORG)


async def test_zones_that_come_and_go_are_listed_under_growing_serials() -> None:
    async with running() as (catalog, secondary):
        first = await until_listed(catalog, ORG, NET)
        secondary.have(COM, ORG)
        second = await until_listed(catalog, ORG, NET, COM)
        secondary.lose(COM)
        third = await until_listed(catalog, ORG, NET)
        assert first < second < third


async def test_zones_that_went_are_not_held_on_to() -> None:
    async with running() as (catalog, secondary):
        await until_listed(catalog, ORG, NET)
        went = ref(secondary.have(COM, ORG))
        await until_listed(catalog, ORG, NET, COM)
        secondary.lose(COM)
        await until_listed(catalog, ORG, NET)
        collect()
        assert went() is None


class Relative(Family):
    """A worker's, which hears what the test says."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number, self.count = number, 2
        self.said: list[object] = []

    def say(self, topic: str, data: object) -> None:
        if topic.startswith("catalog"):
            self.topic = topic
            self.said.append(data)


async def test_the_first_worker_says_what_it_lists() -> None:
    family = Relative(0)
    async with running(house=House(family=family)) as (catalog, _):
        serial = await until_listed(catalog, ORG, NET)
        await trio.testing.wait_all_tasks_blocked()
        family.heard(family.topic, ("want",))
        assert family.said == [("zones", serial, (NET, ORG))] * 2


async def test_the_others_list_what_it_says() -> None:
    family = Relative(1)
    async with running(house=House(family=family)) as (catalog, _):
        await trio.testing.wait_all_tasks_blocked()
        assert family.said == [("want",)]
        family.heard(family.topic, ("zones", 7, (COM,)))
        assert await until_listed(catalog, COM) == 7


async def test_a_reload_goes_on_with_the_serial(tmp_path: Path) -> None:
    corefile = tmp_path / "Corefile"
    corefile.write_text(COREFILE.format(""))
    async with running_server(corefile) as server:
        before, _ = parts(server)
        first = await until_listed(before, ORG, NET)
        corefile.write_text(COREFILE.format("").replace("secondary example.org example.net", "secondary"))
        server.process.reload()
        with trio.fail_after(10):
            while parts(server)[0] is before:  # noqa: ASYNC110 -- nobody tells of it
                await trio.sleep(0.01)
        catalog, _ = parts(server)
        second = await until_listed(catalog, ORG, NET, CATALOG)
        assert first < second
        corefile.write_text(
            COREFILE.format("").replace("secondary example.org example.net", "secondary") + "# the same\n"
        )
        server.process.reload()
        with trio.fail_after(10):
            while parts(server)[0] is catalog:  # noqa: ASYNC110 -- as above
                await trio.sleep(0.01)
        assert await until_listed(parts(server)[0], ORG, NET, CATALOG) == second


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("catalog", ":2:2: catalog wants at least 1 argument, not 0"),
        ("catalog a..b", ":2:10: empty label"),
        ("catalog a {\n }", "takes no block"),
        ("catalog a\n catalog a", "a is named by two catalogs (keep one of them)"),
    ],
)
def test_what_cannot_be_meant_is_told(line: str, fault: str) -> None:
    with pytest.raises(CorefileErrorGroup) as raised:
        plugins_of(f". {{\n {line}\n}}")
    assert fault in str(raised.value)


def test_a_catalog_that_nobody_could_ask_for_is_told() -> None:
    with pytest.raises(CorefileErrorGroup, match=r":1:23: catalog\.invalid is in none of the zones"):
        plugins_of("example.org { catalog catalog.invalid }")
