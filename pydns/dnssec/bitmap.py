"""Type bitmaps of NSEC and NSEC3 records (RFC 4034 section 4.1.2)."""

from __future__ import annotations

from collections.abc import Iterable


def bitmap(types: Iterable[int]) -> bytes:
    windows: dict[int, bytearray] = {}
    for type_ in types:
        bits = windows.setdefault(type_ >> 8, bytearray(32))
        bits[(type_ & 255) >> 3] |= 0x80 >> (type_ & 7)
    parts = []
    for window in sorted(windows):
        octets = bytes(windows[window]).rstrip(b"\0")
        parts.append(bytes((window, len(octets))) + octets)
    return b"".join(parts)


def types(octets: bytes) -> frozenset[int]:
    """The types of a bitmap. Raises ValueError where it is none."""
    found: set[int] = set()
    at = 0
    while at < len(octets):
        if at + 2 > len(octets) or not 1 <= octets[at + 1] <= 32 or at + 2 + octets[at + 1] > len(octets):
            raise ValueError("the bitmap is cut")
        window, length = octets[at] << 8, octets[at + 1]
        for i, bits in enumerate(octets[at + 2 : at + 2 + length]):
            found.update(window | i << 3 | bit for bit in range(8) if bits & 0x80 >> bit)
        at += 2 + length
    return frozenset(found)
