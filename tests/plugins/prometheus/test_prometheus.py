"""The directive, the page, and that each query is counted once. test_counting.py has what is counted."""

from __future__ import annotations

import subprocess
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
from tests.e2e.programs import dig, free_port, installed
from tests.plugins.asking import block, directives
from tests.pydns.life import Source, answer, failed, port_of, rcode, reloaded, running, until
from tests.pydns.pages import fetch, samples, scraped
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


# What runs here.


def enabled(found: dict[str, float]) -> set[str]:
    return {name.partition("{")[2] for name, value in found.items() if "coredns_plugin_enabled{" in name and value == 1}


async def test_the_plugins_of_each_server_and_zone_are_told() -> None:
    text = "a b {\n bind 127.0.0.1\n prometheus 127.0.0.1:0\n errors\n reload\n}\nc {\n bind ::1\n whoami\n}"
    async with running(Source(text)) as process:
        assert enabled(await scraped(process)) == {
            f'server="dns://{host}:0",zone="{zone}.",view="",name="{name}"}}'
            for host, zone, name in [
                ("127.0.0.1", "a", "prometheus"),
                ("127.0.0.1", "b", "prometheus"),
                ("127.0.0.1", "a", "errors"),
                ("127.0.0.1", "b", "errors"),
                ("[::1]", "c", "whoami"),
            ]
        }


async def test_a_plugin_that_a_reload_takes_away_is_told_no_more() -> None:
    source = Source(HOSTS)
    async with running(source) as process:
        before = enabled(await scraped(process))
        source.text = HOSTS.replace("hosts {\n 192.0.2.1 example.org\n ttl 60\n }", "whoami")
        await reloaded(process)
        after = enabled(await scraped(process))
    assert {name for name in before - after if 'name="hosts"' in name} == before - after != set()
    assert {name for name in after - before if 'name="whoami"' in name} == after - before != set()


async def test_a_reload_that_fails_leaves_the_plugins_that_run() -> None:
    source = Source(HOSTS)
    async with running(source) as process:
        before = enabled(await scraped(process))
        source.text = ". {\n bind 192.0.2.1\n prometheus 127.0.0.1:0\n whoami\n}"
        await failed(process)
        assert enabled(await scraped(process)) == before


async def test_the_version_is_told() -> None:
    async with running(Source(HOSTS)) as process:
        found = [name for name in await scraped(process) if name.startswith("coredns_build_info{")]
    assert len(found) == 1
    assert found[0].startswith('coredns_build_info{version="pydns-')


# The page.


async def test_blocks_may_share_a_page() -> None:
    block_ = "{\n bind 127.0.0.1\n prometheus 127.0.0.1:0\n whoami\n}\n"
    async with running(Source(f"a {block_}b {block_}")) as process:
        for name in ("a", "b", "b"):
            await answer(port_of(process), name)
        found = await scraped(process)
    counts = {name: value for name, value in found.items() if "dns_requests_total{" in name}
    assert sorted(counts.values()) == [1, 2]


@pytest.mark.parametrize("options", [("", ""), ("{\n runtime_metrics\n }", ""), ("", "{\n runtime_metrics\n }")])
async def test_one_block_that_wants_numbers_of_the_runtime_is_enough(options: tuple[str, str]) -> None:
    """Of blocks with the same page the first one shows it."""
    first, second = (f"{{\n bind 127.0.0.1\n prometheus 127.0.0.1:0 {option}\n whoami\n}}\n" for option in options)
    async with running(Source(f"a {first}b {second}")) as process:
        assert ("python_threads" in await scraped(process)) is any(options)


@pytest.mark.parametrize(("option", "told"), [("", False), ("{\n runtime_metrics\n }", True)])
async def test_numbers_of_the_runtime_are_told_on_demand(option: str, told: bool) -> None:
    async with running(Source(HOSTS.replace(":0\n", f":0 {option}\n"))) as process:
        assert ("python_threads" in await scraped(process)) is told


DASHBOARD = {
    "coredns_dns_requests_total": {"server", "zone", "view", "proto", "family", "type"},
    "coredns_dns_do_requests_total": {"server", "zone", "view"},
    "coredns_dns_responses_total": {"server", "zone", "view", "rcode", "plugin"},
    "coredns_dns_request_duration_seconds_bucket": {"server", "zone", "view", "le"},
    "coredns_dns_request_duration_seconds_sum": {"server", "zone", "view"},
    "coredns_dns_request_duration_seconds_count": {"server", "zone", "view"},
    "coredns_dns_request_size_bytes_bucket": {"server", "zone", "view", "proto", "le"},
    "coredns_dns_response_size_bytes_bucket": {"server", "zone", "view", "proto", "le"},
    "coredns_plugin_enabled": {"server", "zone", "view", "name"},
    "coredns_build_info": {"version", "revision", "goversion"},
    "coredns_panics_total": set(),
    "coredns_health_request_failures_total": set(),
    "coredns_health_request_duration_seconds_bucket": {"le"},
    "coredns_cache_entries": {"server", "type", "zones", "view"},
    "coredns_cache_hits_total": {"server", "type", "zones", "view"},
    "coredns_cache_misses_total": {"server", "zones", "view"},
    "coredns_cache_requests_total": {"server", "zones", "view"},
    "coredns_hosts_entries": set(),
    "coredns_reload_failed_total": set(),
    "coredns_reload_version_info": {"hash", "value"},
    "process_cpu_seconds_total": set(),
    "process_resident_memory_bytes": set(),
    "process_open_fds": set(),
    "process_start_time_seconds": set(),
}
"""What dashboards for CoreDNS ask for: names, and labels that must be there."""

FULL = """. {{
 bind 127.0.0.1
 errors
 health 127.0.0.1:0
 prometheus 127.0.0.1:{port}
 cache
 hosts {{
 192.0.2.1 example.org
 fallthrough
 }}
 whoami
}}"""


async def full_page() -> str:
    port = free_port()
    async with running(Source(FULL.format(port=port))) as process:
        for words in (["+dnssec"], ["+tcp"], ["+noedns"]):
            await trio.to_thread.run_sync(lambda words=words: dig(port_of(process), "example.org", "A", *words))  # type: ignore[misc]  # mypy wants lambdas without defaults
        await answer(port_of(process), "not-in-hosts.example.org")  # so that the cache is asked
        await until(lambda: process.house.metrics._histograms["coredns_health_request_duration_seconds"].counts, bool)
        return (await fetch(port, "/metrics")).body


async def test_dashboards_find_what_they_ask_for() -> None:
    found: dict[str, set[str]] = {}
    for name in samples(await full_page()):
        metric, _, labels = name.partition("{")
        found[metric] = {pair.partition("=")[0] for pair in labels.strip("}").split('",')} - {""}
    assert {name for name in DASHBOARD if name not in found} == set()
    assert {name: labels - found[name] for name, labels in DASHBOARD.items() if labels - found[name]} == {}


@pytest.mark.skipif(installed("promtool") is None, reason="promtool (Debian: prometheus) is not installed")
async def test_prometheus_takes_the_page() -> None:
    page = await full_page()
    checked = await trio.to_thread.run_sync(
        lambda: subprocess.run(
            ["promtool", "check", "metrics"], input=page, capture_output=True, text=True, check=False
        )
    )
    assert (checked.returncode in (0, 3), checked.stdout) == (True, ""), checked.stderr
    lines = [line for line in checked.stderr.splitlines() if line.strip()]
    assert lines == []
