"""How names and addresses are spelled in hosts text: one spelling each, so that equal ones are equal bytes."""

from __future__ import annotations

from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import Final

from pydns import names

_COLON: Final = ord(":")  # to look for a number is much quicker than for bytes
_V4_MAPPED: Final = bytes(10) + b"\xff\xff"


def address(word: bytes) -> bytes | None:
    """An IP address in its one spelling; None where it is none. An IPv6 zone (`%eth0`) is dropped, as CoreDNS does."""
    packed = packed_address(word.partition(b"%")[0])
    return None if packed is None else spelled_address(packed)


def packed_address(word: bytes) -> bytes | None:
    """4 or 16 octets; IPv4-mapped IPv6 addresses (`::ffff:192.0.2.1`) are IPv4, as CoreDNS takes them."""
    try:
        packed = inet_pton(AF_INET6 if _COLON in word else AF_INET, word.decode("ascii"))
    except (OSError, ValueError):
        return None
    return packed.removeprefix(_V4_MAPPED) if len(packed) == 16 else packed


def spelled_address(packed: bytes) -> bytes:
    """The other way round."""
    packed = packed.removeprefix(_V4_MAPPED) if len(packed) == 16 else packed
    return inet_ntop(AF_INET if len(packed) == 4 else AF_INET6, packed).encode()


def is_wildcard(name: bytes) -> bool:
    """`*` as the whole leftmost label stands for any one label."""
    return name.startswith(b"*.") or name == b"*"


def wildcard(name: bytes) -> bytes:
    """The wildcard that stands for a name."""
    dot = name.find(b".")
    return b"*" + name[dot:] if dot >= 0 else b"*"


def wire(name: bytes) -> bytes:
    """The wire form of a name as text, which `reader` found to be one."""
    if not name:
        return names.ROOT
    return b"".join(bytes((len(label),)) + label for label in name.split(b".")) + names.ROOT


def text(name: bytes) -> bytes | None:
    """A wire name as hosts files have it; None where it holds a dot within a label, and so cannot stand in one."""
    labels, at = [], 0
    while length := name[at]:
        end = at + 1 + length
        labels.append(name[at + 1 : end])
        at = end
    joined = b".".join(labels)
    return joined if joined.count(b".") == len(labels) - 1 or not labels else None
