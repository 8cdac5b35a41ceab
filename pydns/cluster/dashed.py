"""Addresses written as one label: `10-244-0-7`, `fd00--7`."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address


def dashed(address: bytes) -> bytes:
    """The label of a packed address, as CoreDNS writes it.

    A label ends with no hyphen (RFC 1123 section 2.1), so `fd00::` is `fd00--0`.
    """
    text = str(ip_address(address)).replace(".", "-").replace(":", "-")
    return (text + "0" if text.endswith("-") else text).encode()


def address_of_dashed(label: bytes) -> bytes | None:
    """The packed address that a label says; None where it says none. Any spelling of IPv6 will do."""
    text = label.decode("latin-1")
    try:
        if text.count("-") == 3 and "--" not in text:
            return IPv4Address(text.replace("-", ".")).packed
        return IPv6Address(text.replace("-", ":")).packed if "%" not in text else None
    except ValueError:
        return None
