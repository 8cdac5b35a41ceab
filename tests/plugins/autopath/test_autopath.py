from __future__ import annotations

from pathlib import Path

import pytest
import trio

from pydns.names import from_text
from pydns.plugin import House, Turn
from pydns.records import Class, Rcode, Record, Type
from pydns.reply import Reply
from pydns.testing import plugins_of
from pydns_plugins.autopath import Autopath
from pydns_plugins.autopath.waste import MOST, OTHERS, Waste
from pydns_plugins.kubernetes import Kubernetes
from tests.plugins.autopath.conftest import ENDPOINT, POD, Chain, Start, asked
from tests.pydns.cluster.shown import line

NAME = "www.example.com.shop.svc.cluster.local"
SOA = Record(from_text("example.com"), Type.SOA, Class.IN, 60, b"\0\0" + bytes(20))


def waste(plugin: Autopath) -> dict[str, float]:
    metric = plugin.house.metrics.counter("pydns_autopath_waste_total", "", "namespace")
    return {labels[0]: value for labels, value in metric.values.items()}


def leave(reply: Reply) -> None:
    """As it does for each reply."""
    for counter in reply.counters:
        counter(b"", asked(NAME).client, b"")


@pytest.mark.parametrize("known", [
    "www.example.com.svc.cluster.local", "www.example.com.cluster.local", "www.example.com.corp.example",
    "www.example.com",
])  # fmt: skip
async def test_the_search_path_is_followed_to_the_first_that_exists(known: str, start: Start, chain: Chain) -> None:
    plugin = await start("autopath @kubernetes")
    chain.know(known)
    chain.know("www.example.com")
    query = asked(NAME)
    reply = await plugin.serve(query, chain)
    assert [line(record) for record in reply.answer] == [f"{NAME}. 30 CNAME {known}.", f"{known}. 30 A 192.0.2.1"]
    assert (reply.rcode, reply.by, query.personal) == (Rcode.NOERROR, "autopath", True)
    assert plugin.amend(query, Reply(rcode=Rcode.NXDOMAIN)) is Turn.SERVE
    leave(reply)
    metric = plugin.house.metrics.counter("coredns_autopath_success_total", "", "server")
    assert (metric.value(query.server), waste(plugin)) == (1, {})


async def test_a_name_without_data_ends_the_search(start: Start, chain: Chain) -> None:
    plugin = await start("autopath @kubernetes")
    chain.know("www.example.com.cluster.local", Reply((), (SOA,)))
    chain.know("www.example.com")
    reply = await plugin.serve(asked(NAME), chain)
    assert (reply.rcode, reply.answer, reply.authority) == (Rcode.NOERROR, (), (SOA,))


async def test_where_there_is_none_the_first_answer_is_given(start: Start, chain: Chain) -> None:
    plugin = await start("autopath @kubernetes")
    reply = await plugin.serve(asked(NAME), chain)
    assert (reply.rcode, reply.by) == (Rcode.NXDOMAIN, "behind")
    assert chain.asked == [from_text(f"www.example.com{end}") for end in (
        ".shop.svc.cluster.local", ".svc.cluster.local", ".cluster.local", ".corp.example", ""
    )]  # fmt: skip
    leave(reply)
    assert waste(plugin) == {"shop": 1}


@pytest.mark.parametrize("rcode", [Rcode.SERVFAIL, Rcode.REFUSED])
async def test_where_one_fails_the_client_is_to_search(rcode: int, start: Start, chain: Chain) -> None:
    plugin = await start("autopath @kubernetes")
    chain.know("www.example.com.cluster.local", Reply(rcode=rcode))
    chain.know("www.example.com")
    reply = await plugin.serve(asked(NAME), chain)
    assert reply.rcode == Rcode.NXDOMAIN
    assert from_text("www.example.com") not in chain.asked


@pytest.mark.parametrize(("name", "client", "namespace"), [
    (NAME, "10.244.0.8", "shop"),  # a pod of another namespace
    (NAME, "192.0.2.77", "shop"),
    ("www.example.com.svc.cluster.local", POD, ""),
    ("www.example.com.nowhere.svc.cluster.local", POD, ""),
    ("shop.svc.cluster.local", POD, ""),
    ("www.example.com.cluster.local", POD, ""),
    ("www.example.com", POD, None),
])  # fmt: skip
async def test_other_names_and_clients_are_left_alone(
    name: str, client: str, namespace: str | None, start: Start, chain: Chain
) -> None:
    plugin = await start("autopath @kubernetes")
    query = asked(name, client)
    reply = await plugin.serve(query, chain)
    assert chain.asked == [from_text(name)]
    leave(reply)
    assert waste(plugin) == ({} if namespace is None else {namespace: 1})
    amended = plugin.amend(query, Reply(rcode=Rcode.NXDOMAIN))
    assert isinstance(amended, Reply)


