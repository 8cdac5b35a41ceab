"""The TSIG record of a message (RFC 8945 section 4.2), read and packed."""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from pydns.errors import WireError
from pydns.records import Class, Type
from pydns.wire.scan import FIXED, HEADER, read_name, skip_name

_LATEST: Final = 2**48 - 1
_TIMES: Final = Struct("!HIHH")  # time signed in 48 bits, fudge, length of the MAC
_ENDS: Final = Struct("!HHH")  # original id, error, length of the other data
_TSIG: Final = int(Type.TSIG)


class Tsig(NamedTuple):
    """`name` and `algorithm` as in `pydns.names`; `time` in seconds since 1970, `fudge` in seconds."""

    name: bytes
    algorithm: bytes
    time: int
    fudge: int
    mac: bytes
    original_id: int
    error: int = 0
    other: bytes = b""

    def variables(self) -> bytes:
        """What a MAC covers of it (RFC 8945 section 4.3.3)."""
        fixed = int(Class.ANY).to_bytes(2) + bytes(4)  # class and TTL
        ends = self.error.to_bytes(2) + len(self.other).to_bytes(2) + self.other
        return b"".join((self.name, fixed, self.algorithm, self.timers(), ends))

    def timers(self) -> bytes:
        """What a MAC covers of it in the second and all later messages of a sequence (section 5.3.1)."""
        return min(self.time, _LATEST).to_bytes(6) + self.fudge.to_bytes(2)

    def appended(self, message: bytes) -> bytes:
        """The message with this record at its end."""
        rdata = b"".join(
            (
                self.algorithm,
                self.timers(),
                len(self.mac).to_bytes(2),
                self.mac,
                _ENDS.pack(self.original_id, self.error, len(self.other)),
                self.other,
            )
        )
        count = (int.from_bytes(message[10:12]) + 1).to_bytes(2)
        fixed = FIXED.pack(_TSIG, Class.ANY, 0, len(rdata))
        return b"".join((message[:10], count, message[12:], self.name, fixed, rdata))


def split(wire: bytes) -> tuple[bytes, Tsig] | None:
    """The message as it was signed, without its TSIG record and with the original id, and that record.

    None where there is none. Raises WireError where one is malformed, or is not the last record (section 5.1).
    """
    owner = _place(wire)
    if owner is None:
        return None
    fixed = skip_name(wire, owner)
    _, class_, ttl, _ = FIXED.unpack_from(wire, fixed)
    if class_ != Class.ANY or ttl:
        raise WireError("a TSIG record of a class or with a TTL that none has")
    name, _ = read_name(wire, owner)
    record = _read(name, wire, fixed + FIXED.size, len(wire))
    count = (int.from_bytes(wire[10:12]) - 1).to_bytes(2)
    return record.original_id.to_bytes(2) + wire[2:10] + count + wire[12:owner], record


def _place(wire: bytes) -> int | None:
    """Where the TSIG record begins; None where there is none. Walks over all records. Raises WireError."""
    if len(wire) < 12:
        raise WireError("shorter than a header", None)
    _, _, questions, answers, authority, additional = HEADER.unpack_from(wire)
    if questions > 1:
        raise WireError(f"{questions} questions")
    offset = skip_name(wire, 12) + 4 if questions else 12  # messages of a transfer may leave it out
    count = answers + authority + additional
    try:
        for i in range(count):
            owner = offset
            # Most owners are pointers.
            offset = offset + 2 if wire[offset] >= 0xC0 else skip_name(wire, offset)
            if wire[offset] << 8 | wire[offset + 1] == _TSIG:
                if i != count - 1 or not additional:
                    raise WireError("a TSIG record that is not the last")
                if offset + FIXED.size + (wire[offset + 8] << 8 | wire[offset + 9]) != len(wire):
                    raise WireError("a TSIG record that does not end the message")
                return owner
            offset += FIXED.size + (wire[offset + 8] << 8 | wire[offset + 9])
    except IndexError:
        raise WireError("a record is cut") from None
    if offset != len(wire):
        raise WireError("octets behind the last record, or too few")
    return None


def _read(name: bytes, wire: bytes, start: int, end: int) -> Tsig:
    algorithm, offset = read_name(wire, start)
    if offset + _TIMES.size > end:
        raise WireError("a TSIG record is cut")
    high, low, fudge, length = _TIMES.unpack_from(wire, offset)
    offset += _TIMES.size
    mac = wire[offset : offset + length]
    offset += length
    if offset + _ENDS.size > end:
        raise WireError("a TSIG record is cut")
    original, error, length = _ENDS.unpack_from(wire, offset)
    offset += _ENDS.size
    if offset + length != end:
        raise WireError("a TSIG record does not end with its data")
    return Tsig(name, algorithm, high << 32 | low, fudge, mac, original, error, wire[offset:end])


def may_hold_one(wire: bytes, question_end: int, with_opt: bool) -> bool:
    """False where a query that was read can hold no TSIG record: it has no additional record, or an OPT alone."""
    return len(wire) != question_end and wire[10:12] != (b"\0\1" if with_opt else b"\0\0")
