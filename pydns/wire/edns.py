"""The OPT record (RFC 6891) and the options that the house itself reads or writes."""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct
from typing import Final

from pydns.errors import WireError

OUR_SIZE: Final = 1232
"""Octets of UDP payload that we offer and send at most: no fragments on any common path (DNS flag day 2020)."""

COOKIE: Final = 10
KEEPALIVE: Final = 11  # RFC 7828
PADDING: Final = 12  # RFC 7830
EXTENDED_ERROR: Final = 15
MAX_ERROR_TEXT: Final = 120  # octets; an answer stays small

_OPTION: Final = Struct("!HH")
_OPT: Final = Struct("!BHHBBHH")  # root, type, size, high rcode bits, version, flags, length


def options(rdata: bytes) -> tuple[tuple[int, bytes], ...]:
    """The options of an OPT record's rdata as (code, data). Raises WireError where they do not fill it exactly."""
    found: list[tuple[int, bytes]] = []
    offset = 0
    while offset < len(rdata):
        if offset + 4 > len(rdata):
            raise WireError("an EDNS option is cut")
        code, length = _OPTION.unpack_from(rdata, offset)
        offset += 4
        if offset + length > len(rdata):
            raise WireError("an EDNS option runs out of its record")
        found.append((code, rdata[offset : offset + length]))
        offset += length
    return tuple(found)


def pack_options(pairs: Iterable[tuple[int, bytes]]) -> bytes:
    return b"".join(_OPTION.pack(code, len(data)) + data for code, data in pairs)


def extended_errors(errors: Iterable[tuple[int, str]]) -> Iterable[tuple[int, bytes]]:
    """Extended DNS errors as options (RFC 8914 section 2)."""
    for code, text in errors:
        # Cut between characters, never within one.
        short = text.encode("utf-8", "replace")[:MAX_ERROR_TEXT].decode("utf-8", "ignore")
        yield EXTENDED_ERROR, code.to_bytes(2) + short.encode()


def opt_record(size: int, rcode: int, do: bool, pairs: Iterable[tuple[int, bytes]] = (), co: bool = False) -> bytes:
    """An OPT record of version 0; of `rcode` it carries the bits above the lowest four."""
    rdata = pack_options(pairs)
    flags = (0x8000 if do else 0) | (0x4000 if co else 0)
    return _OPT.pack(0, 41, size, rcode >> 4 & 0xFF, 0, flags, len(rdata)) + rdata
