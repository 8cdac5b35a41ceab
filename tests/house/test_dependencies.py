"""What is imported is also installed: `pip install .` on a fresh machine brings all of it."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Mapping
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*(ROOT / "pydns").rglob("*.py"), *(ROOT / "plugins/pydns_plugins").rglob("*.py")])
NOT_THEIRS = sys.stdlib_module_names | {"pydns", "pydns_plugins", "__future__"}


@pytest.fixture(scope="module")
def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {str(canonicalize_name(Requirement(line).name)) for line in project["dependencies"]}


@pytest.fixture(scope="module")
def distributions() -> Mapping[str, list[str]]:
    return packages_distributions()


def imported(path: Path) -> set[str]:
    """Top-level modules of others, wherever in the file they are imported."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found - NOT_THEIRS


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_a_file_imports_is_a_dependency(
    path: Path, declared: set[str], distributions: Mapping[str, list[str]]
) -> None:
    for module in imported(path):
        assert {str(canonicalize_name(name)) for name in distributions[module]} & declared, module
