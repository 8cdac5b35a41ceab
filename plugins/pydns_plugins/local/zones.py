"""The zones that are the same on every host (RFC 6761, RFC 6303), and what is in them."""

from __future__ import annotations

from struct import pack
from typing import Final

from pydns.names import ancestors, from_text, reverse
from pydns.records import Class, Record, Type

TTL: Final = 604_800
"""Seconds, a week: none of it ever changes."""

LOCALHOST: Final = from_text("localhost")

ADDRESSES: Final[dict[int, bytes]] = {Type.A: b"\x7f\0\0\1", Type.AAAA: bytes(15) + b"\1"}
"""What localhost and the names below it have: the loopback addresses."""

_SOA: Final = LOCALHOST + from_text("root.localhost") + pack("!5I", 1, 0, 0, 0, TTL)  # nobody transfers it
_APEX: Final[dict[int, bytes]] = {Type.SOA: _SOA, Type.NS: LOCALHOST}
_PTR: Final[dict[int, bytes]] = {Type.PTR: LOCALHOST}

ZONES: Final = frozenset(
    (
        LOCALHOST,
        from_text("0.in-addr.arpa"),
        from_text("127.in-addr.arpa"),
        from_text("255.in-addr.arpa"),
        reverse(bytes(16)),  # the unspecified address, RFC 6303 section 4.3
        reverse(ADDRESSES[Type.AAAA]),
    )
)


def _contents() -> dict[bytes, dict[int, bytes]]:
    found = {zone: dict(_APEX) for zone in ZONES}
    found[LOCALHOST].update(ADDRESSES)
    for address in ADDRESSES.values():
        for name in ancestors(reverse(address)):
            found.setdefault(name, {})  # names between the zone and the PTR exist, though they hold nothing (RFC 8020)
            if name in ZONES:
                break
        found[reverse(address)].update(_PTR)
    return found


CONTENTS: Final = _contents()
"""For each name in the zones that exists: the rdata of each type, one record of each."""


def record(owner: bytes, type_: int, rdata: bytes) -> Record:
    return Record(owner, type_, Class.IN, TTL, rdata)


def soa(owner: bytes) -> Record:
    return record(owner, Type.SOA, _SOA)
