"""The keys of a server block: `dns://example.org:1053`, read into scheme, zones and port."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address, ip_network
from typing import Final

from pydns.corefile import values
from pydns.corefile.limits import Budget, LimitError
from pydns.corefile.shown import shorten
from pydns.corefile.tree import Key, Word
from pydns.errors import CorefileError, CorefileErrorGroup

SCHEMES: Final = ("dns", "tls", "https", "https3", "grpc", "quic")
MAX_PORT: Final = 65535
_MAX_COMMAS: Final = 10_000


def read_keys(words: Sequence[Word], budget: Budget) -> tuple[Key, ...]:
    """The keys of words parted by blanks and commas. Raises CorefileErrorGroup of all that is wrong with them.

    Each takes a word of the budget, since one network can stand for 128 zones.
    """
    keys: list[Key] = []
    faults: list[CorefileError] = []
    comma: Word | None = None
    for word in split_commas(words):
        if _is_comma(word):
            if comma or not (keys or faults):
                faults.append(CorefileError(word.position, "no key stands before the comma", "remove the comma"))
            comma = word
            continue
        comma = None
        try:
            found = read_key(word)
            budget.take_words(word.position, len(found), 0)
            keys += found
        except CorefileError as error:
            faults.append(error)
    if comma:
        faults.append(CorefileError(comma.position, "no key stands behind the comma", "remove the comma"))
    if faults:
        raise CorefileErrorGroup(faults)
    return tuple(keys)


def read_key(word: Word) -> tuple[Key, ...]:
    """The keys of one word: several where it is a network that several reverse zones cover."""
    if not word:
        raise CorefileError(word.position, "an empty key", "write . for all names")
    if "{" in word or "}" in word:
        remedy = "write blanks around the braces of a block"
        raise CorefileError(word.position, f"a brace stands in the key {shorten(word)!r}", remedy)
    scheme, separator, rest = word.partition("://")
    if not separator:
        scheme, rest = "dns", str(word)
    scheme = scheme.lower()  # RFC 3986 section 3.1
    if scheme not in SCHEMES:
        raise CorefileError(word.position, f"unknown scheme {shorten(scheme)!r}", f"one of: {', '.join(SCHEMES)}")
    if not rest:
        raise CorefileError(word.position, f"no zone behind {word}", f"write {word}. for all names")
    zone, port = _zone_and_port(word, rest)
    return tuple(Key(word, scheme, found, port) for found in values.zone(Word(zone, word.position)))


def split_commas(words: Sequence[Word], *, moved: bool = False) -> list[Word]:
    """The parts of unquoted words between commas, and the commas.

    `moved`: each part has its own column; what came from a variable keeps the place of the variable.
    """
    return [part for word in words for part in ((word,) if word.quoted or "," not in word else _parts(word, moved))]


def _parts(word: Word, moved: bool) -> Iterator[Word]:
    if word.count(",") > _MAX_COMMAS:
        raise LimitError(word.position, f"more than {_MAX_COMMAS} commas in a word")
    column = word.position.column
    for i, part in enumerate(word.split(",")):
        for text in ("," if i else "", part):
            if text:
                yield Word(text, word.position._replace(column=column) if moved else word.position)
                column += len(text)


def ends_with_comma(words: Sequence[Word]) -> bool:
    """True where the next line goes on with the keys."""
    return bool(words) and not words[-1].quoted and words[-1].endswith(",")


def _is_comma(word: Word) -> bool:
    return word == "," and not word.quoted


def _zone_and_port(word: Word, text: str) -> tuple[str, int | None]:
    _refuse_address(word, text)
    if _is_network(text):  # 2001:db8::/32 has colons, and no port
        return text, None
    host, colon, tail = text.rpartition(":")
    _refuse_prefix(word, text, host)
    if not colon:
        return text, None
    if not (tail.isascii() and tail.isdigit()):
        raise CorefileError(word.position, f"{shorten(tail)!r} is no port", "write a number behind the colon")
    if len(tail) > 5 or int(tail) > MAX_PORT:
        raise CorefileError(word.position, f"port {shorten(tail)} is out of range", f"between 0 and {MAX_PORT}")
    if ":" in host and not _is_network(host):
        raise CorefileError(word.position, f"a colon stands in the zone {shorten(host)!r}", "write ZONE:PORT")
    return host, int(tail)


def _refuse_address(word: Word, text: str) -> None:
    """CoreDNS takes `::1` for the zone `:` at port 1. IPv4 addresses are names like others."""
    if text.startswith("[") or (":" in text and _is_address(text)):
        remedy = "zones stand here; addresses to listen on stand behind bind"
        raise CorefileError(word.position, f"{shorten(text)!r} is an address", remedy)


def _refuse_prefix(word: Word, text: str, host: str) -> None:
    """CoreDNS takes `10.0.0.0/33` for a name."""
    address, _, rest = text.partition("/")
    if rest.partition(":")[0].isdigit() and _is_address(address) and not _is_network(host):
        raise CorefileError(word.position, f"{shorten(text)!r} is no network", "its prefix length is out of range")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_network(text: str) -> bool:
    if "/" not in text:
        return False
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True
