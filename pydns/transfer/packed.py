"""A zone as octets: what is kept on disk, and what one process hands to another.

    b"pydns zone 1\\n"   length of the origin (2)   origin   then for each RRset
    length of the owner (2)   type (2)   TTL (4)   count (2)   owner   count times: length (2)   rdata

An owner of length 0 is that of the RRset before. At the end stand 0xFFFF, eight octets with the number of records, and
a hash of all that stands before it: a file that was cut, or changed by anybody, is none.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from hashlib import blake2b
from struct import Struct
from typing import Final

from pydns.errors import PydnsError, WireError, ZoneError
from pydns.names import to_text
from pydns.transfer.soa import read_soa
from pydns.zone.builder import Builder
from pydns.zone.zone import Zone

MAGIC: Final = b"pydns zone 1\n"

_LENGTH: Final = Struct("!H")
_HEAD: Final = Struct("!HHIH")
_END: Final = Struct("!HQ")
_AT_END: Final = 0xFFFF
_HASH: Final = 16  # octets
_PARTS: Final = 300  # of a piece, two for each record and RRset
_RECORDS_A_STEP: Final = 500
_MOST: Final = 1 << 20  # octets of an RRset that is not whole yet
_NO_NAME: Final = "a name that is none"


class PackedError(PydnsError):
    """These octets are no packed zone, or not a whole one."""


def packed(zone: Zone) -> Iterator[bytes]:
    """In pieces, each made within a millisecond or so."""
    hashed = blake2b(digest_size=_HASH)
    parts = [MAGIC, _LENGTH.pack(len(zone.origin)), zone.origin]
    last, records = b"", 0
    for owner, type_, ttl, rdatas in zone.rrsets():
        name = b"" if owner == last else owner
        last = owner
        records += len(rdatas)
        parts += (_HEAD.pack(len(name), type_, ttl, len(rdatas)), name)
        for rdata in rdatas:
            parts += (_LENGTH.pack(len(rdata)), rdata)
        if len(parts) >= _PARTS:
            piece = b"".join(parts)
            hashed.update(piece)
            yield piece
            parts.clear()
    parts.append(_END.pack(_AT_END, records))
    piece = b"".join(parts)
    hashed.update(piece)
    yield piece + hashed.digest()


class Unpacking:
    """Takes the octets in pieces of any size, and gives the zone."""

    def __init__(self, origin: bytes) -> None:
        self._origin = origin
        self._builder = Builder(origin)
        self._hash = blake2b(digest_size=_HASH)
        self._left = b""  # what the next piece belongs to
        self._begun = False
        self._owner = b""
        self._records = 0
        self._ended = False

    def take(self, piece: bytes) -> Generator[None, None, None]:
        """In steps of a few milliseconds. Raises PackedError."""
        if self._ended:
            self._left += piece
            return
        data = self._left + piece
        at = 0
        try:
            if not self._begun:
                at = self._begin(data)
            enough = self._records + _RECORDS_A_STEP
            while self._begun and (end := self._take_rrset(data, at)):
                at = end
                if self._records >= enough:
                    enough = self._records + _RECORDS_A_STEP
                    yield
        except ZoneError as error:
            raise PackedError(str(error)) from None
        except IndexError:
            raise PackedError(_NO_NAME) from None
        self._hash.update(data[:at])
        self._left = data[at:]
        if len(self._left) > _MOST:
            raise PackedError("an RRset longer than any")

    def finish(self) -> Generator[None, None, Zone]:
        """Behind the last piece. Raises PackedError."""
        if not self._ended:
            raise PackedError("the end is missing")
        if self._left != self._hash.digest():
            raise PackedError("it was changed, or is damaged: its hash is another")
        try:
            zone = yield from self._builder.finish()
            read_soa(zone.soa.rdatas[0])
        except ZoneError as error:
            raise PackedError(str(error)) from None
        except WireError as error:
            raise PackedError(f"its SOA record is none: {error.reason}") from None
        except IndexError:
            raise PackedError(_NO_NAME) from None
        return zone

    def _begin(self, data: bytes) -> int:
        """The offset of the first RRset; 0 where that is not there yet."""
        start = len(MAGIC) + 2
        if data[: len(MAGIC)] != MAGIC[: len(data)]:
            raise PackedError("it is no zone kept by pydns, or one of another version")
        if len(data) < start:
            return 0
        end = start + int.from_bytes(data[start - 2 : start])
        if len(data) < end:
            return 0
        if data[start:end] != self._origin:
            raise PackedError(f"it is another zone, not {to_text(self._origin)}")
        self._begun = True
        return end

    def _take_rrset(self, data: bytes, at: int) -> int:
        """The offset behind the RRset at `at`; 0 where it is not whole yet, or it is the end."""
        size = len(data)
        if size - at < _HEAD.size or self._ended:
            return 0
        length, type_, ttl, count = _HEAD.unpack_from(data, at)
        if length == _AT_END:
            if _END.unpack_from(data, at)[1] != self._records:
                raise PackedError("records are missing")
            self._ended = True
            return at + _END.size
        offset: int = at + _HEAD.size + length
        if offset > size:
            return 0
        owner = data[at + _HEAD.size : offset] if length else self._owner
        rdatas = []
        for _ in range(count):
            if size - offset < 2:
                return 0
            end = offset + 2 + (data[offset] << 8 | data[offset + 1])
            if end > size:
                return 0
            rdatas.append(data[offset + 2 : end])
            offset = end
        self._owner = owner
        self._records += count
        for rdata in rdatas:
            self._builder.add(owner, type_, ttl, rdata)
        return offset
