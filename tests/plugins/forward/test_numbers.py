import trio
import trio.testing

from pydns.metrics import Histogram
from pydns.plugin import House
from pydns.upstream.testing import Asked, good
from tests.plugins.forward.helpers import ask_for, parse, running, serving, silent


async def test_junk_is_counted(nursery: trio.Nursery) -> None:
    async def lying(asked: Asked) -> None:
        await asked.send(asked.answer(question=b"\3bad\0\0\1\0\1"))
        await good(asked)

    house = House()
    (server,) = await serving(nursery, lying)
    async with running(*parse(f"forward . {server.endpoint}"), house=house) as ask:
        await ask(ask_for())
    values = {metric.name: metric for metric in house.metrics.read()}
    to = str(server.endpoint)
    assert values["pydns_proxy_ignored_messages_total"].value("forward", to) == 1
    assert values["coredns_proxy_conn_cache_misses_total"].value("forward", to, "udp") == 1
    assert values["coredns_proxy_conn_cache_hits_total"].value("forward", to, "udp") == 0


async def test_failed_checks_are_counted(nursery: trio.Nursery, quick_clock: trio.testing.MockClock) -> None:
    house = House()
    (server,) = await serving(nursery, silent)
    async with running(*parse(f"forward . {server.endpoint}\nmax_connect_attempts 1"), house=house) as ask:
        await ask(ask_for())
        await trio.sleep(1.3)
        counter = next(m for m in house.metrics.read() if m.name == "coredns_proxy_healthcheck_failures_total")
        assert counter.value("forward", str(server.endpoint)) == 1


async def test_counts_are_handed_in_once_and_not_lost_at_the_end(nursery: trio.Nursery) -> None:
    house = House()
    (server,) = await serving(nursery, good)
    async with running(*parse(f"forward . {server.endpoint}"), house=house) as ask:
        await ask(ask_for(transport="tcp"))
        list(house.metrics.read())
        await ask(ask_for(transport="tcp"))
    counter = house.metrics.counter("coredns_proxy_conn_cache_hits_total", "")
    assert counter.value("forward", str(server.endpoint), "tcp") == 1
    assert house.metrics._before_reading == []


async def test_what_an_answer_took_is_counted_by_its_rcode(nursery: trio.Nursery) -> None:
    async def refusing(asked: Asked) -> None:
        await asked.send(asked.answer(rcode=5))

    house = House()
    (server,) = await serving(nursery, refusing)
    async with running(*parse(f"forward . {server.endpoint}"), house=house) as ask:
        await ask(ask_for())
    (durations,) = [m for m in house.metrics.read() if m.name == "coredns_proxy_request_duration_seconds"]
    assert isinstance(durations, Histogram)
    assert {labels: sum(counts) for labels, counts in durations.counts.items()} == {
        ("forward", str(server.endpoint), "REFUSED"): 1
    }
