from __future__ import annotations

import logging

import pytest
import trio
from trio.testing import MockClock

from pydns.errors import CorefileError, CorefileErrorGroup
from pydns.plugin import House
from pydns.settings import Settings
from pydns_plugins.health import Health
from tests.e2e.programs import free_port
from tests.plugins.asking import block, directives
from tests.pydns.life import Source, failed, is_free, port_of, rcode, reloaded, running, until, value
from tests.pydns.pages import fetch, page_port

HEALTH = ". {\n bind 127.0.0.1\n health 127.0.0.1:0\n whoami\n}"
FAILURES = "coredns_health_request_failures_total"


def health(text: str = "health") -> Health:
    (plugin,) = Health.parse(directives(text), block())
    return plugin


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("health", ("", 8080)),
        ("health :8081", ("", 8081)),
        ("health localhost:8080", ("127.0.0.1", 8080)),
        ("health [::1]:8080", ("::1", 8080)),
    ],
)
def test_an_address_may_be_named(text: str, place: tuple[str, int]) -> None:
    settings = Settings()
    health(text).configure(settings)
    assert [(site.host, site.port, site.path) for site in settings.sites] == [(*place, "/health")]


@pytest.mark.parametrize(
    ("text", "seconds"), [("health", 0), ("health\n lameduck 5s", 5), ("health :1\n lameduck 1m", 60)]
)
def test_lameduck_is_a_duration(text: str, seconds: float) -> None:
    assert health(text).lameduck == seconds


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("health 8080", "Corefile:1:2: '8080' is no address with a port"),
        ("health :8080 x", "Corefile:1:3: health takes at most 1 argument"),
        ("health example.org:8080", "Corefile:1:2: 'example.org' is no IP address"),
        ("health\nhealth", "Corefile:2:1: health stands twice"),
        ("health\n lameduck", "Corefile:2:1: lameduck wants 1 argument, not 0"),
        ("health\n lameduck soon", "Corefile:2:2: 'soon' is no duration"),
        ("health\n lameduck -5s", "Corefile:2:2: '-5s' is no duration"),
        ("health\n lame 5s", "Corefile:2:1: unknown option of health 'lame'"),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, error: str) -> None:
    with pytest.raises((CorefileError, CorefileErrorGroup)) as caught:
        health(text)
    assert str(caught.value).startswith(error)


def test_it_has_nothing_to_do_with_queries() -> None:
    assert health().opcodes == frozenset()


async def test_it_is_ok() -> None:
    async with running(Source(HEALTH)) as process:
        got = await fetch(page_port(process), "/health")
        assert (got.status, got.body) == (200, "OK")


async def test_blocks_may_share_a_page() -> None:
    async with running(Source(f"{HEALTH}\na{HEALTH[1:]}")) as process:
        assert (await fetch(page_port(process), "/health")).body == "OK"


# Lameduck.


async def test_lameduck_takes_its_time(mock_clock: MockClock) -> None:
    mock_clock.autojump_threshold = 0
    began = trio.current_time()
    await health("health\n lameduck 5s").stopping()
    assert trio.current_time() - began == 5


async def test_without_it_the_end_waits_for_nothing() -> None:
    began = trio.current_time()
    await health().stopping()
    assert trio.current_time() - began < 1


async def test_a_lame_duck_answers_still() -> None:
    source = Source(HEALTH.replace(":0\n", ":0 {\n lameduck 1m\n }\n"))
    async with running(source) as process:
        process.stop()
        await trio.testing.wait_all_tasks_blocked()
        assert await rcode(port_of(process)) == 0
        assert (await fetch(page_port(process), "/health")).body == "OK"
        assert not process.stopped.is_set()


# It asks itself.


async def test_how_long_it_takes_is_told() -> None:
    async with running(Source(HEALTH)) as process:
        histogram = process.house.metrics.histogram("coredns_health_request_duration_seconds", "", bounds=())
        await until(lambda: sum(histogram.counts.get((), [])), lambda count: count >= 2)
        assert value(process, FAILURES) == 0


async def test_where_nobody_answers_it_is_counted(caplog: pytest.LogCaptureFixture, nursery: trio.Nursery) -> None:
    plugin = health("health 127.0.0.1:1")
    plugin.house = House()
    await nursery.start(plugin.run)
    counter = plugin.house.metrics.counter(FAILURES, "")
    await until(counter.value, bool)
    nursery.cancel_scope.cancel()
    assert "the health page at 127.0.0.1:1 does not answer" in caplog.text


async def test_a_page_that_a_reload_moved_is_asked_no_more(caplog: pytest.LogCaptureFixture) -> None:
    """Though its plugin runs until the last of its queries is answered."""
    caplog.set_level(logging.WARNING)
    source = Source(HEALTH.replace("127.0.0.1:0", f"127.0.0.1:{free_port()}"))
    async with running(source) as process:
        source.text = HEALTH.replace("127.0.0.1:0", f"127.0.0.1:{free_port()}")
        for router in process.serving.routers:
            router.under_way += 1  # a query that takes long
        await reloaded(process)
        await trio.sleep(1.5)  # it asks each second
        assert len(process.house.generations) == 2
        assert value(process, FAILURES) == 0
    assert "does not answer" not in caplog.text


# Reloads.


async def test_a_reload_keeps_the_page() -> None:
    source = Source(HEALTH)
    async with running(source) as process:
        port = page_port(process)
        source.text = HEALTH.replace("whoami", "hosts")
        await reloaded(process)
        assert (page_port(process), (await fetch(port, "/health")).status) == (port, 200)


async def test_a_reload_may_take_it_away() -> None:
    source = Source(HEALTH)
    async with running(source) as process:
        port = page_port(process)
        source.text = HEALTH.replace("health 127.0.0.1:0", "")
        await reloaded(process)
        await until(lambda: is_free("127.0.0.1", port), bool)


async def test_a_reload_that_fails_leaves_it() -> None:
    source = Source(HEALTH)
    async with running(source) as process:
        source.text = HEALTH.replace("health 127.0.0.1:0", "health [::1]:0").replace("bind 127", "bind 192")
        await failed(process)
        assert (await fetch(page_port(process), "/health")).body == "OK"
