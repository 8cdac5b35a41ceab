from __future__ import annotations

import pytest

from pydns import names
from pydns.query import Query
from pydns.records import Class, Record, Type
from pydns.reply import Reply
from pydns.testing import FakeNext, query
from pydns.wire.message import render
from pydns_plugins.header import Header
from tests.plugins.asking import block, directives

AA, RA, RD = 0x0400, 0x0080, 0x0100
ANSWER = (Record(names.from_text("example.org"), Type.A, Class.IN, 300, b"\xc0\0\2\1"),)


def header(*lines: str) -> Header:
    (plugin,) = Header.parse(directives("\n ".join(("header", *lines))), block())
    return plugin


async def flags_of(plugin: Header, flags: int, asked: Query) -> int:
    """The flags that leave for the client, but for QR."""
    reply = await plugin.serve(asked, FakeNext(Reply(ANSWER, flags=flags)))
    answer = render(asked, reply, stream=False)
    for finish in reply.finish:
        answer = finish(asked, answer)
    return int.from_bytes(answer[2:4]) & 0x7FFF


@pytest.mark.parametrize(
    ("line", "before", "after"),
    [
        ("response set aa", 0, AA | RD),
        ("response set ra", AA, AA | RA | RD),
        ("response set ra aa", 0, AA | RA | RD),
        ("response clear aa", AA | RA, RA | RD),
        ("response clear ra", AA | RA, AA | RD),
        ("response clear aa ra rd", AA | RA, 0),
        ("response clear rd", AA, AA),
        ("response set rd", AA, AA | RD),
        ("Response SET Ra", 0, RA | RD),
        ("query set aa ra", 0, RD),
    ],
)
async def test_the_answer_s_flags(line: str, before: int, after: int) -> None:
    assert await flags_of(header(line), before, query(flags=RD)) == after


async def test_rd_is_set_for_who_did_not_ask_for_it() -> None:
    assert await flags_of(header("response set rd"), 0, query(flags=0)) == RD


@pytest.mark.parametrize(
    ("lines", "after"),
    [
        (("response set ra", "response clear ra"), 0),
        (("response clear ra", "response set ra"), RA),
        (("response set ra aa", "response clear aa", "query set rd"), RA),
    ],
)
async def test_of_two_rules_the_later_counts(lines: tuple[str, ...], after: int) -> None:
    assert await flags_of(header(*lines), 0, query(flags=0)) == after


@pytest.mark.parametrize(
    ("line", "before", "after"),
    [
        ("query set rd", 0, RD),
        ("query clear rd", RD, 0),
        ("query set rd", RD | 0x0010, RD | 0x0010),
        ("query set aa", 0, AA),
        ("response set rd", 0, 0),
    ],
)
async def test_the_query_s_flags(line: str, before: int, after: int) -> None:
    call_next = FakeNext()
    await header(line).serve(query(flags=before), call_next)
    assert [asked.flags for asked in call_next.asked] == [after]


async def test_the_client_s_own_query_stays_as_it_was() -> None:
    asked, call_next = query(flags=0), FakeNext()
    await header("query set rd").serve(asked, call_next)
    assert (asked.flags, call_next.asked[0].origin) == (0, asked)


async def test_the_client_s_own_rd_is_in_its_answer() -> None:
    # RFC 1035 section 4.1.1
    assert await flags_of(header("query set rd"), 0, query(flags=0)) == 0


@pytest.mark.parametrize(("line", "finishes"), [("response set ra", 0), ("response clear rd", 1), ("query set rd", 0)])
async def test_only_rd_keeps_an_answer_from_being_replayed(line: str, finishes: int) -> None:
    reply = await header(line).serve(query(), FakeNext(Reply(ANSWER)))
    assert len(reply.finish) == finishes


@pytest.mark.parametrize("reply", [Reply(ANSWER, flags=RA), Reply.drop("acl")])
async def test_where_nothing_changes_the_reply_is_the_same(reply: Reply) -> None:
    assert await header("response set ra").serve(query(), FakeNext(reply)) is reply


async def test_a_reply_that_others_get_too_is_left_as_it_is() -> None:
    reply = Reply(ANSWER)
    await header("response set ra").serve(query(), FakeNext(reply))
    assert reply.flags == 0
