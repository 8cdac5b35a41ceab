from __future__ import annotations

import pytest

from pydns.alias import joined
from pydns.names import from_text
from pydns.records import Class, Rcode, Record, Type
from pydns.reply import Reply

HERE, THERE = from_text("here.test."), from_text("there.test.")
ALIAS = Record(HERE, Type.CNAME, Class.IN, 60, THERE)
ADDRESS = Record(THERE, Type.A, Class.IN, 30, bytes((192, 0, 2, 1)))


def test_the_alias_comes_first() -> None:
    assert joined((ALIAS,), (), Reply((ADDRESS,)), "file", "").answer == (ALIAS, ADDRESS)


def test_a_record_that_both_have_is_said_once() -> None:
    whole = joined((ALIAS,), (ADDRESS,), Reply((ALIAS, ADDRESS), (ADDRESS,)), "file", "")
    assert (whole.answer, whole.authority) == ((ALIAS, ADDRESS), (ADDRESS,))


def test_the_rcode_is_that_of_the_last_name() -> None:  # RFC 6604 section 3
    assert joined((ALIAS,), (), Reply(rcode=Rcode.NXDOMAIN), "file", "").rcode == Rcode.NXDOMAIN


@pytest.mark.parametrize("flags", [0, Reply.TC])
def test_it_is_authoritative_and_cut_where_the_other_was(flags: int) -> None:
    assert joined((ALIAS,), (), Reply(flags=flags), "file", "").flags == Reply.AA | flags


@pytest.mark.parametrize(("replay", "ages", "kept"), [(True, False, True), (True, True, False), (False, False, False)])
def test_what_ages_is_not_replayed(replay: bool, ages: bool, kept: bool) -> None:
    reply = Reply(replay=replay)
    reply.ages = ages
    assert joined((ALIAS,), (), reply, "file", "").replay is kept


def test_it_says_who_answered_and_why() -> None:
    whole = joined((ALIAS,), (), Reply(by="hosts"), "file", "an alias")
    assert (whole.by, whole.why) == ("file", "an alias")
