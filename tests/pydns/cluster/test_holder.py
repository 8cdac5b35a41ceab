from __future__ import annotations

import pytest

from pydns.cluster.holder import known_to, moved
from pydns.cluster.index import Exposed, Index
from pydns.names import from_text
from pydns.testing import plugins_of

INDEX = Index(Exposed((from_text("cluster.local"), from_text("other.local"))))


@pytest.mark.parametrize(("name", "expected"), [
    ("web.shop.svc.cluster.local", "web.shop.example.org"),
    ("shop.svc.cluster.local", "shop.example.org"),
    ("web.shop.svc.other.local", "web.shop.svc.other.local"),
    ("9.113.0.203.in-addr.arpa", "9.113.0.203.in-addr.arpa"),
])  # fmt: skip
def test_names_of_services_are_moved(name: str, expected: str) -> None:
    assert moved([from_text(name)], INDEX, from_text("example.org")) == {from_text(expected)}


def test_who_knows_a_cluster_is_found() -> None:
    plugins = plugins_of(". {\nwhoami\nkubernetes cluster.local {\nservices services.toml\n}\n}")
    assert known_to(plugins) is next(plugin for plugin in plugins if plugin.name == "kubernetes")
    assert known_to(plugins_of(". {\nwhoami\n}")) is None
