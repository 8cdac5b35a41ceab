from __future__ import annotations

import socket

import pytest
import trio

from pydns.errors import CorefileError
from pydns.query import Edns
from pydns.reply import Reply
from pydns.testing import FakeNext, query
from pydns_plugins.nsid import Nsid
from tests.plugins.asking import block, directives
from tests.pydns.serving import Giving, address, serving
from tests.pydns.wire.messages import message, opt, question

ASKED = Edns(1232, 0, False, ((3, b""),))


def nsid(text: str = "nsid lab-7") -> Nsid:
    (plugin,) = Nsid.parse(directives(text), block())
    return plugin


async def ask(plugin: Nsid, edns: Edns | None = ASKED, reply: Reply | None = None) -> Reply:
    return await plugin.serve(query(edns=edns), FakeNext(reply))


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("nsid lab-7", b"lab-7"),
        ("nsid Use The Force", b"Use The Force"),
        ('nsid "Use  The Force"', b"Use  The Force"),
        ('nsid ""', b""),
        ("nsid é", "é".encode()),
        ("nsid hex:C0ffee", b"\xc0\xff\xee"),
        ("nsid hex:", b""),
        ("nsid hex:c0 ffee", b"hex:c0 ffee"),
        ("nsid 0xc0ffee", b"0xc0ffee"),
        ("nsid " + "x" * 255, b"x" * 255),
    ],
)
async def test_who_asks_is_told(text: str, data: bytes) -> None:
    assert (await ask(nsid(text))).options == ((3, data),)


async def test_without_data_it_is_the_host_s_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "node-1")
    assert (await ask(nsid("nsid"))).options == ((3, b"node-1"),)


@pytest.mark.parametrize("edns", [None, Edns(1232, 0, False, ()), Edns(1232, 0, True, ((10, b"12345678"),))])
async def test_who_does_not_ask_is_not_told(edns: Edns | None) -> None:
    # RFC 5001 section 2.1
    reply = Reply()
    assert await ask(nsid(), edns, reply) is reply


async def test_a_dropped_answer_stays_dropped() -> None:
    reply = Reply.drop("acl")
    assert await ask(nsid(), reply=reply) is reply


async def test_other_options_stay_and_there_is_one_identifier() -> None:
    reply = Reply()
    reply.options = ((8, b"subnet"), (3, b"another's"))
    assert (await ask(nsid(), reply=reply)).options == ((8, b"subnet"), (3, b"lab-7"))


async def test_a_reply_that_others_get_too_is_left_as_it_is() -> None:
    reply = Reply()
    await ask(nsid(), reply=reply)
    assert reply.options == ()


async def test_a_question_that_a_plugin_changed_is_the_client_s_all_the_same() -> None:
    changed = query(edns=ASKED).replace(edns=Edns(1232, 0, False, ()))
    assert (await nsid().serve(changed, FakeNext())).options == ((3, b"lab-7"),)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("nsid\nnsid", "Corefile:2:1: nsid stands twice in this server block, first at Corefile:1:1 (keep one)"),
        ("nsid\n a", "Corefile:1:1: nsid takes no block (remove the braces)"),
        ("nsid hex:abc", "Corefile:1:2: 'hex:abc' is not hex: and pairs of hex digits"),
        ("nsid " + "é" * 128, "Corefile:1:2: an identifier of 256 octets (at most 255)"),
    ],
)
def test_a_wrong_directive_is_told(text: str, error: str) -> None:
    with pytest.raises(CorefileError) as caught:
        nsid(text)
    assert str(caught.value) == error


@pytest.mark.parametrize(("option", "found"), [(3, True), (65001, False)])
async def test_replayed_answers_tell_it_to_who_asks(option: int, found: bool, nursery: trio.Nursery) -> None:
    server = serving(nursery, nsid(), Giving(Reply([address()])))
    for option_before in (3, 65001, 3, 65001):
        await server.ask(message(question(), opt((option_before, b"")), counts=(1, 0, 0, 1)))
    answer = await server.ask(message(question(), opt((option, b"")), counts=(1, 0, 0, 1)))
    assert answer is not None
    assert answer.endswith(b"\0\3\0\5lab-7") is found
