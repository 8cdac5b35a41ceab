"""A Kubernetes API for tests: it holds objects, lists and watches them, and fails where and how a test wants it.

It is asked in memory (`MemoryTransport`), so that trio's MockClock may pass the time, or over sockets (`served.py`).
"""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import trio

from pydns.kubernetes.tree import Tree

RECORDING = Path(__file__).parent / "recording"
COLLECTIONS = {
    "namespaces": "/api/v1/namespaces",
    "services": "/api/v1/services",
    "pods": "/api/v1/pods",
    "endpointslices": "/apis/discovery.k8s.io/v1/endpointslices",
    "nodes": "/api/v1/nodes",
    "serviceimports": "/apis/multicluster.x-k8s.io/v1alpha1/serviceimports",
}
RECORDED = ("namespaces", "services", "pods", "endpointslices")

Object = dict[str, Any]


class Cut(Exception):  # noqa: N818 -- it is what happens, not what is wrong
    """The connection is lost here."""


class Request(NamedTuple):
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]

    @property
    def is_watch(self) -> bool:
        return "watch" in self.query


class Answer(NamedTuple):
    """`pieces`: the body as it is sent; it may raise Cut, or never end."""

    status: int
    headers: Mapping[str, str]
    pieces: AsyncIterator[bytes]


Fault = Callable[[Request], Answer | None]
"""What is answered in place of the truth; None: the truth. May raise Cut."""


class Event(NamedTuple):
    version: int
    collection: str
    kind: str
    object: Object


class StandIn:
    """* `faults`: one is taken off for each request
    * `down`: every request is a Cut
    * `piece`: octets that are sent at once
    * `oldest`: what is older is gone (410)
    * `bookmarks`: seconds between them
    """

    def __init__(self) -> None:
        self.objects: dict[str, dict[tuple[str, str], Object]] = {name: {} for name in COLLECTIONS}
        self.version = 100
        self.oldest = 0
        self.history: list[Event] = []
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.down = False
        self.piece = 1 << 16
        self.bookmarks = 60.0
        self.watching = 0
        self._changed = trio.Event()
        self._cuts = 0
        self._pages: dict[str, list[Object]] = {}

    def put(self, collection: str, item: Object) -> None:
        self.version += 1
        item = copy.deepcopy(item)
        item["metadata"]["resourceVersion"] = str(self.version)
        key = key_of(item)
        kind = "MODIFIED" if key in self.objects[collection] else "ADDED"
        self.objects[collection][key] = item
        self._tell(Event(self.version, collection, kind, item))

    def delete(self, collection: str, namespace: str, name: str) -> None:
        item = copy.deepcopy(self.objects[collection].pop((namespace, name)))
        self.version += 1
        item["metadata"]["resourceVersion"] = str(self.version)
        self._tell(Event(self.version, collection, "DELETED", item))

    def load_recording(self) -> None:
        """The lists of a real API."""
        for collection in RECORDED:
            tree = json.loads((RECORDING / f"{collection}.list.json").read_text())
            self.objects[collection] = {key_of(item): item for item in tree["items"]}
            self.version = self.oldest = int(tree["metadata"]["resourceVersion"])

    def play_recording(self) -> None:
        """What the same API told those who watched."""
        for collection in RECORDED:
            for line in (RECORDING / f"{collection}.watch.jsonl").read_text().splitlines():
                tree = json.loads(line)
                item = tree["object"]
                if tree["type"] == "BOOKMARK":
                    continue
                version = int(item["metadata"]["resourceVersion"])
                self.version = max(self.version, version)
                if tree["type"] == "DELETED":
                    del self.objects[collection][key_of(item)]
                else:
                    self.objects[collection][key_of(item)] = item
                self._tell(Event(version, collection, tree["type"], item))

    def forget(self) -> None:
        """No version of before is known any more."""
        self.version += 1
        self.oldest = self.version
        self._pages.clear()

    def cut(self) -> None:
        """All connections are lost, in the middle of what they send."""
        self._cuts += 1
        self._wake()

    def respond(self, request: Request) -> Answer:
        """Raises Cut."""
        self.requests.append(request)
        if self.down:
            raise Cut
        if self.faults:
            answer = self.faults.pop(0)(request)
            if answer is not None:
                return answer
        collection, namespace = _collection(request.path)
        if request.is_watch:
            return self._watch(collection, namespace, request.query)
        return self._list(collection, namespace, request.query)

    def _list(self, collection: str, namespace: str, query: Mapping[str, str]) -> Answer:
        token, limit = query.get("continue", ""), int(query["limit"])
        if token and token not in self._pages:
            return status(410, "The provided continue parameter is too old")
        rest = self._pages[token] if token else list(self._selected(collection, namespace, query))
        page, rest = rest[:limit], rest[limit:]
        metadata = {"resourceVersion": str(self.version)}
        if rest:
            metadata["continue"] = f"page-{self.version}-{len(rest)}-{collection}"
            self._pages[metadata["continue"]] = rest
        body = {"kind": "List", "apiVersion": "v1", "metadata": metadata, "items": page}
        return Answer(200, {"content-type": "application/json"}, self._sent(json.dumps(body).encode()))

    def _selected(self, collection: str, namespace: str, query: Mapping[str, str]) -> Iterator[Object]:
        return (item for item in self.objects[collection].values() if is_selected(item, namespace, query))

    def _watch(self, collection: str, namespace: str, query: Mapping[str, str]) -> Answer:
        since = int(query["resourceVersion"])
        if since < self.oldest:
            return status(410, "too old resource version")
        return Answer(200, {"content-type": "application/json"}, self._events(collection, namespace, query, since))

    async def _events(
        self, collection: str, namespace: str, query: Mapping[str, str], since: int
    ) -> AsyncIterator[bytes]:
        end = trio.current_time() + float(query["timeoutSeconds"])
        cuts = self._cuts
        self.watching += 1
        try:
            while trio.current_time() < end:
                for event in [each for each in self.history if each.version > since]:
                    since = event.version
                    if event.collection == collection and (not namespace or key_of(event.object)[0] == namespace):
                        kind = event.kind if is_selected(event.object, namespace, query) else "DELETED"
                        async for piece in self._sent(line(kind, event.object)):
                            if self._cuts != cuts:
                                raise Cut
                            yield piece
                # Told what is new, or that nothing is.
                changed = self._changed
                with trio.move_on_at(min(end, trio.current_time() + self.bookmarks)) as waiting:
                    await changed.wait()
                if self._cuts != cuts:
                    raise Cut
                if waiting.cancelled_caught:
                    since = max(since, self.version)
                    yield line("BOOKMARK", {"metadata": {"resourceVersion": str(since)}})
        finally:
            self.watching -= 1

    async def _sent(self, data: bytes) -> AsyncIterator[bytes]:
        for i in range(0, len(data), self.piece):
            yield data[i : i + self.piece]

    def _tell(self, event: Event) -> None:
        self.history.append(event)
        self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, trio.Event()
        changed.set()