async def test_what_exists_is_answered_to_all_alike(start: Start, chain: Chain) -> None:
    plugin = await start("autopath @kubernetes")
    chain.know("web.shop.svc.cluster.local")
    query = asked("web.shop.svc.cluster.local")
    reply = await plugin.serve(query, chain)
    assert (query.personal, reply.by) == (False, "behind")
    assert plugin.amend(query, reply) is reply


async def test_who_is_an_endpoint_is_known_without_pods(start: Start, chain: Chain) -> None:
    plugin = await start("autopath @kubernetes", pods="disabled")
    chain.know("www.example.com")
    assert (await plugin.serve(asked(NAME, ENDPOINT), chain)).answer
    assert not (await plugin.serve(asked(NAME, POD), chain)).answer


async def test_another_blocks_names_are_asked_for_from_within(start: Start, chain: Chain) -> None:
    plugin = await start("autopath @kubernetes")
    plugin._block_zones = frozenset((from_text("cluster.local"),))
    outside = Chain()
    outside.know("www.example.com")
    query = asked(NAME)
    query.ask = outside
    assert (await plugin.serve(query, chain)).answer
    assert outside.asked == [from_text("www.example.com.corp.example"), from_text("www.example.com")]


async def test_a_question_from_within_is_no_search(start: Start, chain: Chain) -> None:
    plugin = await start("autopath @kubernetes")
    chain.know("www.example.com")
    query = asked(NAME)
    query.depth = 1
    reply = await plugin.serve(query, chain)
    assert (reply.rcode, reply.counters) == (Rcode.NXDOMAIN, ())


async def test_a_file_has_one_search_list_for_all(start: Start, chain: Chain, tmp_path: Path) -> None:
    write(tmp_path / "own.conf", "search a.test corp.example\n")
    plugin = await start(f"autopath a.test {tmp_path}/own.conf")
    chain.know("www.example.com.corp.example")
    query = asked("www.example.com.a.test")
    reply = await plugin.serve(query, chain)
    assert line(reply.answer[0]) == "www.example.com.a.test. 30 CNAME www.example.com.corp.example."
    assert (query.personal, reply.replay) == (False, True)
    assert from_text("www.example.com.corp.example") in query.asked_within
    missing = await plugin.serve(asked("none.a.test"), chain)
    leave(missing)
    assert (missing.rcode, waste(plugin)) == (Rcode.NXDOMAIN, {"": 1})
    assert (await plugin.serve(asked("a.test"), chain)).rcode == Rcode.NXDOMAIN


async def test_a_file_is_followed(start: Start, chain: Chain, tmp_path: Path) -> None:
    write(tmp_path / "own.conf", "search a.test\n")
    plugin = await start(f"autopath {tmp_path}/own.conf")
    epoch = plugin.house.changes.epoch
    write(tmp_path / "own.conf", "search b.test\n")
    with trio.fail_after(10):
        while plugin._search != (from_text("b.test"),):  # noqa: ASYNC110 -- nothing tells of it but what it does
            await trio.sleep(0.01)
    assert plugin.house.changes.touched_since(epoch, [from_text("a.test")])


@pytest.mark.parametrize("content", [None, "nameserver 192.0.2.1\n"])
async def test_a_file_that_says_nothing_is_told(
    content: str | None, start: Start, chain: Chain, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    if content is not None:
        write(tmp_path / "own.conf", content)
    plugin = await start(f"autopath {tmp_path}/own.conf")
    assert "own.conf: " in caplog.text
    assert (await plugin.serve(asked(NAME), chain)).rcode == Rcode.NXDOMAIN


@pytest.mark.parametrize(("line", "goes_on"), [("autopath search", False), ("autopath @kubernetes", True)])
async def test_the_clusters_names_go_nowhere_else(line: str, goes_on: bool, start: Start, chain: Chain) -> None:
    plugin = await start(line, options="fallthrough")
    (_, kubernetes) = plugin.house.siblings(plugin)
    assert isinstance(kubernetes, Kubernetes)
    assert (await kubernetes.serve(asked(NAME), chain)).rcode == Rcode.NXDOMAIN
    assert bool(chain.asked) == goes_on


async def test_a_plugin_that_knows_no_search_path_is_an_error(resolv_conf: Path) -> None:
    plugins = plugins_of(". {\nautopath @whoami\nwhoami\n}")
    plugin = plugins[0]
    plugin.house = House(generations=[(plugins,)])
    with pytest.raises(ValueError, match="whoami does not know where its clients look for names"):
        await plugin.run()


def test_namespaces_are_counted_up_to_a_bound() -> None:
    house = House()
    found = Waste(house.metrics)
    for i in range(MOST + 5):
        found.counter(f"n{i}")(b"", asked(NAME).client, b"")(2)
    metric = house.metrics.counter("pydns_autopath_waste_total", "", "namespace")
    assert len(metric.values) == MOST + 1
    assert (metric.value("n0"), metric.value(OTHERS)) == (3, 15)


def write(path: Path, text: str) -> None:
    path.write_text(text)
