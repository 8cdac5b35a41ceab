"""Signatures over RRsets (RFC 4034 section 3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from struct import Struct
from typing import Final

from pydns.dnssec import canonical
from pydns.dnssec.keyfiles import SigningKey
from pydns.records import Class, Type

_FIXED: Final = Struct("!HBBIIIH")
_RECORD: Final = Struct("!HHI")
_DNSKEY_TYPES: Final = frozenset((Type.DNSKEY, Type.CDS, Type.CDNSKEY))
_IN = int(Class.IN)


def rrsig(
    owner: bytes,
    type_: int,
    ttl: int,
    rdatas: Iterable[bytes],
    key: SigningKey,
    inception: int,
    expiration: int,
) -> bytes:
    """The rdata of one key's signature over an RRset. The key's name is the signer's; times are Unix's."""
    head = _FIXED.pack(
        type_,
        key.algorithm,
        label_count(owner),
        ttl,
        expiration & 0xFFFF_FFFF,
        inception & 0xFFFF_FFFF,
        key.tag,
    )
    head += key.name
    return head + key.sign(head + signed_records(owner, type_, ttl, rdatas))


def signed_records(owner: bytes, type_: int, ttl: int, rdatas: Iterable[bytes]) -> bytes:
    """The records as they are signed: canonical, in their order, each once (RFC 4034 section 6.3)."""
    front = owner + _RECORD.pack(type_, _IN, ttl)
    forms = {canonical.rdata(type_, rdata) for rdata in rdatas}
    return b"".join([front + len(form).to_bytes(2) + form for form in sorted(forms)])


def label_count(owner: bytes) -> int:
    """Labels less the root and a `*` in front: that tells of wildcards (RFC 4034 section 3.1.3)."""
    count, at = 0, 0
    while length := owner[at]:
        count += 1
        at += 1 + length
    return count - 1 if owner[:2] == b"\1*" else count


def signers(keys: Sequence[SigningKey], type_: int) -> Sequence[SigningKey]:
    """Which of the keys sign records of a type: KSKs the keys, ZSKs all else, where there are both of an algorithm.

    CDS and CDNSKEY are signed by whoever signs DNSKEY, for the parent knows that one (RFC 7344 section 4.1).
    """
    wants_sep = type_ in _DNSKEY_TYPES
    found = []
    for key in keys:
        split = len({each.is_sep for each in keys if each.algorithm == key.algorithm}) == 2
        if not split or key.is_sep == wants_sep:
            found.append(key)
    return found


class Lifetime:
    """When a signature begins and ends, read out of its rdata."""

    expiration: int
    inception: int
    tag: int

    def __init__(self, rdata: bytes) -> None:
        (_, _, _, _, self.expiration, self.inception, self.tag) = _FIXED.unpack_from(rdata)
