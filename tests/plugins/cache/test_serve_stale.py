"""Answers after their end (RFC 8767), and the options that rule them."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from pydns import names
from pydns.errors import PydnsError
from pydns.records import Rcode
from pydns.reply import Reply

HOST = names.from_text("host.example.net")
NEW = b"\xc6\x33\x64\1"


@pytest.fixture
def started(kit, nursery):
    """A cache that runs, with what `answer` gave kept and ended a second ago."""

    async def started(text, answer, *later):
        cache, below = kit.make(text), kit.Below(answer, *later)
        await nursery.start(cache.run)
        await cache.serve(kit.question(), below)
        await trio.sleep(11)
        return cache, below

    return started


def old(kit):
    return Reply((kit.a(10),))


def new(kit):
    return Reply((kit.a(10, address=NEW),))


BROKEN = {
    "SERVFAIL": Reply.failure(22, "no upstream answered"),
    "REFUSED": Reply(rcode=Rcode.REFUSED),
    "cut": Reply(flags=Reply.TC, rcode=Rcode.SERVFAIL),
    "exception": PydnsError("broken"),
    "dropped": Reply.drop("erratic"),
}


def is_stale(reply):
    return [code for code, _ in reply.errors] == [3]


async def test_without_the_option_nothing_is_stale(kit, started, autojump_clock):
    cache, below = await started("cache", old(kit), BROKEN["SERVFAIL"])
    assert (await cache.serve(kit.question(), below)).rcode == Rcode.SERVFAIL


async def test_immediate_gives_the_old_first_and_asks_behind_it(kit, started, autojump_clock):
    cache, below = await started("cache\nserve_stale", old(kit), new(kit))
    reply = await cache.serve(kit.question(), below)
    assert is_stale(reply)
    assert kit.ttls(reply) == [30]
    assert not reply.replay
    await wait_all_tasks_blocked()
    fresh = await cache.serve(kit.question(), below)
    assert fresh.wire.endswith(NEW)
    assert fresh.errors == ()
    assert len(below.asked) == 2


@pytest.mark.parametrize(("word", "ttl"), [("0", 0), ("1s", 1), ("2m", 120)])
async def test_response_ttl_is_what_every_record_shows(kit, started, word, ttl, autojump_clock):
    cache, below = await started(f"cache\nserve_stale 1h immediate {word}", Reply((kit.a(10), kit.a(3000))))
    below.gate = trio.Event()
    assert kit.ttls(await cache.serve(kit.question(), below)) == [ttl, ttl]


async def test_a_stale_denial_says_so(kit, started, autojump_clock):
    cache, below = await started("cache\nserve_stale", kit.nxdomain(10))
    reply = await cache.serve(kit.question(), below)
    assert reply.rcode == Rcode.NXDOMAIN
    assert [code for code, _ in reply.errors] == [19]


async def test_a_failure_is_never_stale(kit, started, autojump_clock):
    cache, below = await started("cache\nserve_stale\nservfail 1s", kit.servfail(), old(kit))
    assert (await cache.serve(kit.question(), below)).errors == ()
    assert len(below.asked) == 2


@pytest.mark.parametrize(("seconds", "stale"), [(48, True), (50, False)])
async def test_the_window_ends(kit, started, seconds, stale, autojump_clock):
    cache, below = await started("cache\nserve_stale 60s immediate 30s 5m", old(kit), BROKEN["SERVFAIL"])
    await cache.serve(kit.question(), below)
    await trio.sleep(seconds + 10 - 1)
    assert is_stale(await cache.serve(kit.question(), below)) is stale


@pytest.mark.parametrize("mode", ["immediate", "verify", "verify 100ms"])
@pytest.mark.parametrize("failure", BROKEN.values(), ids=BROKEN)
async def test_a_failed_refresh_leaves_the_old_answer(kit, started, mode, failure, autojump_clock):
    cache, below = await started(f"cache\nserve_stale 1h {mode}", old(kit), failure)
    for _ in range(3):
        assert is_stale(await cache.serve(kit.question(), below))
        await trio.sleep(10)
    assert len(below.asked) == 4


async def test_a_cut_answer_leaves_the_old_one(kit, started, autojump_clock):
    cache, below = await started("cache\nserve_stale", old(kit), Reply(flags=Reply.TC), BROKEN["SERVFAIL"])
    for _ in range(2):
        assert is_stale(await cache.serve(kit.question(), below))
        await trio.sleep(1)


async def test_what_a_stale_answer_depends_on_is_told_above(kit, started, autojump_clock):
    answer = Reply((kit.cname(HOST, 10), kit.a(10, HOST)))
    cache, below = await started("cache\nserve_stale", answer, BROKEN["SERVFAIL"])
    query = kit.question()
    assert is_stale(await cache.serve(query, below))
    assert HOST in query.asked_within


async def test_verify_asks_first(kit, started, autojump_clock):
    cache, below = await started("cache\nserve_stale 1h verify", old(kit), new(kit))
    reply = await cache.serve(kit.question(), below)
    assert reply.wire.endswith(NEW)
    assert reply.errors == ()


async def test_verify_works_without_background(kit, autojump_clock):
    cache, below = kit.make("cache\nserve_stale 1h verify 100ms"), kit.Below(old(kit), new(kit))
    await cache.serve(kit.question(), below)
    await trio.sleep(11)
    assert (await cache.serve(kit.question(), below)).wire.endswith(NEW)


async def test_immediate_without_background_gives_the_old_answer(kit, autojump_clock):
    cache, below = kit.make("cache\nserve_stale"), kit.Below(old(kit), new(kit))
    await cache.serve(kit.question(), below)
    await trio.sleep(11)
    assert is_stale(await cache.serve(kit.question(), below))
    assert len(below.asked) == 1


@pytest.mark.parametrize("runs", [True, False])
async def test_verify_waits_no_longer_than_its_timeout(kit, nursery, autojump_clock, runs):
    cache, below = kit.make("cache\nserve_stale 1h verify 100ms"), kit.Below(old(kit))
    if runs:
        await nursery.start(cache.run)
    await cache.serve(kit.question(), below)
    await trio.sleep(11)
    below.gate = trio.Event()
    began = trio.current_time()
    assert is_stale(await cache.serve(kit.question(), below))
    assert trio.current_time() - began == pytest.approx(0.1)


async def test_after_the_timeout_the_asking_goes_on_and_the_next_client_has_the_new_answer(
    kit, started, autojump_clock
):
    cache, below = await started("cache\nserve_stale 1h verify 100ms", old(kit), new(kit))
    below.gate = trio.Event()
    assert is_stale(await cache.serve(kit.question(), below))
    below.gate.set()
    await wait_all_tasks_blocked()
    assert (await cache.serve(kit.question(), below)).wire.endswith(NEW)
    assert len(below.asked) == 2


async def test_while_a_slow_asking_goes_on_others_do_not_wait_for_it_as_well(kit, started, autojump_clock):
    cache, below = await started("cache\nserve_stale 1h verify 100ms", old(kit), new(kit))
    below.gate = trio.Event()
    await cache.serve(kit.question(), below)
    began = trio.current_time()
    assert is_stale(await cache.serve(kit.question(), below))
    assert trio.current_time() == began


async def test_a_refresh_that_never_ends_is_given_up(kit, started, autojump_clock):
    cache, below = await started("cache\nserve_stale", old(kit), new(kit))
    below.gate = trio.Event()
    await cache.serve(kit.question(), below)
    await trio.sleep(10.1)
    assert not cache._flights
    assert cache._refreshes == 0
    await cache.serve(kit.question(), below)
    assert cache._refreshes == 0  # the pause after a failure


@pytest.mark.parametrize("mode", ["immediate 30s 20s", "verify 0 30s 20s", "verify 100ms 30s 20s"])
async def test_failure_recheck_is_the_pause_after_a_failure(kit, started, mode, autojump_clock):
    """RFC 8767 section 5."""
    cache, below = await started(f"cache\nserve_stale 1h {mode}", old(kit), BROKEN["SERVFAIL"])
    asked = []
    for _ in range(4):
        await cache.serve(kit.question(), below)
        await wait_all_tasks_blocked()
        asked.append(len(below.asked) - 1)
        await trio.sleep(9.5)
    assert asked == [1, 1, 1, 2]


async def test_without_recheck_a_failed_refresh_is_tried_again_after_a_second(kit, started, autojump_clock):
    """RFC 9520 section 3.2: at least one second."""
    cache, below = await started("cache\nserve_stale 1h verify", old(kit), BROKEN["SERVFAIL"], new(kit))
    await cache.serve(kit.question(), below)
    await trio.sleep(0.9)
    assert is_stale(await cache.serve(kit.question(), below))
    assert len(below.asked) == 2
    await trio.sleep(0.1)
    assert (await cache.serve(kit.question(), below)).wire.endswith(NEW)


@pytest.mark.parametrize("mode", ["immediate", "verify"])
async def test_many_clients_are_one_refresh(kit, started, nursery, mode, autojump_clock):
    cache, below = await started(f"cache\nserve_stale 1h {mode}", old(kit), BROKEN["SERVFAIL"])
    below.gate = trio.Event()
    replies = []

    async def ask():
        replies.append(await cache.serve(kit.question(), below))

    for _ in range(50):
        nursery.start_soon(ask)
    await wait_all_tasks_blocked()
    below.gate.set()
    await wait_all_tasks_blocked()
    assert len(below.asked) == 2
    assert len(replies) == 50
    assert all(map(is_stale, replies))


async def test_a_denial_takes_the_place_of_a_stale_answer(kit, started, autojump_clock):
    """RFC 8767 section 4: NXDOMAIN is an answer and not a failure."""
    cache, below = await started("cache\nserve_stale", old(kit), kit.nxdomain(), BROKEN["SERVFAIL"])
    await cache.serve(kit.question(), below)
    await wait_all_tasks_blocked()
    assert (await cache.serve(kit.question(), below)).rcode == Rcode.NXDOMAIN


async def test_an_answer_that_cannot_be_kept_ends_the_stale_one(kit, started, autojump_clock):
    cache, below = await started(
        "cache\nserve_stale 1h verify", old(kit), Reply(rcode=Rcode.NXDOMAIN), BROKEN["SERVFAIL"]
    )
    assert (await cache.serve(kit.question(), below)).rcode == Rcode.NXDOMAIN
    assert (await cache.serve(kit.question(), below)).rcode == Rcode.SERVFAIL


POLICY = "cache\nserve_stale 1h {}\nserve_stale_policy prefer_positive"
NOT_POSITIVE = {
    "NXDOMAIN": lambda k: k.nxdomain(),
    "NODATA": lambda k: k.nodata(),
    "SERVFAIL": lambda k: k.servfail(),
    "NOTIMP": lambda k: Reply(rcode=Rcode.NOTIMP),
    "empty": lambda k: Reply(),
    "referral": lambda k: Reply(authority=(k.ns(),)),
    "additional only": lambda k: Reply(additional=(k.a(300, HOST),)),
    "half a chain": lambda k: Reply((k.cname(HOST),)),
}


@pytest.mark.parametrize("mode", ["immediate", "verify", "verify 100ms"])
@pytest.mark.parametrize("build", NOT_POSITIVE.values(), ids=NOT_POSITIVE)
async def test_prefer_positive_holds_on_to_a_positive_answer(kit, started, mode, build, autojump_clock):
    cache, below = await started(POLICY.format(mode), old(kit), build(kit))
    for _ in range(3):
        reply = await cache.serve(kit.question(), below)
        assert is_stale(reply)
        assert reply.rcode == Rcode.NOERROR
        await trio.sleep(10)
    assert len(below.asked) == 4


async def test_prefer_positive_takes_a_new_positive_answer(kit, started, autojump_clock):
    cache, below = await started(POLICY.format("verify"), old(kit), kit.nxdomain(), new(kit))
    assert is_stale(await cache.serve(kit.question(), below))
    await trio.sleep(1)
    assert (await cache.serve(kit.question(), below)).wire.endswith(NEW)
    assert len(cache.keeper.denial) == 0


async def test_after_the_window_prefer_positive_knows_the_denial(kit, started, autojump_clock):
    text = "cache\nserve_stale 60s immediate 30s 5m\nserve_stale_policy prefer_positive"
    cache, below = await started(text, old(kit), kit.nxdomain(1800))
    assert is_stale(await cache.serve(kit.question(), below))
    await trio.sleep(60)
    assert (await cache.serve(kit.question(), below)).rcode == Rcode.NXDOMAIN
    assert len(below.asked) == 2
