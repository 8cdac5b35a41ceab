"""What is built holds what it must: the plugins too, by both ways to a wheel."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [*(ROOT / "pydns").rglob("*.py"), *(ROOT / "plugins/pydns_plugins").rglob("*.py")]


@pytest.fixture(scope="module", params=["wheel", "sdist, then wheel"])
def wheel(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("dist")
    how = ["--wheel"] if request.param == "wheel" else []
    command = [sys.executable, "-m", "build", "--no-isolation", *how, "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_holds_every_source(wheel: zipfile.ZipFile) -> None:
    wanted = {path.relative_to(ROOT).as_posix().removeprefix("plugins/") for path in SOURCES}
    assert wanted <= set(wheel.namelist())


def test_the_wheel_holds_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"pydns", "pydns_plugins"}


def test_the_wheel_brings_the_command(wheel: zipfile.ZipFile) -> None:
    (name,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert "pydns = pydns.cli:main" in wheel.read(name).decode()
