import socket

import pytest
import trio
import trio.testing

from pydns.upstream.endpoint import Endpoint
from pydns.upstream.exchange import Exchange
from pydns.upstream.health import Checks
from pydns.upstream.limits import Limits
from pydns.upstream.pool import Pool
from pydns.upstream.testing import Asked
from pydns.waiter import Waiter
from tests.pydns.upstream.helpers import REQUEST, asking


async def gather(ask: object, count: int) -> list[Exchange]:
    """So many at once."""
    done: list[Exchange] = []

    async def one() -> None:
        done.append(await ask())  # type: ignore[operator]  # it is a function

    async with trio.open_nursery() as nursery:
        for _ in range(count):
            nursery.start_soon(one)
    return done


async def test_it_is_answered_over_tcp() -> None:
    async with asking(stream=True) as here:
        assert (await here.ask()).wire
        assert here.server.asked[0].transport == "tcp"


async def test_a_connection_is_used_again() -> None:
    async with asking(stream=True) as here:
        for _ in range(5):
            await here.ask()
        assert here.server.connections == 1
        assert (here.upstream.counts.tcp_hits, here.upstream.counts.tcp_misses) == (4, 1)


async def test_queries_are_pipelined_and_answers_may_come_in_any_order() -> None:
    # RFC 7766 sections 6.2.1.1 and 7
    held: list[Asked] = []

    async def backwards(asked: Asked) -> None:
        held.append(asked)
        if len(held) == 10:
            for each in reversed(held):
                await each.send(each.answer())

    async with asking(backwards, stream=True) as here:
        done = await gather(here.ask, 10)
        assert here.server.connections == 1
        assert all(exchange.wire for exchange in done)


async def test_more_than_a_connection_is_for_open_another() -> None:
    async with asking(stream=True) as here:
        done = await gather(here.ask, 100)
        assert all(exchange.wire for exchange in done)
        assert here.server.connections == 4


async def test_a_large_answer_comes_whole() -> None:
    async def large(asked: Asked) -> None:
        await asked.send(asked.answer(records=4000))

    async with asking(large, stream=True) as here:
        exchange = await here.ask()
        assert len(exchange.wire) > 64000
        assert exchange.wire


async def test_a_connection_that_was_closed_meanwhile_is_made_anew() -> None:
    async with asking(stream=True) as here:
        here.server.hang_up = True
        for _ in range(3):
            assert (await here.ask()).wire
        assert here.server.connections == 3


async def test_pipelined_queries_survive_a_server_that_answers_one_a_connection() -> None:
    async with asking(stream=True) as here:
        here.server.hang_up = True
        done = await gather(here.ask, 5)
        assert [exchange.failure for exchange in done] == [""] * 5


async def test_junk_over_tcp_is_ignored() -> None:
    async def lying(asked: Asked) -> None:
        await asked.send(asked.answer("192.0.2.66", id_=bytes((asked.id[0] ^ 1, asked.id[1]))))
        await asked.send(asked.answer("192.0.2.66", question=b"\3bad\0\0\1\0\1"))
        await asked.send(asked.answer("192.0.2.1"))

    async with asking(lying, stream=True) as here:
        exchange = await here.ask()
        assert socket.inet_aton("192.0.2.1") in exchange.wire
        assert here.upstream.counts.junk == 2


async def test_a_frame_that_holds_no_message_ends_the_connection() -> None:
    async def broken(asked: Asked) -> None:
        await asked.send(b"abc")

    async with asking(broken, stream=True) as here:
        assert (await here.ask()).failure == "the upstream sent what is no DNS message"


async def test_a_closed_port_fails_at_once() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        endpoint = Endpoint(*sock.getsockname())
    pool = Pool(Limits(), Checks(max_fails=0), [endpoint])
    async with trio.open_nursery() as nursery:
        await nursery.start(pool.run)
        waiter = Waiter()
        exchange = pool.upstreams[0].begin(
            REQUEST, waiter.wake, trio.current_time(), stream=True, timeout=2, latest=trio.current_time() + 5
        )
        with trio.fail_after(1):
            while not exchange.done:
                await waiter
        assert exchange.failure == "Connection refused"
        nursery.cancel_scope.cancel()


async def test_silence_ends_at_the_timeout_and_gives_up_the_connection(quick_clock: trio.testing.MockClock) -> None:
    async def silent_first(asked: Asked) -> None:
        if asked.connection > 1:
            await asked.send(asked.answer())

    async with asking(silent_first, stream=True) as here:
        assert (await here.ask()).failure == "no answer in 2 s"
        assert (await here.ask()).wire
        assert here.server.connections == 2


@pytest.mark.parametrize(
    ("limits", "pause", "connections"),
    [
        pytest.param(Limits(expire=10), 5, 1, id="kept while it is used within expire"),
        pytest.param(Limits(expire=3), 5, 3, id="closed after expire"),
        pytest.param(Limits(expire=100, max_age=7), 5, 2, id="not used beyond max_age"),
    ],
)
async def test_how_long_a_connection_is_kept(
    limits: Limits, pause: float, connections: int, quick_clock: trio.testing.MockClock
) -> None:
    async with asking(limits=limits, stream=True) as here:
        for _ in range(3):
            await here.ask()
            await trio.sleep(pause)
        assert here.server.connections == connections


@pytest.mark.parametrize(("kept", "connections"), [(1, 8), (0, 4)])
async def test_no_more_idle_connections_than_max_idle_are_kept(
    kept: int, connections: int, quick_clock: trio.testing.MockClock
) -> None:
    async with asking(limits=Limits(max_idle=kept, expire=60), stream=True) as here:
        await gather(here.ask, 128)
        assert here.server.connections == 4
        await trio.sleep(5)
        await gather(here.ask, 128)
        # of the four that were idle `kept` serve the second round, all of them where there is no limit
        assert here.server.connections == connections - kept


async def test_a_pool_that_ends_closes_its_connections() -> None:
    async with asking(stream=True) as here:
        await here.ask()
        connection = here.upstream.tcp._open[0]
    assert connection.socket.fileno() == -1