def line(kind: str, item: Object) -> bytes:
    return json.dumps({"type": kind, "object": item}).encode() + b"\n"


def status(code: int, message: str = "", headers: Mapping[str, str] = {}) -> Answer:
    """An answer with a Status object."""
    body = json.dumps({"kind": "Status", "status": "Failure", "message": message, "code": code}).encode()
    return text(code, body, {"content-type": "application/json", **headers})


def text(code: int, body: bytes, headers: Mapping[str, str] = {}) -> Answer:
    async def pieces() -> AsyncIterator[bytes]:
        yield body

    return Answer(code, headers, pieces())


def silence() -> Answer:
    """An answer that begins and never goes on."""

    async def pieces() -> AsyncIterator[bytes]:
        await trio.sleep_forever()
        yield b""

    return Answer(200, {"content-type": "application/json"}, pieces())


def cut_after(data: bytes) -> Answer:
    async def pieces() -> AsyncIterator[bytes]:
        yield data
        raise Cut

    return Answer(200, {"content-type": "application/json"}, pieces())


def is_selected(item: Object, namespace: str, query: Mapping[str, str]) -> bool:
    """As far as tests use selectors."""
    if namespace and key_of(item)[0] != namespace:
        return False
    for field in filter(None, query.get("fieldSelector", "").split(",")):
        path, _, wanted = field.replace("!=", "!").replace("=", "!").partition("!")
        found: Any = item
        for part in path.split("."):
            found = Tree(found).get(part, {})
        if (found == wanted) == ("!=" in field):
            return False
    labels = Tree(item["metadata"]).tree("labels")
    pairs = (each.partition("=") for each in filter(None, query.get("labelSelector", "").split(",")))
    return all(labels.get(key) == value if equals else key in labels for key, equals, value in pairs)


def key_of(item: Object) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _collection(path: str) -> tuple[str, str]:
    """A path's collection, and the namespace in it."""
    parts = path.strip("/").split("/")
    namespace = parts[-2] if len(parts) > 4 or (parts[0] == "api" and len(parts) > 3) else ""
    return parts[-1], namespace if "namespaces" in parts[:-1] else ""


class MemoryTransport(httpx.AsyncBaseTransport):
    """Carries requests to a stand-in without sockets."""

    def __init__(self, standin: StandIn) -> None:
        self._standin = standin

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await trio.lowlevel.checkpoint()
        asked = Request(request.url.path, dict(request.url.params), dict(request.headers))
        try:
            answer = self._standin.respond(asked)
        except Cut:
            raise httpx.ConnectError("cut", request=request) from None
        silence = request.extensions["timeout"]["read"]
        return httpx.Response(answer.status, headers=dict(answer.headers), stream=_Body(answer.pieces, silence))


class _Body(httpx.AsyncByteStream):
    def __init__(self, pieces: AsyncIterator[bytes], silence: float) -> None:
        self._pieces = pieces
        self._silence = silence

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while True:
                with trio.fail_after(self._silence):
                    piece = await anext(self._pieces)
                await trio.lowlevel.checkpoint()
                yield piece
        except StopAsyncIteration:
            return
        except Cut:
            raise httpx.ReadError("cut") from None
        except trio.TooSlowError:
            raise httpx.ReadTimeout("silent") from None

    async def aclose(self) -> None:
        await self._pieces.aclose()  # type: ignore[attr-defined]  # all of ours are generators
