from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

import dnslib
import pytest
import trio

from pydns import names
from pydns.errors import CorefileError, CorefileErrorGroup, StartError
from pydns.plugin import CallNext, House, Turn
from pydns.query import Query
from pydns.records import Class, Ede, Opcode, Rcode, Record, Type
from pydns.reply import Reply
from pydns.testing import running_server
from pydns.tsig.client import SignedRequest
from pydns.tsig.errors import TsigError
from pydns.tsig.key import Key
from pydns.tsig.record import split
from pydns.tsig.ring import await_key
from pydns_plugins.tsig import Tsig
from tests.plugins.asking import block, directives
from tests.pydns.life import until
from tests.pydns.serving import Asker, Doing, Giving, address, extended_errors, rcode, serving
from tests.pydns.wire.messages import message, opt, question

SECRET = "c2VjcmV0IG9mIHRoZSB0ZXN0cw=="
KEY = Key.from_text("key.example", SECRET)
PLAIN = f"tsig\n secret key.example. {SECRET}"
WWW = "www.example.org"


def tsig(text: str, *zones: str) -> Tsig:
    (plugin,) = Tsig.parse(directives(text), block(*zones))
    plugin.house = House()
    return plugin


def asked(name: str = WWW, type_: int = Type.A, *, edns: int = 0, flags: int = 0x0100) -> bytes:
    behind = (opt(size=edns),) if edns else ()
    return message(question(name, type_), *behind, flags=flags, counts=(1, 0, 0, len(behind)))


def signed(wire: bytes | None = None, key: Key = KEY, clock: Callable[[], float] = time.time) -> SignedRequest:
    return SignedRequest(asked() if wire is None else wire, key, clock)


def fault(answer: bytes) -> int:
    found = split(answer)
    assert found is not None
    return found[1].error


@pytest.mark.parametrize("edns", [0, 1232])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_what_answers_a_signed_query_is_signed(edns: int, transport: str, nursery: trio.Nursery) -> None:
    request = signed(asked(edns=edns))
    below = Giving(Reply([address()]))
    answer = await serving(nursery, tsig(PLAIN), below).ask(request.wire, Asker(transport=transport))
    assert answer is not None
    assert dnslib.DNSRecord.parse(request.verify(answer)).rr[0].rdata == dnslib.A("192.0.2.1")


async def test_a_query_without_a_signature_is_answered_without(nursery: trio.Nursery) -> None:
    answer = await serving(nursery, tsig(PLAIN), Giving(Reply([address()]))).ask(asked())
    assert answer is not None
    assert split(answer) is None


@pytest.mark.parametrize(
    ("key", "clock", "error"),
    [
        pytest.param(KEY._replace(name=b"\x05other\0"), time.time, 17, id="unknown key"),
        pytest.param(KEY._replace(secret=b"guess"), time.time, 16, id="another secret"),
        pytest.param(KEY, lambda: time.time() - 4000, 18, id="another time"),
    ],
)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_bad_signature_is_notauth_and_asks_nobody(
    key: Key, clock: Callable[[], float], error: int, transport: str, nursery: trio.Nursery
) -> None:
    below = Giving(Reply([address()]))
    server = serving(nursery, tsig(PLAIN), below)
    answer = await server.ask(signed(key=key, clock=clock).wire, Asker(transport=transport))
    assert answer is not None
    assert (rcode(answer), fault(answer), below.asked) == (Rcode.NOTAUTH, error, 0)


async def test_a_malformed_one_is_formerr(nursery: trio.Nursery) -> None:
    wire = signed().wire
    cut = wire.replace(b"\0\x20" + wire[-38:-6], b"\0\x08" + wire[-38:-30])  # a MAC of 8 octets
    at = cut.index(b"\0\xfa\0\xff") + 8
    cut = cut[:at] + (int.from_bytes(cut[at : at + 2]) - 24).to_bytes(2) + cut[at + 2 :]
    assert rcode(await serving(nursery, tsig(PLAIN), Giving(Reply())).ask(cut)) == Rcode.FORMERR


