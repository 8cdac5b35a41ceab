from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
import trio

from pydns.dnssec import keyfiles
from pydns.dnssec.algorithm import Algorithm
from pydns.dnssec.key import ZONE as ZONE_FLAG
from pydns.dnssec.keyfiles import SigningKey
from pydns.plugin import House, Turn
from pydns.query import Edns, Query
from pydns.records import Class, Ede, Rcode, Record, Type
from pydns.reply import OVERLOAD, Reply
from pydns.testing import FakeNext, query, running_server
from pydns.watch import Watcher
from pydns.wire.message import pack
from pydns_plugins.dnssec import Dnssec
from pydns_plugins.dnssec.known import Known
from tests.plugins.dnssec.serving import DO, WWW, ZONE, A, Holder, asking, plugin, signing, zone
from tests.pydns.dnssec.signing import key


def types(records: object) -> list[int]:
    return [record.type for record in records]  # type: ignore[attr-defined]


async def test_an_answer_is_signed() -> None:
    async with signing(plugin()) as dnssec:
        reply = await dnssec.serve(asking(), FakeNext(Reply([A], flags=Reply.AA)))
    assert types(reply.answer) == [Type.A, Type.RRSIG]
    assert reply.answer[1].owner == WWW
    assert reply.answer[1].ttl == 300


@pytest.mark.parametrize(
    "query_",
    [
        asking(do=False),
        query(edns=Edns(1232, 0, False, ())),
        asking("www.example.com"),
        query("www.example.org", class_=Class.CH, edns=DO),
        asking(type_="AXFR"),
    ],
    ids=["no OPT", "no DO", "another zone", "another class", "a transfer"],
)
async def test_others_get_what_there_is(query_: Query) -> None:
    given = Reply([A])
    dnssec = plugin()
    assert await dnssec.serve(query_, FakeNext(given)) is given
    assert dnssec.at_once(query_) is Turn.NEXT
    assert dnssec.amend(query_, given) is given


async def test_an_answer_that_is_signed_already_is_left_alone() -> None:
    given = Reply([A, Record(WWW, Type.RRSIG, Class.IN, 300, b"\0\1" + bytes(38))])
    assert await plugin().serve(asking(), FakeNext(given)) is given


async def test_what_is_signed_is_answered_at_once_from_then_on() -> None:
    dnssec = plugin()
    assert dnssec.amend(asking(), Reply([A])) is Turn.SERVE
    async with signing(dnssec):
        first = await dnssec.serve(asking(), FakeNext(Reply([A])))
    second = dnssec.amend(asking(), Reply([A]))
    assert isinstance(second, Reply)
    assert second.answer == first.answer
    assert dnssec.signatures.made == 1


async def test_who_wants_the_same_waits_for_the_same() -> None:
    async with signing(plugin()) as dnssec, trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(dnssec.serve, asking(), FakeNext(Reply([A])))
    assert dnssec.signatures.made == 1


async def test_a_message_of_an_upstream_is_signed() -> None:
    question = WWW + b"\0\1\0\1"
    async with signing(plugin()) as dnssec:
        for ttl in (300, 299):  # it counts down, and the signature stays
            given = Reply(wire=pack(question, Reply([A._replace(ttl=ttl)])))
            reply = await dnssec.serve(asking(), FakeNext(given))
            assert [record.ttl for record in reply.answer] == [ttl, ttl]
            assert reply.answer[1].rdata[4:8] == (3600).to_bytes(4)
    assert dnssec.signatures.made == 1


@pytest.mark.parametrize("type_", ["DNSKEY", "CDS", "CDNSKEY"])
async def test_keys_are_answered(type_: str) -> None:
    async with signing(plugin(cds=True)) as dnssec:
        reply = await dnssec.serve(asking("example.org", type_), FakeNext())
    assert types(reply.answer) == [Type[type_], Type.RRSIG]
    without = dnssec.at_once(asking("example.org", type_, do=False))
    assert isinstance(without, Reply)
    assert types(without.answer) == [Type[type_]]


@pytest.mark.parametrize(("type_", "rdata"), [("CDS", bytes(5)), ("CDNSKEY", b"\0\0\3\0\0")])
def test_the_parent_may_be_asked_to_have_no_ds_records(type_: str, rdata: bytes) -> None:
    reply = plugin(cds=True, no_ds=True).at_once(asking("example.org", type_, do=False))
    assert isinstance(reply, Reply)
    assert [record.rdata for record in reply.answer] == [rdata]  # RFC 8078 section 4


@pytest.mark.parametrize(("name", "type_"), [("www.example.org", "DNSKEY"), ("example.org", "CDS")])
def test_other_questions_for_keys_go_on(name: str, type_: str) -> None:
    assert plugin().at_once(asking(name, type_)) is Turn.NEXT


