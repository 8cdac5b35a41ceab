"""EDNS options and extended errors in words (IANA's registries of both)."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Final

from pydns.wire.edns import COOKIE, EXTENDED_ERROR, KEEPALIVE, PADDING

_ERRORS: Final = (
    "Other Error", "Unsupported DNSKEY Algorithm", "Unsupported DS Digest Type", "Stale Answer", "Forged Answer",
    "DNSSEC Indeterminate", "DNSSEC Bogus", "Signature Expired", "Signature Not Yet Valid", "DNSKEY Missing",
    "RRSIGs Missing", "No Zone Key Bit Set", "NSEC Missing", "Cached Error", "Not Ready", "Blocked", "Censored",
    "Filtered", "Prohibited", "Stale NXDOMAIN Answer", "Not Authoritative", "Not Supported",
    "No Reachable Authority", "Network Error", "Invalid Data", "Signature Expired before Valid", "Too Early",
    "Unsupported NSEC3 Iterations Value", "Unable to conform to policy", "Synthesized", "Invalid Query Type",
)  # fmt: skip
"""Extended DNS errors by their code (RFC 8914 section 5.2, and what was registered since)."""

_NSID: Final = 3  # RFC 5001
_ECS: Final = 8  # RFC 7871
_EXPIRE: Final = 9  # RFC 7314

_NAMES: Final = {
    _NSID: "NSID",
    _ECS: "ECS",
    _EXPIRE: "EXPIRE",
    COOKIE: "COOKIE",
    KEEPALIVE: "KEEPALIVE",
    PADDING: "PADDING",
    13: "CHAIN",
    14: "KEY-TAG",
    EXTENDED_ERROR: "EDE",
    18: "REPORT-CHANNEL",
    19: "ZONEVERSION",
}


def option_name(code: int) -> str:
    return _NAMES.get(code, f"OPT{code}")


def option_text(code: int, data: bytes) -> str:
    """An option's content as people read it; in hexadecimal where it is of no form that we know."""
    read = _READERS.get(code)
    return (read(data) if read is not None else "") or data.hex()


def extended_error(data: bytes) -> tuple[int, str, str] | None:
    """Code, name and text of an extended DNS error (RFC 8914 section 2); None where it is cut."""
    if len(data) < 2:
        return None
    code = int.from_bytes(data[:2])
    name = _ERRORS[code] if code < len(_ERRORS) else ""
    return code, name, data[2:].rstrip(b"\0").decode("utf-8", "replace")


def _error_text(data: bytes) -> str:
    error = extended_error(data)
    if error is None:
        return ""
    code, name, text = error
    return f"{code}{f' ({name})' if name else ''}{f': {text}' if text else ''}"


def _nsid_text(data: bytes) -> str:
    text = data.decode("ascii", "replace")
    return f'{data.hex()} ("{text}")' if text and text.isascii() and text.isprintable() else ""


def _subnet_text(data: bytes) -> str:
    """`192.0.2.0/24/0`: the address, and the lengths of the source's and the scope's prefix."""
    size = {1: 4, 2: 16}.get(int.from_bytes(data[:2]), 0)
    if not size or not 4 <= len(data) <= 4 + size or max(data[2:4]) > size * 8:
        return ""
    return f"{ip_address(data[4:].ljust(size, bytes(1)))}/{data[2]}/{data[3]}"


def _expire_text(data: bytes) -> str:
    return f"{int.from_bytes(data)} s" if len(data) == 4 else ""


def _cookie_text(data: bytes) -> str:
    """The client's part, which we sent, and the server's."""
    return f"{data[:8].hex()} {data[8:].hex()}".rstrip()


def _keepalive_text(data: bytes) -> str:
    return f"{int.from_bytes(data) / 10:g} s" if len(data) == 2 else ""


def _padding_text(data: bytes) -> str:
    return f"{len(data)} octets"


_READERS: Final[dict[int, Callable[[bytes], str]]] = {
    _NSID: _nsid_text,
    _ECS: _subnet_text,
    _EXPIRE: _expire_text,
    COOKIE: _cookie_text,
    KEEPALIVE: _keepalive_text,
    PADDING: _padding_text,
    EXTENDED_ERROR: _error_text,
}
