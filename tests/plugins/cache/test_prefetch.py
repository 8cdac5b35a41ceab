"""Popular answers are fetched again before their end."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from pydns.reply import Reply


@pytest.fixture
def started(kit, nursery):
    async def started(text, *answers):
        cache, below = kit.make(text), kit.Below(*(answers or (Reply((kit.a(100),)),)))
        await nursery.start(cache.run)
        await cache.serve(kit.question(), below)
        return cache, below

    return started


async def ask(kit, cache, below, *times):
    """Asks at these seconds after the first asking; says how often the chain was asked until then."""
    asked = []
    began = cache.began = getattr(cache, "began", trio.current_time())
    for time in times:
        await trio.sleep_until(began + time)
        await cache.serve(kit.question(), below)
        await wait_all_tasks_blocked()
        asked.append(len(below.asked))
    return asked


@pytest.mark.parametrize(
    ("line", "times", "asked"),
    [
        ("prefetch 1", (89, 90), [1, 2]),
        ("prefetch 3", (50, 89, 90), [1, 1, 2]),
        ("prefetch 4", (50, 89, 90), [1, 1, 1]),
        ("prefetch 1 1m 50%", (49, 50), [1, 2]),
        ("prefetch 2 10s", (50, 91), [1, 1]),  # a gap
        ("prefetch 2 10s", (85, 91), [1, 2]),
        ("prefetch 2 10s", (70, 91, 92), [1, 1, 2]),
        ("prefetch 0", (89, 99), [1, 1]),
    ],
)
async def test_when_the_chain_is_asked_again(kit, started, line, times, asked, autojump_clock):
    cache, below = await started(f"cache\n{line}")
    assert await ask(kit, cache, below, *times) == asked


async def test_a_short_answer_is_fetched_a_second_before_its_end(kit, started, autojump_clock):
    cache, below = await started("cache\nprefetch 1", Reply((kit.a(5),)))
    assert await ask(kit, cache, below, 3.9, 4.1) == [1, 2]


async def test_no_client_waits_for_it_and_the_next_has_the_new_answer(kit, started, autojump_clock):
    cache, below = await started("cache\nprefetch 1")
    await trio.sleep(95)
    below.gate = trio.Event()
    assert kit.ttls(await cache.serve(kit.question(), below)) == [5]
    below.gate.set()
    await wait_all_tasks_blocked()
    assert kit.ttls(await cache.serve(kit.question(), below)) == [100]


async def test_many_clients_are_one_fetch(kit, started, autojump_clock):
    cache, below = await started("cache\nprefetch 1")
    await trio.sleep(95)
    below.gate = trio.Event()
    for _ in range(20):
        await cache.serve(kit.question(), below)
    await wait_all_tasks_blocked()
    assert len(below.asked) == 2


async def test_the_count_goes_on_over_the_fetch(kit, started, autojump_clock):
    cache, below = await started("cache\nprefetch 3 100s")
    assert await ask(kit, cache, below, 20, 40, 95, 190) == [1, 1, 2, 3]


async def test_a_failed_fetch_leaves_the_answer_until_its_end(kit, started, autojump_clock):
    cache, below = await started("cache\nprefetch 1", Reply((kit.a(100),)), kit.servfail())
    assert await ask(kit, cache, below, 95, 95.5, 96.5) == [2, 2, 3]
    assert kit.ttls(await cache.serve(kit.question(), below)) == [4]


async def test_denials_are_fetched_again_as_well(kit, started, autojump_clock):
    cache, below = await started("cache\nprefetch 1", kit.nxdomain(100))
    assert await ask(kit, cache, below, 95) == [2]


@pytest.mark.parametrize(("amount", "asked"), [(5, 2), (6, 1)])
async def test_replays_count_as_askings(kit, started, autojump_clock, amount, asked):
    cache, below = await started(f"cache\nprefetch {amount}")
    reply = await cache.serve(kit.question(), below)
    await trio.sleep(60)
    for counter in reply.counters:
        counter(b"", None, b"")(3)
    assert await ask(kit, cache, below, 31) == [asked]


async def test_replays_end_where_prefetch_begins_to_look(kit, started, autojump_clock):
    cache, below = await started("cache\nprefetch 1")
    assert (await cache.serve(kit.question(), below)).lifetime == 89
    await trio.sleep(89.5)
    assert not (await cache.serve(kit.question(), below)).replay


async def test_a_fetch_sees_the_data_of_now(kit, started, autojump_clock):
    """Its answer is held against the changes since it began, not since the client's question came."""
    cache, below = await started("cache\nprefetch 1")
    await trio.sleep(95)
    cache.house.changes.names([b"\5other\0"])
    await cache.serve(kit.question(epoch=0), below)
    await wait_all_tasks_blocked()
    assert below.asked[-1].epoch == 1


async def test_there_is_a_bound_to_fetches_at_once(kit, started, monkeypatch, autojump_clock):
    monkeypatch.setattr("pydns_plugins.cache.MOST_REFRESHES", 3)
    cache, below = await started("cache\nprefetch 1", lambda query: Reply((kit.a(100, owner=query.name),)))
    for i in range(5):
        await cache.serve(kit.question(f"n{i}"), below)
    await trio.sleep(95)
    below.gate = trio.Event()
    for i in range(5):
        await cache.serve(kit.question(f"n{i}"), below)
    await wait_all_tasks_blocked()
    assert len(below.asked) == 6 + 3
