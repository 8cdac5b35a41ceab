from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio

from tests.pydns.life import WriteFile


@pytest.fixture
def write(tmp_path: Path) -> WriteFile:
    """Writes a file into the test's own folder."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


@pytest.fixture
async def bounded() -> AsyncIterator[None]:
    """Whatever is waited for in vain, a test fails rather than hangs."""
    with trio.fail_after(60):
        yield
