"""Which queries are the same, how much is kept, and what others see of replays."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from pydns.plugin import CallNext
from pydns.query import Query
from pydns.records import Rcode, Type
from pydns.reply import Reply
from pydns.wire.edns import COOKIE, KEEPALIVE, PADDING
from pydns.wire.message import render
from tests.pydns.keeping import CLIENT_COOKIE, PLAIN, WITH_OPT, Cache, good
from tests.pydns.serving import Asker, Doing, Giving, address, route, router, serving
from tests.pydns.wire.messages import WWW, message, opt, question


@pytest.fixture
def cache() -> Cache:
    return Cache()


# What makes two queries the same.

SAME: dict[str, bytes] = {
    "another id": message(id_=0x4321),
    "other letters": message(question(WWW.upper())),
}
OTHER: dict[str, bytes] = {
    "another name": message(question("www.example.net")),
    "another type": message(question(type_=Type.AAAA)),
    "RD": message(flags=0x0000),
    "CD": message(flags=0x0110),
    "AD": message(flags=0x0120),
    "Z": message(flags=0x0140),
    "AA": message(flags=0x0500),
    "an OPT": message(question(), opt(), counts=WITH_OPT),
}
PLAIN_OPT = message(question(), opt(), counts=WITH_OPT)
SAME_WITH_OPT: dict[str, bytes] = {
    **{
        name: message(question(), opt((code, data)), counts=WITH_OPT)
        for name, code, data in [
            ("a cookie", *CLIENT_COOKIE),
            ("keepalive", KEEPALIVE, b""),
            ("padding", PADDING, bytes(100)),
        ]
    },
    "all of these": message(question(), opt((PADDING, b""), CLIENT_COOKIE, (KEEPALIVE, b"")), counts=WITH_OPT),
    "other letters and a cookie": message(question(WWW.upper()), opt(CLIENT_COOKIE), counts=WITH_OPT),
}
OTHER_WITH_OPT: dict[str, bytes] = {
    "no OPT": PLAIN,
    "DO": message(question(), opt(flags=0x8000), counts=WITH_OPT),
    "another size": message(question(), opt(size=512), counts=WITH_OPT),
    "a flag of the OPT": message(question(), opt(flags=1), counts=WITH_OPT),
    "a subnet": message(question(), opt((8, b"\0\1\x18\0\xc0\0\2")), counts=WITH_OPT),
    "a subnet and a cookie": message(question(), opt((8, b"\0\1\x18\0\xc0\0\2"), CLIENT_COOKIE), counts=WITH_OPT),
    "NSID": message(question(), opt((3, b"")), counts=WITH_OPT),
    "an unknown option": message(question(), opt((65001, b"x")), counts=WITH_OPT),
}


@pytest.mark.parametrize("wire", SAME.values(), ids=SAME)
def test_a_query_is_the_same_but_for(wire: bytes, cache: Cache) -> None:
    cache.keep()
    assert cache.find(wire) is not None


@pytest.mark.parametrize("wire", OTHER.values(), ids=OTHER)
def test_a_query_is_another_by(wire: bytes, cache: Cache) -> None:
    cache.keep()
    assert cache.find(wire) is None


@pytest.mark.parametrize("wire", SAME_WITH_OPT.values(), ids=SAME_WITH_OPT)
def test_a_query_with_edns_is_the_same_but_for(wire: bytes, cache: Cache) -> None:
    cache.keep(PLAIN_OPT)
    assert cache.find(wire) is not None


@pytest.mark.parametrize("wire", OTHER_WITH_OPT.values(), ids=OTHER_WITH_OPT)
def test_a_query_with_edns_is_another_by(wire: bytes, cache: Cache) -> None:
    cache.keep(PLAIN_OPT)
    assert cache.find(wire) is None


@pytest.mark.parametrize("code", [COOKIE, KEEPALIVE, PADDING])
def test_an_option_that_a_plugin_reads_makes_another_query(code: int) -> None:
    cache = Cache(reads=frozenset((code,)))
    cache.keep(PLAIN_OPT)
    assert cache.find(message(question(), opt((code, b"8 octets")), counts=WITH_OPT)) is None


@pytest.mark.parametrize("wire", [PLAIN, *SAME_WITH_OPT.values()])
def test_a_key_is_a_message_less_its_id(wire: bytes, cache: Cache) -> None:
    """So that who has the octets of a message may look for them as they are."""
    key = cache.key(wire)
    assert key is not None
    assert cache.key(b"\0\0" + key) == key


@pytest.mark.parametrize("wire", [*SAME.values(), PLAIN_OPT, *SAME_WITH_OPT.values()])
def test_id_and_spelling_are_the_clients_own(wire: bytes, cache: Cache) -> None:
    cache.keep(PLAIN if wire[11] == 0 else PLAIN_OPT)
    answer = cache.find(wire)
    assert answer is not None
    end = 12 + len(question())
    assert (answer[:2], answer[12:end]) == (wire[:2], wire[12:end])


def test_the_spelling_of_who_came_first_is_not_kept(cache: Cache) -> None:
    """A body is sent as it is to who asks in small letters."""
    cache.keep(message(question(WWW.upper())))
    kept = cache.packets.find(PLAIN[2:], 0)
    assert kept is not None
    assert kept.body[10 : kept.question_end] == question()


# Bounds.


def test_an_answer_is_kept_from_its_second_asking_on(cache: Cache) -> None:
    cache.offer()
    assert cache.find() is None
    cache.offer()
    assert cache.find() is not None


def name_of(number: int) -> bytes:
    return message(question(f"{number}.example.org"))


def test_one_off_queries_are_forgotten() -> None:
    cache = Cache()
    cache.offer()
    for number in range(1 << 16, 3 << 16):  # two others in each place
        cache.packets.was_seen(number)
    cache.offer()
    assert cache.find() is None


def test_the_oldest_go_where_the_octets_are_used_up() -> None:
    cache = Cache(most_bytes=100_000)
    for number in range(1000):
        cache.keep(name_of(number))
    assert cache.packets.bytes <= 100_000
    found = [number for number in range(1000) if cache.find(name_of(number)) is not None]
    assert len(found) > 50
    assert found == list(range(1000 - len(found), 1000))


def test_what_is_kept_anew_is_no_longer_the_oldest() -> None:
    cache = Cache(most_bytes=100_000)
    cache.keep(name_of(0))
    for number in range(1, 1000):
        cache.keep(name_of(number))
        cache.offer(name_of(0))
    assert cache.find(name_of(0)) is not None


def test_an_answer_that_is_larger_than_all_memory_is_not_kept() -> None:
    cache = Cache(most_bytes=100)
    cache.keep()
    assert (cache.find(), cache.packets.bytes) == (None, 0)


@pytest.mark.parametrize(("records", "answers"), [(1, 1500), (50, 200), (2000, 10)])
def test_the_memory_is_no_more_than_the_bound(records: int, answers: int) -> None:
    most = 700_000
    cache = Cache(most_bytes=most)
    reply = good(answer=[address(number % 256, ttl=100_000 + number) for number in range(records)], ages=True)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(answers):
            cache.keep(name_of(number), reply)
        assert len(cache.packets.entries) < answers
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < most


# Who watches, and who is behind.


async def test_a_watcher_is_told_of_each_answer_that_leaves(nursery: trio.Nursery) -> None:
    told: list[tuple[bytes, Any, bytes]] = []
    reply = good(watchers=(lambda *what: told.append(what),))
    served = serving(nursery, source := Giving(reply))
    asked = [message(id_=id_) for id_ in range(5)]
    clients = [served.take(wire) for wire in asked[:1]]
    await clients[0].answer()
    for wire in asked[1:]:
        clients.append(served.take(wire))
        await clients[-1].answer()
    assert source.asked == 2
    assert told == [(wire, client, await client.answer()) for wire, client in zip(asked, clients, strict=True)]


@pytest.mark.parametrize("wire", [PLAIN, message(question(WWW.upper()))], ids=["same octets", "other letters"])
async def test_a_watcher_that_fails_harms_nobody(wire: bytes, nursery: trio.Nursery) -> None:
    """The answer was right, and leaves."""
    fails = False

    def watch(*_: object) -> None:
        if fails:
            raise ValueError("cannot be written")

    served = serving(nursery, source := Giving(good(watchers=(watch,))))
    await served.ask(PLAIN)
    await served.ask(PLAIN)
    fails = True
    answer = await served.ask(wire)
    assert answer is not None
    assert answer[3] & 15 == Rcode.NOERROR
    assert source.asked == 2


async def test_another_transport_has_answers_of_its_own(nursery: trio.Nursery) -> None:
    served = serving(nursery, source := Giving(good()))
    for _ in range(5):
        await served.ask(PLAIN, Asker(transport="udp"))
    await served.ask(PLAIN, Asker(transport="tcp"))
    assert source.asked == 3


async def test_another_router_begins_with_none(nursery: trio.Nursery) -> None:
    served = serving(nursery, Giving(good(answer=[address(1)])))
    for _ in range(3):
        await served.ask(PLAIN)
    served.server.route(router({".": [route(Giving(good(answer=[address(2)])))]}))
    answer = await served.ask(PLAIN)
    assert answer is not None
    assert answer[-1] == 2


async def test_an_answer_of_the_router_before_is_not_kept(nursery: trio.Nursery, autojump_clock: MockClock) -> None:
    async def slowly(query: Query, call_next: CallNext) -> Reply:
        await trio.sleep(1)
        return good(answer=[address(1)])

    served = serving(nursery, Doing(slowly))
    clients = [served.take(PLAIN), served.take(PLAIN)]
    await trio.sleep(0.5)
    served.server.route(router({".": [route(Giving(good(answer=[address(2)])))]}))
    answers = [await client.answer() for client in clients]
    assert [answer and answer[-1] for answer in answers] == [1, 1]
    answer = await served.ask(PLAIN)
    assert answer is not None
    assert answer[-1] == 2


async def test_a_query_queued_before_another_router_came_is_kept_by_what_that_reads(nursery: trio.Nursery) -> None:
    """The key of before left out what a plugin reads now."""

    async def told(query: Query, call_next: CallNext) -> Reply:
        return good(answer=[address(len(query.edns.options) if query.edns else 0)])

    served = serving(nursery, Giving(good()))
    with_cookie = message(question(), opt(CLIENT_COOKIE), counts=WITH_OPT)
    clients = [served.take(with_cookie), served.take(with_cookie)]
    served.server.route(router({".": [route(Doing(told, reads_options=[COOKIE]))]}))
    clients.append(served.take(message(question("other.example.org"))))
    for client in clients:
        await client.answer()
    answer = await served.opened(PLAIN_OPT)
    assert str(answer.rr[0].rdata) == "192.0.2.0"


@pytest.mark.parametrize(
    ("ages", "prompt", "expected"), [(True, True, [2, 0, 1]), (False, True, [2, 0, 1]), (True, False, [])]
)
def test_a_prompt_credit_hears_at_the_first_replay_of_each_second(
    ages: bool, prompt: bool, expected: list[int], cache: Cache
) -> None:
    """Of those before it; so it knows when they were."""
    given: list[int] = []
    query, reply = cache.read(PLAIN), good(ages=ages, prompt=prompt)
    for _ in range(2):
        key = cache.packets.key_of(query)
        assert key is not None
        cache.packets.offer(key, query, reply, render(query, reply, stream=True), (given.append,), 0)
    for now in (0.2, 0.9):
        assert cache.find(now=now) is not None
    for now in (3, 7.5):
        assert cache.packets.find(PLAIN[2:], now) is not None
    cache.find(now=7.9)
    cache.find(now=8)
    assert given == expected
