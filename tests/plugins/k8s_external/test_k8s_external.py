"""What is answered for services as they are reached from outside, as CoreDNS gives it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pydns.look import look
from pydns.names import from_text
from pydns.query import Query
from pydns.records import Class, Ede, Rcode, Record, Type
from pydns.reply import Reply
from pydns_plugins.kubernetes import Kubernetes
from tests.plugins.k8s_external.conftest import Ask, Start
from tests.pydns.cluster.shown import data, line

DB_SRV = ["0 50 5432 db-0.db.shop.example.org.", "0 50 5432 db-1.db.shop.example.org."]
ANSWERS = [
    ("lb.shop", "A", ["203.0.113.9", "203.0.113.10"]),
    ("LB.Shop", "A", ["203.0.113.9", "203.0.113.10"]),
    ("_http._tcp.lb.shop", "A", ["203.0.113.9", "203.0.113.10"]),
    ("_https._tcp.lb.shop", "SRV", ["0 33 443 lb.shop.example.org.", "0 33 443 lb.example.net."]),
    ("six.shop", "AAAA", ["2001:db8::5"]),
    ("six.shop", "SRV", ["0 100 80 six.shop.example.org."]),
    ("_http._tcp.six.shop", "SRV", ["0 100 80 six.shop.example.org."]),
    ("portless.shop", "A", ["203.0.113.9"]),
    ("named.shop", "CNAME", ["lb.example.net."]),
    ("named.shop", "SRV", ["0 50 80 lb.example.net.", "0 50 80 lb2.example.net."]),
    ("headless-outside.shop", "A", ["203.0.113.20"]),
    ("", "SOA", ["ns1.dns.example.org. hostmaster.dns.example.org. SERIAL 7200 1800 86400 5"]),
    ("", "NS", ["ns1.dns.example.org."]),
    ("ns1.dns", "A", ["203.0.113.53"]),
    ("ns1.dns", "AAAA", ["2001:db8::53"]),
]
HEADLESS = [
    ("db.shop", "A", ["10.244.0.21", "10.244.1.22"]),
    ("db.shop", "SRV", DB_SRV),
    ("_pg._tcp.db.shop", "SRV", DB_SRV),
    ("db-0.db.shop", "A", ["10.244.0.21"]),
    ("db-1.db.shop", "SRV", ["0 100 5432 db-1.db.shop.example.org."]),
    ("10-244-0-11.inside.shop", "A", ["10.244.0.11"]),
    ("headless-outside.shop", "A", ["203.0.113.20"]),
]
NO_DATA = [
    ("", "A"), ("", "TXT"), ("shop", "A"), ("shop", "SOA"), ("empty", "A"),
    ("lb.shop", "AAAA"), ("lb.shop", "TXT"), ("lb.shop", "CNAME"), ("six.shop", "A"), ("portless.shop", "SRV"),
    ("named.shop", "TXT"), ("_tcp.lb.shop", "A"), ("lb.shop", "PTR"),
    ("dns", "A"), ("dns", "NS"), ("ns1.dns", "TXT"), ("ns1.dns", "NS"),
]  # fmt: skip
NO_NAME = [
    "nothere", "lb.nothere", "missing.shop", "inside.shop", "db.shop", "db-0.db.shop", "www.shop",
    "_smtp._tcp.lb.shop", "_http._udp.lb.shop", "_udp.lb.shop", "a.b.c.lb.shop", "10-244-0-30.headless-outside.shop",
    "ns2.dns", "a.ns1.dns", "a.dns",
]  # fmt: skip


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def full(name: str) -> str:
    return f"{name}.example.org".lstrip(".")


@pytest.mark.parametrize(("name", "type_", "expected"), ANSWERS)
async def test_an_answer(name: str, type_: str, expected: list[str], start: Start, ask: Ask) -> None:
    plugin = await start()
    reply = await ask(plugin, full(name), type_)
    index = plugin._cluster.index if plugin._cluster else None
    assert [data(record) for record in reply.answer] == [
        each.replace("SERIAL", str(index.serial if index else 0)) for each in expected
    ]
    assert (reply.rcode, reply.flags, reply.local) == (Rcode.NOERROR, Reply.AA, True)
    assert all(record.owner == from_text(full(name)) for record in reply.answer)


@pytest.mark.parametrize(("name", "type_", "expected"), HEADLESS)
async def test_headless_services_are_an_option(
    name: str, type_: str, expected: list[str], start: Start, ask: Ask
) -> None:
    reply = await ask(await start("headless"), full(name), type_)
    assert [data(record) for record in reply.answer] == expected


@pytest.mark.parametrize(("name", "type_"), NO_DATA)
async def test_no_data(name: str, type_: str, start: Start, ask: Ask) -> None:
    reply = await ask(await start(), full(name), type_)
    assert (reply.rcode, len(reply.answer), [each.type for each in reply.authority]) == (0, 0, [Type.SOA])


@pytest.mark.parametrize("name", NO_NAME)
async def test_no_such_name(name: str, start: Start, ask: Ask) -> None:
    reply = await ask(await start(), full(name))
    assert (reply.rcode, [each.type for each in reply.authority]) == (Rcode.NXDOMAIN, [Type.SOA])


@pytest.mark.parametrize(("name", "expected"), [
    ("9.113.0.203.in-addr.arpa", ["lb.shop.example.org.", "portless.shop.example.org."]),
    ("10.113.0.203.in-addr.arpa", ["lb.shop.example.org."]),
    (".".join("5000000000000000000000008bd01002") + ".ip6.arpa", ["six.shop.example.org."]),
])  # fmt: skip
async def test_an_address_leads_to_its_services(name: str, expected: list[str], start: Start, ask: Ask) -> None:
    plugin = await start()
    assert [data(record) for record in (await ask(plugin, name, "PTR")).answer] == expected
    other = await ask(plugin, name, "A")
    assert (other.rcode, other.answer) == (Rcode.NOERROR, ())


@pytest.mark.parametrize(("name", "rcode"), [("40.2.96.10.in-addr.arpa", Rcode.NXDOMAIN), ("10.in-addr.arpa", 0)])
async def test_addresses_of_inside_have_no_name(name: str, rcode: int, start: Start, ask: Ask) -> None:
    assert (await ask(await start(), name, "PTR")).rcode == rcode


async def test_glue(start: Start, ask: Ask) -> None:
    reply = await ask(await start("apex names.of", "ttl 30"), "example.org", "NS")
    assert [line(record) for record in (*reply.answer, *reply.additional)] == [
        "example.org. 30 NS ns1.names.of.example.org.",
        "ns1.names.of.example.org. 30 A 203.0.113.53",
        "ns1.names.of.example.org. 30 AAAA 2001:db8::53",
    ]
    reply = await ask(await start("ttl 3600"), "lb.shop.example.org", "SRV")
    assert [line(record) for record in reply.additional] == [
        "lb.shop.example.org. 3600 A 203.0.113.9",
        "lb.shop.example.org. 3600 A 203.0.113.10",
    ]


async def test_behind_no_service_the_server_has_its_own_addresses(start: Start, ask: Ask, file: Path) -> None:
    change(file, "127.0.0.1", "127.0.0.9")
    reply = await ask(await start(), "ns1.dns.example.org")
    assert [data(record) for record in reply.answer] == ["127.0.0.1"]


async def test_a_load_balancers_name_is_followed(start: Start, ask: Ask) -> None:
    async def outside(query: Query) -> Reply:
        assert query.name == from_text("lb.example.net")
        return Reply((Record(query.name, Type.A, Class.IN, 60, b"\xc0\0\2\7"),))

    reply = await ask(await start(), "named.shop.example.org", "A", outside)
    assert [line(record) for record in reply.answer] == [
        "named.shop.example.org. 5 CNAME lb.example.net.",
        "lb.example.net. 60 A 192.0.2.7",
    ]


async def test_other_zones_and_missing_names_go_on(start: Start, ask: Ask) -> None:
    plugin = await start("fallthrough shop.example.org in-addr.arpa")
    for name in ("example.com", "web.shop.svc.cluster.local", "none.shop.example.org", "1.2.3.4.in-addr.arpa"):
        assert (await ask(plugin, name)).by == "next"
    assert (await ask(plugin, "shop.example.org")).by == "k8s_external"
    assert (await ask(plugin, "none.example.org")).rcode == Rcode.NXDOMAIN
    assert plugin.stops() == [from_text("ip6.arpa")]


async def test_before_the_cluster_is_known_nothing_is_denied(start: Start, ask: Ask) -> None:
    reply = await ask(await start("fallthrough", load=False), "lb.shop.example.org")
    assert (reply.rcode, reply.errors[0][0]) == (Rcode.SERVFAIL, Ede.NOT_READY)


@pytest.mark.parametrize("type_", ["AXFR", "IXFR"])
async def test_its_zones_are_not_transferred(type_: str, start: Start, ask: Ask) -> None:
    assert (await ask(await start(), "example.org", type_)).rcode == Rcode.REFUSED


@pytest.mark.parametrize(("old", "new", "name"), [
    ('external_ips = ["2001:db8::5"]', 'external_ips = ["2001:db8::6"]', "_http._tcp.six.shop.example.org"),
    ("[services.shop.six]", "[services.shop.seven]", "seven.shop.example.org"),
    ('external_ips = ["203.0.113.20"]', 'external_ips = ["203.0.113.21"]', "20.113.0.203.in-addr.arpa"),
    ("10.244.1.22", "10.244.1.29", "db.shop.example.org"),
    ('namespaces = ["empty"]', "namespaces = []", "empty.example.org"),
    ("203.0.113.53", "203.0.113.54", "ns1.dns.example.org"),
    ("203.0.113.53", "203.0.113.54", "example.org"),
])  # fmt: skip
async def test_old_answers_end_with_a_change(old: str, new: str, name: str, start: Start, file: Path) -> None:
    plugin = await start("headless")
    kubernetes = plugin._cluster
    assert isinstance(kubernetes, Kubernetes)
    changes = plugin.house.changes
    epoch = changes.epoch
    change(file, old, new)
    await kubernetes._load(look((str(file),)))
    assert changes.touched_since(epoch, [from_text(name)])
    assert not changes.touched_since(epoch, [from_text("portless.shop.example.org")])
