"""What tests of several rooms ask."""

from collections.abc import Iterator

import pytest

from pydns.upstream.endpoint import Endpoint
from tests.e2e import programs


@pytest.fixture(scope="session")
def nsd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """A real name server: NSD with the zone `programs.NSD_ZONE`."""
    if programs.installed("nsd") is None:
        pytest.skip("nsd is not installed")
    endpoint = Endpoint("127.0.0.1", programs.free_port())
    with programs.nsd(tmp_path_factory.mktemp("nsd"), endpoint.port):
        yield endpoint
