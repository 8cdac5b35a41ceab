"""One test or more for each row of the table of what could go wrong: an answer that the chain would not give."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import trio

from pydns import names
from pydns.changes import Changes
from pydns.plugin import CallNext
from pydns.query import Query
from pydns.records import Class, Opcode, Rcode, Record, Type
from pydns.reply import Reply
from pydns.wire.message import render
from tests.pydns.keeping import CLIENT_COOKIE, PLAIN, WITH_OPT, Cache, good
from tests.pydns.serving import Asker, Doing, Giving, Serving, address, route, serving
from tests.pydns.wire.messages import WWW, message, opt, packed, question


@pytest.fixture
def cache() -> Cache:
    return Cache()


def ttl(answer: bytes | None, record: int = 0) -> int:
    """The TTL of one of the answer's records, each of which has 16 octets."""
    assert answer is not None
    at = 12 + len(question()) + 16 * record + 6
    return int.from_bytes(answer[at : at + 4])


# The answer depends on who asks.


async def test_what_a_client_is_told_of_itself_is_not_told_to_others(nursery: trio.Nursery) -> None:
    async def whoami(query: Query, call_next: CallNext) -> Reply:
        return Reply([Record(query.name, Type.TXT, Class.IN, 60, query.peer.host.encode())])

    served = serving(nursery, Doing(whoami))
    for host in ["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"]:
        answer = await served.ask(PLAIN, Asker(host))
        assert answer is not None
        assert answer.endswith(host.encode())


@pytest.mark.parametrize("read", ["peer", "local", "id", "metadata"])
@pytest.mark.parametrize(
    "seen",
    [
        lambda query: query,
        lambda query: query.replace(name=names.from_text("other.example.org")),
        lambda query: query.replace(type_=Type.AAAA),
    ],
    ids=["query", "copy", "other type"],
)
def test_reading_what_is_the_clients_own_is_never_kept(read: str, seen: Callable[[Query], Query], cache: Cache) -> None:
    query = cache.read(PLAIN)
    getattr(seen(query), read)
    cache.keep(query=query)
    assert cache.find() is None


@pytest.mark.parametrize("read", ["client", "seen_id", "transport", "opcode", "do", "edns", "name", "wire"])
def test_watching_leaves_the_answer_to_be_kept(read: str, cache: Cache) -> None:
    query = cache.read(PLAIN)
    getattr(query, read)
    cache.keep(query=query)
    assert cache.find() is not None


async def test_a_block_that_looks_at_the_client_is_asked_each_time(nursery: trio.Nursery) -> None:
    """Also where it did not take the query."""
    first, second = Giving(good(answer=[address(1)])), Giving(good(answer=[address(2)]))
    ours = route(first, filters=[lambda query: query.peer.host == "192.0.2.1"])
    served = Serving(nursery, {".": [ours, route(second)]})
    answers = [await served.ask(PLAIN, Asker(f"192.0.2.{last}")) for last in (2, 2, 2, 1, 2)]
    assert [answer and answer[-1] for answer in answers] == [2, 2, 2, 1, 2]


# Data changed.

