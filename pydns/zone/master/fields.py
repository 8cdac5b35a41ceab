"""One field of rdata each: from a word of a master file to octets. All raise SpellingError for what does not fit."""

from __future__ import annotations

from binascii import a2b_base64, unhexlify
from calendar import timegm
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from socket import AF_INET, AF_INET6, inet_pton
from time import strptime
from typing import Final

from pydns.records import Type, type_from_text
from pydns.zone.master.reading import shown
from pydns.zone.master.spelling import Naming, SpellingError, string, unescaped
from pydns.zone.master.ttl import period

Field = Callable[[bytes, Naming], bytes]
"""Reads one word."""

Rest = Callable[[Sequence[bytes]], bytes]
"""Reads all words that are left."""

MAX_RDATA: Final = 65_535

_KEPT: Final = 10_000  # type bitmaps and times that are remembered: a zone has few, and has them often

_ALGORITHMS: Final = {
    b"RSAMD5": 1, b"DH": 2, b"DSA": 3, b"ECC": 4, b"RSASHA1": 5, b"DSANSEC3SHA1": 6, b"NSEC3DSA": 6,
    b"NSEC3RSASHA1": 7, b"RSASHA1NSEC3SHA1": 7, b"RSASHA256": 8, b"RSASHA512": 10, b"ECCGOST": 12,
    b"ECDSAP256SHA256": 13, b"ECDSAP384SHA384": 14, b"ED25519": 15, b"ED448": 16, b"INDIRECT": 252,
    b"PRIVATEDNS": 253, b"PRIVATEOID": 254,
}  # fmt: skip
"""IANA's mnemonics for DNSSEC algorithms."""


def _number(octets: int) -> Field:
    highest = (1 << 8 * octets) - 1

    def read(word: bytes, _: Naming) -> bytes:
        if not word.isdigit() or len(word) > 10:
            raise SpellingError(f"{shown(word)} is no number")
        number = int(word)
        if number > highest:
            raise SpellingError(f"{number} is too much: at most {highest}")
        return number.to_bytes(octets)

    return read


u8: Final = _number(1)
u16: Final = _number(2)
u32: Final = _number(4)


def seconds(word: bytes, _: Naming) -> bytes:
    return period(word).to_bytes(4)


def name(word: bytes, naming: Naming) -> bytes:
    return naming.name(word)


def ipv4(word: bytes, _: Naming) -> bytes:
    try:
        return inet_pton(AF_INET, word.decode("ascii"))
    except (OSError, ValueError):
        raise SpellingError(f"{shown(word)} is no IPv4 address") from None


def ipv6(word: bytes, _: Naming) -> bytes:
    try:
        return inet_pton(AF_INET6, word.decode("ascii"))
    except (OSError, ValueError):
        raise SpellingError(f"{shown(word)} is no IPv6 address") from None


def text(word: bytes, _: Naming) -> bytes:
    octets = string(word)
    return bytes((len(octets),)) + octets


def long_text(word: bytes, _: Naming) -> bytes:
    """Text to the end of the rdata, without a length (CAA, URI)."""
    return unescaped(word[1:-1] if word[:1] == b'"' else word)


def target(word: bytes, naming: Naming) -> bytes:
    """Of URI (RFC 7553 section 4.4)."""
    if word == b'""':
        raise SpellingError("it is empty")
    return long_text(word, naming)


def tag(word: bytes, _: Naming) -> bytes:
    """The property tag of CAA (RFC 8659 section 4.1)."""
    if not word.isalnum() or len(word) > 255:
        raise SpellingError(f"{shown(word)} is no CAA tag: letters and digits only")
    return bytes((len(word),)) + word


def algorithm(word: bytes, naming: Naming) -> bytes:
    """Of DNSSEC: a number or its mnemonic."""
    known = _ALGORITHMS.get(word.upper())
    return bytes((known,)) if known is not None else u8(word, naming)


def type_number(word: bytes) -> int:
    """The number of any type that has a name. Raises SpellingError."""
    text = word.decode("latin-1")
    try:
        return type_from_text(text)
    except ValueError:
        from pydns.zone.master import rare  # it imports dnspython

        number = rare.type_number(text.upper())
    if number is None:
        close = get_close_matches(text.upper(), Type.__members__, n=1)
        remedy = f" (did you mean {close[0]}?)" if close else ""
        raise SpellingError(f"unknown type {shown(word)}{remedy}")
    return number


