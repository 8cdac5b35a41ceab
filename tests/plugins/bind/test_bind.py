from __future__ import annotations

import pytest

from pydns.corefile.parser import parse_text
from pydns.errors import CorefileErrorGroup
from pydns.settings import Settings
from pydns.setup import configure
from pydns.testing import FakeNext, ask, plugins_of


def settings(text: str) -> Settings:
    (block,) = configure(parse_text(f". {{\n{text}\n}}", environ={})).blocks
    return block.settings


@pytest.mark.parametrize(
    ("text", "bind", "except_"),
    [
        ("bind 127.0.0.1", ["127.0.0.1"], []),
        ("bind 127.0.0.1 ::1", ["127.0.0.1", "::1"], []),
        ("bind eth0 fe80::1%eth0", ["eth0", "fe80::1%eth0"], []),
        ("bind 127.0.0.1\nbind ::1", ["127.0.0.1", "::1"], []),
        ("bind eth0 {\nexcept 192.0.2.1 192.0.2.2\nexcept lo\n}", ["eth0"], ["192.0.2.1", "192.0.2.2", "lo"]),
        ("log", [], []),
    ],
)
def test_it_names_addresses_and_interfaces(text: str, bind: list[str], except_: list[str]) -> None:
    found = settings(text)
    assert (found.bind, found.bind_except) == (bind, except_)


PORT = "the port stands behind the zone: example.org:1053 { ... }"


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("bind", ["Corefile:2:1: bind wants at least 1 argument, not 0"]),
        (
            "bind 127.0.0.1:53",
            [f"Corefile:2:6: '127.0.0.1:53' is neither an address nor the name of an interface ({PORT})"],
        ),
        (
            "bind [::1]:53",
            [f"Corefile:2:6: '[::1]:53' is neither an address nor the name of an interface ({PORT})"],
        ),
        (
            "bind 192.0.2.0/24",
            [f"Corefile:2:6: '192.0.2.0/24' is neither an address nor the name of an interface ({PORT})"],
        ),
        ('bind ""', [f"Corefile:2:6: '' is neither an address nor the name of an interface ({PORT})"]),
        ("bind lo {\nexcep ::1\n}", ["Corefile:3:1: unknown option of bind 'excep' (did you mean 'except'?)"]),
        ("bind lo {\nexcept\n}", ["Corefile:3:1: except wants at least 1 argument, not 0"]),
        ("bind lo {\nexcept a {\n}\n}", ["Corefile:3:1: except takes no block (remove the braces)"]),
        (
            "bind\nbind",
            [
                "Corefile:2:1: bind wants at least 1 argument, not 0",
                "Corefile:3:1: bind wants at least 1 argument, not 0",
            ],
        ),
    ],
)
def test_all_that_is_wrong_is_told(text: str, errors: list[str]) -> None:
    with pytest.raises(CorefileErrorGroup) as caught:
        settings(text)
    assert str(caught.value).splitlines() == errors


async def test_queries_pass_it_by() -> None:
    (bind,) = plugins_of(". {\n bind lo\n}", environ={})
    call_next = FakeNext()
    assert await ask(bind, call_next=call_next) is call_next.reply


@pytest.mark.parametrize("word", ["300.1.1.1", "1.2.3", "::1::", "127.0.0.1:53"])
def test_what_looks_like_an_address_must_be_one(word: str) -> None:
    with pytest.raises(CorefileErrorGroup, match="is neither an address nor the name of an interface"):
        settings(f"bind {word}")
