"""DNSSEC records as a master file has them, faster than by what knows every type."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from pydns.dnssec import bitmap
from pydns.names import to_text
from pydns.records import Type, type_text
from pydns.zone.text import rdata_text


def text(type_: int, rdata: bytes) -> str:
    """Rdata in one line."""
    write = _WRITERS.get(type_)
    return rdata_text(type_, rdata) if write is None else write(rdata)


def _rrsig(rdata: bytes) -> str:
    end = 18
    while rdata[end]:
        end += 1 + rdata[end]
    covered, ttl = int.from_bytes(rdata[:2]), int.from_bytes(rdata[4:8])
    expiration, inception = (_moment(int.from_bytes(rdata[at : at + 4])) for at in (8, 12))
    tag, signer, signature = int.from_bytes(rdata[16:18]), _name(rdata[18 : end + 1]), b64encode(rdata[end + 1 :])
    return (
        f"{type_text(covered)} {rdata[2]} {rdata[3]} {ttl} {expiration} {inception} {tag} {signer} {signature.decode()}"
    )


def _nsec(rdata: bytes) -> str:
    end = 0
    while rdata[end]:
        end += 1 + rdata[end]
    return f"{to_text(rdata[: end + 1])} {_types(rdata[end + 1 :])}"


def _nsec3(rdata: bytes) -> str:
    from base64 import b32hexencode

    salt_end = 5 + rdata[4]
    end = salt_end + 1 + rdata[salt_end]
    following = b32hexencode(rdata[salt_end + 1 : end]).decode().rstrip("=")
    return f"{_nsec3param(rdata)} {following} {_types(rdata[end:])}".rstrip()


def _nsec3param(rdata: bytes) -> str:
    return f"{rdata[0]} {rdata[1]} {int.from_bytes(rdata[2:4])} {rdata[5 : 5 + rdata[4]].hex() or '-'}"


def _dnskey(rdata: bytes) -> str:
    return f"{int.from_bytes(rdata[:2])} {rdata[2]} {rdata[3]} {b64encode(rdata[4:]).decode()}"


def _ds(rdata: bytes) -> str:
    return f"{int.from_bytes(rdata[:2])} {rdata[2]} {rdata[3]} {rdata[4:].hex().upper()}"


@lru_cache(maxsize=4096)
def _types(octets: bytes) -> str:
    return " ".join(type_text(each) for each in sorted(bitmap.types(octets)))


@lru_cache(maxsize=1024)
def _moment(seconds: int) -> str:
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(seconds))


@lru_cache(maxsize=16)
def _name(name: bytes) -> str:
    return to_text(name)


_WRITERS: Final[dict[int, Callable[[bytes], str]]] = {
    Type.RRSIG: _rrsig,
    Type.NSEC: _nsec,
    Type.NSEC3: _nsec3,
    Type.NSEC3PARAM: _nsec3param,
    Type.DNSKEY: _dnskey,
    Type.CDNSKEY: _dnskey,
    Type.DS: _ds,
    Type.CDS: _ds,
}
