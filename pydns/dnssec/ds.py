"""What a parent holds of a child's key: DS (RFC 4034 section 5), and how the child asks for it (RFC 7344)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from enum import IntEnum
from struct import Struct
from typing import Any, Final

from pydns.dnssec.key import Key

_FIXED: Final = Struct("!HBB")

NO_CDS, NO_CDNSKEY = bytes(5), b"\0\0\3\0\0"
"""The CDS and the CDNSKEY record by which a child asks its parent to have no DS records of it (RFC 8078 section 4)."""


class Digest(IntEnum):
    """RFC 8624 section 3.3. SHA-1 must not be made any more."""

    SHA256 = 2
    SHA384 = 4


_HASHES: Final[dict[Digest, Callable[[bytes], Any]]] = {
    Digest.SHA256: hashlib.sha256,
    Digest.SHA384: hashlib.sha384,
}


def ds(key: Key, digest: Digest = Digest.SHA256) -> bytes:
    """The rdata of the DS record of a key, and of its CDS record."""
    octets: bytes = _HASHES[digest](key.name + key.rdata).digest()
    return _FIXED.pack(key.tag, key.algorithm, digest) + octets


def ds_text(rdata: bytes) -> str:
    tag, algorithm, digest = _FIXED.unpack_from(rdata)
    return f"{tag} {algorithm} {digest} {rdata[4:].hex().upper()}"
