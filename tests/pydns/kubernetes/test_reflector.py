"""What is known at rest is what the API has, whatever happened on the way."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from pydns.kubernetes import pauses
from pydns.kubernetes.client import Client
from pydns.kubernetes.complaints import Complaints
from pydns.kubernetes.reflector import PAGE, SILENCE, Change, Key, Reflector
from pydns.kubernetes.resources import Object, Wanted, resources
from tests.pydns.kubernetes import standin as api
from tests.pydns.kubernetes.standin import Answer, Cut, Fault, Request, StandIn


class Watched:
    """A reflector at work, and what it has told."""

    def __init__(self, client: Client, kind: str = "services") -> None:
        (resource,) = (each for each in resources(Wanted(pods=True)) if each.kind == kind)
        self.steps: list[Sequence[Change]] = []
        self.found: dict[Key, Object] = {}
        self.complaints = Complaints("the API")
        self.reflector = Reflector(client, resource, self._take, self.complaints)

    def _take(self, kind: str, changes: Sequence[Change]) -> None:
        self.steps.append(changes)
        for key, found, _ in changes:
            if found is None:
                self.found.pop(key, None)
            else:
                self.found[key] = found

    @property
    def names(self) -> set[str]:
        return {name for _, name in self.found}


Start = Callable[..., Awaitable[Watched]]


@pytest.fixture
async def start(client: Client, nursery: trio.Nursery) -> Start:
    async def start(kind: str = "services") -> Watched:
        watched = Watched(client, kind)
        nursery.start_soon(watched.reflector.run)
        with trio.fail_after(600):
            await watched.reflector.synced.wait()
            await rest()
        return watched

    return start


async def rest() -> None:
    await wait_all_tasks_blocked()


def service(name: str, namespace: str = "dev", address: str = "10.96.9.9") -> dict[str, object]:
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"clusterIP": address}}


def there(standin: StandIn, collection: str = "services") -> set[str]:
    return {name for _, name in standin.objects[collection]}


async def test_a_list_then_a_watch_from_its_version(start: Start, standin: StandIn, clock: MockClock) -> None:
    watched = await start()
    assert watched.names == there(standin)
    first, second = standin.requests
    assert not first.is_watch
    assert second.query["resourceVersion"] == "267"
    assert second.query["allowWatchBookmarks"] == "true"


@pytest.mark.parametrize("piece", [1, 2, 7, 1000])
@pytest.mark.parametrize("kind", ["services", "endpointslices", "namespaces", "pods"])
async def test_changes_are_heard_wherever_they_are_cut(
    piece: int, kind: str, start: Start, standin: StandIn, clock: MockClock
) -> None:
    standin.piece = piece
    watched = await start(kind)
    standin.play_recording()
    await rest()
    assert watched.names == there(standin, kind) - {"job"}


async def test_events_that_come_in_one_piece_are_one_step(start: Start, standin: StandIn, clock: MockClock) -> None:
    watched = await start()
    before = len(watched.steps)
    lines = b"".join(api.line("ADDED", service(name)) for name in "abc")

    def fault(_: Request) -> Answer:
        return api.text(200, lines)

    standin.faults.append(fault)
    standin.cut()
    await trio.sleep(1)
    assert [len(step) for step in watched.steps[before:]] == [3]


async def test_a_long_list_comes_in_pages(start: Start, standin: StandIn, clock: MockClock) -> None:
    for i in range(2 * PAGE):
        standin.put("services", service(f"s{i}"))
    watched = await start()
    assert watched.names == there(standin)
    lists = [request for request in standin.requests if not request.is_watch]
    assert [request.query["limit"] for request in lists] == ["100"] * 3
    assert ["continue" in request.query for request in lists] == [False, True, True]


async def test_a_list_whose_pages_are_too_old_begins_anew_with_longer_ones(
    start: Start, standin: StandIn, clock: MockClock
) -> None:
    for i in range(PAGE):
        standin.put("services", service(f"s{i}"))

    def forget(_: Request) -> None:
        standin.forget()

    standin.faults = [lambda _: None, forget]
    watched = await start()
    assert watched.names == there(standin)
    assert [request.query["limit"] for request in standin.requests if not request.is_watch] == ["100", "100", "500"]


async def test_a_watch_that_ends_goes_on_from_the_last_version(
    start: Start, standin: StandIn, clock: MockClock
) -> None:
    watched = await start()
    standin.put("services", service("fresh"))
    await trio.sleep(3600)
    watches = [request for request in standin.requests if request.is_watch]
    assert len(standin.requests) == len(watches) + 1
    assert len(watches) > 5
    assert watches[-1].query["resourceVersion"] == str(standin.version)
    assert "fresh" in watched.names
    assert watched.reflector.lost_since is None


async def test_bookmarks_carry_the_version_on(start: Start, standin: StandIn, clock: MockClock) -> None:
    await start()
    standin.put("pods", {"metadata": {"name": "p", "namespace": "dev"}})
    await trio.sleep(100)
    standin.cut()
    await trio.sleep(1)
    assert standin.requests[-1].query["resourceVersion"] == str(standin.version)


async def test_what_happened_while_a_connection_was_lost_is_heard(
    start: Start, standin: StandIn, clock: MockClock
) -> None:
    watched = await start()
    standin.down = True
    standin.cut()
    standin.put("services", service("fresh"))
    standin.delete("services", "default", "web")
    await trio.sleep(600)
    assert watched.reflector.lost_since is not None
    assert "web" in watched.names
    standin.down = False
    await trio.sleep(5)
    assert watched.names == there(standin)
    assert len([request for request in standin.requests if not request.is_watch]) == 1


async def test_deletions_while_away_are_found_by_the_list(start: Start, standin: StandIn, clock: MockClock) -> None:
    watched = await start()
    standin.down = True
    standin.cut()
    standin.delete("services", "default", "web")
    await trio.sleep(600)
    standin.forget()
    standin.down = False
    await trio.sleep(5)
    assert watched.names == there(standin)


async def test_what_a_new_list_has_as_it_was_is_not_told_again(
    start: Start, standin: StandIn, clock: MockClock
) -> None:
    watched = await start()
    before = len(watched.steps)
    standin.put("services", service("fresh"))
    standin.forget()
    standin.cut()
    await trio.sleep(5)
    assert [[change.key for change in step] for step in watched.steps[before:]] == [[("dev", "fresh")]]


@pytest.mark.parametrize("event", [
    {"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old resource version: 1 (2)"}},
    {"type": "ERROR", "object": {"kind": "Status", "code": 504, "reason": "Expired"}},
    {"type": "ERROR"}, {"type": "OTHER"}, [], {"type": "ADDED", "object": 7},
])  # fmt: skip
async def test_an_event_that_is_none_leads_to_the_truth(
    event: object, start: Start, standin: StandIn, clock: MockClock
) -> None:
    watched = await start()
    standin.faults.append(lambda _: api.text(200, json.dumps(event).encode() + b"\n"))
    standin.cut()
    standin.delete("services", "default", "web")
    await trio.sleep(5)
    assert watched.names == there(standin)


def refused(_: Request) -> Answer:
    raise Cut


FAULTS: list[Fault] = [
    refused,
    lambda _: api.status(401, "Unauthorized"),
    lambda _: api.status(403, 'services is forbidden: User "x" cannot list resource "services"'),
    lambda _: api.status(410, "too old"),
    lambda _: api.status(429, "wait", {"retry-after": "2"}),
    lambda _: api.status(500, "etcdserver: leader changed"),
    lambda _: api.text(502, b"<html>Bad Gateway</html>"),
    lambda _: api.text(200, b"<html>Please log in</html>"),
    lambda _: api.text(200, b""),
    lambda _: api.text(200, b"{}"),
    lambda _: api.text(200, b'{"items":[{]}'),
    lambda _: api.text(200, b'{"items":[7]}'),
    lambda _: api.text(200, b"\xff" * 1000),
    lambda _: api.text(200, b"[" * 100_000),
    lambda _: api.text(200, b'{"a":' * 100_000),
    lambda _: api.text(302, b"", {"location": "http://elsewhere.test/"}),
    lambda _: api.cut_after(b'{"items":[{"metadata":{"name":"half"'),
    lambda _: api.cut_after(b'{"type":"ADDED","object":{"metadata":'),
    lambda _: api.silence(),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_of_the_first_list_is_got_over(
    fault: Fault, start: Start, standin: StandIn, clock: MockClock
) -> None:
    standin.faults = [fault] * 3
    watched = await start()
    assert watched.names == there(standin)


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_of_a_watch_is_got_over(fault: Fault, start: Start, standin: StandIn, clock: MockClock) -> None:
    watched = await start()
    standin.faults = [fault] * 3
    standin.cut()
    standin.put("services", service("fresh"))
    standin.delete("services", "default", "web")
    await trio.sleep(5 * SILENCE)
    assert watched.names == there(standin)
    assert not watched.complaints


async def test_a_watch_that_says_nothing_is_left(start: Start, standin: StandIn, clock: MockClock) -> None:
    watched = await start()
    standin.bookmarks = 1e9
    standin.faults = [lambda _: api.silence()]
    standin.cut()
    standin.put("services", service("fresh"))
    await trio.sleep(SILENCE + 10)
    assert "fresh" in watched.names


async def test_retry_after_is_honoured(start: Start, standin: StandIn, clock: MockClock) -> None:
    standin.faults = [lambda _: api.status(429, "", {"retry-after": "20"})]
    began = trio.current_time()
    await start()
    assert 20 < trio.current_time() - began < 21


async def test_attempts_grow_rare_but_not_too_rare(start: Start, standin: StandIn, clock: MockClock) -> None:
    await start()
    standin.down = True
    standin.cut()
    before = len(standin.requests)
    await trio.sleep(1000)
    number = len(standin.requests) - before
    assert 1000 / pauses.LONGEST_UNHEARD < number < 3000 / pauses.LONGEST_UNHEARD


async def test_watches_that_end_at_once_do_not_spin(start: Start, standin: StandIn, clock: MockClock) -> None:
    await start()
    standin.faults = [lambda _: api.text(200, b"")] * 10_000
    standin.cut()
    before = len(standin.requests)
    await trio.sleep(100)
    assert len(standin.requests) - before < 100


async def test_a_complaint_is_told_once_and_its_end(
    start: Start, standin: StandIn, clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    await start()
    standin.down = True
    standin.cut()
    await trio.sleep(100)
    standin.down = False
    await trio.sleep(100)
    told = [message for message in caplog.messages if message.startswith("the API: ")]
    assert told[-1] == "the API: is heard again"
    assert len(told) == len(set(told))
