from __future__ import annotations

import pytest
import trio

from pydns.longmessages import LongMessages
from pydns.records import Opcode, Rcode
from pydns.reply import Reply
from tests.pydns.serving import Giving, address, rcode, serving
from tests.pydns.wire.messages import message, packed, question

KIB = 1024


def test_of_one_batch_of_datagrams_so_many_octets_are_read() -> None:
    long = LongMessages()
    assert [long.may_be_read(60 * KIB, "udp", 1.0, 0) for _ in range(4)] == [True, True, False, False]


def test_and_of_the_next_one_as_many() -> None:
    long = LongMessages()
    assert [long.may_be_read(100 * KIB, "udp", now, 0) for now in (1.0, 1.0, 2.0)] == [True, False, True]


def test_what_comes_by_connections_is_not_counted() -> None:
    long = LongMessages()
    assert all(long.may_be_read(60 * KIB, "tcp", 1.0, 0) for _ in range(10))


@pytest.mark.parametrize(("queued", "expected"), [(500, True), (501, False)])
def test_where_many_are_queued_none_is_read(queued: int, expected: bool) -> None:
    assert LongMessages().may_be_read(5 * KIB, "tcp", 1.0, queued) is expected


async def test_those_that_no_plugin_takes_are_not_walked_over(nursery: trio.Nursery) -> None:
    """What is cut behind the header is malformed, and nobody sees it."""
    wire = message(
        question(type_=6), packed(address()) * 300 + b"\xff", flags=Opcode.UPDATE << 11, counts=(1, 0, 300, 0)
    )
    assert rcode(await serving(nursery, Giving(Reply())).ask(wire)) == Rcode.NOTIMP
