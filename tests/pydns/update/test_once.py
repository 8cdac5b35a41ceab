"""A message that comes twice."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from pydns.records import Rcode
from pydns.tsig.record import Tsig
from pydns.update import once
from pydns.update.once import Once
from pydns.update.performing import Outcome

DONE = Outcome(Rcode.NOERROR)


def signature(mac: bytes = b"mac", name: bytes = b"\3key\0", time: int = 1000) -> Tsig:
    return Tsig(name, b"\0", time, 300, mac, 1)


class Updating:
    """What is done, and how it goes."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.now = 1000.0
        self.count = 0
        self.once = Once(lambda: self.now)
        self.may = trio.Event()
        self.may.set()
        self._outcomes = list(outcomes) or [DONE] * 100_000

    async def do(self) -> Outcome:
        self.count += 1
        await self.may.wait()
        return self._outcomes[self.count - 1]

    async def __call__(self, signed: Tsig | None = None) -> Outcome:
        return await self.once.outcome(signed or signature(), self.do)


async def test_it_is_done_once() -> None:
    updating = Updating(Outcome(Rcode.YXDOMAIN))
    assert [await updating(), await updating()] == [Outcome(Rcode.YXDOMAIN)] * 2
    assert updating.count == 1


@pytest.mark.parametrize("other", [signature(b"other"), signature(name=b"\5other\0")])
async def test_others_are_done_too(other: Tsig) -> None:
    updating = Updating()
    await updating()
    await updating(other)
    assert updating.count == 2


async def test_who_cuts_the_signature_that_he_overheard_has_nothing_done() -> None:
    """Some keys take cut ones (RFC 8945 section 5.2.2.1)."""
    updating = Updating()
    for length in (32, 31, 16, 10):
        await updating(signature(bytes(range(32))[:length]))
    assert updating.count == 1


async def test_where_one_is_under_way_the_other_waits_for_it(nursery: trio.Nursery) -> None:
    updating, found = Updating(), []

    async def go() -> None:
        found.append(await updating())

    updating.may = trio.Event()
    nursery.start_soon(go)
    nursery.start_soon(go)
    await trio.testing.wait_all_tasks_blocked()
    assert (updating.count, found) == (1, [])
    updating.may.set()
    await trio.testing.wait_all_tasks_blocked()
    assert (updating.count, found) == (1, [DONE] * 2)


async def test_what_could_not_be_done_is_tried_again() -> None:
    updating = Updating(Outcome(Rcode.SERVFAIL), DONE)
    assert [await updating(), await updating()] == [Outcome(Rcode.SERVFAIL), DONE]


async def test_so_is_what_was_given_up(nursery: trio.Nursery) -> None:
    updating, found = Updating(), []
    updating.may = trio.Event()
    scope = trio.CancelScope()

    async def give_up() -> None:
        with scope:
            await updating()

    async def go() -> None:
        found.append(await updating())

    nursery.start_soon(give_up)
    await trio.testing.wait_all_tasks_blocked()
    nursery.start_soon(go)
    await trio.testing.wait_all_tasks_blocked()
    scope.cancel()
    updating.may.set()
    await trio.testing.wait_all_tasks_blocked()
    assert (updating.count, found) == (2, [DONE])


@pytest.mark.parametrize(("after", "count"), [(300, 1), (301, 0)])
async def test_it_is_remembered_as_long_as_the_signature_is_good(after: int, count: int) -> None:
    updating = Updating()
    await updating()
    updating.now += after
    await updating(signature(b"other", time=2000))
    await updating()
    assert updating.count == 3 - count


async def test_no_more_than_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once, "MOST", 3)
    updating = Updating()
    for mac in (b"a", b"b", b"c", b"d"):
        await updating(signature(mac))
    await updating(signature(b"d"))
    assert updating.count == 4
    await updating(signature(b"a"))
    assert updating.count == 5
