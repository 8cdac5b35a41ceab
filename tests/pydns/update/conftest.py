"""Where a zone that takes updates stands."""

from pathlib import Path

import pytest

from pydns.update import writingback
from tests.pydns.zone.files import master


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "db"
    found.write_text(master(1, "www A 192.0.2.1 ; by hand"))
    return found


@pytest.fixture
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writingback, "PAUSE", 0.0)


@pytest.fixture
def journal(path: Path) -> Path:
    return path.with_name("db.journal")
