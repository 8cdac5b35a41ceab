"""Answers that are replayed in one order of their records after the other."""

from __future__ import annotations

import pytest

from pydns.records import Record
from pydns.reply import Reply
from pydns.wire.opened import sections
from tests.pydns.keeping import PLAIN, Cache, good
from tests.pydns.serving import address

FIRST, SECOND = address(), address()._replace(rdata=b"\xc0\0\2\x63")


@pytest.fixture
def cache() -> Cache:
    return Cache()


def swapped(message: bytes) -> bytes:
    """The two records at the end of a message change places."""
    return message[:-32] + message[-16:] + message[-32:-16]


class InTurn:
    """Gives both orders, one after the other."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, message: bytes) -> bytes:
        self.made += 1
        return message if self.made % 2 else swapped(message)


def two(first: Record = FIRST, second: Record = SECOND, *, ages: bool = False) -> Reply:
    return good(answer=[first, second], orders=InTurn(), ages=ages)


def first_address(message: bytes | None) -> bytes | None:
    return None if message is None else sections(message)[0][0].rdata


def test_each_order_has_its_turn(cache: Cache) -> None:
    cache.keep(reply=two())
    found = [first_address(cache.find()) for _ in range(100)]
    assert found.count(FIRST.rdata) == found.count(SECOND.rdata) == 50


def test_in_each_order_ttls_count_down(cache: Cache) -> None:
    cache.keep(reply=two(ages=True))
    for _ in range(4):
        message = cache.find(now=9)
        assert message is not None
        assert {record.ttl for record in sections(message)[0]} == {FIRST.ttl - 9}


def test_after_many_turns_there_shall_be_new_orders(cache: Cache) -> None:
    cache.keep(reply=two())
    assert all(cache.find() for _ in range(128))
    assert cache.find() is None
    assert (cache.packets.bytes, len(cache.packets.entries)) == (0, 0)


def test_ttls_that_would_change_places_are_not_kept(cache: Cache) -> None:
    cache.keep(reply=two(FIRST, SECOND._replace(ttl=FIRST.ttl - 1)))
    assert cache.find() is None


def test_what_cannot_be_reordered_is_not_kept(cache: Cache) -> None:
    cache.keep(reply=good(answer=[FIRST, SECOND], orders=lambda message: None))
    assert cache.find() is None


def test_each_order_takes_memory(cache: Cache) -> None:
    other = Cache()
    cache.keep(reply=two())
    other.keep(reply=good(answer=[FIRST, SECOND]))
    message = other.find()
    assert message is not None
    assert cache.packets.bytes == other.packets.bytes + 2 * (len(message) - 2)


def test_an_order_that_went_out_is_not_written_to(cache: Cache) -> None:
    cache.keep(reply=two(ages=True))
    kept = next(iter(cache.packets.entries.values()))
    before = kept.orders
    copies = [bytes(body) for body in before]
    cache.find(now=9)
    assert list(before) == copies


def test_its_key_is_the_same(cache: Cache) -> None:
    cache.keep(reply=two())
    assert set(cache.packets.entries) == {cache.key(PLAIN)}
