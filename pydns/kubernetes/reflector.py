"""Keeps up with one collection of the API: a list, then a watch from the version of the list on, for ever.

The rules are those of client-go's reflector. A version is opaque, and carried on from each event and bookmark. A watch
that ends, breaks or says nothing is taken up again at the last version, so nothing is lost. Where the API does not know
that any more (410) all is listed anew, and what is missing in the list is gone.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

import trio

from pydns.kubernetes.client import Client
from pydns.kubernetes.complaints import Complaints
from pydns.kubernetes.errors import ApiError, GoneError, UnreadableError
from pydns.kubernetes.events import Lines, read_event
from pydns.kubernetes.listing import Page
from pydns.kubernetes.pauses import Pauses
from pydns.kubernetes.resources import Object, Resource
from pydns.kubernetes.tree import Tree

PAGE: Final = 100
"""Objects asked for at once."""

LONGER_PAGE: Final = 500
"""The same after a list that took so long that the API forgot its version."""

SLICE: Final = 0.001
"""Seconds of decoding in one go: queries wait so long at most, and for one more object."""

REMOVED_AT_ONCE: Final = 200

SILENCE: Final = 150.0
"""Seconds without a word after which a watch counts as stalled. The API sends a bookmark each minute or so."""

WATCH: Final = (300, 600)
"""Seconds after which the API is asked to end a watch, from and to, so that not all come back at once."""

STEADY: Final = 10.0
"""Seconds that a watch stands until its end is no failure."""

SELDOM: Final = 60.0
"""Seconds after a list in which another one waits its turn, as all that fails does."""

Key = tuple[str, str]
"""An object's namespace, empty for a namespace itself, and its name."""


class Change(NamedTuple):
    """`object` is None where it is gone.

    * `since`: when what led to it happened, in seconds since 1970; 0: that is not known, as it is of lists
    """

    key: Key
    object: Object | None
    since: float = 0.0


Take = Callable[[str, Sequence[Change]], None]
"""Is told a resource's kind, and changes that belong into one step."""


class Reflector:
    """`run` never ends.

    * `known`: the version of each object that was put in
    * `synced`: the first list was taken whole
    * `lost_since`: when the watch was lost, on trio's clock; None while it stands
    """

    def __init__(self, client: Client, resource: Resource, take: Take, complaints: Complaints) -> None:
        self.resource = resource
        self.known: dict[Key, str] = {}
        self.synced = trio.Event()
        self.lost_since: float | None = trio.current_time()
        self._client = client
        self._take = take
        self._complaints = complaints
        self._pauses = Pauses()
        self._page = PAGE
        self._version = ""
        self._listed = -SELDOM  # when the last list was begun

    async def run(self) -> None:
        while True:
            try:
                if not self._version:
                    await self._list()
                    self.synced.set()
                await trio.sleep(await self._watch())
            except ApiError as error:
                await trio.sleep(self._failed(error))

    def _failed(self, error: ApiError) -> float:
        """Seconds until another attempt."""
        if isinstance(error, GoneError | UnreadableError):
            self._version = ""
        if isinstance(error, GoneError) and trio.current_time() - self._listed > SELDOM:
            return 0.0
        if self.lost_since is None:
            self.lost_since = trio.current_time()
        if not isinstance(error, GoneError):  # which is nobody's fault
            # That the API cannot be reached is told once; what it says of a resource, for each.
            heard = error.status or isinstance(error, UnreadableError)
            self._complaints.tell(self, f"{self.resource.kind}: {error}" if heard else str(error))
        return self._pauses.after(error.status, error.retry_after)

    async def _list(self) -> None:
        seen: set[Key] = set()
        token = ""
        self._listed = trio.current_time()
        while True:
            query = {**self.resource.query, "limit": str(self._page)} | ({"continue": token} if token else {})
            try:
                page = Page(await self._client.read(self.resource.path, query))
            except GoneError:
                self._page = LONGER_PAGE
                raise
            await self._take_page(page, seen)
            token = page.metadata.text("continue")
            if not token:
                break
        version = page.metadata.text("resourceVersion")
        if not version:
            raise UnreadableError("a list without a version")
        gone = [key for key in self.known if key not in seen]
        for i in range(0, len(gone), REMOVED_AT_ONCE):
            part = gone[i : i + REMOVED_AT_ONCE]
            for key in part:
                del self.known[key]
            self._put(Change(key, None) for key in part)
            await trio.lowlevel.checkpoint()
        self._page, self._version = PAGE, version

    async def _take_page(self, page: Page, seen: set[Key]) -> None:
        changes: list[Change] = []
        began = time.perf_counter()
        for item in page.objects():
            key, version = _identity(item)
            seen.add(key)
            if version and self.known.get(key) == version:
                continue
            changes.extend(self._read(key, version, item))
            if time.perf_counter() - began > SLICE:
                self._put(changes)
                changes = []
                await trio.lowlevel.checkpoint()
                began = time.perf_counter()
        self._put(changes)

    async def _watch(self) -> float:
        """Seconds to wait before the next."""
        query = {
            **self.resource.query,
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": str(random.randint(*WATCH)),
        }
        lines = Lines()
        began = trio.current_time()
        async with self._client.stream(self.resource.path, query, SILENCE) as pieces:
            self._stands()
            async for piece in pieces:
                self._take_events(lines.feed(piece))
        if trio.current_time() - began < STEADY:
            return self._pauses.after()
        self._pauses.reset()
        return 0.0

    def _stands(self) -> None:
        self.lost_since = None
        self._complaints.clear(self)

    def _take_events(self, lines: Iterable[bytes]) -> None:
        """What came in one piece is taken in one step. Raises what `read_event` raises, after what came before that."""
        changes: list[Change] = []
        try:
            for line in lines:
                event = read_event(line)
                key, version = _identity(event.object)
                if event.kind == "DELETED":
                    changes.extend(self._remove(key))
                elif event.kind != "BOOKMARK":
                    since = self.resource.since(event.object) if self.resource.since is not None else 0.0
                    changes.extend(self._read(key, version, event.object, since))
                self._version = version or self._version
                self._pauses.reset()
        finally:
            self._put(changes)

    def _read(self, key: Key, version: str, item: Tree, since: float = 0.0) -> Sequence[Change]:
        found = self.resource.read(item)
        if found is None:
            return self._remove(key)
        self.known[key] = version
        return (Change(key, found, since),)

    def _remove(self, key: Key) -> Sequence[Change]:
        return () if self.known.pop(key, None) is None else (Change(key, None),)

    def _put(self, changes: Iterable[Change]) -> None:
        changes = tuple(changes)
        if changes:
            self._take(self.resource.kind, changes)


def _identity(item: Tree) -> tuple[Key, str]:
    """The key of an object, and its version."""
    metadata = item.tree("metadata")
    return (metadata.text("namespace"), metadata.text("name")), metadata.text("resourceVersion")
