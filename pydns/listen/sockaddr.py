"""Socket addresses as Python's socket module gives them, in the forms that the house uses."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any, Final

from pydns.query import Address

_MAPPED: Final = "::ffff:"


def to_address(name: tuple[Any, ...]) -> Address:
    """The address and port of a peer or of a socket of ours.

    An IPv4 address that came over an IPv6 socket (RFC 4291 section 2.5.5.2) is what it was before.
    """
    host: str = name[0]
    if len(name) == 4:
        host = host.partition("%")[0]
        if host.startswith(_MAPPED) and "." in host:
            host = host.removeprefix(_MAPPED)
        elif name[3]:
            host = f"{host}%{_zone(name[3])}"
    return Address(host, name[1])


def to_client(name: tuple[Any, ...]) -> str | bytes:
    """Whose the address is: of IPv6 a whole /64, since any host has that many (RFC 4291 section 2.5.4)."""
    host: str = name[0]
    if len(name) != 4:
        return host
    host = host.partition("%")[0]
    if host.startswith(_MAPPED) and "." in host:
        return host.removeprefix(_MAPPED)
    return socket.inet_pton(socket.AF_INET6, host)[:8]


def normalized(host: str) -> str:
    """The one spelling of an IP address, with its zone (RFC 5952, RFC 4007). Raises ValueError where it is none."""
    return str(ipaddress.ip_address(host))


def _zone(index: int) -> str:
    try:
        return socket.if_indextoname(index)
    except OSError:  # the interface is gone
        return str(index)
