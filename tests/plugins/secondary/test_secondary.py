"""The plugin in a server: what it answers, what it makes of NOTIFY, catalogs, and reloads."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from pydns.chain import fold_at_once, fold_packed
from pydns.names import from_text, to_text
from pydns.plugin import House
from pydns.records import Ede, Opcode, Rcode, Record, Type
from pydns.testing import RunningServer, plugins_of, running_server
from pydns.tsig.client import SignedRequest
from pydns.tsig.key import Key
from pydns.wire.scan import HEADER, opt_at
from pydns_plugins.secondary import Secondary
from tests.pydns.transfer.messages import AA, ORIGIN, QR, a, packed, soa
from tests.pydns.transfer.primary import FakePrimary, zone

WWW = a("www.example.org")
KEY = Key.from_text("key.example", "c2VjcmV0")
NOTIFY_ANSWERED = QR | AA | Opcode.NOTIFY << 11


@pytest.fixture
async def peer() -> AsyncIterator[FakePrimary]:
    async with FakePrimary().running() as peer:
        yield peer


@asynccontextmanager
async def serving(
    peer: FakePrimary, *lines: str, zones: str = "example.org", others: str = "", house: House | None = None
) -> AsyncIterator[RunningServer]:
    options = "\n".join((f"transfer from 127.0.0.1:{peer.port}", *lines))
    text = f"{zones} {{\n bind 127.0.0.1\n {others}\n secondary example.org {{\n {options}\n }}\n}}"
    async with running_server(text, house=house) as server:
        yield server


def plugin(server: RunningServer) -> Secondary:
    (found,) = (each for each in server.process.configuration.blocks[0].plugins if isinstance(each, Secondary))
    return found


async def asked(server: RunningServer, message: bytes) -> bytes:
    with trio.fail_after(5), trio.socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        await sock.connect(("127.0.0.1", server.port))
        await sock.send(message)
        return await sock.recv(4096)


def query(name: str, type_: int = Type.A) -> bytes:
    opt = b"\0\0\x29\x04\xd0\0\0\0\0\0\0"
    return HEADER.pack(1, 0, 1, 0, 0, 1) + from_text(name) + type_.to_bytes(2) + b"\0\1" + opt


def notify(name: str = "example.org", serial: int | None = None, type_: int = Type.SOA) -> bytes:
    hint = b"" if serial is None else packed(soa(serial, name))
    head = HEADER.pack(1, Opcode.NOTIFY << 11 | 0x0400, 1, bool(hint), 0, 0)
    return head + from_text(name) + type_.to_bytes(2) + b"\0\1" + hint


def rcode(answer: bytes) -> int:
    return answer[3] & 15


def ede(answer: bytes) -> int | None:
    """The code of the only extended error."""
    end = answer.index(b"\0", 12) + 5
    at = opt_at(answer, end)
    return int.from_bytes(answer[at + 15 : at + 17]) if at and len(answer) > at + 11 else None


async def until(changed: Callable[[], bool]) -> None:
    with trio.fail_after(5):
        while not changed():  # noqa: ASYNC110 -- what is waited for has no event of its own
            await trio.sleep(0.01)


async def until_serial(server: RunningServer, serial: int, origin: bytes = ORIGIN) -> None:
    def is_there() -> bool:
        held = next((each for each in plugin(server).held() if each.origin == origin), None)
        return held is not None and held.zone is not None and held.zone.serial == serial

    await until(is_there)


async def test_a_zone_is_there_when_the_server_is(peer: FakePrimary) -> None:
    peer.zone = zone(1, WWW)
    async with serving(peer) as server:
        answer = await asked(server, query("www.example.org"))
        assert (rcode(answer), answer[6:8]) == (0, b"\0\1")
        assert plugin(server).ready()


async def test_a_zone_that_did_not_come_is_told(peer: FakePrimary) -> None:
    async with serving(peer) as server:
        answer = await asked(server, query("www.example.org"))
        assert (rcode(answer), ede(answer)) == (Rcode.SERVFAIL, Ede.NOT_READY)
        peer.zone = zone(1, WWW)
        await until_serial(server, 1)
        assert rcode(await asked(server, query("www.example.org"))) == 0


async def test_an_expired_zone_is_told(peer: FakePrimary) -> None:
    peer.zone = zone(1, WWW)
    async with serving(peer) as server:
        plugin(server).expire(ORIGIN)
        answer = await asked(server, query("www.example.org"))
        assert (rcode(answer), ede(answer)) == (Rcode.SERVFAIL, Ede.INVALID_DATA)


async def test_what_does_not_exist_may_go_on(peer: FakePrimary) -> None:
    peer.zone = zone(1, WWW)
    async with serving(peer, "fallthrough on.example.org", others="whoami") as server:
        assert rcode(await asked(server, query("x.on.example.org"))) == 0
        assert rcode(await asked(server, query("x.example.org"))) == Rcode.NXDOMAIN


async def test_a_notify_brings_the_change(peer: FakePrimary) -> None:
    peer.zone = zone(1)
    async with serving(peer) as server:
        peer.zone = zone(2, WWW)
        answer = await asked(server, notify(serial=2))
        assert int.from_bytes(answer[2:4]) == NOTIFY_ANSWERED
        await until_serial(server, 2)
        assert rcode(await asked(server, query("www.example.org"))) == 0


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (notify("example.net"), Rcode.REFUSED),
        (notify("sub.example.org"), Rcode.NOTAUTH),
        (notify(type_=Type.A), Rcode.FORMERR),
        (notify(serial=1), Rcode.NOERROR),
        (notify(serial=2)[:-1], Rcode.FORMERR),
    ],
    ids=["no block", "no zone", "no SOA", "known", "cut"],
)
async def test_a_notify_is_answered(peer: FakePrimary, message: bytes, expected: int) -> None:
    peer.zone = zone(1)
    async with serving(peer) as server:
        before = len(peer.asked)
        assert rcode(await asked(server, message)) == expected
        assert len(peer.asked) == before


async def test_a_notify_of_a_stranger_is_refused(peer: FakePrimary, caplog: pytest.LogCaptureFixture) -> None:
    text = "example.org {\n bind 127.0.0.1\n secondary {\n transfer from 127.0.0.2:1\n }\n}"
    async with running_server(text) as server:
        for _ in range(2):
            assert rcode(await asked(server, notify())) == Rcode.REFUSED
    assert caplog.text.count("NOTIFY of example.org. from 127.0.0.1, which is no primary of it") == 1


TSIG = "tsig {\n secret key.example c2VjcmV0\n }"


async def test_a_key_makes_a_notify_good(peer: FakePrimary) -> None:
    text = (
        f"example.org {{\n bind 127.0.0.1\n {TSIG}\n secondary {{\n transfer from 127.0.0.2:1 key key.example\n }}\n}}"
    )
    async with running_server(text) as server:
        asking = SignedRequest(notify(), KEY)
        assert rcode(asking.verify(await asked(server, asking.wire))) == 0
        assert rcode(await asked(server, notify())) == Rcode.REFUSED


async def test_transfers_are_signed(peer: FakePrimary) -> None:
    peer.zone, peer.key = zone(1), KEY
    text = f"""example.org {{
        bind 127.0.0.1
        {TSIG}
        secondary {{
            transfer from 127.0.0.1:{peer.port} key key.example
        }}
    }}"""
    async with running_server(text) as server:
        await until_serial(server, 1)


async def test_a_key_that_nobody_knows_is_told(peer: FakePrimary, caplog: pytest.LogCaptureFixture) -> None:
    text = f"example.org {{\n bind 127.0.0.1\n secondary {{\n transfer from 127.0.0.1:{peer.port} key other\n }}\n}}"
    async with running_server(text):
        with trio.fail_after(20):
            while "no tsig here knows the key other" not in caplog.text:  # noqa: ASYNC110 -- it is told after some tries
                await trio.sleep(0.05)
        assert not peer.asked


def catalog(serial: int, *members: str) -> list[Record]:
    records = [record._replace(ttl=0) for record in zone(serial)]
    records.append(Record(from_text("version.example.org"), Type.TXT, 1, 0, b"\x012"))
    for member in members:
        owner = from_text(f"{member.replace('.', '-')}.zones.example.org")
        records.append(Record(owner, Type.PTR, 1, 0, from_text(member)))
    return records


def held(server: RunningServer) -> set[str]:
    return {to_text(each.origin) for each in plugin(server).held()}


async def test_members_of_a_catalog_come_and_go(peer: FakePrimary, tmp_path: Path) -> None:
    peer.zone = catalog(1, "a.test", "b.test")
    peer.zones[from_text("a.test")] = [soa(5, "a.test"), a("www.a.test")]
    async with serving(peer, "catalog", f"directory {tmp_path}", zones="example.org test") as server:
        await until_serial(server, 5, from_text("a.test"))
        assert held(server) == {"example.org.", "a.test.", "b.test."}
        assert rcode(await asked(server, query("www.a.test"))) == 0
        assert rcode(await asked(server, query("www.b.test"))) == Rcode.SERVFAIL
        await until((tmp_path / "a.test.zone").exists)
        peer.zone = catalog(2, "b.test", "c.test")
        await asked(server, notify(serial=2))
        await until(lambda: held(server) == {"example.org.", "b.test.", "c.test."})
        await until(lambda: not (tmp_path / "a.test.zone").exists())
        assert rcode(await asked(server, query("www.a.test"))) == Rcode.SERVFAIL


async def test_members_that_are_not_admitted_are_left_out(peer: FakePrimary, caplog: pytest.LogCaptureFixture) -> None:
    peer.zone = catalog(1, "a.test", "a.other", "x.example.org", "example.net")
    async with serving(peer, "catalog test other example.org", zones="example.org test") as server:
        assert held(server) == {"example.org.", "a.test.", "x.example.org."}
    assert "a.other. of catalog example.org. is left out: the Corefile does not admit it" in caplog.text


async def test_members_that_a_file_holds_are_left_out(
    peer: FakePrimary, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    peer.zone = catalog(1, "a.test", "b.test")
    others = f"file {tmp_path / 'db.a.test'} a.test"
    async with serving(peer, "catalog", zones="example.org test", others=others) as server:
        assert held(server) == {"example.org.", "b.test."}
    assert "a.test. of catalog example.org. is left out: the Corefile names that zone" in caplog.text


async def test_what_a_reload_admits_comes_with_it(peer: FakePrimary, tmp_path: Path) -> None:
    peer.zone, peer.zones[from_text("a.test")] = catalog(1, "a.test"), [soa(5, "a.test")]
    corefile = tmp_path / "Corefile"

    def write(*others: str) -> None:
        line = f"transfer from 127.0.0.1:{peer.port}"
        own = "\n".join(f"secondary {zone} {{\n {line}\n }}" for zone in others)
        secondary = f"secondary example.org {{\n {line}\n catalog\n }}"
        corefile.write_text(f"example.org test {{\n bind 127.0.0.1\n {secondary}\n {own}\n}}")

    write("a.test")
    async with running_server(corefile) as server:
        before = plugin(server)
        await until_serial(server, 5, from_text("a.test"))
        write()
        server.process.reload()
        await until(lambda: plugin(server) is not before)
        await until_serial(server, 5, from_text("a.test"))
        assert plugin(server).named(from_text("a.test")) == ORIGIN


async def test_a_broken_catalog_leaves_its_zones(peer: FakePrimary, caplog: pytest.LogCaptureFixture) -> None:
    peer.zone = catalog(1, "a.test")
    async with serving(peer, "catalog", zones="example.org test") as server:
        peer.zone = zone(2)
        await asked(server, notify(serial=2))
        await until_serial(server, 2)
        await until(lambda: "it is no catalog zone; its zones stay as they were" in caplog.text)
        assert "a.test." in held(server)


async def test_members_are_there_at_once_from_disk(peer: FakePrimary, tmp_path: Path) -> None:
    peer.zone = catalog(1, "a.test")
    peer.zones[from_text("a.test")] = [soa(5, "a.test"), a("www.a.test")]
    lines = ("catalog", f"directory {tmp_path}")
    async with serving(peer, *lines, zones="example.org test") as server:
        await until_serial(server, 5, from_text("a.test"))
        await until(lambda: len([*tmp_path.glob("*.zone")]) == 2)
    peer.silent = True
    async with serving(peer, *lines, zones="example.org test") as server:
        assert rcode(await asked(server, query("www.a.test"))) == 0


async def test_a_reload_keeps_the_zones_and_asks_nobody(peer: FakePrimary) -> None:
    peer.zone = catalog(1, "a.test")
    peer.zones[from_text("a.test")] = [soa(5, "a.test")]
    async with serving(peer, "catalog", zones="example.org test") as server:
        await until_serial(server, 5, from_text("a.test"))
        await trio.sleep(0.6)  # the breath that is drawn after each round
        before, asked_before = plugin(server), len(peer.asked)
        peer.silent = True
        server.process.reload()
        await until(lambda: plugin(server) is not before)
        await until_serial(server, 5, from_text("a.test"))
        assert plugin(server).ready()
        assert len(peer.asked) == asked_before


def test_it_says_where_queries_end() -> None:
    text = "example.org {{\n secondary {{\n transfer from 192.0.2.1\n {}\n }}\n}}"
    assert [plugins_of(text.format(line))[0].stops() for line in ("", "fallthrough")] == [[ORIGIN], []]


async def test_a_reload_with_other_zones_keeps_those_of_before(peer: FakePrimary, tmp_path: Path) -> None:
    peer.zone, peer.zones[from_text("a.test")] = zone(1), [soa(5, "a.test")]
    corefile = tmp_path / "Corefile"

    def write(*zones: str) -> None:
        each = "\n".join(f" secondary {name} {{\n transfer from 127.0.0.1:{peer.port}\n }}" for name in zones)
        corefile.write_text(f"{' '.join(zones)} {{\n bind 127.0.0.1\n{each}\n}}")

    write("example.org")
    async with running_server(corefile) as server:
        before = plugin(server)
        write("example.org", "a.test")
        server.process.reload()
        await until(lambda: plugin(server) is not before)
        await until_serial(server, 5, from_text("a.test"))
        assert plugin(server).held()[0] is before.held()[0]
    assert peer.asked == [Type.AXFR, Type.AXFR]


async def test_of_zones_that_a_reload_takes_away_nothing_is_told(peer: FakePrimary, tmp_path: Path) -> None:
    peer.zone, peer.zones[from_text("a.test")] = zone(1), [soa(5, "a.test")]
    corefile = tmp_path / "Corefile"

    def write(*zones: str) -> None:
        corefile.write_text(
            f". {{\n bind 127.0.0.1\n secondary {' '.join(zones)} {{\n transfer from 127.0.0.1:{peer.port}\n }}\n}}"
        )

    def told(house: House) -> set[str]:
        return {
            values[0]
            for metric in house.metrics.read()
            if metric.kind == "gauge" and metric.labels == ("zone",)
            for values in metric.values  # type: ignore[union-attr]  # it is no histogram
        }

    write("example.org", "a.test")
    house = House()
    async with running_server(corefile, house=house) as server:
        await until_serial(server, 5, from_text("a.test"))
        assert told(house) == {"example.org.", "a.test."}
        write("example.org")
        server.process.reload()
        await until(lambda: "a.test." not in told(house))
        assert told(house) == {"example.org."}


def test_answers_keep_their_lanes() -> None:
    plugins = plugins_of("example.org {\nsecondary {\ntransfer from 127.0.0.1:5300\n}\n}")
    packed, *_ = fold_packed(plugins)
    assert packed is not None
    assert fold_at_once(plugins, Opcode.QUERY) is not None
