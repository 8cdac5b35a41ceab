"""Where an upstream is: an IP address and a port."""

from __future__ import annotations

import socket
from ipaddress import IPv6Address, ip_address
from typing import Any, NamedTuple

DNS_PORT = 53


class Endpoint(NamedTuple):
    """`host` is an IP address as text, with `%zone` where it is link-local (RFC 4007 section 11)."""

    host: str
    port: int = DNS_PORT

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def resolved(self, kind: socket.SocketKind) -> tuple[socket.AddressFamily, tuple[Any, ...]]:
        """Family and socket address. Asks no resolver. Raises OSError where the zone is no interface."""
        found = socket.getaddrinfo(self.host, self.port, type=kind, flags=socket.AI_NUMERICHOST)
        return found[0][0], found[0][4]


def endpoint(text: str, port: int = DNS_PORT) -> Endpoint:
    """Reads `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:5353`.

    `port` is meant where none stands. Raises ValueError where it is no IP address, or the port is none.
    """
    host, tail = text, ""
    if text.startswith("["):
        host, bracket, tail = text[1:].partition("]")
        if not bracket or (tail and not tail.startswith(":")) or ":" not in host:
            raise ValueError(f"{text!r} is no IP address")
    elif text.count(":") == 1:
        host, _, tail = text.partition(":")
        tail = ":" + tail
    try:
        address = ip_address(host)
    except ValueError:
        raise ValueError(f"{text!r} is no IP address") from None
    if tail:
        digits = tail[1:]
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 5 and 0 < int(digits) < 65536):
            raise ValueError(f"{digits!r} is no port")
        port = int(digits)
    zone = f"%{address.scope_id}" if isinstance(address, IPv6Address) and address.scope_id else ""
    return Endpoint(str(address).partition("%")[0] + zone, port)
