"""Who asks: the namespaces of a cluster's pods, and where they look for names (`ndots:5` and `search` in them).

A pod that asks for `db` asks for `db.NAMESPACE.svc.ZONE` first. So its name tells which namespace it says that it is
in, and its address whether that is so: nobody has to be found by address alone.
"""

from __future__ import annotations

from collections.abc import Callable

from pydns import names
from pydns.cluster.index import SVC, Index


def search_path(index: Index, name: bytes, address: Callable[[], bytes]) -> tuple[bytes, ...] | None:
    """The namespace's names, those of services, and the zone's, where the client is a pod of the namespace in `name`.

    Known are pods, where they are watched, and else those that are endpoints of a service.
    """
    found = _namespace(index, name)
    if found is None:
        return None
    namespace, zone = found
    client = address()
    if namespace + client not in index.pods and not _has_endpoint(index, namespace, client):
        return None
    within = SVC + zone
    return namespace + within, within, zone


def group(index: Index, name: bytes) -> str | None:
    """The namespace of the clients that have made a name by their search path; None for a name of other zones."""
    found = _namespace(index, name)
    if found is not None:
        return found[0][1:].decode("utf-8", "replace")
    return "" if names.longest_match(name, frozenset(index.exposed.zones)) is not None else None


def _namespace(index: Index, name: bytes) -> tuple[bytes, bytes] | None:
    """The label of a namespace and the zone, where there is something to its left in `name`."""
    zone = names.longest_match(name, frozenset(index.exposed.zones))
    if zone is None:
        return None
    labels = names.labels(name[: len(name) - len(zone)] + names.ROOT)
    if len(labels) < 3 or labels[-1] != SVC[1:]:
        return None
    namespace = bytes((len(labels[-2]),)) + labels[-2]
    return (namespace, zone) if namespace in index.namespaces else None


def _has_endpoint(index: Index, namespace: bytes, address: bytes) -> bool:
    for endpoint in index.endpoints_at.get(address, ()):
        key = endpoint[1 + endpoint[0] :]
        if key[1 + key[0] :] == namespace:
            return True
    return False
