from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trio

from pydns import names
from pydns.plugin import House
from pydns.records import Rcode, Record, Type
from pydns.reply import Reply
from pydns.testing import FakeNext, query
from pydns.watch import Watcher
from pydns_plugins.loadbalance import Loadbalance
from tests.plugins.asking import block, directives
from tests.pydns.serving import Giving, address, serving
from tests.pydns.wire.messages import message

NAME = "www.example.org"
ADDRESSES = [address(1), address(2), address(3)]
WEIGHTS = f"{NAME}\n192.0.2.3 255\n"

Start = Callable[[str], Awaitable[Loadbalance]]


class Told(logging.Handler):
    """What the plugin's log says, and an event for the next line."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._next = trio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
        self._next.set()

    async def line(self) -> str:
        with trio.fail_after(30):
            while not self.lines:
                await self._next.wait()
                self._next = trio.Event()
        return self.lines.pop(0)


def loadbalance(text: str = "loadbalance", root: Path = Path()) -> Loadbalance:
    (plugin,) = Loadbalance.parse(directives(text), replace(block(), root=root))
    plugin.house = House()
    return plugin


async def orders(plugin: Loadbalance, reply: Reply, type_: str = "A", times: int = 60) -> set[tuple[int, ...]]:
    """The last octets of the addresses, in all orders that come."""
    found = set()
    for _ in range(times):
        given = await plugin.serve(query(NAME, type_), FakeNext(reply))
        found.add(tuple(record.rdata[-1] for record in (*given.answer, *given.additional)))
    return found


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Iterator[Told]:
    handler, log = Told(), logging.getLogger("pydns.loadbalance")
    caplog.set_level(logging.INFO, log.name)
    log.addHandler(handler)
    yield handler
    log.removeHandler(handler)


@pytest.fixture
async def start(nursery: trio.Nursery, tmp_path: Path) -> Start:
    watcher = Watcher()
    await nursery.start(watcher.run)

    async def start(text: str) -> Loadbalance:
        plugin = loadbalance(text, tmp_path)
        plugin.house = House(watcher=watcher)
        await nursery.start(plugin.run)
        return plugin

    return start


async def test_every_order_comes() -> None:
    found = await orders(loadbalance(), Reply(ADDRESSES), times=300)
    assert found == {(1, 2, 3), (1, 3, 2), (2, 1, 3), (2, 3, 1), (3, 1, 2), (3, 2, 1)}


async def test_preferred_addresses_come_first() -> None:
    plugin = loadbalance("loadbalance\n prefer 192.0.2.3/32")
    assert await orders(plugin, Reply(ADDRESSES)) == {(3, 1, 2), (3, 2, 1)}


@pytest.mark.parametrize(
    ("reply", "type_"),
    [
        (Reply(ADDRESSES, rcode=Rcode.SERVFAIL), "A"),
        (Reply(ADDRESSES, rcode=Rcode.NXDOMAIN), "A"),
        (Reply(ADDRESSES), "AXFR"),
        (Reply(ADDRESSES), "IXFR"),
        (Reply(ADDRESSES[:1]), "A"),
        (Reply.drop("acl"), "A"),
    ],
)
async def test_others_are_left_as_they_are(reply: Reply, type_: str) -> None:
    assert await loadbalance().serve(query(NAME, type_), FakeNext(reply)) is reply


async def test_answers_of_several_addresses_are_replayed_in_their_orders(nursery: trio.Nursery) -> None:
    below = Giving(Reply(ADDRESSES))
    server = serving(nursery, loadbalance(), below)
    found = [await server.ask(message()) for _ in range(1000)]
    assert len(set(found)) == 6
    assert below.asked < 20
    counts = [found.count(each) for each in set(found)]
    assert min(counts) > 40


async def test_weighted_answers_go_the_full_way_each_time(start: Start, tmp_path: Path, nursery: trio.Nursery) -> None:
    (tmp_path / "weights").write_text(WEIGHTS)
    below = Giving(Reply(ADDRESSES))
    server = serving(nursery, await start("loadbalance weighted weights"), below)
    for _ in range(9):
        await server.ask(message())
    assert below.asked == 9


async def test_an_answer_of_one_address_is_replayed(nursery: trio.Nursery) -> None:
    below = Giving(Reply(ADDRESSES[:1]))
    server = serving(nursery, loadbalance(), below)
    for _ in range(9):
        await server.ask(message())
    assert below.asked == 2  # it is kept from its second asking on


async def test_weights_are_read_before_the_first_query(start: Start, tmp_path: Path) -> None:
    (tmp_path / "weights").write_text(WEIGHTS.replace("255", "254"))
    plugin = await start("loadbalance weighted weights")
    assert plugin._weighted.weights == {names.from_text(NAME): {bytes((192, 0, 2, 3)): 254}}


async def test_the_first_address_is_chosen_by_weight(start: Start, tmp_path: Path) -> None:
    (tmp_path / "weights").write_text(WEIGHTS)
    plugin = await start("loadbalance weighted weights")
    found = [await orders(plugin, Reply(ADDRESSES), times=1) for _ in range(300)]
    assert found.count({(3, 2, 1)}) > 250


@pytest.mark.parametrize(
    ("type_", "is_same"), [("A", False), ("AAAA", False), ("SRV", False), ("MX", True), ("ANY", True)]
)
async def test_weights_are_for_some_types_of_queries(type_: str, is_same: bool) -> None:
    reply = Reply((), (), ADDRESSES)
    given = await loadbalance("loadbalance weighted weights").serve(query(NAME, type_), FakeNext(reply))
    assert (given is reply) is is_same


async def test_mx_records_have_no_weights() -> None:
    mx = [Record(names.from_text(NAME), Type.MX, 1, 60, bytes((0, i)) + b"\1a\0") for i in (1, 2)]
    reply = Reply(mx)
    assert await loadbalance("loadbalance weighted weights").serve(query(NAME), FakeNext(reply)) is reply


async def test_a_change_of_the_file_counts(start: Start, told: Told, tmp_path: Path) -> None:
    path = tmp_path / "weights"
    path.write_text(WEIGHTS)
    plugin = await start("loadbalance weighted weights")
    assert await told.line() == f"{path}: weights for 1 names"
    path.write_text("a\n192.0.2.1 3\nb\n192.0.2.1 2\n")
    assert await told.line() == f"{path}: weights for 2 names"
    assert set(plugin._weighted.weights) == {b"\1a\0", b"\1b\0"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("a\n192.0.2.1 300\n", "line 2: '300' is no weight from 1 to 255"), (None, "No such file or directory")],
)
async def test_the_last_good_weights_stay(
    text: str | None, complaint: str, start: Start, told: Told, tmp_path: Path
) -> None:
    path = tmp_path / "weights"
    path.write_text(WEIGHTS)
    plugin = await start("loadbalance weighted weights")
    before = plugin._weighted.weights
    await told.line()
    path.unlink() if text is None else path.write_text(text)
    assert await told.line() == f"{path}: {complaint}; its last weights stay"
    assert plugin._weighted.weights is before


@pytest.mark.parametrize("text", [None, "192.0.2.1 3\n"], ids=["missing", "bad"])
async def test_a_file_that_is_bad_at_the_start_stops_nothing(
    text: str | None, start: Start, told: Told, tmp_path: Path
) -> None:
    path = tmp_path / "weights"
    if text is not None:
        path.write_text(text)
    await start("loadbalance weighted weights")
    assert (await told.line()).endswith("; all weights are 1")
    path.write_text(WEIGHTS)
    assert await told.line() == f"{path}: weights for 1 names"


async def test_with_reload_0_the_file_is_read_once(nursery: trio.Nursery, tmp_path: Path) -> None:
    (tmp_path / "weights").write_text(WEIGHTS)
    plugin = loadbalance("loadbalance weighted weights\n reload 0s", tmp_path)
    plugin.house = House(watcher=Watcher())
    with trio.fail_after(30):
        await plugin.run()  # it ends
    assert plugin._weighted.weights


async def test_a_reload_of_the_corefile_keeps_the_weights(start: Start, tmp_path: Path) -> None:
    (tmp_path / "weights").write_text(WEIGHTS)
    old, new = await start("loadbalance weighted weights"), loadbalance("loadbalance weighted weights")
    new.inherit(old)
    assert new._weighted.weights is old._weighted.weights


async def test_without_a_file_there_is_nothing_to_run() -> None:
    with trio.fail_after(30):
        await loadbalance().run()


def test_it_passes_all_names_on() -> None:
    assert loadbalance().stops() == ()
