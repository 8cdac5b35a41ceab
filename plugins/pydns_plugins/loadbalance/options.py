"""Reads the loadbalance directives of a Corefile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydns.corefile import values
from pydns.errors import CorefileError
from pydns_plugins.loadbalance.policy import Network

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock, Word

ROUND_ROBIN: Final = "round_robin"
WEIGHTED: Final = "weighted"


@dataclass
class Options:
    """What the directives say together.

    * `weights`: the weight file of `weighted`, None for `round_robin`
    * `reload`: seconds between two looks at it where no event comes, 0 to follow it not at all, None as usual
    * `prefer`: networks whose addresses come first, those of the first network foremost
    """

    weights: Path | None = None
    reload: float | None = None
    prefer: list[Network] = field(default_factory=list)


def read_options(directives: Sequence[Directive], block: ServerBlock) -> Options:
    """Of two policies the last counts. Raises CorefileError or CorefileErrorGroup."""
    options = Options()

    def reload(option: Directive) -> None:
        if options.weights is None:
            remedy = f"write {WEIGHTED} and the file ahead of it"
            raise CorefileError(option.position, f"reload is for the file of {WEIGHTED}", remedy)
        options.reload = values.duration(values.arguments(option, 1, 1)[0])

    def prefer(option: Directive) -> None:
        options.prefer += map(_network, values.arguments(option, 1))

    for directive in directives:
        options.weights, options.reload = _weight_file(directive, block), None
        values.options(directive, {"reload": reload, "prefer": prefer})
    return options


def _weight_file(directive: Directive, block: ServerBlock) -> Path | None:
    if not directive.args:
        return None
    policy, *rest = directive.args
    if values.choice(policy, (ROUND_ROBIN, WEIGHTED), "policy of loadbalance") == ROUND_ROBIN:
        values.arguments(directive, 1, 1)
        return None
    if not rest or not rest[0]:
        raise CorefileError(policy.position, f"{WEIGHTED} wants a file with the weights")
    values.arguments(directive, 2, 2)
    return values.path(rest[0], block)


def _network(word: Word) -> Network:
    """A CIDR block, whose bits behind the prefix do not count."""
    length = word.partition("/")[2]
    try:
        # ipaddress takes bare addresses, netmasks and %zones too, which are no CIDR notation.
        if not (length.isascii() and length.isdigit()) or "%" in word:
            raise ValueError(word)
        return ip_network(str(word), strict=False)
    except ValueError:
        remedy = "write it as 192.0.2.0/24 or 2001:db8::/32"
        raise CorefileError(word.position, f"{str(word)!r} is no network", remedy) from None
