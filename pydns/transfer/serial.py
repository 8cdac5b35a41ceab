"""Serial numbers of zones, which go around (RFC 1982)."""

from __future__ import annotations


def is_newer(serial: int, than: int) -> bool:
    """False also where the two are 2**31 apart, for which RFC 1982 section 3.2 gives no order."""
    return 0 < (serial - than) & 0xFFFFFFFF < 0x80000000
