"""Many clients, one question."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from pydns import names
from pydns.errors import PydnsError
from pydns.records import Rcode, Type
from pydns.reply import Reply

HOST = names.from_text("host.example.net")


class Crowd:
    """Clients who ask at once; `replies` holds what each got, an exception where one came."""

    def __init__(self, nursery, cache, below, ask):
        self.nursery, self.cache, self.below, self.ask = nursery, cache, below, ask
        self.replies = []

    def add(self, count=1, scope=None, **fields):
        for _ in range(count):
            self.nursery.start_soon(self._one, scope, fields)

    async def _one(self, scope, fields):
        with scope or trio.CancelScope():
            try:
                self.replies.append(await self.cache.serve(self.ask(**fields), self.below))
            except PydnsError as error:
                self.replies.append(error)


@pytest.fixture
def gather(kit, nursery):
    def gather(text, *answers):
        below = kit.Below(*answers)
        below.gate = trio.Event()
        return Crowd(nursery, kit.make(text), below, kit.question), below

    return gather


async def finish(below):
    """Opens the gate, and waits until nothing goes on any more."""
    await wait_all_tasks_blocked()
    below.gate.set()
    await wait_all_tasks_blocked()


async def test_a_thousand_clients_are_one_question(kit, gather):
    crowd, below = gather("cache", Reply((kit.a(),)))
    crowd.add(1000)
    await finish(below)
    assert len(below.asked) == 1
    assert len(crowd.replies) == 1000
    assert all(kit.ttls(reply) == [300] for reply in crowd.replies)


@pytest.mark.parametrize(
    "reply", [Reply(rcode=Rcode.NXDOMAIN), Reply(flags=Reply.TC)], ids=["NXDOMAIN without SOA", "cut"]
)
async def test_an_answer_that_is_not_kept_is_shared_all_the_same(gather, reply):
    crowd, below = gather("cache", reply)
    crowd.add(10)
    await finish(below)
    assert [(given.rcode, given.flags) for given in crowd.replies] == [(reply.rcode, reply.flags)] * 10
    assert len(below.asked) == 1


async def test_a_cut_answer_is_none_for_another_transport(kit, gather):
    crowd, below = gather("cache", Reply(flags=Reply.TC), Reply((kit.a(),)))
    crowd.add(2, transport="udp")
    await wait_all_tasks_blocked()
    crowd.add(2, transport="tcp")
    await finish(below)
    assert sorted(reply.flags for reply in crowd.replies) == [0, 0, Reply.TC, Reply.TC]
    assert len(below.asked) == 2


@pytest.mark.parametrize(
    ("text", "failure"),
    [
        ("cache", Reply.failure(22, "no upstream answered")),
        ("cache\nservfail 0", Reply.failure(22, "no upstream answered")),
        ("cache", Reply(rcode=Rcode.REFUSED)),
        ("cache", Reply.drop("erratic")),
        ("cache", PydnsError("broken")),
    ],
    ids=["SERVFAIL", "SERVFAIL that is not kept", "REFUSED", "drop", "exception"],
)
async def test_a_leader_that_failed_does_not_fail_those_who_wait(kit, gather, text, failure):
    crowd, below = gather(text, failure, Reply((kit.a(),)))
    crowd.add(10)
    await finish(below)
    assert len(below.asked) == 2
    good = [reply for reply in crowd.replies if isinstance(reply, Reply) and reply.wire is not None]
    assert len(good) == 9


@pytest.mark.parametrize("failure", [Reply.failure(22, "dead"), PydnsError("broken")])
async def test_a_second_failure_is_everybodys(gather, failure):
    """RFC 9520 section 3.2: a failure is not asked again and again."""
    crowd, below = gather("cache\nservfail 0", failure)
    crowd.add(10)
    await finish(below)
    assert len(below.asked) == 2
    assert len(crowd.replies) == 10
    assert all(reply.rcode == Rcode.SERVFAIL for reply in crowd.replies if isinstance(reply, Reply))


async def test_a_cancelled_leader_leaves_the_lead_to_another(kit, gather):
    crowd, below = gather("cache", Reply((kit.a(),)))
    leader = trio.CancelScope()
    crowd.add(scope=leader)
    await wait_all_tasks_blocked()
    crowd.add(5)
    await wait_all_tasks_blocked()
    leader.cancel()
    await finish(below)
    assert len(below.asked) == 2
    assert len(crowd.replies) == 5


async def test_a_cancelled_waiter_disturbs_nobody(kit, gather):
    crowd, below = gather("cache", Reply((kit.a(),)))
    crowd.add()
    await wait_all_tasks_blocked()
    waiter = trio.CancelScope()
    crowd.add(scope=waiter)
    crowd.add()
    await wait_all_tasks_blocked()
    waiter.cancel()
    await finish(below)
    assert len(below.asked) == 1
    assert len(crowd.replies) == 2


async def test_nothing_of_a_flight_is_left(kit, gather):
    crowd, below = gather("cache", PydnsError("broken"), Reply((kit.a(),)))
    crowd.add(3)
    await finish(below)
    assert not crowd.cache._flights


async def test_clients_of_a_personal_answer_ask_each_for_itself(kit, gather):
    def personal(query):
        assert query.peer
        return Reply((kit.a(),))

    crowd, below = gather("cache", personal)
    crowd.add(5)
    await finish(below)
    assert len(below.asked) == 5


async def test_clients_of_a_personal_answer_do_not_queue(kit, autojump_clock, nursery):
    cache, asked, gates = kit.make(), [], [trio.Event(), trio.Event()]

    async def personal(query):
        asked.append(query)
        await gates[len(asked) > 1].wait()
        assert query.peer
        return Reply()

    for _ in range(5):
        nursery.start_soon(cache.serve, kit.question(), personal)
    await wait_all_tasks_blocked()
    gates[0].set()
    await wait_all_tasks_blocked()
    assert len(asked) == 5
    gates[1].set()


async def test_who_waited_depends_on_what_the_answer_depends_on(kit, autojump_clock, nursery):
    cache, below = kit.make(), kit.Below(Reply((kit.cname(HOST), kit.a(300, HOST))))
    below.gate = trio.Event()
    queries = [kit.question() for _ in range(3)]
    for query in queries:
        nursery.start_soon(cache.serve, query, below)
    await finish(below)
    assert len(below.asked) == 1
    assert all(query.asked_within == (HOST,) for query in queries)


async def test_different_questions_do_not_wait_for_each_other(kit, gather):
    crowd, below = gather("cache", Reply((kit.a(),)))
    crowd.add(2, type_=Type.A)
    crowd.add(2, type_=Type.AAAA)
    crowd.add(2, do=True)
    await finish(below)
    assert len(below.asked) == 3


async def test_a_probe_of_the_loop_plugin_is_not_held_up(kit, gather):
    crowd, below = gather("cache", Reply())
    crowd.add(3, type_=Type.HINFO)
    await wait_all_tasks_blocked()
    assert len(below.asked) == 3
    below.gate.set()


async def test_a_question_from_within_does_not_wait_for_who_waits_for_it(kit, autojump_clock):
    """A CNAME loop that is chased: it must end by its depth, not by a deadline."""
    cache = kit.make()
    deepest = 0

    async def chase(query):
        nonlocal deepest
        deepest = max(deepest, query.depth)
        return await query.resolve(query.name, query.type) if query.depth < 5 else Reply()

    query = kit.question()
    query.ask = lambda inner: cache.serve(inner, chase)
    with trio.fail_after(1):
        await cache.serve(query, chase)
    assert deepest == 5


async def test_two_leaders_that_need_each_other_both_end(kit, autojump_clock):
    cache = kit.make()
    names = {b"\1a\0": b"\1b\0", b"\1b\0": b"\1a\0"}

    async def chase(query):
        await trio.sleep(0.1)
        return await query.resolve(names[query.name], query.type) if query.depth < 3 else Reply()

    async def ask(name):
        query = kit.question(name)
        query.ask = lambda inner: cache.serve(inner, chase)
        await cache.serve(query, chase)

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask, b"\1a\0")
            nursery.start_soon(ask, b"\1b\0")


async def test_questions_from_within_above_the_cache_are_one(kit, gather):
    """As dns64 asks for A: its clients wait for one answer there too."""
    crowd, below = gather("cache", Reply((kit.a(),)))

    def from_within(**fields):
        query = kit.question(**fields)
        query.depth = 1
        return query

    crowd.ask = from_within
    crowd.add(10)
    await finish(below)
    assert len(below.asked) == 1


async def test_a_thousand_waiters_go_on_in_slices(gather):
    crowd, below = gather("cache", Reply())
    crowd.add(1000)
    await wait_all_tasks_blocked()
    below.gate.set()
    before = 0
    while before < 1000:
        await trio.lowlevel.checkpoint()
        assert len(crowd.replies) - before <= 2 * 64
        before = len(crowd.replies)


async def test_who_would_wait_where_too_many_do_is_dropped(gather):
    crowd, below = gather("cache", Reply())
    crowd.add()
    await wait_all_tasks_blocked()
    crowd.cache.house.crowded = lambda: True
    crowd.add()
    await wait_all_tasks_blocked()
    assert [(reply.dropped, reply.by) for reply in crowd.replies] == [(True, "overload")]
    await finish(below)
