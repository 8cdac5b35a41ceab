"""Names of addresses: `10.1.96.10.in-addr.arpa`."""

from __future__ import annotations

from typing import Final

from pydns import names
from pydns.cluster import records
from pydns.cluster.answers import Found
from pydns.cluster.index import SVC, Index
from pydns.records import Type

_IN_ADDR: Final = b"\x07in-addr\x04arpa\0"
_IP6: Final = b"\x03ip6\x04arpa\0"
_OCTETS: Final = frozenset(str(octet).encode() for octet in range(256))
_DIGITS: Final = frozenset(b"%x" % digit for digit in range(16))


def is_reverse(name: bytes) -> bool:
    return names.is_within(name, _IN_ADDR) or names.is_within(name, _IP6)


def find_address(index: Index, name: bytes, type_: int, ttl: int) -> Found | None:
    """What there is at the reverse name of an address; None where it is nobody's."""
    address = names.address_of_reverse(name)
    if address is None:
        return None
    # A cluster address leads to one service, as in CoreDNS; one of endpoints to all services that have it. While it
    # passes from one service to another both may have it: which one is told must not depend on who came first.
    owners = tuple(sorted(index.services_at.get(address, ()))[:1]) or index.endpoints_at.get(address)
    if not owners:
        return None
    why = f"address of {names.to_text(owners[0] + names.ROOT)}"
    if type_ != Type.PTR:
        return Found(why=why)
    zone = index.exposed.zones[0]
    return Found(records.pointers(name, Type.PTR, [owner + SVC + zone for owner in owners], ttl), (), why)


def is_network(name: bytes) -> bool:
    """True where the name is the beginning of an address: others may be below it, so it is never denied (RFC 8020)."""
    labels = names.labels(name)
    if names.is_within(name, _IN_ADDR):
        return len(labels) < 6 and _OCTETS.issuperset(labels[:-2])
    return names.is_within(name, _IP6) and len(labels) < 34 and _DIGITS.issuperset(labels[:-2])
