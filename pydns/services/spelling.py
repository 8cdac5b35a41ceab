"""How names, addresses and ports are written in a services file. What does not fit is a ValueError that says why."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final

from pydns import names
from pydns.services.model import Port

PROTOCOLS: Final = ("tcp", "udp", "sctp")
MAX_PORT: Final = 65535

_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_PORT: Final = re.compile(r"(?:(?P<name>[^:/]+):)?(?P<number>[0-9]{1,5})(?:/(?P<protocol>[^/]+))?")


def label(text: str) -> str:
    """A name of one label (RFC 1123 section 2.1), in small letters as Kubernetes has it."""
    if not _LABEL.fullmatch(text):
        wanted = "small letters, digits and hyphens within, at most 63"
        raise ValueError(f"{_shorten(text)!r} is no name: {wanted}")
    return text


def subdomain(text: str) -> str:
    """A name of one label or more, as pods have it."""
    for part in text.split("."):
        label(part)
    if len(text) > 253:
        raise ValueError(f"{_shorten(text)!r} is no name: it is longer than 253 characters")
    return text


def address(text: str) -> bytes:
    """An IP address, packed. One with a zone (`fe80::1%eth0`) means nothing to others.

    IPv4-mapped IPv6 addresses (`::ffff:192.0.2.1`) are IPv4, as Kubernetes takes them.
    """
    try:
        found = ip_address(text)
    except ValueError:
        raise ValueError(f"{_shorten(text)!r} is no IP address") from None
    if "%" in text:
        raise ValueError(f"{_shorten(text)!r} holds a zone, which means nothing to others")
    mapped = found.ipv4_mapped if found.version == 6 else None
    return found.packed if mapped is None else mapped.packed


def address_text(packed: bytes) -> str:
    return str(ip_address(packed))


def is_address(text: str) -> bool:
    try:
        address(text)
    except ValueError:
        return False
    return True


def host(text: str) -> str:
    """An IP address or a domain name, as text."""
    if not is_address(text):
        names.from_text(text)
        if text in ("", "."):
            raise ValueError("an empty name")
    return text


def port(text: str) -> Port:
    """`http:80/tcp`; the name may be left out, and tcp."""
    match = _PORT.fullmatch(text)
    if match is None:
        raise ValueError(f"{_shorten(text)!r} is no port: it is written as http:80/tcp, http:80 or 80")
    return Port(label(match["name"]) if match["name"] else "", protocol(match["protocol"] or "tcp"), _number(match))


def port_text(port: Port) -> str:
    name = f"{port.name}:" if port.name else ""
    return f"{name}{port.number}/{port.protocol}"


def protocol(text: str) -> str:
    if text.lower() not in PROTOCOLS:
        raise ValueError(f"{_shorten(text)!r} is no protocol: one of {', '.join(PROTOCOLS)}")
    return text.lower()


def _number(match: re.Match[str]) -> int:
    number = int(match["number"])
    if not 1 <= number <= MAX_PORT:
        raise ValueError(f"{number} is out of range: 1 to {MAX_PORT}")
    return number


def _shorten(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
