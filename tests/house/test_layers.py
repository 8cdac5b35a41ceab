"""Who may import whom: the server no plugin, plugins not each other, the lower rooms not the higher ones."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Each room below may import, of pydns, only what stands here (and itself).
LOWER_ROOMS = {
    "names": set(),
    "records": set(),
    "metrics": set(),
    "changes": {"names"},
    "errors": set(),
    "look": set(),
    "watch": {"look", "writers"},
    "writers": set(),
    "logs": set(),
    "query": {"errors"},
    "reply": {"records"},
    "wire": {"errors", "names", "query", "records"},
    "family": set(),
    "plugin": {"changes", "family", "later", "metrics", "packed", "records"},
    "packed": set(),
    "directlane": {"names", "packetcache", "plugin", "records", "reply", "telling", "wire"},
    "relay": set(),
    "relaylane": {"reply", "telling", "upstream", "wire"},
    "corefile": {"errors", "names"},
    "upstream": {"corefile", "errors", "names", "plugin", "query", "records", "reply", "wire"}
    | {"mmsg", "tick", "waiter"},
    "services": {"errors", "names"},
    "transfer": {"errors", "look", "names", "records", "steps", "tsig", "upstream", "wire", "zone"},
    "tsig": {"errors", "names", "records", "wire"},
    "kubernetes": {"errors", "services"},
    "alias": {"records", "reply"},
    "cluster": {
        "alias",
        "errors",
        "listen",
        "names",
        "packed",
        "plugin",
        "query",
        "records",
        "reply",
        "services",
        "steps",
    }
    | {"zone"},
    "searchpath": set(),
    "http": set(),
    "notify": set(),
    "settings": set(),
    "packetcache": {"errors", "names", "records", "telling", "wire"},
    "telling": set(),
    "waiter": set(),
    "later": set(),
    "mmsg": set(),
    "tick": set(),
    "crew": {"waiter"},
    "dnssec": {"errors", "names", "records"},
    "steps": set(),
    "router": {"later", "names", "records"},
}


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Modules that a file imports, and whether for typing alone or within a function (then it is no layer's matter)."""
    tree = ast.parse(path.read_text())
    for node in tree.body:
        yield from ((name, True) for name in _imported(node))


def everywhere(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        yield from _imported(node)


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", sources("pydns"), ids=str)
def test_the_server_imports_no_plugin(path: Path) -> None:
    assert not [name for name in everywhere(path) if name.startswith("pydns_plugins")]


@pytest.mark.parametrize("path", sources("plugins/pydns_plugins"), ids=str)
def test_a_plugin_imports_no_other(path: Path) -> None:
    own = path.relative_to(ROOT / "plugins/pydns_plugins").parts[0]
    others = [n for n in everywhere(path) if n.startswith("pydns_plugins.") and n.split(".")[1] != own]
    assert not others


@pytest.mark.parametrize("path", sources("pydns"), ids=str)
def test_a_lower_room_imports_no_higher_one(path: Path) -> None:
    room = path.relative_to(ROOT / "pydns").with_suffix("").parts[0]
    allowed = LOWER_ROOMS.get(room)
    if allowed is None:
        return  # the upper rooms may import all of these
    used = {name.split(".")[1] for name, _ in imports(path) if name.startswith("pydns.")}
    assert used <= allowed | {room}


def test_only_the_seam_imports_dnslib() -> None:
    users = [path for path in sources("pydns") + sources("plugins") if "dnslib" in set(_top_level(path))]
    assert {path.relative_to(ROOT).as_posix() for path in users} <= {"pydns/wire/opened.py"}


def _top_level(path: Path) -> Iterator[str]:
    yield from (name.split(".")[0] for name, _ in imports(path))