def test_a_type_of_bitmaps_alone_is_no_question() -> None:
    reply = plugin().at_once(asking(type_="TYPE128"))
    assert isinstance(reply, Reply)
    assert (reply.rcode, reply.errors[0][0]) == (Rcode.FORMERR, Ede.INVALID_QUERY_TYPE)


def test_the_keys_of_a_zone_that_is_signed_beforehand_are_its_own() -> None:
    dnssec = plugin()
    signed = Record(ZONE, Type.RRSIG, Class.IN, 300, b"\0\6" + bytes(38))
    dnssec._known = Known([Holder(zone(ZONE, ("example.org", Type.RRSIG, signed.rdata)))])
    assert dnssec.at_once(asking("example.org", "DNSKEY")) is Turn.NEXT


async def test_split_keys_each_have_their_part() -> None:
    dnssec = plugin()
    ksk, zsk = key(Algorithm.ED25519), key(Algorithm.ED25519, ZONE_FLAG)
    dnssec.signatures.change([ksk, zsk])
    async with signing(dnssec):
        keys = await dnssec.serve(asking("example.org", "DNSKEY"), FakeNext())
        others = await dnssec.serve(asking(), FakeNext(Reply([A])))
    assert [int.from_bytes(each.rdata[16:18]) for each in keys.answer[2:]] == [ksk.tag]
    assert [int.from_bytes(each.rdata[16:18]) for each in others.answer[1:]] == [zsk.tag]


async def test_without_keys_who_wants_signatures_gets_none_and_no_answer() -> None:
    dnssec = plugin()
    dnssec.signatures.change([])
    reply = await dnssec.serve(asking(), FakeNext(Reply([A])))
    assert (reply.rcode, reply.errors[0][0]) == (Rcode.SERVFAIL, Ede.NOT_READY)
    assert not dnssec.ready()


async def test_where_too_many_wait_none_is_added() -> None:
    reply = await plugin(House(crowded=lambda: True)).serve(asking(), FakeNext(Reply([A])))
    assert (reply.dropped, reply.by) == (True, OVERLOAD)


async def test_no_answer_stays_none() -> None:
    assert (await plugin().serve(asking(), FakeNext(Reply.drop("acl")))).dropped


async def test_a_fault_in_signing_is_the_askers_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = key(Algorithm.ED25519).of(ZONE)
    monkeypatch.setattr(broken, "of", lambda zone: None)
    async with signing(plugin()) as dnssec:
        dnssec.signatures.change([broken])
        with pytest.raises(AttributeError):
            await dnssec.serve(asking(), FakeNext(Reply([A])))
        dnssec.signatures.change([key(Algorithm.ED25519)])
        assert await dnssec.serve(asking(), FakeNext(Reply([A])))


async def test_hits_and_misses_are_counted() -> None:
    house = House()
    async with signing(plugin(house)) as dnssec:
        for _ in range(3):
            await dnssec.serve(asking(), FakeNext(Reply([A, A._replace(owner=ZONE)])))
    dnssec._count()
    for name, count in (("hits_total", 4), ("misses_total", 2)):
        assert house.metrics.counter(f"coredns_dnssec_cache_{name}", "", "server").value("") == count
    assert house.metrics.gauge("coredns_dnssec_cache_entries", "", "server", "type").value("", "signature") == 2


async def test_keys_are_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "pydns.dnssec")
    house = House(watcher=Watcher())
    stem = tmp_path / "Kexample"
    dnssec = Dnssec(plugin(keys=(stem,)).options)
    dnssec.house = house

    changed, change = trio.Event(), dnssec.signatures.change

    def noted(keys: Sequence[SigningKey]) -> None:
        change(keys)
        changed.set()

    monkeypatch.setattr(dnssec.signatures, "change", noted)
    async with trio.open_nursery() as nursery:
        await nursery.start(house.files.run)
        await nursery.start(dnssec.run)
        assert not dnssec.ready()
        for each in (key(Algorithm.ED25519), key(Algorithm.ECDSAP256SHA256)):
            epoch, changed = house.changes.epoch, trio.Event()
            written = keyfiles.write(each, tmp_path)
            for ours, theirs in zip(keyfiles.files(stem), keyfiles.files(written), strict=True):
                shutil.copy(theirs, ours)
            with trio.fail_after(15):
                while [found.tag for found in dnssec.signatures.keys] != [each.tag]:
                    await changed.wait()
                    changed = trio.Event()
            assert house.changes.epoch > epoch
        nursery.cancel_scope.cancel()
    assert "who wants signatures gets SERVFAIL" in caplog.text
    assert "example.org.: the keys can be read again" in caplog.text


