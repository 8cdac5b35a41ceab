from __future__ import annotations

import pytest

from pydns.corefile.parser import parse_text
from pydns.errors import CorefileErrorGroup
from pydns.names import from_text
from pydns.setup import configure
from pydns_plugins.k8s_external import K8sExternal


def read(line: str, *options: str, beside: str = "kubernetes cluster.local") -> K8sExternal:
    lines = "\n".join(f"        {option}" for option in options)
    text = f"example.org {{\n    {line} {{\n{lines}\n    }}\n    {beside}\n}}"
    (found,) = (
        plugin
        for plugin in configure(parse_text(text, environ={})).blocks[0].plugins
        if isinstance(plugin, K8sExternal)
    )
    return found


def test_without_options() -> None:
    options = read("k8s_external").options
    assert (options.zones, options.apex, options.ttl, options.headless) == (
        (from_text("example.org"),), b"\x03dns", 5, False
    )  # fmt: skip


@pytest.mark.parametrize(("line", "options", "expected"), [
    ("k8s_external", ["ttl 3601"], "Corefile:3:13: 3601 is out of range (between 0 and 3600)"),
    ("k8s_external", ["ttl"], "Corefile:3:9: ttl wants 1 argument, not 0"),
    ("k8s_external", ["apex ."], "Corefile:3:14: the apex is a name below the zone (write it as dns)"),
    ("k8s_external", ["apex a..b"], "Corefile:3:14: empty label in 'a..b'"),
    ("k8s_external", ["headless yes"], "Corefile:3:18: headless takes no arguments; 'yes' is one too many"),
    ("k8s_external", ["headles"], "Corefile:3:9: unknown option of k8s_external 'headles' (did you mean 'headless'?)"),
    ("k8s_external 10.0.0.0/8", [], "Corefile:2:18: all zones of k8s_external are reverse ones (name another)"),
])  # fmt: skip
def test_an_error_tells_its_place(line: str, options: list[str], expected: str) -> None:
    with pytest.raises(CorefileErrorGroup) as caught:
        read(line, *options)
    assert [str(error) for error in caught.value.errors] == [expected]


def test_it_wants_kubernetes_beside_it() -> None:
    with pytest.raises(CorefileErrorGroup) as caught:
        read("k8s_external", beside="whoami")
    (error,) = caught.value.errors
    assert str(error).startswith("Corefile:2:5: k8s_external answers from the cluster that kubernetes knows")
