"""The signatures that stand in a zone which came signed (RFC 4034 section 3)."""

from __future__ import annotations

from pydns.records import Class, Record, Type
from pydns.zone import node as nodes

_RRSIG, _IN = int(Type.RRSIG), int(Class.IN)


def signatures(node: bytes, owner: bytes, covered: int) -> list[Record]:
    """Those of the records of one type, with `owner` in place of the node's name."""
    place = nodes.place(node, _RRSIG)
    if place is None:
        return []
    wanted = covered.to_bytes(2)
    return [Record(owner, _RRSIG, _IN, ttl, rdata) for ttl, rdata in nodes.records(node, *place) if rdata[:2] == wanted]