def test_a_reload_keeps_signatures() -> None:
    old, new = plugin(), plugin()
    old.signatures._kept[(A,), ZONE] = (0, 2_000_000_000, (A,))  # type: ignore[index]  # an Unsigned is such a tuple
    new.signatures.take(old.signatures)
    assert len(new.signatures) == 1
    new.signatures.change([key()])
    new.signatures.take(old.signatures)
    assert len(new.signatures) == 0


COREFILE = """example.org:0 {{
    bind 127.0.0.1
    cache
    dnssec {{
        key file {key}
    }}
    hosts {hosts}
}}
"""


async def test_what_hosts_have_is_not_denied_by_a_zone_behind_them(tmp_path: Path) -> None:
    stem = keyfiles.write(key(Algorithm.ED25519), tmp_path)
    (tmp_path / "db").write_text("@ 300 SOA ns h 1 2 3 4 60\n@ NS ns\nns A 127.0.0.1\nwww TXT x\n")
    (tmp_path / "hosts").write_text("192.0.2.1 www.example.org\n")
    hosts = f"{tmp_path / 'hosts'} {{\n fallthrough\n }}\n file {tmp_path / 'db'}"
    async with running_server(COREFILE.format(key=stem, hosts=hosts)) as server:
        with trio.socket.socket(type=trio.socket.SOCK_DGRAM) as sock:
            await sock.connect(("127.0.0.1", server.port))
            await sock.send(b"\0\1\1\0\0\1\0\0\0\0\0\1" + WWW + b"\0\x0f\0\1\0\0\x29\4\xd0\0\0\x80\0\0\0")
            answer = await sock.recv(2000)
    bits = answer.partition(b"\0\x2f\0\1")[2].partition(b"\1\0" + WWW)[2]
    assert bits[2] & 0x40  # A, of the first window


async def test_who_knows_compact_answers_hears_that_there_is_no_such_name(tmp_path: Path) -> None:
    stem = keyfiles.write(key(Algorithm.ED25519), tmp_path)
    (tmp_path / "db").write_text("@ 300 SOA ns h 1 2 3 4 60\n@ NS ns\nns A 127.0.0.1\n")
    text = COREFILE.format(key=f"{stem}\n denial compact", hosts="").replace("hosts", f"file {tmp_path / 'db'}")
    header = b"\0\1\1\0\0\1\0\0\0\0\0\1"
    told = {}
    async with running_server(text) as server:
        with trio.socket.socket(type=trio.socket.SOCK_DGRAM) as sock:
            await sock.connect(("127.0.0.1", server.port))
            for _ in range(3):  # made, kept, and replayed
                for name in (b"\3www", b"\2ns"):
                    for do, co in ((1, 0), (1, 1), (0, 0), (0, 1)):
                        opt = b"\0\0\x29\4\xd0\0\0" + bytes((do << 7 | co << 6,)) + b"\0\0\0"
                        await sock.send(header + name + ZONE + b"\0\1\0\1" + opt)
                        answer = await sock.recv(2000)
                        told.setdefault((name, do, co), []).append((answer[3] & 15, answer[-4] >> 6))
    assert told == {
        (b"\3www", 1, 0): [(0, 2)] * 3,
        (b"\3www", 1, 1): [(3, 3)] * 3,
        (b"\3www", 0, 0): [(3, 0)] * 3,
        (b"\3www", 0, 1): [(3, 0)] * 3,
        (b"\2ns", 1, 0): [(0, 2)] * 3,
        (b"\2ns", 1, 1): [(0, 3)] * 3,
        (b"\2ns", 0, 0): [(0, 0)] * 3,
        (b"\2ns", 0, 1): [(0, 0)] * 3,
    }


async def test_a_signed_answer_is_replayed(tmp_path: Path) -> None:
    stem = keyfiles.write(key(Algorithm.ED25519), tmp_path)
    (tmp_path / "hosts").write_text("192.0.2.1 www.example.org\n")
    question = WWW + b"\0\1\0\1"
    header = b"\0\1\1\0\0\1\0\0\0\0\0\1"
    opts = [b"\0\0\x29\4\xd0\0\0\x80\0\0\0", b"\0\0\x29\4\xd0\0\0\0\0\0\0"]
    async with running_server(COREFILE.format(key=stem, hosts=tmp_path / "hosts")) as server:
        with trio.socket.socket(type=trio.socket.SOCK_DGRAM) as sock:
            await sock.connect(("127.0.0.1", server.port))
            counts = []
            for _ in range(4):
                for opt in opts:
                    await sock.send(header + question + opt)
                    counts.append((await sock.recv(2000))[7])
    assert counts == [2, 1] * 4