async def test_without_the_plugin_a_signature_is_not_looked_at(nursery: trio.Nursery) -> None:
    below = Giving(lambda: Reply([address()]))
    server = serving(nursery, below)
    wire = signed(key=KEY._replace(secret=b"guess")).wire
    for _ in range(3):
        answer = await server.ask(wire)
        assert answer is not None
        assert (rcode(answer), split(answer)) == (Rcode.NOERROR, None)
    assert below.asked == 3  # and it is no plain query, whose answer would be kept


async def test_zones_that_are_not_its_own_go_by_unsigned(nursery: trio.Nursery) -> None:
    answer = await serving(nursery, tsig(PLAIN, "example.net"), Giving(Reply([address()]))).ask(signed().wire)
    assert answer is not None
    assert split(answer) is None


@pytest.mark.parametrize(
    ("line", "type_", "flags", "expected"),
    [
        ("require A", Type.A, 0, Rcode.REFUSED),
        ("require AXFR IXFR", Type.A, 0, Rcode.NOERROR),
        ("require AXFR IXFR", Type.IXFR, 0, Rcode.REFUSED),
        ("require all", Type.TXT, 0, Rcode.REFUSED),
        ("require none", Type.TXT, 0, Rcode.NOERROR),
        ("require_opcode NOTIFY", Type.SOA, 0, Rcode.NOERROR),
        ("require_opcode NOTIFY", Type.SOA, Opcode.NOTIFY << 11, Rcode.REFUSED),
        ("require_opcode query", Type.SOA, 0, Rcode.REFUSED),
        ("require_opcode all", Type.SOA, Opcode.NOTIFY << 11, Rcode.REFUSED),
        ("require_opcode none", Type.SOA, Opcode.NOTIFY << 11, Rcode.NOERROR),
    ],
)
async def test_what_must_be_signed_is_refused_without(
    line: str, type_: int, flags: int, expected: int, nursery: trio.Nursery
) -> None:
    below = Giving(Reply(), opcodes=(Opcode.QUERY, Opcode.NOTIFY))
    server = serving(nursery, tsig(f"{PLAIN}\n {line}"), below)
    answer = await server.ask(asked(type_=type_, edns=1232, flags=flags))
    assert answer is not None
    assert rcode(answer) == expected
    if expected == Rcode.REFUSED:
        assert [code for code, _ in extended_errors(answer)] == [Ede.PROHIBITED]
    request = signed(asked(type_=type_, flags=flags))
    answer = await server.ask(request.wire)
    assert answer is not None
    assert rcode(request.verify(answer)) == Rcode.NOERROR


async def test_an_opcode_that_nobody_takes_is_still_notimp(nursery: trio.Nursery) -> None:
    server = serving(nursery, tsig(PLAIN), Giving(Reply()))
    assert rcode(await server.ask(asked(flags=Opcode.NOTIFY << 11))) == Rcode.NOTIMP


async def test_a_signed_answer_is_never_replayed(nursery: trio.Nursery) -> None:
    below = Giving(lambda: Reply([address()]))
    server = serving(nursery, tsig(PLAIN), below)
    wire = signed().wire
    for _ in range(4):
        await server.ask(wire)
    assert below.asked == 4


async def test_a_query_without_a_signature_stays_in_the_fast_lane(nursery: trio.Nursery) -> None:
    below = Giving(Reply([address()]))
    server = serving(nursery, tsig(f"{PLAIN}\n require AXFR"), below)
    for _ in range(9):
        await server.ask(asked())
    assert below.asked == 2  # an answer is kept from its second asking on


@pytest.mark.parametrize(
    ("line", "type_", "expected"),
    [
        ("require AXFR", Type.A, Turn.NEXT),
        ("require A", Type.A, Turn.SERVE),
        ("require_opcode QUERY", Type.A, Turn.SERVE),
        ("require_opcode NOTIFY", Type.A, Turn.NEXT),
    ],
)
def test_packed_answers_pass_where_no_signature_is_demanded(line: str, type_: int, expected: Turn) -> None:
    assert tsig(f"{PLAIN}\n {line}").packed(names.from_text(WWW), type_) is expected


