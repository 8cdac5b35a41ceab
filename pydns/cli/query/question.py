"""A question as it is sent: what people write for a name, and the message that asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from pydns import names
from pydns.records import Class, Type
from pydns.wire.edns import OUR_SIZE, opt_record

_RD: Final = 0x0100
_CD: Final = 0x0010


@dataclass(frozen=True, slots=True)
class Question:
    """`size`: octets of UDP payload that we take, in an OPT record; None for a message without one."""

    name: bytes
    type: int = Type.A
    class_: int = Class.IN
    recursion: bool = True
    checking_disabled: bool = False
    do: bool = False
    size: int | None = OUR_SIZE

    @property
    def numbers(self) -> bytes:
        """Type and class as they stand behind the name."""
        return self.type.to_bytes(2) + self.class_.to_bytes(2)

    def message(self, id_: bytes) -> bytes:
        flags = (_RD if self.recursion else 0) | (_CD if self.checking_disabled else 0)
        opt = b"" if self.size is None else opt_record(self.size, 0, self.do)
        counts = b"\0\1\0\0\0\0" + (b"\0\1" if opt else b"\0\0")
        return id_ + flags.to_bytes(2) + counts + self.name + self.numbers + opt


def name_of(text: str) -> bytes:
    """The wire form of a name as people type it: letters beyond ASCII as IDNA has them, else with DNS's escapes.

    Raises pydns.names.NameSyntaxError.
    """
    if text.isascii() or "\\" in text or _has_raw_octets(text):
        return names.from_text(text)
    try:
        return names.from_text(text.encode("idna").decode("ascii"))
    except UnicodeError as error:
        raise names.NameSyntaxError(f"{text[:60]!r} cannot be written in IDNA: {error}") from None


def _has_raw_octets(text: str) -> bool:
    """Octets of the command line that are no UTF-8 come as lone surrogates (PEP 383)."""
    return any("\ud800" <= character <= "\udfff" for character in text)


def reverse_name(text: str) -> bytes:
    """The name that has an address's PTR records. Raises ValueError where it is no IP address."""
    return names.reverse(ip_address(text.partition("%")[0]).packed)
