from __future__ import annotations

import pytest

from pydns.cluster import records
from pydns.cluster.records import Target
from pydns.names import from_text
from pydns.query import Edns
from pydns.records import Type
from pydns.reply import Reply
from pydns.testing import query
from pydns.wire.message import render
from pydns.wire.opened import sections
from tests.pydns.cluster.shown import data

OWNER = from_text("web.shop.svc.cluster.local")


def whole(reply: Reply) -> bytes:
    """The message over TCP, with EDNS."""
    edns = Edns(1232, 0, True, ())
    return render(query("web.shop.svc.cluster.local", edns=edns), reply, stream=True)


@pytest.mark.parametrize(("count", "weight"), [(1, 100), (2, 50), (3, 33), (6, 16), (7, 14), (100, 1), (250, 1)])
def test_targets_share_a_weight_of_a_hundred(count: int, weight: int) -> None:
    answer, _ = records.srv(OWNER, [Target(OWNER, i.to_bytes(4), i) for i in range(count)], 5)
    assert {int.from_bytes(record.rdata[2:4]) for record in answer} == {weight}


def test_what_has_no_port_has_no_srv() -> None:
    assert records.srv(OWNER, [Target(OWNER, b"\x0a\0\0\1", -1)], 5) == ((), ())


def test_a_target_and_an_address_stand_once() -> None:
    answer, additional = records.srv(OWNER, [Target(OWNER, b"\x0a\0\0\1", 80)] * 2, 5)
    assert (len(answer), len(additional)) == (1, 1)


def test_a_target_that_is_too_long_for_a_name_is_left_out() -> None:
    name = b"\x3f" + b"a" * 63
    assert records.srv(OWNER, [Target(name * 4 + b"\0", b"\x0a\0\0\1", 80)], 5) == ((), ())
    assert records.pointers(OWNER, 12, [name * 4 + b"\0"], 5) == ()


THOUSANDS = [
    Target(from_text(f"web-{i}.web.shop.svc.cluster.local"), (10 << 24 | i).to_bytes(4), 80) for i in range(5000)
]


def test_addresses_are_no_more_than_a_message_holds() -> None:
    # A set of more could not be told at all (RFC 2181 section 9).
    answer = records.addresses(OWNER, THOUSANDS, Type.A, 5)
    assert len(answer) == 4000
    assert not whole(Reply(answer))[2] & 2


def test_targets_are_no_more_than_a_message_holds() -> None:
    answer, additional = records.srv(OWNER, THOUSANDS, 5)
    assert len(answer) > 1000
    message = whole(Reply(answer, (), additional))
    assert not message[2] & 2
    assert sum(map(len, sections(message))) == len(answer) + len(additional)


def test_addresses_of_targets_stand_as_far_as_there_is_room_behind_these() -> None:
    answer, additional = records.srv(OWNER, THOUSANDS[:1000], 5)
    assert len(answer) == 1000
    assert [record.owner for record in additional] == [target.name for target in THOUSANDS[: len(additional)]]


def test_a_zone_without_room_for_its_soa_has_none() -> None:
    assert records.soa(b"\x3f" + b"a" * 63 + (b"\x3f" + b"b" * 63) * 2 + b"\x3c" + b"c" * 60 + b"\0", 1, 5) == ()


def test_a_serial_goes_round() -> None:
    (soa,) = records.soa(b"\0", 2**32 + 7, 5)
    assert data(soa) == "ns.dns. hostmaster. 7 7200 1800 86400 5"
