"""Reads the kubernetes directive of a Corefile."""

from __future__ import annotations

import glob
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydns.cluster.answers import DEFAULT_TTL
from pydns.cluster.reverse import is_reverse
from pydns.corefile import values
from pydns.corefile.tree import Directive, ServerBlock, Word
from pydns.errors import CorefileError, CorefileErrorGroup
from pydns_plugins.kubernetes.api import Api
from pydns_plugins.kubernetes.api import check as check_api
from pydns_plugins.kubernetes.api import readers as readers_of_api

MAX_TTL: Final = 3600  # as CoreDNS
CLUSTERSET: Final = "clusterset.local"  # the zone that the specification has
NODE_ADDRESSES: Final = ("external", "internal")
POD_MODES: Final = ("disabled", "insecure", "verified")


@dataclass
class Options:
    """What a kubernetes directive says.

    * `zones`: in wire form, forward and reverse; the first forward one is where PTRs lead to
    * `file`: the services file; None: the API is asked, by `api`
    * `namespaces`: those that are answered for, none: all
    * `endpoints`: records of endpoints; `pod_names`: by the names of their pods
    * `fallthrough`: zones whose missing names go on
    * `multicluster`: those of the zones that have the services of a set of clusters
    * `transfer`: its zones are transferred as well
    * `snapshot`: the file that keeps what is known of the API; None: there is none
    * `node_zone`: a zone of node ports beside them, empty: none; `internal`: by the nodes' internal addresses
    """

    zones: tuple[bytes, ...]
    file: Path | None = None
    namespaces: frozenset[str] = frozenset()
    pods: str = "disabled"
    ttl: int = DEFAULT_TTL
    endpoints: bool = True
    pod_names: bool = False
    ignore_empty: bool = False
    fallthrough: tuple[bytes, ...] = ()
    api: Api | None = None
    zonal: bool = False
    multicluster: tuple[bytes, ...] = ()
    transfer: bool = False
    snapshot: Path | None = None
    node_zone: bytes = b""
    internal: bool = False

    @property
    def forward_zones(self) -> tuple[bytes, ...]:
        return tuple(zone for zone in self.zones if not is_reverse(zone))

    @property
    def fingerprint(self) -> str:
        """What all that is known of the API depends on."""
        api = self.api or Api()
        asked = api.source().place, api.context, api.labels, api.namespace_labels, sorted(self.namespaces)
        kept = self.zones, self.pods, self.endpoints, self.pod_names, self.zonal, self.multicluster
        return repr((asked, kept, self.node_zone, self.internal))

    @property
    def cluster_zones(self) -> tuple[bytes, ...]:
        """Forward zones that have the services of this cluster."""
        return tuple(zone for zone in self.forward_zones if zone not in self.multicluster)


def read_options(directive: Directive, block: ServerBlock) -> Options:
    """Raises CorefileError or CorefileErrorGroup."""
    options = Options(values.zones(directive.args, block), transfer=bool(block.named("transfer")))
    api = Api()
    files: list[Path] = []

    def services(option: Directive) -> None:
        (word,) = values.arguments(option, 1, 1)
        if not word or glob.has_magic(word):
            raise CorefileError(word.position, f"{str(word)!r} is not the name of one file")
        if files:
            raise CorefileError(option.position, "services stands twice", "keep one")
        files.append(values.path(word, block))

    def namespaces(option: Directive) -> None:
        options.namespaces |= {str(word) for word in values.arguments(option, 1)}

    def pods(option: Directive) -> None:
        options.pods = values.choice(values.arguments(option, 1, 1)[0], POD_MODES, "mode of pods")

    def ttl(option: Directive) -> None:
        options.ttl = values.integer(values.arguments(option, 1, 1)[0], 0, MAX_TTL)

    def noendpoints(option: Directive) -> None:
        _bare(option)
        options.endpoints = False

    def endpoint_pod_names(option: Directive) -> None:
        _bare(option)
        options.pod_names = True

    def ignore(option: Directive) -> None:
        values.choice(values.arguments(option, 1, 1)[0], ("empty_service",), "thing to ignore")
        options.ignore_empty = True

    def fallthrough(option: Directive) -> None:
        options.fallthrough = values.fallthrough(option)

    def zonal(option: Directive) -> None:
        _bare(option)
        if any(line.name == "noendpoints" for line in directive.block or ()):
            raise CorefileError(option.position, "zonal answers endpoints, which noendpoints does not have", "keep one")
        options.zonal = True

    def multicluster(option: Directive) -> None:
        for word in option.args or (Word(CLUSTERSET, option.position),):
            zone = values.name(word)
            if zone not in options.forward_zones:
                text = f"{str(word)!r} is no forward zone of this kubernetes directive"
                raise CorefileError(word.position, text, "name it there as well")
            options.multicluster += (zone,)

    def snapshot(option: Directive) -> None:
        options.snapshot = values.path(values.arguments(option, 1, 1)[0], block)

    def nodeports(option: Directive) -> None:
        word, *rest = values.arguments(option, 1, 2)
        zone = values.name(word)
        if zone in options.zones or is_reverse(zone):
            text = f"node ports have a zone of their own, and {str(word)!r} is one of addresses or of services"
            raise CorefileError(word.position, text, "name another")
        options.node_zone = zone
        options.internal = bool(rest) and values.choice(rest[0], NODE_ADDRESSES, "address of nodes") == "internal"

    plain = (services, zonal, namespaces, pods, ttl, noendpoints, endpoint_pod_names, ignore, fallthrough)
    known: dict[str, Callable[[Directive], None]] = {reader.__name__: reader for reader in plain}
    of_the_api = readers_of_api(api, block) | {each.__name__: each for each in (multicluster, nodeports, snapshot)}
    if any(line.name == "services" for line in directive.block or ()):
        of_the_api = dict.fromkeys(of_the_api, _not_for_a_file)
    else:
        options.api = api
    errors: list[CorefileError] = check_api(directive) if options.api else []
    try:
        values.options(directive, known | of_the_api)
    except CorefileErrorGroup as group:
        errors.extend(group.errors)
    if not options.forward_zones:
        errors.append(_no_forward_zone(directive))
    if errors:
        raise CorefileErrorGroup(sorted(errors, key=lambda error: error.position[1:]))
    options.file = files[0] if files else None
    return options


def _bare(option: Directive) -> None:
    values.arguments(option, 0, 0)


def _not_for_a_file(option: Directive) -> None:
    text = f"{option.name} is for the Kubernetes API, which is not asked where there is a services file"
    raise CorefileError(option.position, text, "keep one")


def _no_forward_zone(directive: Directive) -> CorefileError:
    word: Word = directive.args[0] if directive.args else directive.name
    return CorefileError(word.position, "all zones of kubernetes are reverse ones", "name another: cluster.local")
