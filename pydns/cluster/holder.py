"""How plugins of a server block get at the cluster that another one keeps up with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable

from pydns.cluster.index import SVC, Index

Listener = Callable[[frozenset[bytes] | None], None]
"""Is told the names in the zones of the index whose answers may be other than before; None: all of them."""


class KnowsCluster(ABC):
    """A plugin that knows a cluster.

    * `local`: the addresses that others reach this server at, packed
    * `listeners`: are called in the step that changes the index
    """

    local: tuple[bytes, ...]
    listeners: list[Listener]

    @property
    @abstractmethod
    def index(self) -> Index | None:
        """None while the cluster is not known. After a change it may be another one."""


def known_to(plugins: Iterable[object]) -> KnowsCluster | None:
    """The first of the plugins that knows a cluster."""
    return next((plugin for plugin in plugins if isinstance(plugin, KnowsCluster)), None)


def moved(changed: Iterable[bytes], index: Index, zone: bytes) -> set[bytes]:
    """Names of services, and those below them, as they are in a zone that has no `svc`; others stay as they are."""
    within = SVC + index.exposed.zones[0]
    return {name[: -len(within)] + zone if name.endswith(within) else name for name in changed}
