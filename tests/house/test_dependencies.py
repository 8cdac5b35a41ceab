"""What is imported is also installed: `pip install .` on a fresh machine brings all of it.

What an extra brings is imported within functions alone, so that all else runs without it.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
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
def extras() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [line for name, extra in project["optional-dependencies"].items() if name != "test" for line in extra]
    return {str(canonicalize_name(Requirement(line).name)) for line in lines}


@pytest.fixture(scope="module")
def distributions() -> Mapping[str, list[str]]:
    return packages_distributions()


def imported(nodes: Iterable[ast.AST]) -> set[str]:
    """Top-level modules of others."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found - NOT_THEIRS


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_a_file_imports_is_a_dependency(
    path: Path, declared: set[str], extras: set[str], distributions: Mapping[str, list[str]]
) -> None:
    tree = ast.parse(path.read_text())
    at_once = imported(tree.body)
    for module in imported(ast.walk(tree)):
        allowed = declared if module in at_once else declared | extras
        assert {str(canonicalize_name(name)) for name in distributions[module]} & allowed, module


def test_dnspython_waits_until_a_zone_wants_it() -> None:
    """It takes 50 ms, and a server of hosts and upstreams has no use for it."""
    plugins = ("auto", "cache", "file", "forward", "hosts", "kubernetes", "log", "prometheus")
    modules = ["pydns.run", "pydns.cli.check", "pydns.zone.inspection", *(f"pydns_plugins.{name}" for name in plugins)]
    program = f"import sys, {', '.join(modules)}\nsys.exit('dns' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
