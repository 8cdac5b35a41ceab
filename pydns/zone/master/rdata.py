"""Rdata of the types that zones are full of, from words to wire form. Of all others dnspython knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from pydns.records import Type, type_text
from pydns.zone.master import fields
from pydns.zone.master.fields import MAX_RDATA
from pydns.zone.master.reading import shown
from pydns.zone.master.spelling import Naming, SpellingError

_DS_DIGESTS: Final = {1: 20, 2: 32, 3: 32, 4: 48}
_DIGESTS: Final[dict[int, tuple[int, int, dict[int, int]]]] = {
    Type.DS: (3, 4, _DS_DIGESTS),
    Type.CDS: (3, 4, _DS_DIGESTS),
    Type.SSHFP: (1, 2, {1: 20, 2: 32}),
}
"""Where the kind of a digest stands, where the digest begins, and its octets by the kind (IANA's registries)."""


class Layout(NamedTuple):
    """The fields of a type in their order: each has a word, and what is left goes to `rest`."""

    fields: tuple[tuple[str, fields.Field], ...]
    rest: fields.Rest | None = None


def _layout(*named: tuple[str, fields.Field], rest: fields.Rest | None = None) -> Layout:
    return Layout(named, rest)


_NAME: Final = _layout(("the name", fields.name))
_PREFERENCE: Final = ("the preference", fields.u16)
_DS: Final = _layout(
    ("the key tag", fields.u16), ("the algorithm", fields.algorithm), ("the digest type", fields.u8),
    rest=fields.some_hexadecimal,
)  # fmt: skip
_DNSKEY: Final = _layout(
    ("the flags", fields.u16), ("the protocol", fields.u8), ("the algorithm", fields.algorithm), rest=fields.base64
)
_TLSA: Final = _layout(
    ("the usage", fields.u8), ("the selector", fields.u8), ("the matching type", fields.u8),
    rest=fields.some_hexadecimal,
)  # fmt: skip
_TXT: Final = _layout(rest=fields.texts)

LAYOUTS: Final[dict[int, Layout]] = {
    Type.A: _layout(("the address", fields.ipv4)),
    Type.AAAA: _layout(("the address", fields.ipv6)),
    Type.NS: _NAME,
    Type.CNAME: _NAME,
    Type.DNAME: _NAME,
    Type.PTR: _NAME,
    Type.MX: _layout(_PREFERENCE, ("the mail server", fields.name)),
    Type.AFSDB: _layout(("the subtype", fields.u16), ("the host", fields.name)),
    Type.KX: _layout(_PREFERENCE, ("the exchanger", fields.name)),
    Type.RP: _layout(("the mailbox", fields.name), ("the name of the text", fields.name)),
    Type.TXT: _TXT,
    Type.SPF: _TXT,
    Type.HINFO: _layout(("the CPU", fields.text), ("the operating system", fields.text)),
    Type.SRV: _layout(
        ("the priority", fields.u16), ("the weight", fields.u16), ("the port", fields.u16), ("the target", fields.name)
    ),
    Type.NAPTR: _layout(
        ("the order", fields.u16), _PREFERENCE, ("the flags", fields.text), ("the services", fields.text),
        ("the regular expression", fields.text), ("the replacement", fields.name),
    ),
    Type.URI: _layout(("the priority", fields.u16), ("the weight", fields.u16), ("the target", fields.target)),
    Type.CAA: _layout(("the flags", fields.u8), ("the tag", fields.tag), ("the value", fields.long_text)),
    Type.SOA: _layout(
        ("the primary", fields.name), ("the mailbox", fields.name), ("the serial", fields.u32),
        ("the refresh time", fields.seconds), ("the retry time", fields.seconds), ("the expiry time", fields.seconds),
        ("the minimum", fields.seconds),
    ),
    Type.DS: _DS,
    Type.CDS: _DS,
    Type.DNSKEY: _DNSKEY,
    Type.CDNSKEY: _DNSKEY,
    Type.TLSA: _TLSA,
    Type.SMIMEA: _TLSA,
    Type.SSHFP: _layout(("the algorithm", fields.u8), ("the type", fields.u8), rest=fields.some_hexadecimal),
    Type.RRSIG: _layout(
        ("the type that is signed", fields.covered), ("the algorithm", fields.algorithm), ("the labels", fields.u8),
        ("the TTL", fields.u32), ("the end", fields.time), ("the beginning", fields.time), ("the key tag", fields.u16),
        ("the signer", fields.name), rest=fields.base64,
    ),
    Type.NSEC: _layout(("the next name", fields.name), rest=fields.types),
    Type.NSEC3: _layout(
        ("the hash algorithm", fields.u8), ("the flags", fields.u8), ("the iterations", fields.u16),
        ("the salt", fields.salt), ("the next hash", fields.next_hash), rest=fields.types,
    ),
    Type.NSEC3PARAM: _layout(
        ("the hash algorithm", fields.u8), ("the flags", fields.u8), ("the iterations", fields.u16),
        ("the salt", fields.salt),
    ),
}  # fmt: skip


class RdataError(SpellingError):
    """`index`: the word that is to blame; as many as there are where one is missing."""

    def __init__(self, index: int, message: str) -> None:
        super().__init__(message)
        self.index = index


def pack(type_: int, words: Sequence[bytes], naming: Naming) -> bytes:
    """Rdata of a type that has a layout. Raises RdataError."""
    layout = LAYOUTS[type_]
    own, rest = layout
    count = len(own)
    if len(words) < count:
        raise RdataError(len(words), f"{type_text(type_)}: {own[len(words)][0]} is missing")
    if rest is None and len(words) > count:
        raise RdataError(count, f"{type_text(type_)}: {shown(words[count])} is too much")
    parts = []
    index = 0
    try:
        for (_, field), word in zip(own, words, strict=False):
            parts.append(field(word, naming))
            index += 1
        if rest is not None:
            parts.append(rest(words[index:]))
    except RdataError:
        raise
    except SpellingError as error:
        what = f", {own[index][0]}" if index < count else ""
        raise RdataError(index, f"{type_text(type_)}{what}: {error}") from None
    rdata = b"".join(parts)
    if type_ in _DIGESTS:
        _check_digest(type_, rdata)
    if len(rdata) > MAX_RDATA:
        raise RdataError(0, f"rdata of {len(rdata)} octets, at most {MAX_RDATA}")
    return rdata


def _check_digest(type_: int, rdata: bytes) -> None:
    kind_at, ahead, lengths = _DIGESTS[type_]
    kind, length = rdata[kind_at], len(rdata) - ahead
    wanted = lengths.get(kind, length)
    if length != wanted:
        word = len(LAYOUTS[type_].fields)
        raise RdataError(word, f"{type_text(type_)}: a digest of type {kind} has {wanted} octets, not {length}")
