"""Follows a services file: reads it whole, keeps the last good, and puts what changed into the index."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import trio

from pydns.cluster.index import Exposed, Index
from pydns.look import Look, Signature
from pydns.services.faults import ServicesError
from pydns.services.model import Cluster, EndpointSlice, Pod, Service
from pydns.services.reader import read
from pydns.services.store import MOST, StoreError, decode
from pydns.watch import read_whole

log = logging.getLogger("pydns.kubernetes")

MAX_CHANGED: Final = 500
"""Objects that change at once and are put in one by one. For more, all is built anew, and all kept answers go."""

Object = Service | EndpointSlice | Pod | str
"""What an index holds; a namespace is its name."""

Key = tuple[str, str, str]
"""The kind of an object, its namespace and its name."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """An index that is up to date, and the names whose answers are other than before; None where all may be."""

    index: Index
    changed: frozenset[bytes] | None
    added: int
    removed: int


class Source:
    """`load` after each change. A file that cannot be used changes nothing, and is told once.

    * `path`: where it is
    * `cluster`: what the index was made of; None before the first good reading
    * `complaint`: what is wrong with the file as it is now
    * `failing`: it should be tried again though it has not changed
    """

    def __init__(self, path: Path, exposed: Exposed) -> None:
        self.path = path
        self._exposed = exposed
        self._signature: Signature | None = None
        self._index: Index | None = None
        self.cluster: Cluster | None = None
        self.complaint = ""
        self.failing = False
        self.modified = 0.0
        self._looked = False
        self._shared = False

    def inherit(self, old: Source) -> None:
        """Begin with what another has read by the same options.

        Its index is in two hands from now on, so neither changes it any more: each makes its own when there is need.
        """
        self._shared = old._shared = True
        self._signature, self._index, self.cluster = old._signature, old._index, old.cluster
        self.complaint, self.failing, self.modified = old.complaint, old.failing, old.modified
        self._looked = old._looked

    async def load(self, look: Look) -> Loaded | None:
        """Reads the file where it differs from the last time; None where there is nothing new."""
        signature = look.files[0][1] if look.files else None
        if self._looked and signature == self._signature and not self.failing:
            return None
        self._looked, self._signature = True, signature
        try:
            data = await read_whole(self.path, MOST)
        except OSError as error:
            self._complain([f"{self.path}: cannot be read: {error.strerror or error}"], signature is not None)
            return None
        if self.cluster is not None and not data.strip():
            self._complain([f"{self.path}: is empty now; to drop its services, write a comment line into it"])
            return None
        try:
            cluster = await trio.to_thread.run_sync(_read, data, str(self.path))
        except ServicesError as error:
            self._complain(error.lines())
            return None
        except StoreError as error:
            self._complain([str(error)])
            return None
        if self.complaint and self.cluster is not None:
            log.info("%s: is good again", self.path)
        self.complaint, self.failing = "", False
        self.modified = signature[3] / 1e9 if signature else 0.0
        return await self._take(cluster)

    def _complain(self, lines: list[str], again: bool = False) -> None:
        complaint = "\n".join(lines)
        if complaint != self.complaint:
            for line in lines:
                log.warning("%s", line)
            if self.cluster is not None:
                log.warning("%s: its last good services stay in force", self.path)
        self.complaint, self.failing = complaint, again

    async def _take(self, cluster: Cluster) -> Loaded | None:
        old = self.cluster
        added, removed = await trio.to_thread.run_sync(_compare, old or Cluster(), cluster)
        if old is not None and not added and not removed:
            return None
        changed: set[bytes] | None = None
        index = self._index
        if index is None or old is None or len(added) + len(removed) > MAX_CHANGED:
            index = await trio.to_thread.run_sync(_build, self._exposed, cluster)
        else:
            if self._shared:
                index = await trio.to_thread.run_sync(_build, self._exposed, old)
            # In one step: nobody may see half of a file.
            changed = apply(index, added, removed)
        self._shared = False
        # RFC 1982: a serial must grow, though an older file may come back.
        last = self._index.serial if self._index is not None else 0
        index.serial = max(int(self.modified), last + 1)
        self._index, self.cluster = index, cluster
        return Loaded(index, None if changed is None else frozenset(changed), _count(added), _count(removed))


def apply(index: Index, added: Mapping[Key, Object], removed: Mapping[Key, Object]) -> set[bytes]:
    """Puts in what came and takes out what went; what changed is in both. Gives the names that this concerns."""
    changed: set[bytes] = set()
    takers: dict[str, Callable[[str, str], set[bytes]]] = {
        "service": index.remove_service,
        "slice": index.remove_slice,
        "pod": index.remove_pod,
        "namespace": lambda _, name: index.remove_namespace(name),
    }
    for kind, namespace, name in removed.keys() - added.keys():
        changed |= takers[kind](namespace, name)
    for each in added.values():
        if isinstance(each, Service):
            changed |= index.put_service(each)
        elif isinstance(each, EndpointSlice):
            changed |= index.put_slice(each)
        elif isinstance(each, Pod):
            changed |= index.put_pod(each)
        else:
            changed |= index.put_namespace(each)
    return changed


def _read(data: bytes, file: str) -> Cluster:
    return read(decode(data, file), file)


def _build(exposed: Exposed, cluster: Cluster) -> Index:
    index = Index(exposed)
    index.put_all(cluster)
    return index


def _compare(old: Cluster, new: Cluster) -> tuple[dict[Key, Object], dict[Key, Object]]:
    """What came and what went; what changed is in both."""
    before, after = _by_key(old), _by_key(new)
    return _without(after, before), _without(before, after)


def _by_key(cluster: Cluster) -> dict[Key, Object]:
    found: dict[Key, Object] = {("namespace", "", name): name for name in cluster.namespaces}
    found.update((("service", each.namespace, each.name), each) for each in cluster.services)
    found.update((("slice", each.namespace, each.name), each) for each in cluster.slices)
    found.update((("pod", each.namespace, each.name), each) for each in cluster.pods)
    return found


def _without(objects: Mapping[Key, Object], others: Mapping[Key, Object]) -> dict[Key, Object]:
    return {key: each for key, each in objects.items() if others.get(key) != each}


def _count(objects: Mapping[Key, Object]) -> int:
    """Services, endpoints and pods; namespaces do not count."""
    return sum(_size(each) for each in objects.values())


def _size(each: Object) -> int:
    return len(each.endpoints) if isinstance(each, EndpointSlice) else 0 if isinstance(each, str) else 1
