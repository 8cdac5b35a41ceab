"""The addresses of network interfaces, for whoever names one in place of an address."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pydns.listen.sockaddr import normalized

if TYPE_CHECKING:
    import ifaddr


def addresses(name_or_address: str) -> list[str]:
    """An IP address in its one spelling, or all addresses that an interface has now, those of IPv4 first.

    A link-local one comes with its zone, without which nothing can be bound to it (RFC 4007 section 11). Raises
    ValueError where the text is neither, or the interface has no address.
    """
    with suppress(ValueError):
        return [normalized(name_or_address)]
    return _of_interface(name_or_address)


def _of_interface(name: str) -> list[str]:
    import ifaddr  # only here: most Corefiles name no interface, and start without it

    known: dict[str, list[str]] = {}
    for adapter in ifaddr.get_adapters(include_unconfigured=True):
        interface = adapter.name.partition(":")[0]  # the label `eth0:1` is an address of eth0
        known.setdefault(interface, []).extend(_text(address, interface) for address in adapter.ips)
    found = known.get(name)
    if found is None:
        raise ValueError(f"{name!r} is neither an IP address nor an interface; there are {', '.join(sorted(known))}")
    if not found:
        raise ValueError(f"the interface {name} has no IP address")
    return sorted(dict.fromkeys(found), key=_is_ipv6)


def _is_ipv6(address: str) -> bool:
    return ":" in address


def _text(address: ifaddr.IP, interface: str) -> str:
    if isinstance(address.ip, str):
        return normalized(address.ip)
    host, _, zone = address.ip
    return normalized(f"{host}%{interface}" if zone else host)
