"""Reads the words of a directive: counts, numbers, durations, zones, paths. What does not fit is a CorefileError."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from pydns import names
from pydns.errors import CorefileError, CorefileErrorGroup

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock, Word

T = TypeVar("T")

_SECONDS: Final = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
}
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_MAX_SECONDS: Final = 2.0**63 / 1e9  # what Go's time.Duration holds


def arguments(directive: Directive, least: int, most: int | None = None) -> tuple[Word, ...]:
    """The arguments, at least `least` and at most `most` (None: any number)."""
    count = len(directive.args)
    if count < least:
        wanted = f"{least} argument{'s' if least > 1 else ''}"
        more = "at least " if most != least else ""
        raise CorefileError(directive.position, f"{directive.name} wants {more}{wanted}, not {count}")
    if most is not None and count > most:
        extra = directive.args[most]
        allowed = f"at most {most} argument{'s' if most > 1 else ''}" if most else "no arguments"
        raise CorefileError(extra.position, f"{directive.name} takes {allowed}; {str(extra)!r} is one too many")
    return directive.args


def no_block(directive: Directive) -> None:
    """Refuses braces behind a directive that has no options."""
    if directive.block is not None:
        raise CorefileError(directive.position, f"{directive.name} takes no block", "remove the braces")


def alone(directive: Directive) -> None:
    """Refuses arguments and braces behind a directive that has neither."""
    arguments(directive, 0, 0)
    no_block(directive)


def once(directives: Sequence[Directive]) -> Directive:
    """The only one. A second in the same server block is an error that names both places."""
    if len(directives) > 1:
        first, second = directives[0], directives[1]
        raise CorefileError(
            second.position,
            f"{second.name} stands twice in this server block, first at {first.position}",
            "keep one",
        )
    return directives[0]


def each(
    directives: Iterable[Directive], read: Callable[[Directive], T], errors: list[CorefileError]
) -> Iterator[tuple[Directive, T]]:
    """Directives with what `read` makes of them. Whatever it raises goes to `errors`, and the next one follows."""
    for directive in directives:
        try:
            yield directive, read(directive)
        except CorefileError as error:
            errors.append(error)
        except CorefileErrorGroup as group:
            errors.extend(group.errors)


def fallthrough(option: Directive) -> tuple[bytes, ...]:
    """The zones of a `fallthrough` line: all names where it has none."""
    return tuple(found for word in option.args for found in zone(word)) or (names.ROOT,)


def options(directive: Directive, known: Mapping[str, Callable[[Directive], object]]) -> None:
    """Calls `known[name]` with each line of the directive's block, in order.

    Raises CorefileErrorGroup of everything that the lines raised, of names that are not known, and of braces behind an
    option, in which nobody would look.
    """
    errors: list[CorefileError] = []
    for option in directive.block or ():
        read = known.get(option.name)
        if read is None:
            errors.append(unknown(option.name, known, f"option of {directive.name}"))
            continue
        try:
            no_block(option)
            read(option)
        except CorefileError as error:
            errors.append(error)
        except CorefileErrorGroup as group:
            errors.extend(group.errors)
    if errors:
        raise CorefileErrorGroup(errors)


def unknown(word: Word, known: Collection[str], what: str) -> CorefileError:
    """The error of a word that is none of `known`, with the nearest of them as its remedy."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    remedy = f"did you mean {close[0]!r}?" if close else f"one of: {', '.join(sorted(known))}"
    if not known:
        remedy = ""
    return CorefileError(word.position, f"unknown {what} {str(word)!r}", remedy)


def choice(word: Word, known: Collection[str], what: str) -> str:
    """The word, where it is one of `known`."""
    if word not in known:
        raise unknown(word, known, what)
    return str(word)


def integer(word: Word, low: int = 0, high: int = 2**31 - 1) -> int:
    """A whole number within `low` and `high`, both allowed."""
    digits = word.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 20):
        raise CorefileError(word.position, f"{str(word)!r} is no whole number")
    number = int(word)
    if not low <= number <= high:
        raise CorefileError(word.position, f"{number} is out of range", f"between {low} and {high}")
    return number


def number(word: Word, low: float, high: float) -> float:
    """A number, with a decimal point or without, within `low` and `high`."""
    try:
        if not word.isascii() or "_" in word or word != word.strip():  # Python takes these, Go does not
            raise ValueError(word)
        value = float(word)
    except ValueError:
        raise CorefileError(word.position, f"{str(word)!r} is no number") from None
    if not low <= value <= high:  # false for NaN too
        raise CorefileError(word.position, f"{word} is out of range", f"between {low:g} and {high:g}")
    return value


