"""A `forward` directive of a Corefile, read into values."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from pydns.corefile import values
from pydns.corefile.tree import Directive, ServerBlock, Word
from pydns.errors import CorefileError, CorefileErrorGroup
from pydns.names import ROOT
from pydns.records import Rcode
from pydns.upstream.endpoint import Endpoint, endpoint
from pydns.upstream.health import Checks
from pydns.upstream.limits import Limits
from pydns.upstream.policy import POLICIES

MAX_UPSTREAMS: Final = 15
"""As in CoreDNS."""

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_LATER: Final = {
    "tls": "an upstream over TLS",
    "tls_servername": "an upstream over TLS",
    "doh_method": "an upstream over HTTPS",
    "resolver": "an upstream by its host name",
}
_RCODES: Final = {name: int(member) for name, member in Rcode.__members__.items()}


@dataclass
class Options:
    """What one directive asks for; times in seconds.

    * `zones`: FROM; `except_`: names below it that are passed on
    * `targets`: TO, addresses and files in resolv.conf form, in their order
    * `max_concurrent`: 0 is no limit; `max_connect_attempts`: 0 is no limit, None twice the number of upstreams
    """

    zones: tuple[bytes, ...]
    targets: tuple[Endpoint | Path, ...]
    except_: tuple[bytes, ...] = ()
    force_tcp: bool = False
    prefer_udp: bool = False
    expire: float = 10.0
    max_age: float = 0.0
    max_idle_conns: int = 0
    read_timeout: float = 2.0
    max_fails: int = 2
    max_connect_attempts: int | None = None
    max_concurrent: int = 0
    policy: str = "random"
    health_check: float = 0.5
    health_check_recursion: bool = True
    health_check_domain: bytes = ROOT
    next: frozenset[int] = frozenset()
    next_on_nodata: bool = False
    failover: frozenset[int] = frozenset()
    failfast: bool = False
    source_address: str | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(target for target in self.targets if isinstance(target, Path))

    @property
    def limits(self) -> Limits:
        return Limits(self.expire, self.max_age, self.max_idle_conns, source=self.source_address)

    @property
    def checks(self) -> Checks:
        return Checks(
            self.health_check,
            self.max_fails,
            self.health_check_recursion,
            self.health_check_domain,
            self.force_tcp,
        )


def read(directive: Directive, block: ServerBlock) -> Options:
    """Raises CorefileErrorGroup of all that is wrong with it, or CorefileError."""
    from_, *to = values.arguments(directive, 2)
    errors: list[CorefileError] = []
    found = Options((), ())
    try:
        found.zones = values.zone(from_)
    except CorefileError as error:
        errors.append(error)
    targets: list[Endpoint | Path] = []
    for word in to:
        try:
            targets.append(_target(word, block))
        except CorefileError as error:
            errors.append(error)
    found.targets = tuple(dict.fromkeys(targets))
    if len(to) > MAX_UPSTREAMS:
        errors.append(CorefileError(to[MAX_UPSTREAMS].position, f"{len(to)} upstreams, at most {MAX_UPSTREAMS}"))
    try:
        values.options(directive, _Reader(found).known)
    except CorefileErrorGroup as group:
        errors.extend(group.errors)
    if errors:
        raise CorefileErrorGroup(errors)
    return found


def _target(word: Word, block: ServerBlock) -> Endpoint | Path:
    text = str(word)
    scheme = _SCHEME.fullmatch(text)
    if scheme:
        if scheme[1].lower() != "dns":
            raise CorefileError(
                word.position,
                f"forward cannot ask {scheme[1]}:// upstreams yet",
                "write the IP address without a scheme to ask it over UDP and TCP",
            )
        text = scheme[2]
    try:
        return endpoint(text)
    except ValueError as error:
        if not scheme and ("/" in text or text.endswith(".conf")):
            return values.path(word, block)
        remedy = "an upstream is IP, IP:PORT or [IPv6]:PORT"
        if not scheme and ":" not in text and text.strip("0123456789."):
            remedy += f"; a file is written ./{text}"  # any other word is a host name, which CoreDNS would look up
        raise CorefileError(word.position, str(error), remedy) from None


class _Reader:
    """A method for each line that may stand in the block."""

    def __init__(self, found: Options) -> None:
        self.found = found
        self.known: dict[str, Callable[[Directive], None]] = {
            "except": self._except,
            "expire": self._expire,
            "failfast_all_unhealthy_upstreams": self._failfast,
            "failover": self._failover,
            "force_tcp": self._force_tcp,
            "health_check": self._health_check,
            "max_age": self._max_age,
            "max_concurrent": self._max_concurrent,
            "max_connect_attempts": self._max_connect_attempts,
            "max_fails": self._max_fails,
            "max_idle_conns": self._max_idle_conns,
            "next": self._next,
            "next_on_nodata": self._next_on_nodata,
            "policy": self._policy,
            "prefer_udp": self._prefer_udp,
            "read_timeout": self._read_timeout,
            "source_address": self._source_address,
            **dict.fromkeys(_LATER, _not_yet),
        }

    def _except(self, option: Directive) -> None:
        words = values.arguments(option, 1)
        self.found.except_ += tuple(zone for word in words for zone in values.zone(word))

    def _expire(self, option: Directive) -> None:
        self.found.expire = values.duration(_only(option))

    def _failfast(self, option: Directive) -> None:
        values.arguments(option, 0, 0)
        self.found.failfast = True

    def _failover(self, option: Directive) -> None:
        words = values.arguments(option, 1)
        for word in words:
            if word.upper() == "NOERROR":
                raise CorefileError(
                    word.position, "failover takes no NOERROR", "an upstream that answers has not failed"
                )
        self.found.failover |= _rcodes(words)

    def _force_tcp(self, option: Directive) -> None:
        values.arguments(option, 0, 0)
        self.found.force_tcp = True

    def _health_check(self, option: Directive) -> None:
        first, *rest = values.arguments(option, 1)
        self.found.health_check = values.duration(first, least=0.001)
        self.found.health_check_domain = ROOT
        words = iter(rest)
        for word in words:
            if values.choice(word, ("no_rec", "domain"), "option of health_check") == "no_rec":
                self.found.health_check_recursion = False
                continue
            domain = next(words, None)
            if domain is None:
                raise CorefileError(word.position, "domain wants a name")
            self.found.health_check_domain = values.name(domain)

    def _max_age(self, option: Directive) -> None:
        self.found.max_age = values.duration(_only(option))

    def _max_concurrent(self, option: Directive) -> None:
        self.found.max_concurrent = values.integer(_only(option))

    def _max_connect_attempts(self, option: Directive) -> None:
        self.found.max_connect_attempts = values.integer(_only(option))

    def _max_fails(self, option: Directive) -> None:
        self.found.max_fails = values.integer(_only(option))

    def _max_idle_conns(self, option: Directive) -> None:
        self.found.max_idle_conns = values.integer(_only(option))

    def _next(self, option: Directive) -> None:
        self.found.next |= _rcodes(values.arguments(option, 1))

    def _next_on_nodata(self, option: Directive) -> None:
        values.arguments(option, 0, 0)
        self.found.next_on_nodata = True

    def _policy(self, option: Directive) -> None:
        self.found.policy = values.choice(_only(option), POLICIES, "policy")

    def _prefer_udp(self, option: Directive) -> None:
        values.arguments(option, 0, 0)
        self.found.prefer_udp = True

    def _read_timeout(self, option: Directive) -> None:
        self.found.read_timeout = values.duration(_only(option), least=0.001)

    def _source_address(self, option: Directive) -> None:
        word = _only(option)
        try:
            source = ip_address(str(word))
        except ValueError:
            raise CorefileError(word.position, f"{str(word)!r} is no IP address") from None
        for target in self.found.targets:
            if isinstance(target, Endpoint) and (":" in target.host) != (source.version == 6):
                raise CorefileError(word.position, f"{target.host} cannot be asked from {word}", "mix no IPv4 and IPv6")
        self.found.source_address = str(source)


def _only(option: Directive) -> Word:
    return values.arguments(option, 1, 1)[0]


def _rcodes(words: tuple[Word, ...]) -> frozenset[int]:
    upper = [Word(word.upper(), word.position) for word in words]
    return frozenset(_RCODES[values.choice(word, _RCODES, "rcode")] for word in upper)


def _not_yet(option: Directive) -> None:
    remedy = "remove the line and give upstreams as IP addresses, asked over UDP and TCP"
    raise CorefileError(
        option.position, f"{option.name} is for {_LATER[option.name]}, which forward cannot ask yet", remedy
    )
