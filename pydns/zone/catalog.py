"""Catalog zones (RFC 9432): a zone that lists zones, so that secondaries learn of them by transfer."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from hashlib import sha256
from typing import Final, NamedTuple

from pydns.errors import PydnsError
from pydns.names import LOWER, is_within, labels, to_text
from pydns.records import Type
from pydns.zone.builder import Builder
from pydns.zone.zone import Zone

VERSION: Final = b"2"

_ZONES: Final = b"\5zones"
_COO: Final = b"\3coo"
_VERSION_AT: Final = b"\7version"
_INVALID: Final = b"\7invalid\0"
_STEP: Final = 1000
_PTR, _TXT = int(Type.PTR), int(Type.TXT)
_TIMES: Final = (3600, 600, 2_147_483_646, 0)  # refresh, retry, expire, minimum: as in RFC 9432 appendix A


class CatalogError(PydnsError):
    """A zone that is no catalog, or a broken one: what it says counts for nothing (RFC 9432 section 5.1)."""


class Member(NamedTuple):
    """A zone of a catalog. `label` names it there: another one means that the zone is to begin anew (section 5.5).

    `moves_to` is the catalog that may take it over (`coo`, section 4.3.1), None where none may.
    """

    zone: bytes
    label: bytes
    moves_to: bytes | None = None


def members(zone: Zone) -> Generator[None, None, dict[bytes, Member]]:
    """The members by name, in steps. Raises CatalogError.

    Groups and properties of other kinds are passed over, as section 4.4 has those do who do not know them.
    """
    origin = zone.origin
    version = zone.rrset(_VERSION_AT + origin, _TXT)
    if version is None or len(version.rdatas) != 1:
        raise CatalogError(f"{to_text(_VERSION_AT + origin)} has not one TXT record: it is no catalog zone")
    if version.rdatas[0] != bytes((len(VERSION),)) + VERSION:
        raise CatalogError(f"it is no catalog of version {VERSION.decode()}")
    listed: dict[bytes, bytes] = {}  # from label to zone
    moves: dict[bytes, bytes] = {}
    zones = _ZONES + origin
    for i, rrset in enumerate(zone.rrsets()):
        if not i % _STEP:
            yield
        owner = rrset.owner
        if rrset.type != _PTR or not is_within(owner, zones):
            continue
        parts = labels(owner[: len(owner) - len(zones)] + b"\0")
        is_move = len(parts) == 2 and owner.startswith(_COO)
        if len(parts) != 1 and not is_move:
            continue
        if len(rrset.rdatas) != 1:
            raise CatalogError(f"{to_text(owner)} has {len(rrset.rdatas)} PTR records")
        (moves if is_move else listed)[parts[-1]] = rrset.rdatas[0].translate(LOWER)
    found: dict[bytes, Member] = {}
    for label, name in listed.items():
        if name in found:
            raise CatalogError(f"{to_text(name)} stands there twice")
        found[name] = Member(name, label, moves.get(label))
    return found


def label_of(zone: bytes) -> bytes:
    """What a member is called by whoever makes a catalog: the same as long as it is in it."""
    return sha256(zone).hexdigest()[:40].encode()


def catalog_zone(origin: bytes, zones: Iterable[bytes], serial: int) -> Generator[None, None, Zone]:
    """A catalog of these zones, in steps. Raises ZoneError."""
    builder = Builder(origin)
    numbers = b"".join(number.to_bytes(4) for number in (serial, *_TIMES))
    builder.add(origin, Type.SOA, 0, _INVALID + _INVALID + numbers)
    builder.add(origin, Type.NS, 0, _INVALID)
    builder.add(_VERSION_AT + origin, Type.TXT, 0, bytes((len(VERSION),)) + VERSION)
    for i, zone in enumerate(zones):
        label = label_of(zone)
        builder.add(bytes((len(label),)) + label + _ZONES + origin, Type.PTR, 0, zone)
        if not i % _STEP:
            yield
    made = yield from builder.finish()
    return made
