"""What the page tells of what runs here, and who reads it."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterable
from typing import Any

import pytest
import trio

from pydns.family import Family
from pydns.plugin import House, Plugin
from pydns.testing import plugins_of
from pydns_plugins.prometheus import Prometheus
from tests.e2e.programs import dig, free_port, installed
from tests.pydns.life import Source, answer, failed, port_of, reloaded, running, until
from tests.pydns.pages import fetch, samples, scraped

HOSTS = ". {\n bind 127.0.0.1\n prometheus 127.0.0.1:0\n hosts {\n 192.0.2.1 example.org\n ttl 60\n }\n}"


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


async def test_the_parent_of_workers_is_a_process_as_well() -> None:
    class Parent(Family):
        async def reports(self, plugin: Plugin) -> list[Any]:
            return [None, None]  # of the workers

    (plugin,) = (each for each in plugins_of(". {\n prometheus\n}") if isinstance(each, Prometheus))
    plugin.house = House(family=Parent())
    page = await plugin.page()
    assert isinstance(page.body, AsyncIterable)
    assert "process_resident_memory_bytes" in b"".join([piece async for piece in page.body]).decode()


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
