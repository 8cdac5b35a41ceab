"""Names of pods: `10-244-0-7.shop.pod`."""

from __future__ import annotations

from collections.abc import Sequence

from pydns.cluster import records
from pydns.cluster.answers import NO_DATA, Found, Options
from pydns.cluster.dashed import address_of_dashed
from pydns.cluster.index import Index, wire_label
from pydns.cluster.records import Target
from pydns.records import Type


def find_pod(index: Index, options: Options, name: bytes, type_: int, labels: Sequence[bytes]) -> Found | None:
    """What there is at a name whose labels, less the zone, end in `pod`; None where it does not exist."""
    if len(labels) == 1:
        return NO_DATA
    namespace = wire_label(labels[-2])
    if namespace not in index.namespaces or options.pods == "disabled":
        return None
    if len(labels) == 2:
        return NO_DATA
    address = address_of_dashed(labels[0]) if len(labels) == 3 else None
    if address is None or (options.pods == "verified" and namespace + address not in index.pods):
        return None
    if type_ not in (Type.A, Type.AAAA):
        return NO_DATA
    return Found(records.addresses(name, (Target(name, address, 0),), type_, options.ttl))
