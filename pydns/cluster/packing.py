"""What is found, with its records as they stand in a message (see `pydns.packed`)."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Final

from pydns.packed import Packed
from pydns.records import Class, Rcode, Record, Type
from pydns.reply import Reply

_RECORD: Final = Struct("!HHHIH")
_IN, _A, _AAAA = int(Class.IN), int(Type.A), int(Type.AAAA)
_QUESTION: Final = 0xC00C  # points to the question's name
_AA: Final = Reply.AA
_NXDOMAIN: Final = Reply.AA | int(Rcode.NXDOMAIN)


class Packer:
    """`ttl`: seconds that addresses are good for."""

    def __init__(self, ttl: int) -> None:
        self._a = _RECORD.pack(_QUESTION, _A, _IN, ttl, 4)
        self._aaaa = _RECORD.pack(_QUESTION, _AAAA, _IN, ttl, 16)

    def addresses(self, addresses: Sequence[bytes], type_: int) -> Packed | None:
        """Those of a type; None where there are none, which takes a SOA."""
        if type_ == _A:
            size, ahead = 4, self._a
        else:
            size, ahead = 16, self._aaaa
        if len(addresses) == 1:  # most
            address = addresses[0]
            return (_AA, 1, 0, ahead + address, "kubernetes") if len(address) == size else None
        found = [ahead + address for address in addresses if len(address) == size]
        return (_AA, len(found), 0, b"".join(found), "kubernetes") if found else None


def denial(name: bytes, zone: bytes, soa: Sequence[Record], *, exists: bool) -> Packed | None:
    """No such name, or no such data at a name that exists; None without a SOA."""
    if len(soa) != 1:
        return None
    _, type_, class_, ttl, rdata = soa[0]
    pointer = _QUESTION + len(name) - len(zone)
    record = _RECORD.pack(pointer, type_, class_, ttl, len(rdata)) + rdata
    return _AA if exists else _NXDOMAIN, 0, 1, record, "kubernetes"
