"""The collections of the API that DNS is made of, and which part of them is wanted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final, NamedTuple
from urllib.parse import quote

from pydns.kubernetes import objects
from pydns.kubernetes.tree import Tree
from pydns.services.model import EndpointSlice, Node, Pod, Service

MOST_NAMESPACES: Final = 4
"""Namespaces that are asked for one by one, each with its own watches. Of more, all are watched and most left out."""

Object = Service | EndpointSlice | Pod | Node | str
"""A namespace is its name."""


class Resource(NamedTuple):
    """`kind` names it in the log, `query` narrows it down, `read` is one of `pydns.kubernetes.objects`.

    * `since`: when what changed an object happened, where it can say that
    * `is_import`: it is of a set of clusters, and not of the cluster itself
    """

    kind: str
    path: str
    read: Callable[[Tree], Object | None]
    query: Mapping[str, str] = {}
    is_import: bool = False
    since: Callable[[Tree], float] | None = None


class Wanted(NamedTuple):
    """What is to be known.

    * `namespaces`: none: all
    * `labels`, `namespace_labels`: selectors as kubectl takes them
    * `imports`: services of a set of clusters as well
    * `nodes`: those too
    """

    namespaces: Collection[str] = ()
    labels: str = ""
    namespace_labels: str = ""
    endpoints: bool = True
    pods: bool = False
    imports: bool = False
    nodes: bool = False


def resources(wanted: Wanted) -> list[Resource]:
    """What must be listed and watched, as narrow as the API can do it."""
    found = []
    names = sorted(wanted.namespaces) if 0 < len(wanted.namespaces) <= MOST_NAMESPACES else [""]
    selected = {"labelSelector": wanted.namespace_labels} if wanted.namespace_labels else {}
    for name in names:
        one = {"fieldSelector": f"metadata.name={name}"} if name else {}
        found.append(Resource("namespaces", "/api/v1/namespaces", objects.namespace, selected | one))
    selected = {"labelSelector": wanted.labels} if wanted.labels else {}
    for name in names:
        within = f"namespaces/{quote(name, safe='')}/" if name else ""
        found.append(Resource("services", f"/api/v1/{within}services", objects.service, selected))
        if wanted.endpoints:
            path = f"/apis/discovery.k8s.io/v1/{within}endpointslices"
            found.append(Resource("endpointslices", path, objects.endpoint_slice, selected, since=objects.triggered))
        if wanted.pods:
            # Others have given their addresses back, or may have.
            alive = ",".join(f"status.phase!={phase}" for phase in ("Succeeded", "Failed", "Unknown"))
            found.append(Resource("pods", f"/api/v1/{within}pods", objects.pod, selected | {"fieldSelector": alive}))
        if wanted.imports:
            path = f"/apis/multicluster.x-k8s.io/v1alpha1/{within}serviceimports"
            found.append(Resource("serviceimports", path, objects.service_import, selected, is_import=True))
            if wanted.endpoints:
                path = f"/apis/discovery.k8s.io/v1/{within}endpointslices"
                imported = {"labelSelector": ",".join(filter(None, (wanted.labels, objects.IMPORT_NAME)))}
                found.append(Resource("importedslices", path, objects.imported_slice, imported, is_import=True))
    if wanted.nodes:
        found.append(Resource("nodes", "/api/v1/nodes", objects.node))
    return found
