import pytest
import trio.testing


@pytest.fixture
def quick_clock() -> trio.testing.MockClock:
    """Time jumps when nothing happens, yet not before what is on its way over loopback has come."""
    return trio.testing.MockClock(autojump_threshold=0.01)
