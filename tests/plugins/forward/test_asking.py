import pytest
import trio
import trio.testing

from pydns.plugin import House
from pydns.reply import Reply
from pydns.upstream.testing import Asked, Script, good
from tests.plugins.forward.helpers import ask_for, holds, parse, running, says, serving, silent

pytestmark = pytest.mark.usefixtures("either_way")


@pytest.mark.parametrize(
    ("options", "transport", "upstream"),
    [
        ("", "udp", "udp"),
        ("", "tcp", "tcp"),
        ("force_tcp", "udp", "tcp"),
        ("prefer_udp", "tcp", "udp"),
        ("prefer_udp", "udp", "udp"),
        ("force_tcp\nprefer_udp", "udp", "tcp"),
        ("", "tls", "tcp"),
        ("", "quic", "udp"),
    ],
)
async def test_over_what_the_upstream_is_asked(
    options: str, transport: str, upstream: str, nursery: trio.Nursery
) -> None:
    (server,) = await serving(nursery, good)
    async with running(*parse(f"forward . {server.endpoint}\n{options}".strip())) as ask:
        reply = await ask(ask_for(transport=transport))
    assert reply.rcode == 0
    assert [asked.transport for asked in server.asked] == [upstream]


async def test_a_truncated_answer_is_fetched_over_tcp(nursery: trio.Nursery) -> None:
    async def script(asked: Asked) -> None:
        udp = asked.transport == "udp"
        await asked.send(asked.answer(flags=0x8380 if udp else 0x8180, records=int(not udp)))

    (server,) = await serving(nursery, script)
    async with running(*parse(f"forward . {server.endpoint}")) as ask:
        reply = await ask(ask_for())
    assert holds(reply, "192.0.2.1")
    assert not reply.flags & Reply.TC


async def test_the_next_upstream_is_asked_when_one_is_silent(
    nursery: trio.Nursery, quick_clock: trio.testing.MockClock
) -> None:
    one, two = await serving(nursery, silent, says("192.0.2.2"))
    async with running(*parse(f"forward . {one.endpoint} {two.endpoint}\npolicy sequential\nread_timeout 1s")) as ask:
        began = trio.current_time()
        reply = await ask(ask_for())
    assert holds(reply, "192.0.2.2")
    assert 1 <= trio.current_time() - began < 1.2


@pytest.mark.parametrize(
    ("options", "tries", "seconds"),
    [("", 2, 4), ("max_connect_attempts 1", 1, 2), ("max_connect_attempts 0", 3, 5), ("read_timeout 1s", 2, 2)],
)
async def test_how_often_and_how_long_is_tried(
    options: str, tries: int, seconds: float, nursery: trio.Nursery, quick_clock: trio.testing.MockClock
) -> None:
    (server,) = await serving(nursery, silent)
    async with running(*parse(f"forward . {server.endpoint}\nmax_fails 0\n{options}".strip())) as ask:
        began = trio.current_time()
        reply = await ask(ask_for())
    assert len(server.asked) == tries
    assert seconds <= trio.current_time() - began < seconds + 0.4
    assert reply.rcode == 2
    assert reply.errors[0][0] == 23
    assert reply.errors[0][1].startswith(f"{server.endpoint}: no answer in ")


async def test_upstreams_that_cannot_be_reached_do_not_spin(nursery: trio.Nursery) -> None:
    # The source address is not ours, so each send fails at once.
    (forward,) = parse("forward . 127.0.0.1:9\nmax_connect_attempts 0\nmax_fails 0\nsource_address 192.0.2.1")
    async with running(forward) as ask:
        with trio.move_on_after(0.3) as scope:
            await ask(ask_for())
    assert scope.cancelled_caught
    assert forward.pool.upstreams[0].counts.udp_misses < 10


async def test_a_down_upstream_is_not_asked_until_it_returns(
    nursery: trio.Nursery, quick_clock: trio.testing.MockClock
) -> None:
    broken = True

    async def faulty(asked: Asked) -> None:
        if not broken:
            await says("192.0.2.1")(asked)

    one, two = await serving(nursery, faulty, says("192.0.2.2"))
    async with running(*parse(f"forward . {one.endpoint} {two.endpoint}\npolicy sequential")) as ask:
        await ask(ask_for())
        await trio.sleep(5)
        began = trio.current_time()
        assert holds(await ask(ask_for()), "192.0.2.2")
        assert trio.current_time() == began
        broken = False
        await trio.sleep(2)
        assert holds(await ask(ask_for()), "192.0.2.1")


