"""A server that replays answers tells each client what one tells that never does, and counts the same."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from pydns import names
from pydns.packetcache import MOST_BYTES
from pydns.records import Type
from tests.pydns.fastlane.corefiles import COREFILES, Files
from tests.pydns.fastlane.same import difference
from tests.pydns.fastlane.steps import CLIENTS, Ask, Flush, Reload, Says, Scrape, Wait, Write, steps
from tests.pydns.fastlane.twin import Client, Twin, scripted_upstreams

_LONGEST = 12.0  # seconds in which every query is answered
_TICK = 0.0625


class Pair:
    """Both servers, and what has been asked of them."""

    def __init__(self, nursery: trio.Nursery, files: Files, clock: MockClock) -> None:
        self.twins = Twin(nursery, MOST_BYTES), Twin(nursery, 0)
        self._files = files
        self._clock = clock
        self._asked: list[tuple[bytes, Client, Client]] = []

    async def do(self, step: Any) -> None:
        match step:
            case Ask():
                await self._ask(step)
            case Wait():
                await self._pass(step.seconds)
            case Write():
                self._files.write(step.hosts, step.services)
                for twin in self.twins:
                    await twin.look()
            case Says():
                for twin in self.twins:
                    twin.upstream.said, twin.upstream.mood = step
            case Flush():
                for twin in self.twins:
                    changes = twin.house.changes
                    changes.zone(names.from_text(step.zone)) if step.zone else changes.everything()
            case Reload():
                for twin in self.twins:
                    await twin.change_to(self._files.corefile(step.corefile))
            case Scrape():
                self._compare_counts()
        await wait_all_tasks_blocked()
        self._compare()

    async def _ask(self, step: Ask) -> None:
        for _ in range(step.times):
            wire = step.wire(len(self._asked) & 0xFFFF)
            one, other = (twin.take(wire, Client(step.client, step.transport)) for twin in self.twins)
            self._asked.append((wire, one, other))
            await wait_all_tasks_blocked()
            if step.wait:
                await self.settle([(wire, one, other)])
            self._compare()
            await self._pass(step.pause)

    async def _pass(self, seconds: float) -> None:
        """Time goes on, in small steps while something is under way."""
        end = trio.current_time() + seconds
        while (left := end - trio.current_time()) > 1e-9:
            await self._jump(min(left, _TICK if self._waiting() else 0.5))

    async def _jump(self, seconds: float) -> None:
        self._clock.jump(seconds)
        for twin in self.twins:
            twin.upstream.deliver()
        await wait_all_tasks_blocked()

    def _waiting(self) -> bool:
        return any(twin.server.under_way for twin in self.twins)

    async def settle(self, asked: Sequence[tuple[bytes, Client, Client]] | None = None) -> None:
        """Waits until all is answered."""
        end = trio.current_time() + _LONGEST
        while any(not one.sent or not other.sent for _, one, other in (self._asked if asked is None else asked)):
            assert trio.current_time() < end, "no answer"
            await self._jump(_TICK)

    def _compare(self) -> None:
        while self._asked and self._asked[0][1].sent and self._asked[0][2].sent:
            wire, one, other = self._asked.pop(0)
            assert len(one.sent) == len(other.sent) == 1
            assert not (what := difference(one.sent[0], other.sent[0])), (wire.hex(), what)
        replaying, never = (sorted(twin.upstream.asked) for twin in self.twins)
        assert replaying == never, set(replaying) ^ set(never)

    def _compare_counts(self) -> None:
        replaying, never = (twin.counts() for twin in self.twins)
        differing = {key: (replaying.get(key), never.get(key)) for key in replaying.keys() | never.keys()}
        differing = {key: values for key, values in differing.items() if values[0] != values[1]}
        assert not differing, differing

    async def end(self) -> None:
        await self.settle()
        self._compare()
        await self._pass(6)
        self._compare_counts()


async def run(corefile: str, steps: Sequence[Any], clock: MockClock) -> Twin:
    """Gives the one that replays."""
    with tempfile.TemporaryDirectory() as folder, scripted_upstreams():
        files = Files(Path(folder))
        files.write(0, 0)
        async with trio.open_nursery() as nursery:
            pair = Pair(nursery, files, clock)
            for step in (Reload(corefile), *steps):
                await pair.do(step)
            await pair.end()
            nursery.cancel_scope.cancel()
    assert not pair.twins[1].replays
    assert not pair.twins[1].relayed
    return pair.twins[0]


@given(st.sampled_from(sorted(COREFILES)), steps)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_with_replay_and_without_it_is_the_same(corefile: str, steps: list[Any]) -> None:
    clock = MockClock()
    trio.run(run, corefile, steps, clock, clock=clock)


# So the test above looks at what it means to.


@pytest.mark.parametrize("corefile", sorted(COREFILES.keys() - {"relay"}))
def test_most_of_what_is_asked_again_and_again_is_replayed(corefile: str) -> None:
    ask = Ask("one.up.test", Type.A, 0x0100, "plain", 0, CLIENTS[0], "udp", 10, 0, True)
    clock = MockClock()
    assert trio.run(run, corefile, [ask], clock, clock=clock).replays >= 7


def test_what_goes_to_an_upstream_without_a_cache_is_relayed() -> None:
    ask = Ask("one.up.test", Type.A, 0x0100, "plain", 0, CLIENTS[0], "udp", 10, 0, True)
    clock = MockClock()
    assert trio.run(run, "relay", [ask], clock, clock=clock).relayed == 10
