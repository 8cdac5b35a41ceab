"""The whole of a zone is what its names are answered, and nothing that they are not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pydns.cluster.answers import Options
from pydns.cluster.index import Exposed, Index
from pydns.cluster.lookup import Lookup
from pydns.cluster.node_ports import NodePorts
from pydns.cluster.servers import own_servers, servers
from pydns.cluster.whole import build
from pydns.names import from_text
from pydns.records import Record
from pydns.services.model import Node
from pydns.services.reader import read
from pydns.steps import whole
from pydns.zone.zone import Zone
from tests.pydns.cluster.shown import line

CLUSTER = Path(__file__).parents[2] / "plugins/kubernetes/cluster.toml"
ZONE, NODES = from_text("cluster.local"), from_text("nodes.test")


@pytest.fixture
def index() -> Index:
    found = Index(Exposed((ZONE,), pods=True, zonal=True, node_zone=NODES))
    found.put_all(read(CLUSTER.read_text(), "cluster.toml"))
    found.put_node(Node("one.internal", (b"\xc0\xa8\0\1",)))
    found.serial = 7
    return found


def records(zone: Zone) -> Iterator[Record]:
    for rrset in zone.rrsets():
        yield from rrset.records()


def lines(zone: Zone) -> set[str]:
    return {line(record) for record in records(zone)}


def test_each_record_is_answered_and_each_answer_is_a_record(index: Index) -> None:
    answers = Lookup(index, Options(), lambda zone: servers(index, zone, [b"\x7f\0\0\1"]))
    zone = whole(build(answers, ZONE))
    for rrset in zone.rrsets():
        found = answers.find(rrset.owner, rrset.type, ZONE)
        assert found is not None
        assert sorted(found.answer) == sorted(rrset.records()), rrset
    told = lines(zone)
    assert {
        "cluster.local. 5 SOA ns.dns.cluster.local. hostmaster.cluster.local. 7 7200 1800 86400 5",
        "cluster.local. 5 NS ns.dns.cluster.local.",
        "ns.dns.cluster.local. 5 A 127.0.0.1",
        "dns-version.cluster.local. 28800 TXT 1.1.0",
        "web.shop.svc.cluster.local. 5 A 10.96.1.10",
        "_http._tcp.web.shop.svc.cluster.local. 5 SRV 0 100 80 web.shop.svc.cluster.local.",
        "10-244-0-11.web.shop.svc.cluster.local. 5 A 10.244.0.11",
        "two.shop.svc.cluster.local. 5 AAAA fd00:10:96::31",
        "db.shop.svc.cluster.local. 5 A 10.244.1.22",
        "db-0.db.shop.svc.cluster.local. 5 A 10.244.0.21",
        "_pg._tcp.db.shop.svc.cluster.local. 5 SRV 0 50 5432 db-0.db.shop.svc.cluster.local.",
        "ext.default.svc.cluster.local. 5 CNAME www.example.com.",
    } <= told
    assert not [each for each in told if any(word in each for word in ("pod.", "_zone", "extip", "nobody", "node."))]


def test_a_namespace_that_is_not_there_has_no_services(index: Index) -> None:
    index.remove_namespace("shop")
    answers = Lookup(index, Options(), lambda _: ())
    assert not [each for each in lines(whole(build(answers, ZONE))) if ".shop.svc.cluster.local. 5" in each]


def test_the_zone_of_node_ports(index: Index) -> None:
    zone = whole(build(NodePorts(index, Options(), lambda zone: own_servers(zone, [b"\x7f\0\0\1"])), NODES))
    assert lines(zone) == {
        "nodes.test. 5 SOA ns.dns.nodes.test. hostmaster.nodes.test. 7 7200 1800 86400 5",
        "nodes.test. 5 NS ns.dns.nodes.test.",
        "ns.dns.nodes.test. 5 A 127.0.0.1",
        "np.shop.svc.nodes.test. 5 A 192.168.0.1",
        "np.shop.svc.nodes.test. 5 SRV 0 100 30080 one.internal.node.nodes.test.",
        "_http._tcp.np.shop.svc.nodes.test. 5 A 192.168.0.1",
        "_http._tcp.np.shop.svc.nodes.test. 5 SRV 0 100 30080 one.internal.node.nodes.test.",
        "one.internal.node.nodes.test. 5 A 192.168.0.1",
    }
