"""What kind of answer it was, in CoreDNS's terms, read from its bytes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from pydns.errors import WireError
from pydns.records import Opcode, Rcode, Type
from pydns.wire.scan import scan

if TYPE_CHECKING:
    from pydns.wire.scan import Entry

CLASSES: Final = ("success", "denial", "error", "all")

_CLASS_OF: Final = {"NOERROR": "success", "DELEGATION": "success", "NXDOMAIN": "denial", "NODATA": "denial"}
_AUTHORITY: Final = 2  # as in `Entry.section`


def classify(answer: bytes | None, rcode: int | None, opcode: int, type_: int, do: bool) -> tuple[str, str]:
    """The type and the class (success, denial or error) of an answer; None where nothing left for the client.

    `rcode` with the bits that an OPT adds; `opcode`, `type_` and `do` as the query had them.
    """
    kind = _kind(answer, rcode, opcode, type_, do)
    return kind, _CLASS_OF.get(kind, "error")


def _kind(answer: bytes | None, rcode: int | None, opcode: int, type_: int, do: bool) -> str:
    if answer is None:
        return "OTHERERROR"
    if opcode == Opcode.UPDATE:
        return "UPDATE"
    if opcode == Opcode.NOTIFY or type_ in (Type.AXFR, Type.IXFR):
        return "META"
    if do and _has_expired_signature(answer):
        return "OTHERERROR"
    answered = answer[6:8] != b"\0\0"
    if rcode == Rcode.NOERROR:
        return "NOERROR" if answered else _empty_kind(answer)
    if rcode == Rcode.NXDOMAIN:
        return "OTHERERROR" if answered else "NXDOMAIN"
    return "SERVERERROR" if rcode in (Rcode.SERVFAIL, Rcode.NOTIMP) else "OTHERERROR"


def _empty_kind(answer: bytes) -> str:
    """NODATA has a SOA record in its authority section, a delegation NS records alone (RFC 2308 section 2.2)."""
    types = {entry.type for entry in _entries(answer) if entry.section == _AUTHORITY}
    if Type.SOA in types:
        return "NODATA"
    return "DELEGATION" if Type.NS in types else "NOERROR"


def _has_expired_signature(answer: bytes) -> bool:
    now = int(time.time())
    return any(entry.type == Type.RRSIG and not _is_valid(answer, entry, now) for entry in _entries(answer))


def _is_valid(answer: bytes, entry: Entry, now: int) -> bool:
    """Whether `now` lies in the signature's time, in serial arithmetic (RFC 4034 section 3.1.5)."""
    if entry.end - entry.rdata < 16:
        return False
    expiration = int.from_bytes(answer[entry.rdata + 8 : entry.rdata + 12])
    inception = int.from_bytes(answer[entry.rdata + 12 : entry.rdata + 16])
    return (now - inception) % 2**32 < 2**31 and (expiration - now) % 2**32 < 2**31


def _entries(answer: bytes) -> tuple[Entry, ...]:
    try:
        return scan(answer).entries
    except WireError:  # what left is judged by its header then
        return ()