CHANGES: dict[str, Callable[[Changes], None]] = {
    "its name": lambda changes: changes.names([WWW]),
    "one of many names": lambda changes: changes.names([b"\1a\0", WWW]),
    "a name above": lambda changes: changes.names([names.from_text("org")]),
    "a name below": lambda changes: changes.names([names.from_text("a.www.example.org")]),
    "its zone": lambda changes: changes.zone(names.from_text("example.org")),
    "everything": lambda changes: changes.everything(),
}
OTHER_CHANGES: dict[str, Callable[[Changes], None]] = {
    "another name": lambda changes: changes.names([names.from_text("www.example.net")]),
    "a name beside": lambda changes: changes.names([names.from_text("ww.example.org")]),
    "another zone": lambda changes: changes.zone(names.from_text("example.net")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_while_the_chain_waited_is_seen(change: Callable[[Changes], None], cache: Cache) -> None:
    cache.offer()
    query = cache.read(PLAIN)
    change(cache.changes)
    cache.offer(query=query)
    assert cache.find() is None


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_ends_what_was_kept(change: Callable[[Changes], None], cache: Cache) -> None:
    cache.keep()
    change(cache.changes)
    assert cache.find() is None


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_of_what_was_asked_within_counts(change: Callable[[Changes], None], cache: Cache) -> None:
    query = cache.read(message(question("alias.example.net")))
    query.asked_within = (WWW,)
    cache.keep(query=query)
    change(cache.changes)
    assert cache.find(message(question("alias.example.net"))) is None


@pytest.mark.parametrize("change", OTHER_CHANGES.values(), ids=OTHER_CHANGES)
def test_another_change_leaves_it(change: Callable[[Changes], None], cache: Cache) -> None:
    cache.offer()
    query = cache.read(PLAIN)
    change(cache.changes)
    cache.offer(query=query)
    change(cache.changes)
    assert cache.find() is not None


def test_a_change_that_was_looked_through_is_not_looked_through_again(cache: Cache) -> None:
    cache.keep()
    cache.changes.names([b"\1a\0"])
    cache.find()
    assert cache.packets.entries[PLAIN[2:]].epoch == cache.changes.epoch


def test_an_answer_that_ended_by_a_change_leaves_no_octets_behind(cache: Cache) -> None:
    cache.keep()
    cache.changes.everything()
    cache.find()
    assert (cache.packets.bytes, len(cache.packets.entries)) == (0, 0)


# TTLs.


def test_ttls_stay_where_the_source_gives_them_anew(cache: Cache) -> None:
    cache.keep()
    assert ttl(cache.find(now=59)) == 60


@pytest.mark.parametrize(
    ("now", "expected"), [(0, 60), (0.9, 60), (1, 59), (1.5, 59), (30, 30), (59, 1), (59.9, 1), (60, None)]
)
def test_ttls_count_down_where_the_answer_ages(now: float, expected: int | None, cache: Cache) -> None:
    cache.keep(reply=good(ages=True))
    answer = cache.find(now=now)
    assert (ttl(answer) if answer else None) == expected


def test_ttls_count_down_since_the_cache_had_them(cache: Cache) -> None:
    """A cache's seconds began before the answer left, and that is when they end."""
    cache.keep(reply=good(ages=True, since=9.25), now=10)
    assert [ttl(cache.find(now=now)) for now in (10.2, 10.25, 68.2)] == [60, 59, 2]
    assert cache.find(now=69.25) is None


def test_each_ttl_counts_down_by_itself(cache: Cache) -> None:
    cache.keep(reply=good(answer=[address(1, ttl=60), address(2, ttl=600)], ages=True))
    for now in (1.0, 1.2, 7.0):
        answer = cache.find(now=now)
        assert (ttl(answer), ttl(answer, 1)) == (60 - int(now), 600 - int(now))


def test_an_answer_is_aged_once_a_second_at_most(cache: Cache) -> None:
    cache.keep(reply=good(ages=True))
    kept = cache.packets.entries[PLAIN[2:]]
    bodies = {id(body) for body in [cache.find(now=5) and kept.body, cache.find(now=5.9) and kept.body]}
    assert len(bodies) == 1
    assert kept.until == 6


def test_octets_that_are_kept_are_never_written_to(cache: Cache) -> None:
    cache.keep(reply=good(ages=True))
    kept = cache.packets.entries[PLAIN[2:]]
    on_its_way_out = kept.body
    copy = bytes(bytearray(on_its_way_out))
    cache.find(now=30)
    assert kept.body != on_its_way_out
    assert on_its_way_out == copy
    assert isinstance(kept.body, bytes)


@pytest.mark.parametrize("ages", [False, True])
@pytest.mark.parametrize(
    "reply",
    [
        good(answer=[address(1, ttl=600), address(2, ttl=5)]),
        good(authority=[address(ttl=5)]),
        good(additional=[address(ttl=5)]),
        good(lifetime=5),
        Reply(by="nothing there").replace(lifetime=5),
    ],
    ids=["answer", "authority", "additional", "lifetime", "lifetime without records"],
)
def test_it_ends_with_the_lowest_ttl_or_its_lifetime(reply: Reply, ages: bool, cache: Cache) -> None:
    cache.keep(reply=reply.replace(ages=ages))
    assert cache.find(now=4.9) is not None
    assert cache.find(now=5) is None


def rrsig(expires_in: int, ttl: int = 600) -> Record:
    expiration = (int(time.time()) + expires_in) % 2**32
    rdata = b"\0\1\x0d\3" + ttl.to_bytes(4) + expiration.to_bytes(4) + bytes(4) + b"\0\1" + names.ROOT + bytes(64)
    return Record(WWW, Type.RRSIG, Class.IN, ttl, rdata)


@pytest.mark.parametrize(("expires_in", "kept"), [(-1, False), (-100_000, False), (100_000, True), (2**31 - 100, True)])
def test_a_signature_that_expired_is_never_kept(expires_in: int, kept: bool, cache: Cache) -> None:
    cache.keep(reply=good(answer=[address(), rrsig(expires_in)]))
    assert (cache.find() is not None) is kept


def test_it_ends_with_its_signature(cache: Cache) -> None:
    cache.keep(reply=good(answer=[address(ttl=600), rrsig(300)]))
    assert cache.find(now=290) is not None
    assert cache.find(now=301) is None


# What is never kept.

NEVER_REPLIES: dict[str, Reply] = {
    "its source says so": good(replay=False),
    "a TTL of 0": good(answer=[address(1), address(2, ttl=0)]),
    "no records and no lifetime": Reply(),
    "a lifetime of 0": good(lifetime=0),
    "a lifetime that is over": good(lifetime=-1),
    "SERVFAIL": good(rcode=Rcode.SERVFAIL),
    "REFUSED": good(rcode=Rcode.REFUSED),
    "NOTIMP": good(rcode=Rcode.NOTIMP),
    "BADVERS": good(rcode=Rcode.BADVERS),
    "a finishing step": good(finish=(lambda query, answer: answer,)),
    "an answer of many KiB": good(answer=[address(last) for last in range(256)] * 2),
}


@pytest.mark.parametrize("reply", NEVER_REPLIES.values(), ids=NEVER_REPLIES)
def test_a_reply_that_is_never_kept(reply: Reply, cache: Cache) -> None:
    cache.keep(reply=reply)
    assert cache.find() is None


@pytest.mark.parametrize("code", [Rcode.NOERROR, Rcode.NXDOMAIN])
def test_a_reply_that_is_kept(code: int, cache: Cache) -> None:
    cache.keep(reply=good(rcode=code))
    answer = cache.find()
    assert answer is not None
    assert answer[3] & 15 == code


TSIG = packed(Record(names.from_text("key"), Type.TSIG, Class.ANY, 0, bytes(20)))
NEVER_QUERIES: dict[str, bytes] = {
    "NOTIFY": message(flags=Opcode.NOTIFY << 11),
    "UPDATE": message(flags=Opcode.UPDATE << 11),
    "opcode 15": message(flags=15 << 11),
    "class CH": message(question(class_=Class.CH)),
    "class ANY": message(question(class_=Class.ANY)),
    "AXFR": message(question(type_=Type.AXFR)),
    "IXFR": message(question(type_=Type.IXFR)),
    "TKEY": message(question(type_=Type.TKEY)),
    "TSIG": message(question(), TSIG, counts=WITH_OPT),
    "TSIG behind an OPT": message(question(), opt(), TSIG, counts=(1, 0, 0, 2)),
    "a record behind an OPT": message(question(), opt(), packed(address()), counts=(1, 0, 0, 2)),
    "a record in authority": message(question(type_=Type.IXFR), packed(address()), counts=(1, 0, 1, 0)),
    "no question": message(b"", opt(CLIENT_COOKIE), counts=(0, 0, 0, 1)),
}


@pytest.mark.parametrize("wire", NEVER_QUERIES.values(), ids=NEVER_QUERIES)
def test_a_query_whose_answer_is_never_kept(wire: bytes, cache: Cache) -> None:
    assert cache.key(wire) is None


async def test_trailing_octets_are_refused_each_time(nursery: trio.Nursery) -> None:
    served = serving(nursery, Giving(good()))
    for _ in range(3):
        await served.ask(PLAIN)
    answer = await served.ask(PLAIN + b"\0")
    assert answer is not None
    assert answer[3] & 15 == Rcode.FORMERR


# Replays are counted in batches.


class Account:
    """Credits replays; `given` are the batches."""

    def __init__(self) -> None:
        self.given: list[int] = []

    def __call__(self, count: int) -> None:
        self.given.append(count)


def counted(served: Serving, *accounts: Account) -> Reply:
    return good(counters=tuple(lambda query, client, answer, each=each: each for each in accounts))


@pytest.mark.parametrize("times", [1, 2, 3, 50])
async def test_each_replay_is_credited_once(times: int, nursery: trio.Nursery) -> None:
    """The first two answers are the chain's: from the second asking on one is kept."""
    accounts = Account(), Account()
    giving = Giving(good())
    served = serving(nursery, giving)
    giving.reply = counted(served, *accounts)
    for _ in range(times):
        await served.ask(PLAIN)
    list(served.house.metrics.read())
    assert [sum(account.given) for account in accounts] == [times - giving.asked] * 2
    assert giving.asked == min(times, 2)


async def test_replays_are_handed_in_when_the_router_is_swapped(nursery: trio.Nursery) -> None:
    account = Account()
    giving = Giving(good())
    served = serving(nursery, giving)
    giving.reply = counted(served, account)
    for _ in range(5):
        await served.ask(PLAIN)
    served.server.route(served.server.router)
    assert account.given == [3]
    list(served.house.metrics.read())
    assert account.given == [3]


async def test_replays_are_handed_in_when_the_server_closes(nursery: trio.Nursery) -> None:
    account = Account()
    giving = Giving(good())
    served = serving(nursery, giving)
    giving.reply = counted(served, account)
    for _ in range(5):
        await served.ask(PLAIN)
    served.server.close()
    assert account.given == [3]


def kept_with(cache: Cache, wire: bytes, *credits_: Account) -> None:
    query = cache.read(wire)
    key = cache.packets.key_of(query)
    assert key is not None
    for _ in range(2):
        cache.packets.offer(key, query, good(), render(query, good(), stream=True), credits_, 0)


def test_answers_with_one_account_share_a_tally(cache: Cache) -> None:
    account = Account()
    for type_ in (Type.A, Type.AAAA):
        wire = message(question(type_=type_))
        kept_with(cache, wire, account)
        cache.find(wire)
    cache.packets.hand_in()
    assert account.given == [2]


@pytest.mark.parametrize("change", [lambda changes: changes.everything(), lambda changes: changes.names([WWW])])
def test_an_answer_that_ends_is_handed_in(change: Callable[[Changes], None], cache: Cache) -> None:
    account = Account()
    kept_with(cache, PLAIN, account)
    cache.find()
    cache.find()
    change(cache.changes)
    assert cache.find() is None
    assert account.given == [2]
    assert cache.packets._tallies == {}


def test_an_answer_that_makes_room_is_handed_in() -> None:
    cache, account = Cache(most_bytes=2000), Account()
    kept_with(cache, PLAIN, account)
    cache.find()
    for i in range(10):
        kept_with(cache, message(question(f"{i}.example.org")), Account())
    assert account.given == [1]
    assert len(cache.packets._tallies) == len(cache.packets.entries)


def test_an_answer_that_is_kept_anew_goes_on_counting(cache: Cache) -> None:
    account = Account()
    kept_with(cache, PLAIN, account)
    cache.find()
    kept_with(cache, PLAIN, account)
    cache.find()
    cache.packets.hand_in()
    assert sum(account.given) == 2
