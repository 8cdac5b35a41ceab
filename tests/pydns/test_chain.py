from __future__ import annotations

import pytest

from pydns.chain import end, fold
from pydns.plugin import CallNext
from pydns.query import Query
from pydns.records import Ede, Opcode, Rcode
from pydns.reply import Reply
from pydns.testing import query
from tests.pydns.serving import Doing, Giving


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
