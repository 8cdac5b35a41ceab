from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import pytest

from pydns.chain import end, fold, fold_at_once
from pydns.plugin import AtOnce, CallNext, Plugin, Turn
from pydns.query import Query
from pydns.records import Ede, Opcode, Rcode
from pydns.reply import Reply
from pydns.testing import query
from tests.pydns.serving import Doing, Giving

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock


def passing(seen: list[str], word: str, **declared: object) -> Doing:
    async def serve(query: Query, call_next: CallNext) -> Reply:
        seen.append(word)
        return await call_next(query)

    return Doing(serve, **declared)  # type: ignore[arg-type]


async def test_plugins_are_asked_in_their_order() -> None:
    seen: list[str] = []
    chain = fold([passing(seen, "first"), passing(seen, "second"), Giving(Reply(by="last"))], Opcode.QUERY)
    assert (await chain(query())).by == "last"
    assert seen == ["first", "second"]


async def test_who_answers_is_the_last_to_be_asked() -> None:
    behind = Giving(Reply())
    await fold([Giving(Reply()), behind], Opcode.QUERY)(query())
    assert behind.asked == 0


@pytest.mark.parametrize(
    ("opcode", "expected"), [(Opcode.QUERY, ["both"]), (Opcode.NOTIFY, ["notify", "both"]), (Opcode.UPDATE, [])]
)
async def test_who_does_not_declare_an_opcode_is_passed_by(opcode: int, expected: list[str]) -> None:
    seen: list[str] = []
    plugins = [
        passing(seen, "notify", opcodes=[Opcode.NOTIFY]),
        passing(seen, "both", opcodes=[Opcode.QUERY, Opcode.NOTIFY]),
    ]
    await fold(plugins, opcode)(query())
    assert seen == expected


@pytest.mark.parametrize("opcode", [Opcode.QUERY, Opcode.NOTIFY])
async def test_who_has_to_do_with_every_opcode_stands_in_each_chain(opcode: int) -> None:
    seen: list[str] = []
    plugin = passing(seen, "every")
    plugin.every_opcode = True  # type: ignore[misc] # this one alone
    await fold([plugin, Giving(Reply(), opcodes=[Opcode.NOTIFY])], opcode)(query())
    assert seen == ["every"]


async def test_a_plugin_may_ask_the_rest_more_than_once() -> None:
    async def twice(query: Query, call_next: CallNext) -> Reply:
        await call_next(query)
        return await call_next(query)

    behind = Giving(Reply())
    await fold([Doing(twice), behind], Opcode.QUERY)(query())
    assert behind.asked == 2


async def test_what_is_passed_on_is_what_the_next_is_asked() -> None:
    async def other(query: Query, call_next: CallNext) -> Reply:
        return await call_next(query.replace(name=b"\5other\0"))

    async def tell(query: Query, call_next: CallNext) -> Reply:
        return Reply(why=query.name.decode())

    assert (await fold([Doing(other), Doing(tell)], Opcode.QUERY)(query())).why == "\5other\0"


@pytest.mark.parametrize("plugins", [[], [passing([], "one")]])
async def test_behind_the_last_is_servfail(plugins: list[Doing]) -> None:
    reply = await fold(plugins, Opcode.QUERY)(query())
    assert (reply.rcode, reply.errors) == (Rcode.SERVFAIL, ((Ede.OTHER, "no plugin had an answer"),))


async def test_the_end_is_never_replayed() -> None:
    assert not (await end(query())).replay


async def test_a_plugin_from_outside_must_return_a_reply() -> None:
    async def nothing(query: Query, call_next: CallNext) -> Reply:
        return None  # type: ignore[return-value] # as somebody's plugin may

    with pytest.raises(TypeError, match="doing returned None, which is no Reply"):
        await fold([Doing(nothing)], Opcode.QUERY)(query())


# Answers that are there at once.


class Ready(AtOnce):
    """Says what it is told to say."""

    name = "ready"

    def __init__(self, said: Reply | Turn, amended: str = "") -> None:
        self._said = said
        self._amended = amended

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        return ()  # it stands in no Corefile

    def at_once(self, query: Query) -> Reply | Turn:
        return self._said

    def amend(self, query: Query, reply: Reply) -> Reply | Turn:
        return reply.replace(by=self._amended + reply.by)


class Unwilling(Ready):
    """Cannot tell what it would make of replies."""

    def amend(self, query: Query, reply: Reply) -> Reply | Turn:
        return Turn.SERVE


class OtherServe(Ready):
    """What it says at once is not what it serves."""

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        return Reply(by="other")


WAITS = Giving(Reply(by="waits"))
ON, SLOW = Ready(Turn.NEXT, "a"), Ready(Turn.SERVE)


@pytest.mark.parametrize(
    ("plugins", "by"),
    [
        ([Ready(Reply(by="x"))], "x"),
        ([ON, Ready(Turn.NEXT, "b"), Ready(Reply(by="x"))], "abx"),
        ([ON, Ready(Reply(by="x"), "c"), Ready(Reply(by="y"))], "ax"),
        ([Ready(Reply(by="x")), WAITS], "x"),
        ([ON, WAITS], None),
        ([WAITS, Ready(Reply(by="x"))], None),
        ([SLOW, Ready(Reply(by="x"))], None),
        ([Unwilling(Turn.NEXT), Ready(Reply(by="x"))], None),
        ([ON, Unwilling(Turn.NEXT), Ready(Reply(by="x"))], None),
        ([Unwilling(Reply(by="x"))], "x"),
        ([OtherServe(Reply(by="x"))], None),
    ],
)
def test_what_is_answered_at_once(plugins: list[Plugin], by: str | None) -> None:
    at_once = fold_at_once(plugins, Opcode.QUERY)
    reply = None if at_once is None else at_once(query())
    assert (None if reply is None else reply.by) == by


def test_a_chain_in_which_nobody_answers_at_once_has_no_such_way() -> None:
    assert fold_at_once([ON, WAITS], Opcode.QUERY) is not None
    assert fold_at_once([WAITS, ON], Opcode.QUERY) is None


async def test_a_chain_says_what_it_would_say_at_once() -> None:
    assert (await fold([ON, Ready(Turn.NEXT, "b"), Ready(Reply(by="x"))], Opcode.QUERY)(query())).by == "abx"


async def test_who_never_waits_must_have_an_answer_or_pass_on() -> None:
    with pytest.raises(TypeError, match="ready never waits"):
        await fold([SLOW], Opcode.QUERY)(query())


@pytest.mark.parametrize(("first", "second", "may"), [(True, True, True), (True, False, False), (False, True, False)])
async def test_a_query_may_be_set_aside_below_plugins_that_all_free_its_task(
    first: bool, second: bool, may: bool
) -> None:
    seen: list[bool] = []

    async def look(query: Query, call_next: CallNext) -> Reply:
        seen.append(query.may_be_set_aside)
        return Reply()

    above = [passing([], "first"), passing([], "second")]
    for plugin, frees_task in zip(above, (first, second), strict=True):
        plugin.frees_task = frees_task  # type: ignore[misc]  # of this one alone
    below = Doing(look)
    below.frees_task = True  # type: ignore[misc]  # likewise
    asked = query()
    asked.may_be_set_aside = True
    await fold([*above, below], Opcode.QUERY)(asked)
    assert seen == [may]
