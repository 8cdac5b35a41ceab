"""Reads the cache directive of a Corefile."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pydns import names
from pydns.corefile import values
from pydns.corefile.tree import Directive, ServerBlock, Word
from pydns.errors import CorefileError

DEFAULT_CAPACITY: Final = 9984  # entries of a store, as CoreDNS's 256 shards of 39
DEFAULT_BYTES: Final = 32 * 1024 * 1024  # of a store
LEAST_BYTES: Final = 128 * 1024  # the largest DNS message fits
MAX_SUCCESS_TTL: Final = 3600  # seconds
MAX_DENIAL_TTL: Final = 1800
LEAST_TTL: Final = 5
STALE_TTL: Final = 30  # RFC 8767 section 4 recommends it
MAX_FAILURE: Final = 300.0  # RFC 2308 section 7, RFC 9520 section 3.2, RFC 8767 section 5: five minutes


@dataclass
class Limits:
    """What bounds one of the two stores: its entries, and the seconds that an entry stays at least and at most."""

    capacity: int
    most: int
    least: int = LEAST_TTL


@dataclass
class Stale:
    """The serve_stale option; all in seconds.

    * `window`: how long after its end an entry may still be given
    * `verify`: ask first and give the stale entry where that fails; else give it first and ask behind it
    * `timeout`: how long a client waits for that asking, 0 where only the chain's own patience counts
    * `ttl`: of the records of a stale answer
    * `recheck`: pause after an asking that failed
    """

    window: float = 3600.0
    verify: bool = False
    timeout: float = 0.0
    ttl: int = STALE_TTL
    recheck: float = 0.0


@dataclass
class Prefetch:
    """The prefetch option: entries asked `amount` times without a gap of `gap` seconds are fetched again before their
    end, when less than `share` (0 to 1) of their time is left."""

    amount: int
    gap: float = 60.0
    share: float = 0.1


@dataclass
class Options:
    """What a cache directive says. Zones are names in wire form.

    `octets` bounds each store, `failure` is how many seconds a SERVFAIL is kept, `no_success` and `no_denial` are the
    zones whose answers of that kind are not kept.
    """

    zones: tuple[bytes, ...]
    success: Limits
    denial: Limits
    octets: int = DEFAULT_BYTES
    prefetch: Prefetch | None = None
    stale: Stale | None = None
    prefer_positive: bool = False
    failure: float = 5.0
    no_success: frozenset[bytes] = frozenset()
    no_denial: frozenset[bytes] = frozenset()
    keep_ttl: bool = False


def read_options(directive: Directive, block: ServerBlock) -> Options:
    """Raises CorefileError or CorefileErrorGroup."""
    options = _arguments(directive, block)
    policies: list[Directive] = []

    def success(option: Directive) -> None:
        _limits(option, options.success)

    def denial(option: Directive) -> None:
        _limits(option, options.denial)

    def bytes_(option: Directive) -> None:
        options.octets = _size(_arguments_of(option, 1, 1)[0])

    def prefetch(option: Directive) -> None:
        options.prefetch = _prefetch(_arguments_of(option, 1, 3))

    def serve_stale(option: Directive) -> None:
        options.stale = _stale(_arguments_of(option, 0, 5))

    def serve_stale_policy(option: Directive) -> None:
        word = _arguments_of(option, 1, 1)[0]
        values.choice(_lower(word), ("prefer_positive",), "serve_stale_policy")
        policies.append(option)
        values.once(policies)
        options.prefer_positive = True

    def servfail(option: Directive) -> None:
        options.failure = _short(_arguments_of(option, 1, 1)[0])

    def disable(option: Directive) -> None:
        kind, *words = _arguments_of(option, 1, None)
        values.choice(kind, ("success", "denial"), "store of disable")
        zones = frozenset(zone for word in words for zone in values.zone(word)) or frozenset((names.ROOT,))
        if kind == "success":
            options.no_success |= zones
        else:
            options.no_denial |= zones

    def keepttl(option: Directive) -> None:
        _arguments_of(option, 0, 0)
        options.keep_ttl = True

    values.options(
        directive,
        {
            "success": success,
            "denial": denial,
            "bytes": bytes_,
            "prefetch": prefetch,
            "serve_stale": serve_stale,
            "serve_stale_policy": serve_stale_policy,
            "servfail": servfail,
            "disable": disable,
            "keepttl": keepttl,
        },
    )
    if policies and options.stale is None:
        raise CorefileError(policies[0].position, "serve_stale_policy wants serve_stale", "add a line serve_stale")
    return options


def _arguments(directive: Directive, block: ServerBlock) -> Options:
    """The first line: `cache [TTL] [ZONES...]`. A first word that is a number is the TTL."""
    words = directive.args
    success, denial = MAX_SUCCESS_TTL, MAX_DENIAL_TTL
    if words and words[0].removeprefix("-").isdigit():
        success = denial = values.integer(words[0], 1)
        words = words[1:]
    return Options(
        zones=values.zones(words, block),
        success=Limits(DEFAULT_CAPACITY, success),
        denial=Limits(DEFAULT_CAPACITY, denial),
    )


def _arguments_of(option: Directive, least: int, most: int | None) -> tuple[Word, ...]:
    return values.arguments(option, least, most)


def _limits(option: Directive, limits: Limits) -> None:
    """`CAPACITY [TTL] [MINTTL]`."""
    words = _arguments_of(option, 1, 3)
    limits.capacity = values.integer(words[0])
    if len(words) > 1:
        limits.most = values.integer(words[1], 1)
    if len(words) > 2:
        limits.least = values.integer(words[2])


def _prefetch(words: tuple[Word, ...]) -> Prefetch | None:
    """`AMOUNT [[DURATION] [PERCENTAGE%]]`; an amount of 0 is no prefetch."""
    found = Prefetch(values.integer(words[0]))
    if len(words) > 1:
        found.gap = values.duration(words[1])
    if len(words) > 2:
        found.share = values.percentage(words[2], 10, 90) / 100
    return found if found.amount else None


def _stale(words: tuple[Word, ...]) -> Stale:
    """`[DURATION] [immediate [RESPONSE_TTL [FAILURE_RECHECK]] | verify [VERIFY_TIMEOUT [...]]]`."""
    found = Stale()
    if words:
        found.window = values.duration(words[0])
    if len(words) > 1:
        found.verify = values.choice(_lower(words[1]), ("immediate", "verify"), "refresh mode") == "verify"
    rest = words[2:]
    if found.verify and rest:
        found.timeout = values.duration(rest[0])
        rest = rest[1:]
    if rest:
        found.ttl = _whole_seconds(rest[0])
    if len(rest) > 1:
        found.recheck = _short(rest[1])
    if len(rest) > 2:
        raise CorefileError(rest[2].position, f"{str(rest[2])!r} is one too many", "immediate takes no VERIFY_TIMEOUT")
    return found


def _lower(word: Word) -> Word:
    return Word(word.lower(), word.position)


def _short(word: Word) -> float:
    """A duration of at most five minutes."""
    seconds = values.duration(word)
    if seconds > MAX_FAILURE:
        raise CorefileError(
            word.position, f"{str(word)!r} is too long for a failure", "at most 5m (RFC 2308 section 7)"
        )
    return seconds


def _whole_seconds(word: Word) -> int:
    seconds = values.duration(word)
    if seconds != int(seconds) or seconds >= 2**31:
        remedy = "a TTL is whole seconds, as in 30s"
        raise CorefileError(word.position, f"{str(word)!r} is no TTL", remedy)
    return int(seconds)


_SIZE: Final = re.compile(r"([0-9]{1,15})(|KiB|MiB|GiB)", re.IGNORECASE)
_UNITS: Final = {"": 1, "kib": 1024, "mib": 1024**2, "gib": 1024**3}


def _size(word: Word) -> int:
    """Octets of `64MiB`, `512KiB`, `1GiB` or a bare number."""
    match = _SIZE.fullmatch(word)
    size = int(match[1]) * _UNITS[match[2].lower()] if match else 0
    if size < LEAST_BYTES:
        raise CorefileError(word.position, f"{str(word)!r} is no size", "write it as 32MiB; at least 128KiB")
    return size
