"""Reads the transfer directives of a Corefile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Final

from pydns.corefile import values
from pydns.errors import CorefileError, CorefileErrorGroup
from pydns.upstream.endpoint import Endpoint, endpoint

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock, Word

_REMEDY: Final = "write * for all, 192.0.2.1, 192.0.2.1:5300, [2001:db8::1]:5300 or 192.0.2.0/24"
_KEY: Final = "key"


@dataclass(frozen=True)
class To:
    """Who may transfer: those in `networks` (None: all), where `key` is given with that key alone.

    `endpoints` are told of changes. `word` is where the key's name stands.
    """

    networks: tuple[IPv4Network | IPv6Network, ...] | None
    endpoints: tuple[Endpoint, ...] = ()
    key: bytes | None = None
    word: Word | None = None

    def lets(self, host: str, key: bytes | None) -> bool:
        """True for a client at this address whose query was signed with `key`, or not at all."""
        if self.key is not None and key != self.key:
            return False
        if self.networks is None:
            return True
        address = ip_address(host.partition("%")[0])
        return any(address in network for network in self.networks)


@dataclass
class Rule:
    """One transfer directive. `source` is the address that changes are told from."""

    zones: tuple[bytes, ...]
    to: list[To] = field(default_factory=list)
    source: str | None = None

    def lets(self, host: str, key: bytes | None) -> bool:
        return any(to.lets(host, key) for to in self.to)


def read_rules(directives: Sequence[Directive], block: ServerBlock) -> list[Rule]:
    """Raises CorefileErrorGroup."""
    errors: list[CorefileError] = []
    rules = [rule for _, rule in values.each(directives, lambda each: _rule(each, block), errors)]
    if errors:
        raise CorefileErrorGroup(errors)
    return rules


def _rule(directive: Directive, block: ServerBlock) -> Rule:
    rule = Rule(values.zones(directive.args, block))

    def to(option: Directive) -> None:
        rule.to.append(_to(values.arguments(option, 1)))

    def source(option: Directive) -> None:
        (word,) = values.arguments(option, 1, 1)
        if rule.source is not None:
            raise CorefileError(word.position, "a second source", "keep one of them")
        try:
            rule.source = str(ip_address(str(word)))
        except ValueError:
            raise CorefileError(word.position, f"{str(word)!r} is no IP address") from None

    values.options(directive, {"to": to, "source": source})
    if not rule.to:
        raise CorefileError(directive.position, "transfer does not say to whom", "add a line such as: to *")
    targets = [endpoint for to in rule.to for endpoint in to.endpoints]
    if rule.source is not None and targets and not any(_fits(rule.source, each) for each in targets):
        word = next(option.args[0] for option in directive.block or () if option.name == "source")
        raise CorefileError(word.position, f"nobody can be told from {word}", "IPv4 and IPv6 do not mix")
    return rule


def _fits(source: str, target: Endpoint) -> bool:
    return (":" in source) == (":" in target.host)


def _to(words: Sequence[Word]) -> To:
    key: bytes | None = None
    name: Word | None = None
    addresses = list(words)
    if len(words) > 1 and words[-2] == _KEY:
        name = words[-1]
        key = values.name(name)
        addresses = addresses[:-2]
    if not addresses or _KEY in addresses:
        word = next((each for each in words if each == _KEY), words[0])
        raise CorefileError(word.position, "a key stands behind the addresses", "write: to ADDRESS... key NAME")
    networks: list[IPv4Network | IPv6Network] = []
    endpoints: list[Endpoint] = []
    for word in addresses:
        if word == "*":
            continue
        if "/" in word:
            networks.append(_network(word))
            continue
        try:
            found = endpoint(str(word))
        except ValueError as error:
            raise CorefileError(word.position, str(error), _REMEDY) from None
        endpoints.append(found)
        networks.append(ip_network(found.host.partition("%")[0]))
    return To(None if "*" in addresses else tuple(networks), tuple(dict.fromkeys(endpoints)), key, name)


def _network(word: Word) -> IPv4Network | IPv6Network:
    try:
        return ip_network(str(word), strict=False)
    except ValueError:
        raise CorefileError(word.position, f"{str(word)!r} is no CIDR block", _REMEDY) from None
