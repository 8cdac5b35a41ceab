"""The seam to dnspython, which knows the form of every type. Imported only where a zone has a rare one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from pydns.names import labels
from pydns.records import type_text
from pydns.zone.master.spelling import SpellingError

_IN: Final = dns.rdataclass.IN
_WIDE: Final = bytes(range(128, 256)) + bytes(range(32)) + b"\x7f"


def type_number(word: str) -> int | None:
    """The number of a type by a name that `pydns.records` does not have."""
    try:
        return int(dns.rdatatype.from_text(word))
    except (dns.exception.DNSException, ValueError):
        return None


def pack(type_: int, text: bytes, origin: bytes) -> bytes:
    """Rdata in wire form from the text of it. Raises SpellingError."""
    kind = dns.rdatatype.RdataType.make(type_)
    if _is_unknown(kind):
        raise SpellingError(f"{type_text(type_)} can only be written as \\# LENGTH HEX (RFC 3597)")
    # dnspython takes text, and has letters beyond ASCII in UTF-8 or IDNA. A zone file holds octets.
    spelled = "".join(f"\\{octet:03d}" if octet in _WIDE else chr(octet) for octet in text)
    try:
        rdata = dns.rdata.from_text(_IN, kind, spelled, _name(origin), relativize=False)
        return bytes(rdata.to_wire() or b"")
    except Exception as error:  # noqa: BLE001,RUF100 -- its readers raise whatever Python does
        raise SpellingError(f"no {type_text(type_)} record: {_told(error)}") from None


def check(type_: int, rdata: bytes) -> None:
    """Raises SpellingError where octets are no rdata of a type that is known."""
    kind = dns.rdatatype.RdataType.make(type_)
    if _is_unknown(kind):
        return
    try:
        dns.rdata.from_wire(_IN, kind, rdata, 0, len(rdata))
    except Exception as error:  # noqa: BLE001,RUF100 -- as above
        raise SpellingError(f"these octets are no {type_text(type_)} record: {_told(error)}") from None


def text(type_: int, rdata: bytes) -> str | None:
    """Rdata as people write it; None where that is not known."""
    kind = dns.rdatatype.RdataType.make(type_)
    if _is_unknown(kind):
        return None
    try:
        return str(dns.rdata.from_wire(_IN, kind, rdata, 0, len(rdata)).to_text())
    except Exception:  # noqa: BLE001,RUF100 -- as above
        return None


def _is_unknown(kind: dns.rdatatype.RdataType) -> bool:
    find: Callable[[object, object], type] = dns.rdata.get_rdata_class
    return find(_IN, kind) is dns.rdata.GenericRdata


def _name(wire: bytes) -> dns.name.Name:
    return dns.name.Name((*labels(wire), b""))


def _told(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]
