from collections.abc import Iterator

import pytest
import trio.testing

from tests.plugins.forward.helpers import ways


@pytest.fixture
def quick_clock() -> trio.testing.MockClock:
    """Time jumps when nothing happens, yet not before what is on its way over loopback has come."""
    return trio.testing.MockClock(autojump_threshold=0.01)


@pytest.fixture(params=["served", "at once"])
def either_way(request: pytest.FixtureRequest) -> Iterator[None]:
    """What holds where the chain is asked holds where the first upstream is asked at once as well."""
    ways["at once"] = request.param == "at once"
    yield
    ways["at once"] = False
