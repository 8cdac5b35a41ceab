from __future__ import annotations

import gc
import logging

import dns.rcode
import pytest
import trio

from pydns.names import from_text
from pydns.records import Ede
from pydns.tsig.client import SignedRequest
from pydns.tsig.key import Key
from pydns.zone.holder import Held
from pydns_plugins.transfer import AT_ONCE, PER_CLIENT, outgoing
from pydns_plugins.tsig import Tsig
from tests.plugins.asking import block, directives
from tests.plugins.transfer.asking import Client, Site, axfr, held, ixfr, spoken, zone

SECRET = "c2VjcmV0IG9mIHRoZSB0ZXN0cw=="
KEY = Key.from_text("key.example", SECRET)
ONE = zone(1, "a 60 A 192.0.2.1", "b 60 A 192.0.2.2")
TWO = zone(2, "b 60 A 192.0.2.2", "c 60 A 192.0.2.3")
THREE = zone(3, "b 60 A 192.0.2.2", "c 60 A 192.0.2.3", "d 60 A 192.0.2.4")
LARGE = [f"h{i} 60 A 192.0.2.1" for i in range(4000)]
LONG = zone(1, *LARGE)


def rcodes(messages: list[dns.message.Message]) -> str:
    (message,) = messages
    return str(dns.rcode.to_text(message.rcode()))


async def test_the_whole_zone(nursery: trio.Nursery) -> None:
    site = Site(nursery, "transfer\n to *", held(ONE))
    (message,) = await site.ask(axfr(edns=1232))
    assert spoken([message]) == ["@ SOA 1", "@ NS", "ns A", "a A", "b A", "@ SOA 1"]
    assert (message.flags & 0x0400, message.edns, site.counted("full")) == (0x0400, 0, 1)


