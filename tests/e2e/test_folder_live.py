"""Zones come and go with the files of a folder, while dig asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.programs import dig, serving, until
from tests.pydns.zone.files import master

COREFILE = """. {{
    bind 127.0.0.1
    cache
    auto test {{
        directory {folder}
        reload 1h
    }}
    whoami
}}
"""
SOON = 5.0
"""Seconds in which a change is answered. A machine that is busy may need more than the half second that is meant."""


@pytest.fixture
def folder(port: int, corefile: Path, tmp_path: Path) -> Iterator[Path]:
    """Followed by a server, empty at first."""
    path = tmp_path / "zones"
    path.mkdir()
    corefile.write_text(COREFILE.format(folder=path))
    with serving(corefile, port):
        yield path


def answers(port: int, name: str, data: list[str], status: str = "NOERROR") -> None:
    """Returns once that is the answer."""

    def answer() -> tuple[str, list[str]]:
        found = dig(port, name)
        return found.status, found.data

    until(answer, lambda found: found == (status, data), SOON)


def test_a_zone_comes_changes_and_goes(folder: Path, port: int) -> None:
    answers(port, "www.a.test", [])  # whoami
    (folder / "db.a.test").write_text(master(1, "www A 192.0.2.1"))
    answers(port, "www.a.test", ["192.0.2.1"])
    answers(port, "x.a.test", [], "NXDOMAIN")
    (folder / "db.a.test").write_text(master(2, "x A 192.0.2.2"))
    answers(port, "x.a.test", ["192.0.2.2"])
    answers(port, "www.a.test", [], "NXDOMAIN")
    (folder / "db.a.test").rename(folder / "old")
    answers(port, "www.a.test", [])


def test_a_child_takes_its_names_from_its_parent_and_gives_them_back(folder: Path, port: int) -> None:
    (folder / "db.test").write_text(master(1, "www.a A 192.0.2.1"))
    answers(port, "www.a.test", ["192.0.2.1"])
    (folder / "db.a.test").write_text(master(1, "www A 192.0.2.2"))
    answers(port, "www.a.test", ["192.0.2.2"])
    (folder / "db.a.test").unlink()
    answers(port, "www.a.test", ["192.0.2.1"])
