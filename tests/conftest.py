"""What tests of several rooms ask."""

from collections.abc import Iterator

import pytest
import trio.testing
from hypothesis import settings

from pydns.upstream.endpoint import Endpoint
from tests.e2e import programs

# How long an example takes says how busy the machine is, and decides no test.
settings.register_profile("pydns", settings.default, deadline=None)
settings.load_profile("pydns")


@pytest.fixture
def quick_clock() -> trio.testing.MockClock:
    """Time jumps when nothing happens, yet not before what is on its way over loopback has come."""
    return trio.testing.MockClock(autojump_threshold=0.01)


@pytest.fixture(scope="session")
def nsd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """A real name server: NSD with the zone `programs.NSD_ZONE`."""
    if programs.installed("nsd") is None:
        pytest.skip("nsd is not installed")
    endpoint = Endpoint("127.0.0.1", programs.free_port())
    with programs.nsd(tmp_path_factory.mktemp("nsd"), endpoint.port):
        yield endpoint
