"""The cluster behind the Kubernetes API: keeps an index up to date with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

import trio

from pydns.cluster.index import Exposed, Index, label
from pydns.kubernetes.client import Client
from pydns.kubernetes.complaints import Complaints
from pydns.kubernetes.reflector import Change, Reflector
from pydns.kubernetes.resources import Wanted, resources
from pydns.services.model import EndpointSlice, Node, Pod, Service

if TYPE_CHECKING:
    import httpx

    from pydns_plugins.kubernetes.api import Api

Transport = Callable[[], "httpx.AsyncBaseTransport"]


class Live:
    """`run` lists and watches until it is cancelled. It runs once.

    * `index`: what was heard so far; whole from `known` on
    * `imports`: the same of the services of a set of clusters, whole from `synced` on; None: they are not asked for
    * `known`: the cluster itself; `synced`: all of it
    * `tell`: is called when more is whole, with None, and then with the names that each step changed
    * `count`: is called with the status of each answer of the API
    * `measure`: with CoreDNS's kind of a service whose endpoints changed, and the seconds until that was answered
    * `added`, `removed`: objects that came and went since somebody looked, and set them to 0
    * `lost_before`: when those before this one lost the API, on trio's clock
    """

    def __init__(
        self,
        api: Api,
        exposed: Exposed,
        *,
        import_zones: tuple[bytes, ...] = (),
        transport: Transport | None = None,
        lost_since: float | None = None,
    ) -> None:
        self.index = Index(exposed)
        self.imports = Index(exposed._replace(zones=import_zones, pods=False, node_zone=b"")) if import_zones else None
        self.known = trio.Event()
        self.synced = trio.Event()
        self.place = api.source().place
        self.complaints = Complaints(self.place)
        self.tell: Callable[[frozenset[bytes] | None], None] = lambda _: None
        self.count: Callable[[str], None] = lambda _: None
        self.measure: Callable[[str, float], None] = lambda _, seconds: None
        self.modified = 0.0
        self.added = 0
        self.removed = 0
        self._transport = transport
        self._api = api
        self._reflectors: list[Reflector] = []
        self.lost_before = lost_since

    async def run(self) -> None:
        await load_libraries()
        client = Client(self._api.source(), self._api.limits(), transport=self._transport, count=self.count)
        exposed = self.index.exposed
        wanted = Wanted(
            exposed.namespaces,
            self._api.labels,
            self._api.namespace_labels,
            exposed.endpoints,
            exposed.pods,
            self.imports is not None,
            bool(exposed.node_zone),
        )
        self._reflectors = [Reflector(client, each, self._take, self.complaints) for each in resources(wanted)]
        try:
            async with trio.open_nursery() as nursery:
                for reflector in self._reflectors:
                    nursery.start_soon(reflector.run)
                await self._wait_for(imports=False)
                self.complaints.consequence = "the last known answers stay in force"
                self.known.set()
                if self.imports is None:
                    self.synced.set()
                self.tell(None)
                if self.imports is not None:
                    # A cluster in no set may have no such resource at all: its own services do not wait for it.
                    await self._wait_for(imports=True)
                    self.synced.set()
                    self.tell(None)
        finally:
            with trio.CancelScope(shield=True):
                await client.aclose()

    async def _wait_for(self, *, imports: bool) -> None:
        for reflector in self._reflectors:
            if reflector.resource.is_import == imports:
                await reflector.synced.wait()

    @property
    def indexes(self) -> tuple[Index, ...]:
        return (self.index,) if self.imports is None else (self.index, self.imports)

    def empty(self) -> tuple[Index, ...]:
        """The same without anything in them."""
        return tuple(Index(index.exposed) for index in self.indexes)

    @property
    def lost_since(self) -> float | None:
        """When what is answered was last known to be true; None while all watches stand."""
        lost = [each.lost_since for each in self._reflectors if each.lost_since is not None]
        if self.lost_before is not None and not self.synced.is_set():
            lost.append(self.lost_before)
        return min(lost, default=None)

    def source(self, why: str) -> str:
        """What `Found.why` says, with the versions that the API gave its objects, and the slices behind a service.

        Versions are kept for the next list anyhow, so they are looked up when somebody asks.
        """
        kind, _, place = why.partition(" ")
        namespace, _, name = place.partition("/")
        if kind != "service":
            return why
        entry = self.index.entries.get(label(name) + label(namespace))
        slices = [each.slice for each in entry.backends] if entry is not None else []
        found = [
            (why, "services", name),
            *((f"endpointslice {namespace}/{each}", "endpointslices", each) for each in slices),
        ]
        return ", ".join(text + self._version_of(kind, (namespace, key)) for text, kind, key in found)

    def _version_of(self, kind: str, key: tuple[str, str]) -> str:
        for reflector in self._reflectors:
            if reflector.resource.kind == kind and (version := reflector.known.get(key)):
                return f" (resourceVersion {version})"
        return ""

    def size(self, kind: str) -> int:
        """How many objects of a kind there are."""
        return sum(len(each.known) for each in self._reflectors if each.resource.kind == kind)

    def _take(self, kind: str, changes: Sequence[Change]) -> None:
        """Puts changes that belong together in, and tells their names, in one step that nothing interrupts."""
        changed: set[bytes] = set()
        for change in changes:
            changed |= self._put(kind, change)
        if changed and self.known.is_set():
            self.begin_version(self.index.serial)
            self.tell(frozenset(changed))
        if self.known.is_set():
            for change in changes:
                if change.since:
                    self._measure(change)

    def _measure(self, change: Change) -> None:
        service = self.index.service_of(change.object) if isinstance(change.object, EndpointSlice) else None
        if service is not None:
            kind = "cluster_ip" if service.cluster_ips else "headless_with_selector"
            self.measure(kind, max(0.0, time.time() - change.since))

    def begin_version(self, last: int) -> int:
        """There is new data: `last` was the serial of what was before, and a serial must grow (RFC 1982)."""
        self.modified = time.time()
        self.index.serial = max(int(self.modified), last + 1)
        if self.imports is not None:
            self.imports.serial = self.index.serial
        return self.index.serial

    def _put(self, kind: str, change: Change) -> set[bytes]:
        index, imports, (namespace, name) = self.index, self.imports, change.key
        if imports is not None and kind in ("serviceimports", "importedslices"):
            index = imports
        match change.object:
            case Service() as service:
                changed = index.put_service(service)
            case EndpointSlice() as slice_:
                changed = index.put_slice(slice_)
            case Pod() as pod:
                changed = index.put_pod(pod)
            case Node() as node:
                return index.put_node(node)
            case str():
                # Namespaces are the same in all clusters of a set.
                return index.put_namespace(name) | (imports.put_namespace(name) if imports is not None else set())
            case None:
                if kind == "nodes":
                    return index.remove_node(name)
                if kind == "namespaces":
                    removed = index.remove_namespace(name)
                    return removed | (imports.remove_namespace(name) if imports is not None else set())
                remove = {
                    "services": index.remove_service,
                    "serviceimports": index.remove_service,
                    "importedslices": index.remove_slice,
                    "endpointslices": index.remove_slice,
                    "pods": index.remove_pod,
                }[kind]
                changed = remove(namespace, name)
        if changed:
            self.added += change.object is not None
            self.removed += change.object is None
        return changed


async def load_libraries() -> None:
    """They take a tenth of a second, which no query should wait for."""
    for name in ("httpx", "httpcore"):
        await trio.to_thread.run_sync(import_module, name)
