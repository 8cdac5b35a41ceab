"""Aliases that lead out of their zone."""

from __future__ import annotations

import pytest

from pydns import names
from pydns.query import MAX_DEPTH, Query
from pydns.records import Ede, Rcode, Record, Type
from pydns.reply import Reply
from pydns.testing import query
from pydns.zone.chase import chase
from tests.pydns.zone.signed import nsec
from tests.pydns.zone.zones import ask, record, said, zone_of

IP = b"\1\1\1\1"
FOUND = ask(zone_of(record("www", "CNAME", "host.example.net.")), "www")
ALIAS = ["www CNAME host.example.net."]
ADDRESS = Record(names.from_text("host.example.net"), 1, 1, 60, IP)


async def chased(reply: Reply, *, depth: int = 0) -> tuple[Reply, list[Query]]:
    asked: list[Query] = []

    async def server(inner: Query) -> Reply:
        asked.append(inner)
        return reply

    outer = query("www.example.org")
    outer.ask, outer.depth = server, depth
    return await chase(outer, FOUND, "file"), asked


async def test_the_target_is_asked_for() -> None:
    reply, (asked,) = await chased(Reply([ADDRESS], by="forward", flags=Reply.RA | Reply.AD))
    assert (asked.name, asked.type) == (names.from_text("host.example.net"), 1)
    assert said(reply.answer) == [*ALIAS, "host.example.net. A 1.1.1.1"]
    assert (reply.by, reply.flags, reply.rcode, reply.replay) == ("file", Reply.AA, 0, True)


@pytest.mark.parametrize("rcode", [Rcode.NXDOMAIN, Rcode.SERVFAIL, Rcode.REFUSED])
async def test_the_last_name_decides(rcode: int) -> None:
    reply, _ = await chased(Reply(rcode=rcode, by="forward", errors=((Ede.OTHER, "why"),)))
    assert (said(reply.answer), reply.rcode, reply.errors) == (ALIAS, rcode, ((Ede.OTHER, "why"),))


@pytest.mark.parametrize("rcode", [Rcode.SERVFAIL, Rcode.REFUSED])
async def test_where_nobody_knows_the_target_the_alias_is_all(rcode: int) -> None:
    reply, _ = await chased(Reply.failure(Ede.PROHIBITED, "no server block", rcode=rcode))
    assert (said(reply.answer), reply.rcode, reply.errors, reply.flags) == (ALIAS, 0, (), Reply.AA)


async def test_a_chain_that_never_ends_is_answered_as_far_as_it_goes() -> None:
    reply, asked = await chased(Reply(), depth=MAX_DEPTH)
    assert (said(reply.answer), reply.rcode, reply.replay, asked) == (ALIAS, 0, False, [])


async def test_a_chain_that_leads_back_is_said_once() -> None:
    back = Record(names.from_text("host.example.net"), 5, 1, 60, names.from_text("www.example.org"))
    reply, _ = await chased(Reply([back, *FOUND.answer], by="file"))
    assert said(reply.answer)[0] == ALIAS[0]
    assert reply.answer.count(FOUND.answer[0]) == 1


async def test_an_answer_that_cannot_be_read_fails() -> None:
    reply, _ = await chased(Reply(wire=b"\0", by="forward"))
    assert (said(reply.answer), reply.rcode, reply.replay) == (ALIAS, Rcode.SERVFAIL, False)


async def test_what_is_dropped_stays_dropped() -> None:
    reply, _ = await chased(Reply.drop("acl"))
    assert reply.dropped


async def test_what_ages_is_not_replayed() -> None:
    below = Reply([ADDRESS], by="cache")
    below.ages = True
    reply, _ = await chased(below)
    assert not reply.replay


async def test_proofs_of_wildcards_on_the_way_stay() -> None:
    found = ask(nsec(record("*.to", "CNAME", "host.example.net.")), "x.to", do=True)
    outer = query("x.to.example.org")

    async def server(inner: Query) -> Reply:
        return Reply([ADDRESS], by="forward")

    outer.ask = server
    reply = await chase(outer, found, "file")
    assert [each.type for each in reply.authority] == [Type.NSEC]
