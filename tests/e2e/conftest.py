from pathlib import Path

import pytest

from tests.e2e.multisocket import Site
from tests.e2e.programs import free_port
from tests.pydns.life import WriteFile


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def corefile(tmp_path: Path) -> Path:
    """The path of a Corefile in a folder of its own; the test writes it."""
    return tmp_path / "Corefile"


@pytest.fixture
def write(tmp_path: Path) -> WriteFile:
    """Writes a file into the test's own folder."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


@pytest.fixture
def site(corefile: Path) -> Site:
    """Two processes and their parent, with pages."""
    return Site(corefile)
