from __future__ import annotations

from pathlib import Path

import pytest

from pydns.corefile.parser import parse_text
from pydns.errors import CorefileErrorGroup
from pydns.names import from_text
from pydns.setup import configure
from pydns_plugins.autopath import Autopath
from pydns_plugins.autopath.options import Options

ROOT, A = b"\0", from_text("a.test")


def read(line: str, beside: str = "kubernetes cluster.local") -> Options:
    blocks = configure(parse_text(f". {{\n    {line}\n    {beside}\n}}", environ={})).blocks
    (found,) = (plugin for plugin in blocks[0].plugins if isinstance(plugin, Autopath))
    return found.options


@pytest.mark.parametrize(("line", "expected"), [
    ("autopath @kubernetes", Options((ROOT,), plugin="kubernetes")),
    ("autopath a.test @kubernetes", Options((A,), plugin="kubernetes")),
    ("autopath search", Options((ROOT,), plugin="kubernetes", holds_back=True)),
    ("autopath ./search", Options((ROOT,), Path("search"))),
    ("autopath a.test /etc/resolv.conf", Options((A,), Path("/etc/resolv.conf"))),
])  # fmt: skip
def test_what_it_says(line: str, expected: Options) -> None:
    assert read(line) == expected


@pytest.mark.parametrize(("line", "expected"), [
    ("autopath", "Corefile:2:5: autopath wants to know where search lists come from"),
    ("autopath {\n ttl 5\n }", "Corefile:2:5: autopath takes no block"),
    ("autopath @erewhon", "Corefile:2:14: autopath asks erewhon where clients look, which is not in this server block"),
    ("autopath @", "Corefile:2:14: autopath asks a plugin where clients look"),
    ("autopath @kubernetes\n autopath @kubernetes", "Corefile:3:2: autopath stands twice in this server block"),
])  # fmt: skip
def test_an_error_tells_its_place(line: str, expected: str) -> None:
    with pytest.raises(CorefileErrorGroup) as caught:
        read(line)
    assert [str(error)[: len(expected)] for error in caught.value.errors] == [expected]


def test_search_wants_kubernetes_beside_it() -> None:
    with pytest.raises(CorefileErrorGroup) as caught:
        read("autopath search", "whoami")
    assert "(add kubernetes)" in str(caught.value.errors[0])
