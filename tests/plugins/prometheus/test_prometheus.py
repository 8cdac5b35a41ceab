"""The directive, the page, and that each query is counted once. test_counting.py has what is counted."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import trio

from pydns.errors import CorefileError, CorefileErrorGroup
from pydns.plugin import CallNext
from pydns.query import Query
from pydns.reply import Reply
from pydns.run import Process
from pydns.settings import Settings
from pydns.upstream.testing import Asked, ScriptedServer
from pydns_plugins.prometheus import Prometheus
from tests.e2e.programs import dig
from tests.plugins.asking import block, directives
from tests.pydns.life import Source, answer, failed, port_of, rcode, reloaded, running, until
from tests.pydns.pages import scraped
from tests.pydns.serving import LABEL, Doing, serving

HOSTS = ". {\n bind 127.0.0.1\n prometheus 127.0.0.1:0\n hosts {\n 192.0.2.1 example.org\n ttl 60\n }\n}"
WHERE = 'server="dns://127.0.0.1:0",zone=".",view=""'
REQUESTS = f'coredns_dns_requests_total{{{WHERE},proto="udp",family="1",type="A"}}'


def responses(rcode_: str = "NOERROR", by: str = "hosts") -> str:
    return f'coredns_dns_responses_total{{{WHERE},rcode="{rcode_}",plugin="{by}"}}'


def prometheus(text: str = "prometheus") -> Prometheus:
    (plugin,) = Prometheus.parse(directives(text), block())
    return plugin


# The directive.


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("prometheus", ("127.0.0.1", 9153)),
        ("prometheus localhost:9253", ("127.0.0.1", 9253)),
        ("prometheus :9153", ("", 9153)),
        ("prometheus 0.0.0.0:9153", ("0.0.0.0", 9153)),
        ("prometheus [::1]:9153", ("::1", 9153)),
    ],
)
def test_an_address_may_be_named(text: str, place: tuple[str, int]) -> None:
    settings = Settings()
    prometheus(text).configure(settings)
    assert [(site.host, site.port, site.path) for site in settings.sites] == [(*place, "/metrics")]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("prometheus localhost", "Corefile:1:2: 'localhost' is no address with a port"),
        ("prometheus localhost:9153 x", "Corefile:1:3: prometheus takes at most 1 argument; 'x' is one too many"),
        ("prometheus\nprometheus", "Corefile:2:1: prometheus stands twice in this server block"),
        ("prometheus\n runtime_metrics all", "Corefile:2:2: runtime_metrics takes no arguments"),
        ("prometheus\n tls web.yml", "Corefile:2:1: metrics over HTTPS are not there yet in this version of pydns"),
        ("prometheus\n runtime", "Corefile:2:1: unknown option of prometheus 'runtime'"),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, error: str) -> None:
    with pytest.raises((CorefileError, CorefileErrorGroup)) as caught:
        prometheus(text)
    assert str(caught.value).startswith(error)


# Each query is counted once.


async def ask_often(process: Process, times: int, name: str = "example.org") -> None:
    for _ in range(times):
        await answer(port_of(process), name)


@pytest.mark.parametrize("times", [1, 2, 3, 10])
async def test_each_query_is_counted_once(times: int) -> None:
    """In the full lane, and where answers are replayed."""
    async with running(Source(HOSTS)) as process:
        await ask_often(process, times)
        found = await scraped(process)
        assert (found[REQUESTS], found[responses()]) == (times, times)


@pytest.mark.parametrize("times", [1, 2, 3, 10])
async def test_all_but_the_first_are_hits_of_the_cache(times: int, nursery: trio.Nursery) -> None:
    upstream = ScriptedServer()
    await nursery.start(upstream.run)
    text = f". {{\n bind 127.0.0.1\n prometheus 127.0.0.1:0\n cache\n forward . {upstream.endpoint}\n}}"
    async with running(Source(text)) as process:
        await ask_often(process, times)
        found = await scraped(process)
        assert found[REQUESTS] == times
        assert sum(value for name, value in found.items() if "coredns_cache_hits_total{" in name) == times - 1
    nursery.cancel_scope.cancel()


async def test_over_tcp_and_ipv6_as_well() -> None:
    text = HOSTS.replace("bind 127.0.0.1", "bind ::1")
    async with running(Source(text)) as process:
        port = port_of(process)
        for _ in range(3):
            await trio.to_thread.run_sync(lambda: dig(port, "example.org", "MX", "+tcp", "+nodnssec", host="::1"))
        found = await scraped(process)
    where = 'server="dns://[::1]:0",zone=".",view=""'
    assert found[f'coredns_dns_requests_total{{{where},proto="tcp",family="2",type="MX"}}'] == 3


async def test_what_nobody_answers_is_counted() -> None:
    text = ". {\n bind 127.0.0.1\n prometheus 127.0.0.1:0\n}"
    async with running(Source(text)) as process:
        assert await rcode(port_of(process)) == 2
        assert (await scraped(process))[responses("SERVFAIL", "")] == 1


async def test_what_no_block_is_for_is_counted_once() -> None:
    """Also where several blocks of an address have the directive."""
    block_ = "{\n bind 127.0.0.1\n prometheus 127.0.0.1:0\n whoami\n}\n"
    async with running(Source(f"example.org {block_} example.net {block_}")) as process:
        for _ in range(3):
            assert await rcode(port_of(process), "example.com") == 5
        found = await scraped(process)
    where = 'server="dns://127.0.0.1:0",zone="dropped",view=""'
    assert found[f'coredns_dns_requests_total{{{where},proto="udp",family="1",type="A"}}'] == 3
    assert found[f'coredns_dns_responses_total{{{where},rcode="REFUSED",plugin=""}}'] == 3


async def test_they_are_counted_only_where_an_address_has_the_directive() -> None:
    text = "example.org {\n bind 127.0.0.1\n prometheus 127.0.0.1:0\n}\nexample.net {\n bind 127.0.0.2\n whoami\n}"
    async with running(Source(text)) as process:
        port = next(bound.port for place, bound in process.bound.items() if place.host == "127.0.0.2")
        assert await rcode(port, "example.com", host="127.0.0.2") == 5
        assert not [name for name in await scraped(process) if "dropped" in name]


@pytest.mark.parametrize(("above", "by"), [("cancel 100ms", "cancel"), ("", "")])
async def test_what_is_given_up_is_counted(
    above: str, by: str, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(asked: Asked) -> None:
        return

    monkeypatch.setattr(
        "pydns.crew.Crew.__init__.__kwdefaults__", {"patience": 0.5, "under_way": 10, "queued": 10, "stale": 5.0}
    )
    upstream = ScriptedServer(silent)
    await nursery.start(upstream.run)
    text = f". {{\n bind 127.0.0.1\n {above}\n prometheus 127.0.0.1:0\n forward . {upstream.endpoint}\n}}"
    async with running(Source(text)) as process:
        assert await rcode(port_of(process)) == 2
        found = await scraped(process)
        assert (found[REQUESTS], found[responses("SERVFAIL", by)]) == (1, 1)
    nursery.cancel_scope.cancel()


async def test_a_chain_that_raises_is_counted(nursery: trio.Nursery) -> None:
    async def broken(query: Query, call_next: CallNext) -> Reply:
        raise ValueError("broken")

    assert await counted(nursery, broken) == ({"A": 1}, {("SERVFAIL", "doing"): 1})


async def test_a_dropped_query_is_counted_and_no_answer(nursery: trio.Nursery) -> None:
    async def drop(query: Query, call_next: CallNext) -> Reply:
        return Reply.drop("acl")

    assert await counted(nursery, drop) == ({"A": 1}, {})


async def test_what_is_asked_from_within_is_no_query_of_a_client(nursery: trio.Nursery) -> None:
    async def chase(query: Query, call_next: CallNext) -> Reply:
        return Reply(by="chase") if query.depth else await query.resolve(b"\1b\0", 28)

    assert await counted(nursery, chase) == ({"A": 1}, {("NOERROR", "chase"): 1})


async def counted(
    nursery: trio.Nursery, serve: Callable[..., object]
) -> tuple[dict[str, float], dict[tuple[str, str], float]]:
    """Requests by type, and responses by rcode and plugin, after one query."""
    plugin = prometheus()
    served = serving(nursery, plugin, Doing(serve))  # type: ignore[arg-type]  # each test's is as Doing takes it
    plugin.house = served.house
    await nursery.start(plugin.run)
    await served.ask(bytes.fromhex("beef01000001000000000000016100") + b"\0\1\0\1")
    metrics = {metric.name: metric for metric in served.house.metrics.read()}
    requests = {labels[-1]: value for labels, value in metrics["coredns_dns_requests_total"].values.items()}  # type: ignore[union-attr]  # it is no histogram
    answers = {labels[-2:]: value for labels, value in metrics["coredns_dns_responses_total"].values.items()}  # type: ignore[union-attr]  # nor is this
    assert LABEL in str(metrics["coredns_dns_requests_total"].values)  # type: ignore[union-attr]  # nor is this
    nursery.cancel_scope.cancel()
    return requests, answers


# Reloads.


async def test_counts_outlive_a_reload() -> None:
    """Also those of replays that nobody had read yet."""
    source = Source(HOSTS)
    async with running(source) as process:
        await ask_often(process, 5)
        source.text = HOSTS.replace("192.0.2.1", "192.0.2.2")
        await reloaded(process)
        await ask_often(process, 4)
        assert (await scraped(process))[REQUESTS] == 9


async def test_counts_outlive_the_directive() -> None:
    source = Source(HOSTS)
    async with running(source) as process:
        await ask_often(process, 5)
        source.text = HOSTS.replace("prometheus 127.0.0.1:0", "")
        await reloaded(process)
        await ask_often(process, 4)
        source.text = HOSTS
        await reloaded(process)
        assert (await scraped(process))[REQUESTS] == 5


async def test_a_query_that_was_under_way_is_counted(nursery: trio.Nursery) -> None:
    release = trio.Event()

    async def slow(asked: Asked) -> None:
        await release.wait()
        await asked.send(asked.answer())

    upstream = ScriptedServer(slow)
    await nursery.start(upstream.run)
    source = Source(HOSTS.replace("prometheus 127.0.0.1:0", f"prometheus 127.0.0.1:0\n forward . {upstream.endpoint}"))
    source.text = f". {{\n bind 127.0.0.1\n prometheus 127.0.0.1:0\n forward . {upstream.endpoint}\n}}"
    async with running(source) as process, trio.open_nursery() as asking:
        asking.start_soon(answer, port_of(process))
        await until(lambda: upstream.asked, bool)
        source.text = HOSTS
        await reloaded(process)
        release.set()
        await until(lambda: asking.child_tasks, lambda tasks: not tasks)
        await until(lambda: process.house.generations, lambda running: len(running) == 1)
        assert (await scraped(process))[REQUESTS] == 1
    nursery.cancel_scope.cancel()


async def test_the_page_stays_over_a_reload_that_fails() -> None:
    source = Source(HOSTS)
    async with running(source) as process:
        source.text = HOSTS.replace("hosts", "host")
        await failed(process)
        assert (await scraped(process))["coredns_reload_failed_total"] == 1