def duration(word: Word, *, bare: float | None = None, least: float = 0.0) -> float:
    """Seconds of a duration as Go writes it (`1h30m`, `500ms`, `0`).

    `bare`: the seconds that a number without a unit counts in; None where a unit must stand. Negative is an error.
    """
    text = str(word)
    if bare is not None and text.isascii() and text.isdigit() and len(text) < 16:
        seconds = int(text) * bare
    elif text == "0":
        seconds = 0.0
    else:
        parts = _PART.findall(text)
        if not parts or "".join(count + unit for count, unit in parts) != text or len(text) > 64:
            remedy = "write it as 30s, 5m, 1h or 500ms"
            raise CorefileError(word.position, f"{text[:40]!r} is no duration", remedy)
        seconds = sum(float(count) * _SECONDS[unit] for count, unit in parts)
    if not least <= seconds <= _MAX_SECONDS:
        raise CorefileError(word.position, f"{text!r} is out of range", f"at least {least:g}s")
    return seconds


def percentage(word: Word, low: int, high: int) -> int:
    """The number of `10%`; the sign must stand."""
    if not word.endswith("%"):
        raise CorefileError(word.position, f"{str(word)!r} is no percentage", "write it as 10%")
    return integer(type(word)(word[:-1], word.position), low, high)


def name(word: Word) -> bytes:
    """A domain name in wire form."""
    try:
        return names.from_text(word)
    except names.NameSyntaxError as error:
        raise CorefileError(word.position, str(error)) from None


def zone(word: Word) -> tuple[bytes, ...]:
    """The zones that a word names: a domain name, or a CIDR block that stands for its reverse zones.

    A prefix between octets (IPv4) or nibbles (IPv6) stands for several zones (RFC 2317 has no part in this).
    """
    # ipaddress takes 10.0.0.0/255.0.0.0 too, which is no CIDR block.
    if word.rpartition("/")[2].isdecimal():
        try:
            network = ip_network(str(word), strict=False)
        except ValueError:
            pass
        else:
            return reverse_zones(network.network_address.packed, network.prefixlen)
    return (name(word),)


def zones(words: Sequence[Word], block: ServerBlock) -> tuple[bytes, ...]:
    """The zones that the words name, each once; the server block's where there are none."""
    if not words:
        return block.zones
    return tuple(dict.fromkeys(found for word in words for found in zone(word)))


def reverse_zones(network: bytes, prefix: int) -> tuple[bytes, ...]:
    """The fewest reverse zones that cover a network exactly: 10.0.0.0/9 gives 128 of them.

    `network` is packed (4 or 16 octets) with zeros behind the prefix.
    """
    unit, digits = (8, len(network)) if len(network) == 4 else (4, 2 * len(network))
    kept = -(-prefix // unit)  # digits that the zones have
    first = int.from_bytes(network) >> (8 * len(network) - kept * unit) if kept else 0
    zones_ = []
    for i in range(1 << (kept * unit - prefix)):
        packed = ((first + i) << (8 * len(network) - kept * unit)).to_bytes(len(network))
        whole = names.reverse(packed)
        for _ in range(digits - kept):
            whole = names.parent(whole)
        zones_.append(whole)
    return tuple(zones_)


def listen_address(word: Word) -> tuple[str, int]:
    """Host and port of `:8080`, `localhost:9153`, `127.0.0.1:80` or `[::1]:80`; an empty host means all addresses.

    `localhost` is 127.0.0.1, so that nothing is looked up. Port 0 is any that is free.
    """
    host, colon, port = word.rpartition(":")
    remedy = "write it as :8080, localhost:8080, 192.0.2.1:8080 or [2001:db8::1]:8080"
    if not colon or not (port.isascii() and port.isdigit() and len(port) < 6 and int(port) < 65536):
        raise CorefileError(word.position, f"{str(word)!r} is no address with a port", remedy)
    if host in ("", "localhost"):
        return "127.0.0.1" if host else "", int(port)
    bracketed = host.startswith("[") and host.endswith("]")
    try:
        address = ip_address(host[1:-1] if bracketed else host)
    except ValueError:
        raise CorefileError(word.position, f"{host!r} is no IP address", remedy) from None
    if bracketed != (address.version == 6):
        raise CorefileError(word.position, f"{str(word)!r} is no address with a port", remedy)
    return str(address), int(port)


def path(word: Word, block: ServerBlock) -> Path:
    """A path, relative ones taken from the block's `root`."""
    if "\0" in word:
        raise CorefileError(word.position, "a path holds a NUL character")
    return block.root / word
