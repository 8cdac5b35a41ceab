"""What the READMEs show of a run."""

import json
from pathlib import Path

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.publish import between_markers, main, publish
from benchmarks.python import ROOT

CONTENT = {
    "taken": "2030-01-02T03:04:05+00:00",
    "settings": {"rounds": 3, "profile": "cluster"},
    "machine": {"cpu": "A CPU", "cores": 2},
    "versions": {"nsd": "4.6.1"},
    "results": [
        {"workload": "hosts", "server": "pydns", "runs": [], "figures": {"cpu_microseconds": 10.0}},
        {"workload": "hosts", "server": "nsd", "runs": [], "figures": {"cpu_microseconds": 4.0}},
    ],
}
MARKED = "# Title\n<!-- figures -->\nolder\n<!-- /figures -->\nend\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "benchmarks").mkdir()
    for name in ("README.md", "benchmarks/README.md"):
        (tmp_path / name).write_text(MARKED)
    publish(CONTENT, tmp_path)
    return tmp_path


def test_what_stood_between_the_markers_goes() -> None:
    assert between_markers(MARKED, "new") == MARKED.replace("older", "new")


@pytest.mark.parametrize("text", ["", "<!-- figures -->\n", MARKED + MARKED])
def test_markers_stand_once(text: str) -> None:
    with pytest.raises(BenchmarkError, match="markers"):
        between_markers(text, "new")


@pytest.mark.parametrize("name", ["README.md", "benchmarks/README.md"])
def test_our_readmes_have_their_markers(name: str) -> None:
    assert "new" in between_markers((ROOT / name).read_text(), "new")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("README.md", "![CPU time for a query, ours and others'](benchmarks/results/published.svg)"),
        ("README.md", "| hosts | 1.2 x nsd | 2.50 | **missed** |"),
        ("README.md", "Measured 2030-01-02 (rounds 3, profile cluster):"),
        ("benchmarks/README.md", "![CPU time for a query, ours and others'](results/published.svg)"),
        ("benchmarks/README.md", "| nsd | 4.0 | 2.50 |"),
        ("benchmarks/README.md", "* A CPU, 2 cores"),
    ],
)
def test_a_readme_shows_the_run(name: str, shown: str, root: Path) -> None:
    assert shown in (root / name).read_text()


def test_to_publish_again_changes_nothing(root: Path) -> None:
    before = (root / "benchmarks/README.md").read_text()
    publish(json.loads((root / "benchmarks/results/published.json").read_text()), root)
    assert (root / "benchmarks/README.md").read_text() == before


def test_the_chart_is_drawn(root: Path) -> None:
    assert "<svg" in (root / "benchmarks/results/published.svg").read_text()


def test_a_missing_file_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.json")]) == 1
    assert "cannot be read" in capsys.readouterr().err
