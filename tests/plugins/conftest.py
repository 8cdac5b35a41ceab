"""What tests of several plugins need."""

import pytest
import trio

from pydns.plugin import House
from pydns.watch import Watcher


@pytest.fixture
async def house(nursery: trio.Nursery) -> House:
    """A house whose file watcher runs."""
    watcher = Watcher()
    await nursery.start(watcher.run)
    return House(watcher=watcher)
