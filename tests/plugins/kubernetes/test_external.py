from __future__ import annotations

import pytest

from pydns.names import from_text
from pydns.query import DepthError, Query
from pydns.records import Class, Ede, Rcode, Record, Type
from pydns.reply import Reply
from tests.plugins.kubernetes.conftest import Ask, Start
from tests.pydns.cluster.shown import line

NAME = "ext.default.svc.cluster.local"
CNAME = f"{NAME}. 5 CNAME www.example.com."
A = Record(from_text("www.example.com"), Type.A, Class.IN, 60, b"\xc0\0\2\1")
SOA = Record(from_text("example.com"), Type.SOA, Class.IN, 60, b"\0\0" + bytes(20))


def outside(reply: Reply) -> object:
    async def asked(query: Query) -> Reply:
        assert query.name == from_text("www.example.com")
        return reply

    return asked


@pytest.mark.parametrize(("reply", "rcode", "answer", "authority"), [
    (Reply((A,)), Rcode.NOERROR, [CNAME, "www.example.com. 60 A 192.0.2.1"], 0),
    (Reply((), (SOA,)), Rcode.NOERROR, [CNAME], 1),
    # RFC 6604 section 3: the code is that of the last name.
    (Reply((), (SOA,), rcode=Rcode.NXDOMAIN), Rcode.NXDOMAIN, [CNAME], 1),
    (Reply(rcode=Rcode.REFUSED), Rcode.REFUSED, [], 0),
])  # fmt: skip
async def test_it_is_followed(
    reply: Reply, rcode: int, answer: list[str], authority: int, filled: Start, ask: Ask
) -> None:
    found = await ask(await filled(), NAME, "A", outside(reply))
    assert (found.rcode, [line(each) for each in found.answer], len(found.authority)) == (rcode, answer, authority)
    assert found.by == "kubernetes"


async def test_a_cut_answer_is_told_as_such(filled: Start, ask: Ask) -> None:
    found = await ask(await filled(), NAME, "A", outside(Reply((A,), flags=Reply.TC)))
    assert found.flags == Reply.AA | Reply.TC


async def test_what_must_not_be_replayed_is_not(filled: Start, ask: Ask) -> None:
    assert not (await ask(await filled(), NAME, "A", outside(Reply((A,), replay=False)))).replay


async def test_what_is_dropped_is_dropped(filled: Start, ask: Ask) -> None:
    assert (await ask(await filled(), NAME, "A", outside(Reply.drop("acl")))).dropped


async def test_how_long_it_may_be_kept_is_the_say_of_who_answered(filled: Start, ask: Ask) -> None:
    found = await ask(await filled(), NAME, "A", outside(Reply((A,)).replace(lifetime=7.0)))
    assert found.replay
    assert found.lifetime == 7.0


async def test_ttls_that_count_down_beside_one_that_does_not_are_not_replayed(filled: Start, ask: Ask) -> None:
    assert not (await ask(await filled(), NAME, "A", outside(Reply((A,)).replace(ages=True)))).replay


async def test_replays_are_told_to_who_counts_the_target(filled: Start, ask: Ask) -> None:
    counters, watchers = (lambda *_: None,), (lambda *_: None,)
    reply = Reply((A,)).replace(counters=counters, watchers=watchers, prompt=True)
    found = await ask(await filled(), NAME, "A", outside(reply))
    assert (found.counters, found.watchers, found.prompt) == (counters, watchers, True)


async def test_a_failure_outside_is_one_here(filled: Start, ask: Ask) -> None:
    found = await ask(await filled(), NAME, "A", outside(Reply.failure(Ede.NETWORK_ERROR, "away")))
    assert (found.rcode, found.errors, found.replay) == (Rcode.SERVFAIL, ((Ede.NETWORK_ERROR, "away"),), False)


async def test_names_that_lead_in_circles_are_an_error(filled: Start, ask: Ask) -> None:
    async def circle(query: Query) -> Reply:
        raise DepthError("too deep")

    found = await ask(await filled(), NAME, "A", circle)
    assert found.rcode == Rcode.SERVFAIL
    assert found.errors == (
        (Ede.OTHER, "kubernetes: www.example.com. of service default/ext cannot be followed: too deep"),
    )


async def test_bytes_that_are_no_message_are_an_error(filled: Start, ask: Ask) -> None:
    assert (await ask(await filled(), NAME, "A", outside(Reply(wire=b"\0" * 5)))).rcode == Rcode.SERVFAIL


async def test_it_is_not_followed_for_its_cname(filled: Start, ask: Ask) -> None:
    found = await ask(await filled(), NAME, "CNAME")
    assert [line(each) for each in found.answer] == [CNAME]