async def test_a_large_zone_is_several_messages(nursery: trio.Nursery, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    site = Site(nursery, "transfer\n to *", held(LONG))
    wire = axfr()
    messages = await site.ask(wire)
    assert len(messages) > 2
    assert {message.id for message in messages} == {int.from_bytes(wire[:2])}
    assert len(spoken(messages)) == 4004
    assert site.under_way == 0
    assert "AXFR of example.org. 1 to 192.0.2.9 port 40212: 4004 records, " in caplog.text


async def test_a_zone_that_is_published_meanwhile_is_not_mixed_in(nursery: trio.Nursery) -> None:
    zones = held(LONG)
    site = Site(nursery, "transfer\n to *", zones)
    client = Client(waits=True)
    first = await site.ask(axfr(), client)
    zones.publish(zone(2, "other 60 A 192.0.2.1"))
    rest = [dns.message.from_wire(wire, one_rr_per_rrset=True) for wire in client.read()]
    found = spoken([*first, *rest])
    assert (found[0], found[-1], len(found)) == ("@ SOA 1", "@ SOA 1", 4004)


@pytest.mark.parametrize(
    ("serial", "expected"),
    [
        (3, ["@ SOA 3"]),
        (4, ["@ SOA 3"]),  # later than ours: it has what we have, and more
        (2, ["@ SOA 3", "@ SOA 2", "@ SOA 3", "d A", "@ SOA 3"]),
        (
            1,
            ["@ SOA 3", "@ SOA 1", "a A", "@ SOA 2", "c A", "@ SOA 2", "@ SOA 3", "d A", "@ SOA 3"],
        ),
        (0, ["@ SOA 3", "@ NS", "ns A", "b A", "c A", "d A", *(f"z{i} A" for i in range(9)), "@ SOA 3"]),
    ],
)
@pytest.mark.parametrize("edns", [None, 1232])
async def test_what_changed_since(serial: int, expected: list[str], edns: int | None, nursery: trio.Nursery) -> None:
    more = [f"z{i} 60 A 192.0.2.1" for i in range(9)]
    versions = [
        zone(1, "a 60 A 192.0.2.1", "b 60 A 192.0.2.2", *more),
        zone(2, "b 60 A 192.0.2.2", "c 60 A 192.0.2.3", *more),
        zone(3, "b 60 A 192.0.2.2", "c 60 A 192.0.2.3", "d 60 A 192.0.2.4", *more),
    ]
    site = Site(nursery, "transfer\n to *", held(*versions))
    messages = await site.ask(ixfr(serial, edns=edns))
    assert spoken(messages) == expected


async def test_a_change_longer_than_the_zone_is_the_zone(nursery: trio.Nursery) -> None:
    site = Site(nursery, "transfer\n to *", held(zone(1, *LARGE[:50]), zone(2)))
    assert spoken(await site.ask(ixfr(1))) == ["@ SOA 2", "@ NS", "ns A", "@ SOA 2"]
    assert site.counted("full", "IXFR") == 1


MORE = [f"z{i} 60 A 192.0.2.1" for i in range(80)]


@pytest.mark.parametrize(
    ("change", "edns", "expected"),
    [
        (["d 60 A 192.0.2.4"], None, ["@ SOA 2", "@ SOA 1", "@ SOA 2", "d A", "@ SOA 2"]),
        ([f"d{i} 60 TXT {'x' * 50}" for i in range(10)], None, ["@ SOA 2"]),
        ([f"d{i} 60 TXT {'x' * 50}" for i in range(10)], 1232, ["@ SOA 2", "@ SOA 1", "@ SOA 2"] + 10 * ["x"]),
        ([f"d{i} 60 TXT {'x' * 50}" for i in range(30)], 4096, ["@ SOA 2"]),  # over our 1232
    ],
)
async def test_over_udp_what_changed_where_it_fits_else_the_soa(
    change: list[str], edns: int | None, expected: list[str], nursery: trio.Nursery
) -> None:
    site = Site(nursery, "transfer\n to *", held(zone(1, *MORE), zone(2, *MORE, *change)))
    (message,) = await site.ask(ixfr(1, edns=edns), Client(transport="udp"))
    found = spoken([message])
    assert not message.flags & 0x0200
    assert len(message.to_wire()) <= 1232
    if "x" in expected:
        assert (found[:3], len(found)) == (expected[:3], 14)
    else:
        assert found == expected


async def test_over_udp_a_zone_is_not_transferred(nursery: trio.Nursery) -> None:
    site = Site(nursery, "transfer\n to *", held(ONE))
    assert rcodes(await site.ask(axfr(), Client(transport="udp"))) == "NOTIMP"
    assert spoken(await site.ask(ixfr(0), Client(transport="udp"))) == ["@ SOA 1"]


@pytest.mark.parametrize(
    ("text", "wire", "rcode", "outcome"),
    [
        ("transfer\n to 192.0.2.1", axfr(), "REFUSED", "refused"),
        ("transfer\n to * key key.example", axfr(), "REFUSED", "refused"),
        ("transfer\n to *", axfr("www.example.org."), "NOTAUTH", "not_authoritative"),
        ("transfer\n to *", axfr("example.net."), "REFUSED", ""),  # another plugin's
        ("transfer\n to *", axfr("gone.example.org."), "SERVFAIL", "not_ready"),
        ("transfer\n to *", ixfr(None), "FORMERR", "malformed"),
    ],
    ids=["an address", "a key", "no zone", "another plugin's", "not there", "no SOA"],  # the bytes have random ids
)
async def test_who_is_given_nothing(text: str, wire: bytes, rcode: str, outcome: str, nursery: trio.Nursery) -> None:
    site = Site(nursery, text, held(ONE), Held(from_text("gone.example.org")))
    assert rcodes(await site.ask(wire)) == rcode
    if outcome:
        type_ = "IXFR" if outcome == "malformed" else "AXFR"
        assert site.counted(outcome, type_) == 1


async def test_a_refusal_says_why(nursery: trio.Nursery) -> None:
    site = Site(nursery, "transfer\n to 192.0.2.1", held(ONE))
    (message,) = await site.ask(axfr(edns=1232))
    assert [int(error.code) for error in message.extended_errors()] == [Ede.PROHIBITED]


async def test_an_ixfr_query_for_another_name_than_its_soa_is_malformed(nursery: trio.Nursery) -> None:
    site = Site(nursery, "transfer\n to *", held(ONE))
    wire = ixfr(1).replace(b"\xc0\x0c\0\6", b"\xc0\x14\0\6")
    assert wire != ixfr(1)
    assert rcodes(await site.ask(wire)) == "FORMERR"


async def test_the_directive_with_the_longest_zone_counts(nursery: trio.Nursery) -> None:
    text = "transfer org\n to *\ntransfer example.org\n to 192.0.2.1"
    site = Site(nursery, text, held(ONE))
    assert rcodes(await site.ask(axfr())) == "REFUSED"


async def test_other_queries_go_on(nursery: trio.Nursery) -> None:
    site = Site(nursery, "transfer\n to *", held(ONE))
    wire = dns.message.make_query("example.org.", "A").to_wire()
    assert rcodes(await site.ask(wire)) == "REFUSED"
    assert site.counted("full") == 0


async def test_a_key_opens(nursery: trio.Nursery) -> None:
    (tsig,) = Tsig.parse(directives(f"tsig\n secret key.example {SECRET}"), block())
    site = Site(nursery, "transfer\n to 192.0.2.1 key key.example", held(LONG), before=[tsig])
    request = SignedRequest(axfr(), KEY)
    client = Client("192.0.2.1")
    first = await site.server.ask(request.wire, client)
    assert first is not None
    wires = [first, *client.read()]
    assert len(wires) > 2
    for wire in wires:
        request.verify(wire)
    request.end()
    assert rcodes(await site.ask(axfr(), Client("192.0.2.1"))) == "REFUSED"
    assert rcodes(await site.ask(SignedRequest(axfr(), KEY).wire)) == "REFUSED"  # another address


async def test_so_many_at_once(nursery: trio.Nursery) -> None:
    site = Site(nursery, "transfer\n to *", held(LONG))
    clients = [Client(f"192.0.2.{i}", waits=True) for i in range(AT_ONCE)]
    for client in clients:
        await site.server.ask(axfr(), client)
    assert site.under_way == AT_ONCE
    assert rcodes(await site.ask(axfr(), Client("198.51.100.1"))) == "SERVFAIL"
    assert site.counted("busy") == 1
    clients[0].read()
    assert len(await site.ask(axfr(), Client("198.51.100.1"))) > 2


async def test_so_many_at_once_to_one_address(nursery: trio.Nursery) -> None:
    site = Site(nursery, "transfer\n to *", held(LONG))
    clients = [Client(waits=True) for _ in range(PER_CLIENT)]
    for client in clients:
        await site.server.ask(axfr(), client)
    assert rcodes(await site.ask(axfr())) == "SERVFAIL"
    assert len(await site.ask(axfr(), Client("192.0.2.10"))) > 2
    clients[0].read()
    assert len(await site.ask(axfr())) > 2


async def test_short_ones_do_not_count(nursery: trio.Nursery) -> None:
    """NSD asks for all zones that it is to have at once."""
    site = Site(nursery, "transfer\n to *", held(ONE))
    clients = [Client(waits=True) for _ in range(AT_ONCE + 1)]
    for client in clients:
        await site.server.ask(axfr(), client)
    assert site.counted("full") == AT_ONCE + 1


async def test_one_that_breaks_off_is_told(nursery: trio.Nursery, caplog: pytest.LogCaptureFixture) -> None:
    site = Site(nursery, "transfer\n to *", held(LONG))
    client = Client(waits=True)
    await site.ask(axfr(), client)
    client.messages[0].close()
    client.messages[0].close()
    assert site.under_way == 0
    assert "AXFR of example.org. 1 to 192.0.2.9 port 40212: broke off after 1 messages" in caplog.text
    assert site.house.metrics.counter("pydns_transfer_broken_total", "").value() == 1


async def test_one_whose_answer_never_left_ends_too(nursery: trio.Nursery) -> None:
    site = Site(nursery, "transfer\n to *", held(LONG))
    client = Client(waits=True)
    await site.ask(axfr(), client)
    client.messages.clear()
    gc.collect()
    assert site.under_way == 0


async def test_one_that_takes_too_long_ends(nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(nursery, "transfer\n to *", held(LONG))
    client = Client(waits=True)
    await site.ask(axfr(), client)
    monkeypatch.setattr(outgoing, "LONGEST", -1.0)
    with pytest.raises(outgoing.TooSlowError):
        client.messages[0].__next__()