def covered(word: bytes, _: Naming) -> bytes:
    """A type by its name."""
    return type_number(word).to_bytes(2)


_times: Final[dict[bytes, bytes]] = {}


def time(word: bytes, naming: Naming) -> bytes:
    """YYYYMMDDHHmmSS, or seconds since 1970 (RFC 4034 section 3.2)."""
    found = _times.get(word)
    if found is None:
        if not word.isdigit():
            raise SpellingError(f"{shown(word)} is no time: write it as YYYYMMDDHHmmSS")
        if len(word) == 14:
            try:
                moment = timegm(strptime(word.decode(), "%Y%m%d%H%M%S"))
            except ValueError:
                raise SpellingError(f"{shown(word)} is no time: write it as YYYYMMDDHHmmSS") from None
            found = (moment & 0xFFFF_FFFF).to_bytes(4)
        else:
            found = u32(word, naming)
        if len(_times) >= _KEPT:
            _times.clear()
        _times[word] = found
    return found


def salt(word: bytes, _: Naming) -> bytes:
    """Of NSEC3, in hex; `-` is none (RFC 5155 section 3.3)."""
    octets = b"" if word == b"-" else hexadecimal((word,))
    if len(octets) > 255:
        raise SpellingError(f"a salt of {len(octets)} octets, at most 255")
    return bytes((len(octets),)) + octets


def next_hash(word: bytes, _: Naming) -> bytes:
    """A hashed owner in base32hex without padding (RFC 5155 section 3.3)."""
    bits = 5 * len(word)
    try:
        # Python's digits of base 32 are those of base32hex; it takes signs and underscores too.
        number = int(word, 32) if word.isalnum() and bits <= 8 * 255 else -1
    except ValueError:
        number = -1
    if number < 0 or bits % 8 >= 5 or number & (1 << bits % 8) - 1:
        raise SpellingError(f"{shown(word)} is no hash in base32hex")
    return bytes((bits // 8,)) + (number >> bits % 8).to_bytes(bits // 8)


# Readers of all words that are left.


def hexadecimal(words: Sequence[bytes]) -> bytes:
    joined = b"".join(words)
    try:
        return unhexlify(joined)
    except ValueError:
        raise SpellingError(f"{shown(joined)} is no even number of hexadecimal digits") from None


def some_hexadecimal(words: Sequence[bytes]) -> bytes:
    if not words:
        raise SpellingError("hexadecimal digits are missing")
    return hexadecimal(words)


def base64(words: Sequence[bytes]) -> bytes:
    joined = b"".join(words)
    try:
        octets = a2b_base64(joined, strict_mode=True)
    except ValueError as error:
        raise SpellingError(f"{shown(joined)} is no base64: {str(error).lower()}") from None
    if not octets:
        raise SpellingError("base64 is missing")
    return octets


def texts(words: Sequence[bytes]) -> bytes:
    """At least one character string."""
    if not words:
        raise SpellingError("a string is missing")
    found = bytearray()
    for word in words:
        octets = string(word)
        found.append(len(octets))
        found += octets
        if len(found) > MAX_RDATA:
            raise SpellingError(f"strings of over {MAX_RDATA} octets together")
    return bytes(found)


_bitmaps: Final[dict[bytes, bytes]] = {}


def types(words: Sequence[bytes]) -> bytes:
    """A bitmap of types (RFC 4034 section 4.1.2)."""
    joined = b" ".join(words)
    found = _bitmaps.get(joined)
    if found is None:
        found = _bitmap(words)
        if len(_bitmaps) >= _KEPT:
            _bitmaps.clear()
        _bitmaps[joined] = found
    return found


def _bitmap(words: Sequence[bytes]) -> bytes:
    windows: dict[int, int] = {}
    for word in words:
        number = type_number(word)
        if number == 0:
            raise SpellingError("type 0 stands in no bitmap")
        windows[number >> 8] = windows.get(number >> 8, 0) | 1 << 255 - (number & 255)
    parts = []
    for window, bits in sorted(windows.items()):
        octets = bits.to_bytes(32).rstrip(b"\0")
        parts.append(bytes((window, len(octets))) + octets)
    return b"".join(parts)