@pytest.mark.parametrize(("option", "asked"), [("", 1), ("failfast_all_unhealthy_upstreams", 0)])
async def test_when_all_are_down_one_is_asked_anyway_unless_failfast(
    option: str, asked: int, nursery: trio.Nursery, quick_clock: trio.testing.MockClock
) -> None:
    house = House()
    (server,) = await serving(nursery, silent)
    (forward,) = parse(f"forward . {server.endpoint}\nmax_fails 1\nhealth_check 1h\n{option}".strip())
    async with running(forward, house=house) as ask:
        await ask(ask_for())
        await trio.sleep(2)
        before = len(server.asked)
        reply = await ask(ask_for())
        assert reply.rcode == 2
        assert len(server.asked) - before == asked
    list(house.metrics.read())  # has the counts handed in
    assert house.metrics.counter("coredns_forward_healthcheck_broken_total", "").values == {(): 1}


@pytest.mark.parametrize(("rcodes", "second_asked"), [((2, 0), True), ((5, 0), True), ((3, 0), False), ((0, 0), False)])
async def test_failover_asks_the_next_upstream_on_its_rcodes(
    rcodes: tuple[int, int], second_asked: bool, nursery: trio.Nursery
) -> None:
    one, two = await serving(nursery, says(rcode=rcodes[0]), says(rcode=rcodes[1]))
    text = f"forward . {one.endpoint} {two.endpoint}\npolicy sequential\nfailover SERVFAIL REFUSED"
    async with running(*parse(text)) as ask:
        reply = await ask(ask_for())
    assert bool(two.asked) is second_asked
    assert reply.rcode == (rcodes[1] if second_asked else rcodes[0])


async def test_failover_gives_the_last_answer_when_all_were_tried(nursery: trio.Nursery) -> None:
    one, two = await serving(nursery, says(rcode=2), says(rcode=5))
    text = f"forward . {one.endpoint} {two.endpoint}\npolicy sequential\nfailover SERVFAIL REFUSED"
    async with running(*parse(text)) as ask:
        assert (await ask(ask_for())).rcode == 5
    assert (len(one.asked), len(two.asked)) == (1, 1)


async def test_without_failover_servfail_is_an_answer(nursery: trio.Nursery) -> None:
    one, two = await serving(nursery, says(rcode=2), good)
    async with running(*parse(f"forward . {one.endpoint} {two.endpoint}\npolicy sequential")) as ask:
        assert (await ask(ask_for())).rcode == 2
    assert two.asked == []


class TestLatency:
    async def test_a_spare_query_goes_to_the_second_when_the_first_is_slow(
        self, nursery: trio.Nursery, quick_clock: trio.testing.MockClock
    ) -> None:
        delays = {"one": 0.01, "two": 0.02}

        def after(name: str, address: str) -> Script:
            async def script(asked: Asked) -> None:
                await trio.sleep(delays[name])
                await asked.send(asked.answer(address))

            return script

        one, two = await serving(nursery, after("one", "192.0.2.1"), after("two", "192.0.2.2"))
        (forward,) = parse(f"forward . {one.endpoint} {two.endpoint}\npolicy latency")
        async with running(forward) as ask:
            await ask(ask_for())
            await trio.sleep(1)
            assert holds(await ask(ask_for()), "192.0.2.1")
            count = len(two.asked)
            delays["one"] = 1.9
            began = trio.current_time()
            assert holds(await ask(ask_for()), "192.0.2.2")
            assert trio.current_time() - began < 0.2
            assert len(two.asked) == count + 1

    async def test_the_fast_one_gets_nearly_all(
        self, nursery: trio.Nursery, quick_clock: trio.testing.MockClock
    ) -> None:
        async def slow(asked: Asked) -> None:
            await trio.sleep(0.4)
            await good(asked)

        slow_one, dead, fast = await serving(nursery, slow, silent, good)
        endpoints = f"{slow_one.endpoint} {dead.endpoint} {fast.endpoint}"
        async with running(*parse(f"forward . {endpoints}\npolicy latency")) as ask:
            times = []
            for _ in range(200):
                began = trio.current_time()
                assert (await ask(ask_for())).rcode == 0
                times.append(trio.current_time() - began)
        assert sorted(times)[190] < 0.06
        assert len(slow_one.asked) < 10

    async def test_a_poor_answer_of_the_spare_does_not_win(
        self, nursery: trio.Nursery, quick_clock: trio.testing.MockClock
    ) -> None:
        async def slow(asked: Asked) -> None:
            await trio.sleep(1)
            await asked.send(asked.answer("192.0.2.1"))

        one, two = await serving(nursery, slow, says(rcode=5))
        (forward,) = parse(f"forward . {one.endpoint} {two.endpoint}\npolicy latency")
        async with running(forward) as ask:
            assert holds(await ask(ask_for()), "192.0.2.1")

    async def test_servfail_does_not_wait_for_the_dead(
        self, nursery: trio.Nursery, quick_clock: trio.testing.MockClock
    ) -> None:
        one, two = await serving(nursery, says(rcode=2), silent)
        async with running(*parse(f"forward . {one.endpoint} {two.endpoint}\npolicy latency")) as ask:
            began = trio.current_time()
            assert (await ask(ask_for())).rcode == 2
            assert trio.current_time() - began <= 0.6
