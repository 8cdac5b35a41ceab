from __future__ import annotations

from collections.abc import Iterator

import pytest

from pydns.cluster.answers import Options
from pydns.cluster.index import Exposed, Index
from pydns.cluster.lookup import Lookup
from pydns.names import from_text
from pydns.records import Type
from pydns.services.model import Endpoint, EndpointSlice, Port, Service

ZONE = from_text("cluster.local")
PORTS = (Port("pg", "tcp", 5432), Port("metrics", "tcp", 9100))
IN_A_SLICE = 100


def slices(count: int) -> Iterator[EndpointSlice]:
    """All endpoints of a service, as many in each as Kubernetes puts there."""
    for i in range(0, count, IN_A_SLICE):
        addresses = ((10 << 24 | number).to_bytes(4) for number in range(i, i + IN_A_SLICE))
        yield EndpointSlice("shop", f"db-{i}", "db", PORTS, tuple(Endpoint((each,)) for each in addresses))


@pytest.mark.parametrize(
    ("name", "type_", "count"),
    [
        ("db.shop.svc", Type.A, 4000),
        ("_pg._tcp.db.shop.svc", Type.A, 4000),
        ("10-0-0-7.db.shop.svc", Type.A, 1),
        ("10-0-0-7.db.shop.svc", Type.SRV, 2),
        ("10-0-19-7.db.shop.svc", Type.A, 1),
    ],
)
def test_of_thousands_of_endpoints_as_many_are_told_as_a_message_holds(name: str, type_: int, count: int) -> None:
    index = Index(Exposed((ZONE,)))
    index.put_namespace("shop")
    index.put_service(Service("shop", "db", ports=PORTS))
    for each in slices(5000):
        index.put_slice(each)
    found = Lookup(index, Options(), lambda _: ()).find(from_text(f"{name}.cluster.local"), type_, ZONE)
    assert found is not None
    assert len(found.answer) == count


@pytest.mark.parametrize("name", ["db.shop.svc", "_pg._tcp.db.shop.svc"])
@pytest.mark.parametrize("type_", [Type.A, Type.AAAA])
def test_thousands_of_addresses_of_one_family_do_not_hide_those_of_the_other(name: str, type_: int) -> None:
    six = EndpointSlice(
        "shop", "db-6", "db", PORTS, tuple(Endpoint(((1 << 125 | i).to_bytes(16),)) for i in range(5000))
    )
    index = Index(Exposed((ZONE,)))
    index.put_namespace("shop")
    index.put_service(Service("shop", "db", ports=PORTS))
    for each in (six, *slices(5000)) if type_ == Type.A else (*slices(5000), six):
        index.put_slice(each)
    found = Lookup(index, Options(), lambda _: ()).find(from_text(f"{name}.cluster.local"), type_, ZONE)
    assert found is not None
    assert len(found.answer) > 2000
