"""Processes of a family, of which one asks the primaries: here servers of one process that have a family's means."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import trio

from pydns.family import Build, Family, Shared
from pydns.names import from_text
from pydns.plugin import House
from pydns.records import Ede, Rcode, Type
from pydns.testing import RunningServer, running_server
from pydns.workers.channel import Descriptor
from pydns.workers.tables import Tables
from pydns_plugins.secondary.asking import Asking
from pydns_plugins.secondary.following import Following
from tests.plugins.secondary.test_secondary import (
    a,
    asked,
    catalog,
    ede,
    held,
    notify,
    plugin,
    query,
    rcode,
    soa,
    until,
    until_serial,
    zone,
)
from tests.pydns.transfer.messages import ORIGIN
from tests.pydns.transfer.primary import FakePrimary
from tests.pydns.transfer.test_packed import zone_of


class Kin(Family):
    """A worker that hears what the others of `kin` say, and shares files with them."""

    def __init__(self, kin: list[Kin], tables: Tables) -> None:
        super().__init__()
        self.number, self.count = len(kin), 2
        self._kin = kin
        self._tables = tables
        kin.append(self)

    def say(self, topic: str, data: object) -> None:
        for each in self._kin:
            if each is not self:
                each.heard(topic, data)

    async def shared(self, key: str, build: Build) -> Shared:
        found = await self._tables.claim(self, key)
        if found is None:
            try:
                descriptor, facts = await build()
            except BaseException:
                self._tables.give_up(self, key)
                raise
            self._tables.offer(self, key, Descriptor(os.dup(descriptor)), facts)
            return Shared(descriptor, facts, partial(self._tables.release, self, key))
        return Shared(os.dup(found[0].number), found[1], partial(self._tables.release, self, key))


class Home:
    """Servers of a family, each with the same Corefile."""

    def __init__(self, peer: FakePrimary, stack: AsyncExitStack) -> None:
        self.peer = peer
        self.tables = Tables()
        self.kin: list[Kin] = []
        self._stack = stack

    async def server(self, option: str = "") -> RunningServer:
        text = f"""example.org test {{
            bind 127.0.0.1
            secondary example.org {{
                transfer from 127.0.0.1:{self.peer.port}
                {option}
            }}
        }}"""
        house = House(family=Kin(self.kin, self.tables))
        return await self._stack.enter_async_context(running_server(text, house=house))


@asynccontextmanager
async def a_home() -> AsyncIterator[Home]:
    async with FakePrimary().running() as peer, AsyncExitStack() as stack:
        peer.zone = zone(1)
        yield Home(peer, stack)


async def test_one_asks_and_all_answer() -> None:
    async with a_home() as home:
        first, second = await home.server(), await home.server()
        for server in (first, second):
            assert rcode(await asked(server, query("ns.example.org"))) == Rcode.NXDOMAIN
        assert home.peer.asked == [Type.AXFR]
        assert plugin(second).ready()


async def test_a_change_reaches_all_and_a_notify_to_any_brings_it() -> None:
    async with a_home() as home:
        first, second = await home.server(), await home.server()
        await trio.sleep(0.6)  # the breath that is drawn after each round
        home.peer.zone = zone(2, a("www.example.org"))
        assert rcode(await asked(second, notify(serial=2))) == 0
        for server in (first, second):
            await until_serial(server, 2)
        assert len(home.tables) == 1  # the zone of before is let go


async def test_who_comes_first_waits_for_the_one_that_asks() -> None:
    async with a_home() as home:
        home.peer.zone = None
        first, second = await home.server(), await home.server()
        assert ede(await asked(second, query("x.example.org"))) == Ede.NOT_READY
        home.peer.zone = zone(1)
        await until_serial(first, 1)
        await until_serial(second, 1)


async def test_what_expires_expires_for_all() -> None:
    async with a_home() as home:
        first, second = await home.server(), await home.server()
        work = plugin(first).work
        assert isinstance(work, Asking)
        keeper = work._keepers[ORIGIN]
        keeper.expires = trio.current_time()
        await until(lambda: plugin(second).held()[0].zone is None)
        assert ede(await asked(second, query("x.example.org"))) == Ede.INVALID_DATA


async def test_without_the_one_that_asks_a_zone_expires_too() -> None:
    async with a_home() as home:
        await home.server()
        second = await home.server()
        topic = plugin(second).topic
        home.kin[1].heard(topic, ("confirm", ORIGIN, time.time() - 1))
        await until(lambda: plugin(second).held()[0].zone is None)


async def test_members_of_catalogs_come_and_go_everywhere() -> None:
    async with a_home() as home:
        home.peer.zone = catalog(1, "a.test")
        home.peer.zones[from_text("a.test")] = [soa(5, "a.test"), a("www.a.test")]
        first, second = await home.server("catalog"), await home.server("catalog")
        await until_serial(first, 5, from_text("a.test"))
        await until_serial(second, 5, from_text("a.test"))
        assert rcode(await asked(second, query("www.a.test"))) == 0
        home.peer.zone = catalog(2, "b.test")
        await asked(second, notify(serial=2))
        await until(lambda: held(second) == {"example.org.", "b.test."})


async def test_a_reload_fetches_nothing_anew() -> None:
    async with a_home() as home:
        first, second = await home.server(), await home.server()
        for server in (first, second):
            before = plugin(server)
            server.process.reload()
            await until(lambda server=server, before=before: plugin(server) is not before)  # type: ignore[misc]
            await until(plugin(server).ready)
            assert plugin(server).held()[0] is before.held()[0]
        assert home.peer.asked == [Type.AXFR]
        assert len(home.tables) == 1


async def test_one_that_begins_anew_with_an_older_version_takes_nothing_back() -> None:
    async with a_home() as home:
        home.peer.zone = zone(2)
        first, second = await home.server(), await home.server()
        work = plugin(first).work
        assert isinstance(work, Asking)
        theirs = plugin(second).work
        assert isinstance(theirs, Following)
        before = theirs._follower._keys[ORIGIN]
        await work._leader.give(zone_of(), trio.current_time() + 60)  # of serial 1
        await until(lambda: theirs._follower._keys[ORIGIN] != before)
        await until_serial(second, 2)
