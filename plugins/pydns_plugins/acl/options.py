"""Reads the acl directives of a Corefile."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, Final

from pydns.corefile import values
from pydns.corefile.tree import Word
from pydns.errors import CorefileError, CorefileErrorGroup
from pydns.records import type_from_text
from pydns_plugins.acl.rule import Rule
from pydns_plugins.acl.table import Action, Network, Policy

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock

_ALL: Final = "*"
_SECTIONS: Final = ("type", "net")
_ACTIONS: Final = tuple(action.value for action in Action)
_MAPPED: Final = IPv6Network("::ffff:0:0/96")


def read_rules(directives: Sequence[Directive], block: ServerBlock) -> list[Rule]:
    """A rule for each directive, in their order. Raises CorefileErrorGroup."""
    rules: list[Rule] = []
    errors: list[CorefileError] = []
    for directive in directives:
        policies: list[Policy] = []
        zones: tuple[bytes, ...] = ()
        try:
            zones = values.zones(directive.args, block)
        except CorefileError as error:
            errors.append(error)
        for line in directive.block or ():
            try:
                policies.append(_policy(line))
            except CorefileError as error:
                errors.append(error)
        rules.append(Rule(zones, policies))
    if errors:
        raise CorefileErrorGroup(errors)
    return rules


def _policy(line: Directive) -> Policy:
    values.no_block(line)
    action = Action(values.choice(_lower(line.name), _ACTIONS, "action of acl"))
    sections: list[tuple[Word, list[Word]]] = []
    for word in line.args:
        if word.lower() in _SECTIONS:
            sections.append((word, []))
        elif sections:
            sections[-1][1].append(word)
        else:
            raise CorefileError(word.position, f"{str(word)!r} stands where 'type' or 'net' must", "write it before it")
    for section, words in sections:
        if not words:
            raise CorefileError(section.position, f"nothing stands behind {str(section)!r}", f"write {_ALL} for all")
    types, sources = ([words for section, words in sections if section.lower() == name] for name in _SECTIONS)
    return Policy(action, _types(types), _networks(sources))


def _types(sections: Sequence[Sequence[Word]]) -> frozenset[int] | None:
    words = [word for section in sections for word in section]
    found = frozenset(_type(word) for word in words if word != _ALL)
    return None if not words or _ALL in words else found


def _type(word: Word) -> int:
    try:
        return type_from_text(word)
    except ValueError as error:
        raise CorefileError(word.position, str(error), "write a type as A, AAAA or TYPE65280") from None


def _networks(sections: Sequence[Sequence[Word]]) -> tuple[Network, ...] | None:
    words = [word for section in sections for word in section]
    found = [_network(word) for word in words if word != _ALL]
    # All of IPv4 and all of IPv6 are everything.
    is_all = not words or _ALL in words or {each.version for each in found if not each.prefixlen} == {4, 6}
    return None if is_all else tuple(found)


def _network(word: Word) -> Network:
    """A CIDR block, whose bits behind the prefix do not count, or an address. IPv4 mapped into IPv6 is IPv4."""
    _, slash, length = word.partition("/")
    try:
        # ipaddress takes netmasks and %zones too, which are no CIDR notation.
        if (slash and not (length.isascii() and length.isdigit())) or "%" in word:
            raise ValueError(word)
        network = ip_network(str(word), strict=False)
    except ValueError:
        remedy = "write it as 192.0.2.0/24, 2001:db8::/32 or 192.0.2.1"
        raise CorefileError(word.position, f"{str(word)!r} is no network", remedy) from None
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        mapped = network.network_address.ipv4_mapped
        assert mapped is not None
        return IPv4Network((mapped, network.prefixlen - 96))
    return network


def _lower(word: Word) -> Word:
    return Word(word.lower(), word.position)
