"""What an SOA record says (RFC 1035 section 3.3.13)."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from pydns.errors import WireError
from pydns.wire.scan import read_name

_NUMBERS = Struct("!IIIII")


class Soa(NamedTuple):
    """Names in lower case, times in seconds. Equal where DNS takes the records as equal."""

    primary: bytes
    mailbox: bytes
    serial: int
    refresh: int
    retry: int
    expire: int
    minimum: int


def read_soa(rdata: bytes) -> Soa:
    """Of uncompressed rdata. Raises WireError."""
    message = bytes(12) + rdata  # where a reader of names expects them
    primary, offset = read_name(message, 12)
    mailbox, offset = read_name(message, offset)
    if len(message) - offset != _NUMBERS.size:
        raise WireError("an SOA record that is too short or too long")
    return Soa(primary, mailbox, *_NUMBERS.unpack_from(message, offset))
