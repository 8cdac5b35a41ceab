from __future__ import annotations

import socket

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from pydns import __version__, names
from pydns.errors import CorefileError
from pydns.records import Class, Record, Type
from pydns.reply import Reply
from pydns.testing import FakeNext, query
from pydns_plugins.chaos import Chaos
from tests.plugins.asking import block, directives
from tests.pydns.serving import Giving, serving
from tests.pydns.wire.messages import message, question


def chaos(text: str = "chaos") -> Chaos:
    (plugin,) = Chaos.parse(directives(text), block())
    return plugin


async def ask(plugin: Chaos, name: str, type_: str = "TXT", class_: int = Class.CH) -> Reply:
    return await plugin.serve(query(name, type_, class_=class_), FakeNext())


async def texts(plugin: Chaos, name: str) -> list[bytes]:
    return [record.rdata[1:] for record in (await ask(plugin, name)).answer]


@pytest.mark.parametrize("name", ["version.bind", "version.server"])
@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("chaos", f"pydns-{__version__}"),
        ("chaos lab-7", "lab-7"),
        ('chaos "lab seven" a', "lab seven"),
        ("chaos é", "é"),
        ("chaos " + "x" * 300, "x" * 255),
    ],
)
async def test_the_version_is_as_it_is_told(text: str, version: str, name: str) -> None:
    assert await texts(chaos(text), name) == [version.encode()]


@pytest.mark.parametrize(
    ("text", "authors"),
    [
        ("chaos", [b"the pydns authors"]),
        ("chaos 1", [b"the pydns authors"]),
        ("chaos 1 b a b", [b"a", b"b"]),
        ("chaos 1 " + "x" * 300, [b"x" * 255]),
    ],
)
async def test_each_author_has_a_record(text: str, authors: list[bytes]) -> None:
    assert await texts(chaos(text), "authors.bind") == authors


@pytest.mark.parametrize("name", ["hostname.bind", "id.server"])
@pytest.mark.parametrize(("host", "text"), [("node-1", b"node-1"), ("n" * 300, b"n" * 255)])
async def test_the_host_s_name_is_told(name: str, host: str, text: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    assert await texts(chaos(), name) == [text]


async def test_a_record_is_of_the_class_ch_with_ttl_0() -> None:
    reply = await ask(chaos("chaos 1"), "version.bind")
    assert reply.answer == [Record(names.from_text("version.bind"), Type.TXT, Class.CH, 0, b"\x011")]


@pytest.mark.parametrize(
    ("name", "type_", "class_"),
    [
        ("version.bind", "TXT", Class.IN),
        ("version.bind", "A", Class.CH),
        ("version.bind", "ANY", Class.CH),
        ("a.version.bind", "TXT", Class.CH),
        ("bind", "TXT", Class.CH),
        (".", "TXT", Class.CH),
    ],
)
async def test_other_queries_go_on(name: str, type_: str, class_: int) -> None:
    assert (await ask(chaos(), name, type_, class_)).by == "next"


async def test_the_answer_is_not_for_one_client_alone() -> None:
    asked = query("id.server", "TXT", class_=Class.CH)
    await chaos().serve(asked, FakeNext())
    assert not asked.personal


def test_the_server_takes_the_class_for_it() -> None:
    assert Chaos.classes == {Class.CH}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("chaos\n a", "Corefile:1:1: chaos takes no block (remove the braces)"),
        ("chaos\nchaos", "Corefile:2:1: chaos stands twice in this server block, first at Corefile:1:1 (keep one)"),
    ],
)
def test_a_wrong_directive_is_told(text: str, error: str) -> None:
    with pytest.raises(CorefileError) as caught:
        chaos(text)
    assert str(caught.value) == error


@given(st.text(max_size=300), st.lists(st.text(max_size=300), min_size=1, max_size=5))
def test_any_text_makes_sound_records(version: str, authors: list[str]) -> None:
    plugin = Chaos(version, authors)
    for name in ("version.bind", "authors.bind"):
        with pytest.raises(StopIteration) as done:  # it waits for nothing
            plugin.serve(query(name, "TXT", class_=Class.CH), FakeNext()).send(None)
        assert all(len(record.rdata) == 1 + record.rdata[0] for record in done.value.value.answer)


async def test_a_server_answers_in_the_class_ch(nursery: trio.Nursery) -> None:
    server = serving(nursery, chaos("chaos lab-7"), Giving(Reply()))
    opened = await server.opened(message(question("version.bind", Type.TXT, Class.CH)))
    assert [str(record) for record in opened.rr] == ['version.bind.           0       CH      TXT     "lab-7"']
