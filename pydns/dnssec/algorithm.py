"""Signing algorithms by number and by name (RFC 8624 section 3.1)."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from pydns.errors import PydnsError


class DnssecError(PydnsError):
    """Keys that cannot be read or used, or a zone that cannot be signed."""


class Algorithm(IntEnum):
    """Those that sign here. RSASHA1 and older ones must not be used (RFC 8624)."""

    RSASHA256 = 8
    RSASHA512 = 10
    ECDSAP256SHA256 = 13
    ECDSAP384SHA384 = 14
    ED25519 = 15
    ED448 = 16


RSA: Final = frozenset((Algorithm.RSASHA256, Algorithm.RSASHA512))

_OLD: Final = {1: "RSAMD5", 3: "DSA", 5: "RSASHA1", 6: "DSA-NSEC3-SHA1", 7: "NSEC3RSASHA1", 12: "ECC-GOST"}


def algorithm(number: int) -> Algorithm:
    """Raises DnssecError for one that does not sign here."""
    try:
        return Algorithm(number)
    except ValueError:
        name = _OLD.get(number)
        text = f"{name} is no longer safe" if name else f"algorithm {number} is not known"
        raise DnssecError(f"{text}; make a key of {', '.join(each.name for each in Algorithm)}") from None


def algorithm_from_text(text: str) -> Algorithm:
    """By number, or by name in whatever letters. Raises DnssecError."""
    if text.isascii() and text.isdigit() and len(text) < 4:
        return algorithm(int(text))
    try:
        return Algorithm[text.upper()]
    except KeyError:
        known = ", ".join(each.name for each in Algorithm)
        raise DnssecError(f"no algorithm {text!r}; there are {known}") from None
