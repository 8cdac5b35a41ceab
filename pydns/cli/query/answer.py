"""An answer as it came: told apart from what is none to our question, and opened."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pydns.errors import WireError
from pydns.records import Record
from pydns.wire.edns import options
from pydns.wire.opened import sections
from pydns.wire.scan import read_name, scan

if TYPE_CHECKING:
    from pydns.cli.query.question import Question

FLAGS: Final = ((0x8000, "qr"), (0x0400, "aa"), (0x0200, "tc"), (0x0100, "rd"), (0x0080, "ra"), (0x0040, "z"),
                (0x0020, "ad"), (0x0010, "cd"))  # fmt: skip
TC: Final = 0x0200
SECTIONS: Final = ("answer", "authority", "additional")


@dataclass(frozen=True, slots=True)
class Opt:
    """The OPT record of an answer; `options` is None where they are broken."""

    size: int
    version: int
    do: bool
    options: tuple[tuple[int, bytes], ...] | None


@dataclass(frozen=True, slots=True)
class Answer:
    """`sections`: answer, authority and additional records; `has_question` is false for a bare header."""

    wire: bytes
    rcode: int
    sections: tuple[tuple[Record, ...], ...] = ((), (), ())
    opt: Opt | None = None
    has_question: bool = True
    flags: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "flags", self.wire[2] << 8 | self.wire[3])

    @property
    def id(self) -> int:
        return int.from_bytes(self.wire[:2])

    @property
    def truncated(self) -> bool:
        return bool(self.flags & TC)

    @property
    def flag_names(self) -> list[str]:
        return [name for bit, name in FLAGS if self.flags & bit]


def read_answer(wire: bytes, id_: bytes, question: Question) -> Answer:
    """The answer to the question that was asked under this id.

    Raises WireError where it is none, or cannot be read (RFC 5452 section 9.1).
    """
    if len(wire) < 12:
        raise WireError("shorter than a header")
    if wire[:2] != id_:
        raise WireError("another id")
    if wire[2] & 0xF8 != 0x80:  # QR set, opcode QUERY
        raise WireError("no answer to a query")
    rcode = wire[3] & 15
    if wire[4:6] == b"\0\0" and rcode:
        return Answer(wire, rcode, has_question=False)  # who could not read the question sends none back
    name, end = read_name(wire, 12)
    if wire[4:6] != b"\0\1" or name != question.name or wire[end : end + 4] != question.numbers:
        raise WireError("another question")
    try:
        return _opened(wire, rcode)
    except WireError:
        if wire[2] & TC >> 8:
            return Answer(wire, rcode)  # some cut it within a record, and it is asked for over TCP anyway
        raise


def _opened(wire: bytes, rcode: int) -> Answer:
    entry = scan(wire).opt
    if entry is None:
        return Answer(wire, rcode, sections(wire))
    try:
        pairs: tuple[tuple[int, bytes], ...] | None = options(wire[entry.rdata : entry.end])
    except WireError:
        pairs = None
    # Its TTL holds the upper bits of the rcode, the version, and DO (RFC 6891 section 6.1.3).
    opt = Opt(entry.class_, entry.ttl >> 16 & 0xFF, bool(entry.ttl & 0x8000), pairs)
    return Answer(wire, rcode | entry.ttl >> 24 << 4, sections(wire), opt)
