from __future__ import annotations

import pytest

from pydns import names
from pydns.errors import CorefileError
from pydns.records import Class, Record, Type
from pydns.reply import Reply
from pydns.testing import FakeNext, query
from pydns_plugins.any import Any
from tests.plugins.asking import block, directives


def parsed(text: str = "any") -> Any:
    (plugin,) = Any.parse(directives(text), block())
    return plugin


async def ask(name: str = "example.org", type_: str = "ANY", class_: int = Class.IN) -> Reply:
    return await parsed().serve(query(name, type_, class_=class_), FakeNext())


@pytest.mark.parametrize("name", ["example.org", ".", "a.b.c"])
async def test_any_gets_a_hinfo_record(name: str) -> None:
    # RFC 8482 section 4.2
    reply = await ask(name)
    rdata = b"\x0dANY obsoleted\x0cSee RFC 8482"
    assert reply.answer == (Record(names.from_text(name), Type.HINFO, Class.IN, 8482, rdata),)


@pytest.mark.parametrize("type_", ["A", "HINFO", "TYPE65280", "AXFR"])
async def test_other_types_go_on(type_: str) -> None:
    assert (await ask(type_=type_)).by == "next"


async def test_other_classes_go_on() -> None:
    assert (await ask(class_=Class.CH)).by == "next"


async def test_the_answer_may_be_replayed() -> None:
    asked = query("example.org", "ANY")
    reply = await parsed().serve(asked, FakeNext())
    assert (reply.replay, asked.personal) == (True, False)


def test_a_second_directive_adds_nothing() -> None:
    assert parsed("any\nany").name == "any"


@pytest.mark.parametrize("text", ["any example.org", "any\n ttl 5"])
def test_it_takes_no_arguments_and_no_block(text: str) -> None:
    with pytest.raises(CorefileError, match=r"^Corefile:1:"):
        parsed(text)


def test_it_passes_all_names_on() -> None:
    assert parsed().stops() == ()