async def test_a_signature_finds_room_in_a_datagram(nursery: trio.Nursery) -> None:
    records = [Record(names.from_text(WWW), Type.TXT, Class.IN, 60, b"\xff" + bytes(255)) for _ in range(2)]
    server = serving(nursery, tsig(PLAIN), Giving(Reply(records)))
    request = signed()
    answer = await server.ask(request.wire)
    assert answer is not None
    assert len(answer) <= 512
    assert dnslib.DNSRecord.parse(request.verify(answer)).header.tc


async def test_a_failure_below_is_signed_too(nursery: trio.Nursery, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(query: Query, call_next: CallNext) -> Reply:
        raise ValueError("a fault")

    request = signed()
    with caplog.at_level(logging.CRITICAL):
        answer = await serving(nursery, tsig(PLAIN), Doing(fail)).ask(request.wire)
    assert answer is not None
    assert rcode(request.verify(answer)) == Rcode.SERVFAIL


async def test_others_see_whose_the_query_is(nursery: trio.Nursery) -> None:
    seen: list[bytes | None] = []

    async def look(query: Query, call_next: CallNext) -> Reply:
        signature = query.replace(name=b"\x01a\0").signature
        seen.append(signature.key if signature is not None else None)
        return Reply()

    server = serving(nursery, tsig(PLAIN), Doing(look))
    await server.ask(signed().wire)
    await server.ask(asked())
    assert seen == [KEY.name, None]


class Many:
    """Messages that follow."""

    def __init__(self, wire: bytes, count: int) -> None:
        self.left = [wire] * count
        self.closed = False

    def __next__(self) -> bytes:
        if not self.left:
            raise StopIteration
        return self.left.pop()

    def close(self) -> None:
        self.closed = True


class Reader(Asker):
    """A client of a stream that takes all at once."""

    def __init__(self) -> None:
        super().__init__(transport="tcp")
        self.followed: list[bytes] = []

    def follow(self, messages: Many) -> None:
        while (wire := next(messages, None)) is not None:  # type: ignore[call-overload]  # it has a __next__
            self.followed.append(wire)
        messages.close()


async def test_each_message_of_a_sequence_is_signed(nursery: trio.Nursery) -> None:
    request = signed()
    following = Many(asked()[:2] + b"\x84\0" + asked()[4:], 5)
    reply = Reply([address()])
    reply.following = following
    reader = Reader()
    answer = await serving(nursery, tsig(PLAIN), Giving(reply)).ask(request.wire, reader)
    assert answer is not None
    for each in (answer, *reader.followed):
        request.verify(each)
    request.end()
    assert len(reader.followed) == 5
    assert following.closed


async def test_over_udp_nothing_follows(nursery: trio.Nursery) -> None:
    following = Many(asked(), 5)
    reply = Reply([address()])
    reply.following = following
    await serving(nursery, tsig(PLAIN), Giving(reply)).ask(signed().wire)
    assert (following.closed, len(following.left)) == (True, 5)


async def test_outcomes_are_counted(nursery: trio.Nursery) -> None:
    plugin = tsig(f"{PLAIN}\n require TXT")
    server = serving(nursery, plugin, Giving(Reply()))
    await server.ask(signed().wire)
    await server.ask(signed(key=KEY._replace(secret=b"x")).wire)
    await server.ask(asked(type_=Type.TXT))
    (metric,) = (each for each in plugin.house.metrics.read() if each.name == "pydns_tsig_queries_total")
    assert metric.values == {("good",): 1, ("BADSIG",): 1, ("none",): 1}  # type: ignore[union-attr]  # it is a counter


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("tsig\n secret a", "Corefile:2:1: secret wants at least 2 arguments, not 1"),
        ("tsig\n secret a !", "Corefile:2:3: the secret is no base 64 (`tsig-keygen NAME` makes one)"),
        (f"tsig\n secret a {SECRET} hmac-sha3", "Corefile:2:4: unknown algorithm 'hmac-sha3'"),
        (f"tsig\n secret a {SECRET}\n secret A. {SECRET}", "Corefile:3:2: key a. stands twice"),
        ("tsig\n secrets", "Corefile:2:1: secrets wants 1 argument"),
        ("tsig\n require", "Corefile:2:1: require wants at least 1 argument"),
        ("tsig\n require all A", "Corefile:2:2: all stands alone or not at all"),
        ("tsig\n require AXFRR", "Corefile:2:2: unknown type 'AXFRR'"),
        ("tsig\n require_opcode NOTFIY", "Corefile:2:2: unknown opcode 'NOTFIY' (did you mean 'NOTIFY'?)"),
        ("tsig\n key a b", "Corefile:2:1: unknown option of tsig 'key'"),
        ("tsig\ntsig", "Corefile:2:1: tsig stands twice"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, error: str) -> None:
    with pytest.raises((CorefileError, CorefileErrorGroup)) as caught:
        tsig(text)
    assert str(caught.value).startswith(error)


def test_an_algorithm_stands_behind_the_secret() -> None:
    key = tsig(f"tsig\n secret key.example {SECRET} hmac-sha512").own_key(KEY.name)
    assert key is not None
    assert (key.algorithm.text, key.is_unnamed) == ("hmac-sha512", False)


def test_without_an_algorithm_the_query_names_it() -> None:
    key = tsig(f"tsig\n secret key.example {SECRET}").own_key(KEY.name)
    assert key is not None
    assert key.is_unnamed


COREFILE = """example.org:0 {{
    bind 127.0.0.1
    tsig {{
        secrets {path}
    }}
    whoami
}}
"""


async def status(port: int, key: Key) -> int | str:
    """The rcode over UDP, or why the answer is not taken."""
    request = SignedRequest(asked("example.org"), key)
    with trio.socket.socket(trio.socket.AF_INET, trio.socket.SOCK_DGRAM) as asking, trio.fail_after(10):
        await asking.connect(("127.0.0.1", port))
        await asking.send(request.wire)
        answer = await asking.recv(4096)
    try:
        return rcode(request.verify(answer))
    except TsigError as error:
        return str(error)


async def test_a_file_of_keys_is_followed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "keys"
    path.write_text(f'key "key.example" {{ algorithm hmac-sha1; secret "{SECRET}"; }};\n')
    sha1 = Key.from_text("key.example", SECRET, "hmac-sha1")
    other = Key.from_text("other.example", SECRET)
    async with running_server(COREFILE.format(path=path)) as server:
        assert await status(server.port, sha1) == Rcode.NOERROR
        assert "BADKEY" in str(await status(server.port, other))
        path.write_text(f'key "other.example" {{ secret "{SECRET}"; }};\n')
        with trio.fail_after(10):
            while await status(server.port, other) != Rcode.NOERROR:  # noqa: ASYNC110 -- nothing tells of it
                await trio.sleep(0.01)
        assert "BADKEY" in str(await status(server.port, sha1))
        path.write_text("key other.example { secret")
        await until(lambda: caplog.text, lambda text: "the keys of before hold on" in text)
        assert f"{path}:1:21: the file ends here" in caplog.text
        assert await status(server.port, other) == Rcode.NOERROR


async def test_who_waits_for_a_key_has_it_as_soon_as_its_file_does(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(f'key "key.example" {{ secret "{SECRET}"; }};\n')
    async with running_server(COREFILE.format(path=path)) as server:
        (plugin,) = (each for each in server.process.configuration.blocks[0].plugins if isinstance(each, Tsig))
        path.write_text(f'key "other.example" {{ secret "{SECRET}"; }};\n')
        with trio.fail_after(10):
            key = await await_key(plugin, names.from_text("other.example"))
        assert key == plugin.own_key(key.name)
        assert not plugin.listeners_for_keys


@pytest.mark.parametrize("text", [None, "key a {};"])
async def test_a_file_that_is_not_sound_stops_the_start(text: str | None, tmp_path: Path) -> None:
    path = tmp_path / "keys"
    if text is not None:
        path.write_text(text)
    with pytest.raises(StartError, match=str(path)):
        async with running_server(COREFILE.format(path=path)):
            pass


async def test_keys_hold_in_other_blocks_too() -> None:
    first = f"example.net:0 {{\n bind 127.0.0.1\n tsig {{\n secret key.example {SECRET}\n }}\n whoami\n}}\n"
    second = "example.org:0 {\n bind 127.0.0.1\n tsig\n whoami\n}\n"
    async with running_server(second + first) as server:
        assert await status(server.port, KEY) == Rcode.NOERROR
