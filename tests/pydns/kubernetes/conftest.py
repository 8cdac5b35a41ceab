"""A stand-in, and a client that asks it in memory."""

from __future__ import annotations

import pytest
from trio.testing import MockClock

from pydns.kubernetes.access import Access
from pydns.kubernetes.client import Client
from pydns.kubernetes.endpoint import Endpoint
from tests.pydns.kubernetes.standin import MemoryTransport, StandIn


@pytest.fixture
def standin() -> StandIn:
    found = StandIn()
    found.load_recording()
    return found


class Known:
    """Access that a test sets; `loads` tells of each time that it was asked for, and whether after a refusal."""

    place = "known"

    def __init__(self) -> None:
        self.access = Access("http://api.test", authorization="Bearer one")
        self.loads: list[bool] = []

    async def load(self, *, refused: bool = False) -> Access:
        self.loads.append(refused)
        return self.access


@pytest.fixture
def known() -> Known:
    return Known()


@pytest.fixture
def client(standin: StandIn) -> Client:
    return Client(Endpoint("http://api.test"), transport=lambda: MemoryTransport(standin))


@pytest.fixture
def clock() -> MockClock:
    """Time passes when all wait. A test names it, or it is the real one."""
    return MockClock(autojump_threshold=0)
