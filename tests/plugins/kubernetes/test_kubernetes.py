"""What is answered for a cluster that has everything, by the Kubernetes DNS specification and as CoreDNS gives it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pydns.names import from_text
from pydns.records import Ede, Rcode, Type
from pydns.reply import Reply
from pydns.testing import query
from tests.plugins.kubernetes.conftest import Ask, Parse, Start
from tests.pydns.cluster.shown import data, line

ANSWERS = [
    # Services with cluster addresses (specification 2.3.1).
    ("web.shop.svc", "A", ["10.96.1.10"]),
    ("WEB.Shop.SVC", "A", ["10.96.1.10"]),
    ("kubernetes.default.svc", "A", ["10.96.0.1"]),
    ("np.shop.svc", "A", ["10.96.2.30"]),
    ("lb.shop.svc", "A", ["10.96.2.40"]),
    ("idle.shop.svc", "A", ["10.96.1.20"]),
    ("portless.default.svc", "A", ["10.96.0.9"]),
    ("two.shop.svc", "A", ["10.96.3.1"]),
    ("two.shop.svc", "AAAA", ["fd00:10:96::31"]),
    # Their ports (2.3.2). A name without a port has them all; all share a weight of 100.
    ("_http._tcp.web.shop.svc", "SRV", ["0 100 80 web.shop.svc.cluster.local."]),
    ("web.shop.svc", "SRV", ["0 50 80 web.shop.svc.cluster.local.", "0 50 443 web.shop.svc.cluster.local."]),
    ("two.shop.svc", "SRV", ["0 50 80 two.shop.svc.cluster.local."]),
    ("_dns._udp.kube-dns.kube-system.svc", "SRV", ["0 100 53 kube-dns.kube-system.svc.cluster.local."]),
    ("_http._tcp.web.shop.svc", "A", ["10.96.1.10"]),
    # Endpoints of a service that has an address of its own: by dashed address, with their own ports.
    ("10-244-0-11.web.shop.svc", "A", ["10.244.0.11"]),
    (
        "10-244-0-11.web.shop.svc", "SRV",
        ["0 50 8080 10-244-0-11.web.shop.svc.cluster.local.", "0 50 8443 10-244-0-11.web.shop.svc.cluster.local."],
    ),
    # Headless services (2.4.1): the ready endpoints.
    ("db.shop.svc", "A", ["10.244.0.21", "10.244.1.22"]),
    ("db-0.db.shop.svc", "A", ["10.244.0.21"]),
    ("early.shop.svc", "A", ["10.244.0.31", "10.244.0.32"]),
    ("plain.shop.svc", "A", ["10.244.2.41", "10.244.2.42"]),
    ("both.shop.svc", "AAAA", ["fd00:244::41", "fd00:244::"]),
    ("h0.both.shop.svc", "A", ["10.244.4.1"]),
    ("h0.both.shop.svc", "AAAA", ["fd00:244::41"]),
    ("fd00-244--0.both.shop.svc", "AAAA", ["fd00:244::"]),
    ("twin.both.shop.svc", "A", ["10.244.4.3", "10.244.4.4"]),
    # Their ports (2.4.2), to the endpoints' names.
    (
        "_pg._tcp.db.shop.svc", "SRV",
        ["0 50 5432 db-0.db.shop.svc.cluster.local.", "0 50 5432 db-1.db.shop.svc.cluster.local."],
    ),
    ("db-1.db.shop.svc", "SRV", ["0 100 5432 db-1.db.shop.svc.cluster.local."]),
    (
        "plain.shop.svc", "SRV",
        [
            "0 50 7000 10-244-2-41.plain.shop.svc.cluster.local.",
            "0 50 7000 10-244-2-42.plain.shop.svc.cluster.local.",
        ],
    ),
    # A target stands once, however many addresses it has; its weight is as if it did not.
    (
        "both.shop.svc", "SRV",
        [
            "0 16 80 h0.both.shop.svc.cluster.local.",
            "0 16 80 10-244-4-2.both.shop.svc.cluster.local.",
            "0 16 80 fd00-244--0.both.shop.svc.cluster.local.",
            "0 16 80 twin.both.shop.svc.cluster.local.",
        ],
    ),
    ("ext.default.svc", "CNAME", ["www.example.com."]),
    ("dns-version", "TXT", ["1.1.0"]),
    ("ns.dns", "A", ["127.0.0.1"]),
    ("", "NS", ["ns.dns.cluster.local."]),
]  # fmt: skip

NO_DATA = [
    ("", "A"), ("", "AAAA"), ("", "SRV"), ("", "TXT"), ("", "HINFO"), ("", "ANY"),
    ("svc", "A"), ("svc", "NS"), ("pod", "A"),
    ("shop.svc", "A"), ("shop.svc", "TXT"), ("shop.svc", "NS"), ("empty.svc", "A"),
    ("web.shop.svc", "AAAA"), ("web.shop.svc", "TXT"), ("web.shop.svc", "MX"), ("web.shop.svc", "SOA"),
    ("web.shop.svc", "CNAME"), ("web.shop.svc", "PTR"), ("web.shop.svc", "HTTPS"), ("web.shop.svc", "TYPE65280"),
    ("db-0.db.shop.svc", "AAAA"), ("portless.default.svc", "SRV"),
    # The ports stand below it, so it exists (RFC 8020).
    ("_tcp.web.shop.svc", "A"), ("_tcp.db.shop.svc", "NS"),
    ("dns-version", "A"), ("dns", "A"), ("ns.dns", "AAAA"), ("ns.dns", "TXT"),
    ("ext.default.svc", "SRV"), ("ext.default.svc", "TXT"), ("self.default.svc", "A"),
]  # fmt: skip

NO_NAME = [
    "missing", "a.b", "missing.svc.svc",
    "nothere.svc", "web.nothere.svc",
    "missing.shop.svc", "a.missing.shop.svc",
    "10-244-1-13.web.shop.svc", "bogus.web.shop.svc", "10.244.0.11.web.shop.svc",
    "_smtp._tcp.web.shop.svc", "_http._udp.web.shop.svc", "_udp.web.shop.svc",
    "db-2.db.shop.svc", "db-3.db.shop.svc", "nobody.shop.svc", "_x._tcp.nobody.shop.svc",
    "a._http._tcp.web.shop.svc", "a.b.c.web.shop.svc",
    "extip.default.svc", "a.ext.default.svc", "a.b.ext.default.svc", "_tcp.ext.default.svc",
    "shop.pod", "10-244-0-11.shop.pod",
    "dns-versions", "a.dns-version", "dns.dns", "a.ns.dns", "apex.dns",
]  # fmt: skip


def modified(file: Path) -> float:
    return file.stat().st_mtime_ns / 1e9


def full(name: str) -> str:
    return f"{name}.cluster.local" if name else "cluster.local"


@pytest.mark.parametrize(("name", "type_", "expected"), ANSWERS)
async def test_an_answer(name: str, type_: str, expected: list[str], filled: Start, ask: Ask) -> None:
    reply = await ask(await filled(), full(name), type_)
    assert (reply.rcode, [data(record) for record in reply.answer]) == (Rcode.NOERROR, expected)
    assert reply.flags == Reply.AA
    assert not reply.authority


@pytest.mark.parametrize(("name", "type_"), NO_DATA)
async def test_no_data(name: str, type_: str, filled: Start, ask: Ask) -> None:
    reply = await ask(await filled(), full(name), type_)
    assert (reply.rcode, reply.answer) == (Rcode.NOERROR, ())
    assert [record.owner for record in reply.authority] == [from_text("cluster.local")]


@pytest.mark.parametrize("type_", ["A", "AAAA", "SRV", "TXT", "PTR", "SOA", "NS", "CNAME", "HINFO"])
@pytest.mark.parametrize("name", NO_NAME)
async def test_no_such_name(name: str, type_: str, filled: Start, ask: Ask) -> None:
    reply = await ask(await filled(), full(name), type_)
    assert (reply.rcode, reply.answer, reply.flags) == (Rcode.NXDOMAIN, (), Reply.AA)
    assert [record.owner for record in reply.authority] == [from_text("cluster.local")]


@pytest.mark.parametrize(("name", "expected"), [
    ("10.1.96.10.in-addr.arpa", ["web.shop.svc.cluster.local."]),
    ("21.0.244.10.in-addr.arpa", ["db-0.db.shop.svc.cluster.local."]),
    ("41.2.244.10.in-addr.arpa", ["10-244-2-41.plain.shop.svc.cluster.local."]),
    ("11.0.244.10.in-addr.arpa", [
        "10-244-0-11.web.shop.svc.cluster.local.", "10-244-0-11.share.shop.svc.cluster.local.",
    ]),
    ("1.3.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa", ["two.shop.svc.cluster.local."]),
    ("1.4.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.4.4.2.0.0.0.d.f.ip6.arpa", ["h0.both.shop.svc.cluster.local."]),
])  # fmt: skip
async def test_an_address(name: str, expected: list[str], filled: Start, ask: Ask) -> None:
    reply = await ask(await filled(), name, "PTR")
    assert [data(record) for record in reply.answer] == expected


@pytest.mark.parametrize(("name", "rcode"), [
    ("9.9.96.10.in-addr.arpa", Rcode.NXDOMAIN),
    ("13.1.244.10.in-addr.arpa", Rcode.NXDOMAIN),  # it is not ready
    ("svc.in-addr.arpa", Rcode.NXDOMAIN),
    ("web.shop.svc.in-addr.arpa", Rcode.NXDOMAIN),
    ("256.in-addr.arpa", Rcode.NXDOMAIN),
    # Addresses may stand below a network, so it is not denied.
    ("96.10.in-addr.arpa", Rcode.NOERROR),
    ("in-addr.arpa", Rcode.NOERROR),
    ("0.d.f.ip6.arpa", Rcode.NOERROR),
])  # fmt: skip
async def test_an_address_of_nobody(name: str, rcode: int, filled: Start, ask: Ask) -> None:
    reply = await ask(await filled(), name, "PTR")
    assert (reply.rcode, reply.answer) == (rcode, ())
    assert len(reply.authority) == 1


async def test_an_address_has_no_other_data(filled: Start, ask: Ask) -> None:
    reply = await ask(await filled(), "10.1.96.10.in-addr.arpa", "A")
    assert (reply.rcode, reply.answer) == (Rcode.NOERROR, ())


@pytest.mark.parametrize(("name", "expected"), [
    ("_http._tcp.web.shop.svc", ["web.shop.svc.cluster.local. 5 A 10.96.1.10"]),
    ("two.shop.svc", [
        "two.shop.svc.cluster.local. 5 A 10.96.3.1",
        "two.shop.svc.cluster.local. 5 AAAA fd00:10:96::31",
    ]),
    ("both.shop.svc", [
        "h0.both.shop.svc.cluster.local. 5 A 10.244.4.1",
        "h0.both.shop.svc.cluster.local. 5 AAAA fd00:244::41",
        "10-244-4-2.both.shop.svc.cluster.local. 5 A 10.244.4.2",
        "fd00-244--0.both.shop.svc.cluster.local. 5 AAAA fd00:244::",
        "twin.both.shop.svc.cluster.local. 5 A 10.244.4.3",
        "twin.both.shop.svc.cluster.local. 5 A 10.244.4.4",
    ]),
])  # fmt: skip
async def test_srv_brings_the_addresses(name: str, expected: list[str], filled: Start, ask: Ask) -> None:
    reply = await ask(await filled(), full(name), "SRV")
    assert [line(record) for record in reply.additional] == expected


async def test_the_soa_is_as_coredns_gives_it(filled: Start, ask: Ask, file: Path) -> None:
    plugin = await filled()
    serial = int(modified(file))
    soa = f"ns.dns.cluster.local. hostmaster.cluster.local. {serial} 7200 1800 86400 5"
    assert [line(each) for each in (await ask(plugin, full(""), "SOA")).answer] == [f"cluster.local. 5 SOA {soa}"]
    assert [line(each) for each in (await ask(plugin, full("x"))).authority] == [f"cluster.local. 5 SOA {soa}"]


@pytest.mark.parametrize(("ttl", "of_soa"), [(0, 0), (30, 30), (3600, 300)])
async def test_the_ttl_is_that_of_the_corefile(ttl: int, of_soa: int, filled: Start, ask: Ask) -> None:
    plugin = await filled(f"ttl {ttl}")
    assert (await ask(plugin, full("web.shop.svc"))).answer[0].ttl == ttl
    (soa,) = (await ask(plugin, full("x"))).authority
    assert (soa.ttl, int.from_bytes(soa.rdata[-4:])) == (of_soa, ttl)


async def test_the_version_of_the_schema_stays(filled: Start, ask: Ask) -> None:
    assert (await ask(await filled("ttl 0"), full("dns-version"), "TXT")).answer[0].ttl == 28800


async def test_the_name_server_has_an_address(filled: Start, ask: Ask) -> None:
    reply = await ask(await filled(), full(""), "NS")
    assert [line(record) for record in reply.additional] == ["ns.dns.cluster.local. 5 A 127.0.0.1"]


@pytest.mark.parametrize(("mode", "name", "type_", "expected"), [
    ("insecure", "10-244-0-11.shop.pod", "A", ["10.244.0.11"]),
    ("insecure", "192-0-2-9.shop.pod", "A", ["192.0.2.9"]),
    ("insecure", "fd00--1.empty.pod", "AAAA", ["fd00::1"]),
    ("insecure", "fd00--1.empty.pod", "A", []),
    ("insecure", "10-244-0-11.shop.pod", "TXT", []),
    ("insecure", "shop.pod", "A", []),
    ("insecure", "blah.shop.pod", "A", None),
    ("insecure", "1-2-3.shop.pod", "A", None),
    ("insecure", "01-2-3-4.shop.pod", "A", None),
    ("insecure", "1-2-3-4.nothere.pod", "A", None),
    ("insecure", "a.1-2-3-4.shop.pod", "A", None),
    ("verified", "10-244-0-11.shop.pod", "A", ["10.244.0.11"]),
    ("verified", "10-244-0-70.shop.pod", "A", ["10.244.0.70"]),
    ("verified", "fd00-244--70.shop.pod", "AAAA", ["fd00:244::70"]),
    ("verified", "fd00-244-0-0-0-0-0-70.shop.pod", "AAAA", ["fd00:244::70"]),
    ("verified", "10-244-0-11.empty.pod", "A", None),
    ("verified", "10-244-0-80.shop.pod", "A", None),  # it is done
    ("verified", "192-0-2-9.shop.pod", "A", None),
    ("verified", "shop.pod", "A", []),
    ("disabled", "10-244-0-11.shop.pod", "A", None),
])  # fmt: skip
async def test_pods(mode: str, name: str, type_: str, expected: list[str] | None, filled: Start, ask: Ask) -> None:
    reply = await ask(await filled(f"pods {mode}"), full(name), type_)
    found = None if reply.rcode == Rcode.NXDOMAIN else [data(record) for record in reply.answer]
    assert found == expected


@pytest.mark.parametrize(("option", "name", "expected"), [
    ("endpoint_pod_names", "web-7d4b9c-x1.web.shop.svc", ["10.244.0.11"]),
    ("endpoint_pod_names", "10-244-0-11.web.shop.svc", None),
    ("endpoint_pod_names", "10-244-0-12.web.shop.svc", ["10.244.0.12"]),  # its pod's name is no label
    ("endpoint_pod_names", "db-0.db.shop.svc", ["10.244.0.21"]),
    ("noendpoints", "db.shop.svc", None),
    ("noendpoints", "10-244-0-11.web.shop.svc", None),
    ("noendpoints", "web.shop.svc", ["10.96.1.10"]),
    ("ignore empty_service", "idle.shop.svc", None),
    ("ignore empty_service", "web.shop.svc", ["10.96.1.10"]),
    ("ignore empty_service", "db.shop.svc", ["10.244.0.21", "10.244.1.22"]),
    ("namespaces shop", "web.shop.svc", ["10.96.1.10"]),
    ("namespaces shop", "kubernetes.default.svc", None),
    ("namespaces shop", "default.svc", None),
    ("namespaces shop empty", "empty.svc", []),
])  # fmt: skip
async def test_an_option(option: str, name: str, expected: list[str] | None, filled: Start, ask: Ask) -> None:
    reply = await ask(await filled(option), full(name))
    found = None if reply.rcode == Rcode.NXDOMAIN else [data(record) for record in reply.answer]
    assert found == expected


async def test_an_address_in_a_namespace_that_is_not_shown_is_nobodys(filled: Start, ask: Ask) -> None:
    assert (await ask(await filled("namespaces shop"), "1.0.96.10.in-addr.arpa", "PTR")).rcode == Rcode.NXDOMAIN


@pytest.mark.parametrize(("option", "name", "type_", "by"), [
    ("fallthrough", "missing.shop.svc.cluster.local", "A", "next"),
    ("fallthrough in-addr.arpa ip6.arpa", "9.9.96.10.in-addr.arpa", "PTR", "next"),
    ("fallthrough in-addr.arpa ip6.arpa", "96.10.in-addr.arpa", "PTR", "next"),
    ("fallthrough in-addr.arpa ip6.arpa", "10.1.96.10.in-addr.arpa", "PTR", "kubernetes"),
    ("fallthrough in-addr.arpa ip6.arpa", "missing.shop.svc.cluster.local", "A", "kubernetes"),
    ("fallthrough", "web.shop.svc.cluster.local", "AAAA", "kubernetes"),
    ("ttl 5", "cluster.local.example.org", "A", "next"),
    ("ttl 5", "acluster.local", "A", "next"),
])  # fmt: skip
async def test_what_goes_on(option: str, name: str, type_: str, by: str, filled: Start, ask: Ask) -> None:
    assert (await ask(await filled(option), name, type_)).by == by


@pytest.mark.parametrize(
    ("option", "name", "is_said"),
    [
        ("ttl 5", "missing.shop.svc.cluster.local", True),
        ("fallthrough in-addr.arpa ip6.arpa", "missing.shop.svc.cluster.local", True),
        ("fallthrough in-addr.arpa ip6.arpa", "www.example.org.shop.svc.cluster.local", True),
        ("fallthrough", "missing.shop.svc.cluster.local", False),
        ("fallthrough shop.svc.cluster.local", "missing.shop.svc.cluster.local", False),
        ("fallthrough shop.svc.cluster.local", "missing.default.svc.cluster.local", True),
        ("fallthrough", "web.shop.svc.cluster.local", True),
    ],
)
async def test_a_denial_needs_no_query_where_it_does_not_go_on(
    option: str, name: str, is_said: bool, filled: Start
) -> None:
    assert isinstance((await filled(option)).packed(from_text(name), Type.A), tuple) is is_said


async def test_another_class_goes_on(filled: Start) -> None:
    async def went_on(_: object) -> Reply:
        return Reply(by="next")

    reply = await (await filled()).serve(query("web.shop.svc.cluster.local", class_=3), went_on)
    assert reply.by == "next"


async def test_several_zones_have_the_same_names(filled: Start, ask: Ask) -> None:
    plugin = await filled(zones="a.test b.test")
    for zone in ("a.test", "b.test"):
        reply = await ask(plugin, f"web.shop.svc.{zone}", "SRV")
        assert data(reply.answer[0]) == f"0 50 80 web.shop.svc.{zone}."
        assert (await ask(plugin, f"x.{zone}")).authority[0].owner == from_text(zone)


async def test_the_root_may_be_its_zone(filled: Start, ask: Ask) -> None:
    plugin = await filled(zones=".")
    assert (await ask(plugin, "web.shop.svc")).answer
    assert data((await ask(plugin, "10.1.96.10.in-addr.arpa", "PTR")).answer[0]) == "web.shop.svc."


@pytest.mark.parametrize("type_", ["AXFR", "IXFR"])
async def test_zones_are_not_transferred(type_: str, filled: Start, ask: Ask) -> None:
    reply = await ask(await filled(), "cluster.local", type_)
    assert (reply.rcode, reply.replay) == (Rcode.REFUSED, False)


async def test_a_reply_tells_the_object(filled: Start, ask: Ask) -> None:
    plugin = await filled()
    assert (await ask(plugin, full("web.shop.svc"))).why == "service shop/web"
    assert (await ask(plugin, "21.0.244.10.in-addr.arpa", "PTR")).why == "address of db-0.db.shop."


async def test_before_its_data_is_in_its_names_are_not_ready(parse: Parse, ask: Ask) -> None:
    plugin = parse("fallthrough")
    for name in ("web.shop.svc.cluster.local", "missing.cluster.local", "1.0.96.10.in-addr.arpa"):
        reply = await ask(plugin, name)
        assert (reply.rcode, reply.errors[0][0]) == (Rcode.SERVFAIL, Ede.NOT_READY)
    assert (await ask(plugin, "example.org")).by == "next"
    assert not plugin.ready()


async def test_without_its_file_it_runs_and_is_not_ready(
    file: Path, started: Start, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    os.unlink(file)
    plugin = await started("fallthrough")
    assert not plugin.ready()
    assert (await ask(plugin, full("web.shop.svc"))).rcode == Rcode.SERVFAIL
    assert f"{file}: cannot be read: No such file or directory" in caplog.messages


@pytest.mark.parametrize(("option", "expected"), [
    ("ttl 5", ["cluster.local", "in-addr.arpa", "ip6.arpa"]),
    ("fallthrough in-addr.arpa ip6.arpa", ["cluster.local"]),
    ("fallthrough", []),
])  # fmt: skip
def test_what_it_stops(option: str, expected: list[str], parse: Parse) -> None:
    assert list(parse(option).stops()) == [from_text(zone) for zone in expected]
