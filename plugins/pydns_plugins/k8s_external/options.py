"""Reads the k8s_external directive of a Corefile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pydns import names
from pydns.cluster.answers import DEFAULT_TTL
from pydns.cluster.reverse import is_reverse
from pydns.corefile import values
from pydns.corefile.tree import Directive, ServerBlock
from pydns.errors import CorefileError, CorefileErrorGroup

MAX_TTL: Final = 3600  # as CoreDNS


@dataclass
class Options:
    """What a k8s_external directive says.

    * `zones`: in wire form, forward and reverse; the first forward one is where PTRs lead to
    * `apex`: the name below each zone that its own servers are below, relative: without a root label
    * `headless`: endpoints are answered as well
    * `fallthrough`: zones whose missing names go on
    * `transfer`: its zones are transferred as well
    """

    zones: tuple[bytes, ...]
    apex: bytes = b"\x03dns"
    ttl: int = DEFAULT_TTL
    headless: bool = False
    fallthrough: tuple[bytes, ...] = ()
    transfer: bool = False

    @property
    def primary(self) -> bytes:
        return next(zone for zone in self.zones if not is_reverse(zone))


def read_options(directive: Directive, block: ServerBlock) -> Options:
    """Raises CorefileError or CorefileErrorGroup."""
    options = Options(values.zones(directive.args, block), transfer=bool(block.named("transfer")))

    def apex(option: Directive) -> None:
        (word,) = values.arguments(option, 1, 1)
        name = values.name(word)
        if name == names.ROOT:
            raise CorefileError(word.position, "the apex is a name below the zone", "write it as dns")
        options.apex = name[:-1]

    def ttl(option: Directive) -> None:
        options.ttl = values.integer(values.arguments(option, 1, 1)[0], 0, MAX_TTL)

    def headless(option: Directive) -> None:
        values.arguments(option, 0, 0)
        options.headless = True

    def fallthrough(option: Directive) -> None:
        options.fallthrough = values.fallthrough(option)

    known: tuple[Callable[[Directive], None], ...] = (apex, ttl, headless, fallthrough)
    errors: list[CorefileError] = []
    if not block.named("kubernetes"):
        text = "k8s_external answers from the cluster that kubernetes knows, which is not in this server block"
        errors.append(CorefileError(directive.position, text, "add kubernetes"))
    if all(map(is_reverse, options.zones)):
        word = directive.args[0] if directive.args else directive.name
        errors.append(CorefileError(word.position, "all zones of k8s_external are reverse ones", "name another"))
    try:
        values.options(directive, {reader.__name__: reader for reader in known})
    except CorefileErrorGroup as group:
        errors.extend(group.errors)
    if errors:
        raise CorefileErrorGroup(errors)
    return options
