"""NSEC records that deny one name or type and nothing else, made as they are asked for."""

from __future__ import annotations

from typing import Final

from pydns.dnssec.bitmap import bitmap
from pydns.dnssec.canonical import successor
from pydns.records import Class, Record, Type

NXNAME: Final = 128
"""A type in the bitmap that says: there is no such name (RFC 9824 section 3.1)."""

_NSEC, _IN = int(Type.NSEC), int(Class.IN)
DENIAL_TTL: Final = 60
"""Of a denial without a SOA, which would say it."""

_ALWAYS: Final = frozenset((int(Type.RRSIG), _NSEC))

LIES: Final = frozenset(
    map(
        int,
        (
            Type.A, Type.PTR, Type.HINFO, Type.MX, Type.TXT, Type.AAAA, Type.LOC, Type.SRV, Type.NAPTR, Type.CERT,
            Type.SSHFP, Type.TLSA, Type.HIP, Type.OPENPGPKEY, Type.SVCB, Type.HTTPS, Type.SPF, Type.URI, Type.CAA,
        ),
    )
)  # fmt: skip
"""What a name may have, for all that its denial says: CoreDNS's list (its black lies), and more that names do have.

To a resolver that uses denials for other questions too (RFC 8198) what is not in it is denied as well.
"""

_APEX_LIES: Final = LIES | {int(Type.NS), int(Type.SOA), int(Type.CDS), int(Type.CDNSKEY)}


def no_name(name: bytes, ttl: int) -> Record:
    """The compact denial of a name (RFC 9824 section 3.1)."""
    return _nsec(name, ttl, frozenset((NXNAME,)))


def no_type(name: bytes, ttl: int, type_: int, types: frozenset[int] | None, apex: frozenset[int] | None) -> Record:
    """The denial of a type, at a name whose types are these; None where they are not known, and many may be.

    `apex`: at the apex, what is there besides the types of its source; else None.
    """
    if types is None:
        types = _APEX_LIES if apex is not None else LIES
    return _nsec(name, ttl, (types | (apex or frozenset())) - {type_})


def insecure(cut: bytes, ttl: int) -> Record:
    """That there are no DS records at a delegation (RFC 4035 section 3.1.4.1)."""
    return _nsec(cut, ttl, frozenset((int(Type.NS),)))


def _nsec(name: bytes, ttl: int, types: frozenset[int]) -> Record:
    return Record(name, _NSEC, _IN, ttl, successor(name) + bitmap(types | _ALWAYS))


def start_of_authority(zone: bytes) -> Record:
    """For zones whose source has none, as a hosts file: without it no resolver takes a denial (RFC 2308 section 5)."""
    numbers = b"".join(number.to_bytes(4) for number in (1, 7200, 1800, 86_400, DENIAL_TTL))
    rdata = b"\2ns\3dns" + zone + b"\x0ahostmaster" + zone + numbers
    return Record(zone, Type.SOA, _IN, DENIAL_TTL, rdata)
