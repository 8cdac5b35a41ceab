from __future__ import annotations

import importlib.util

import pytest

from pydns.errors import CorefileError, CorefileErrorGroup
from pydns.names import from_text
from pydns_plugins.dnssec import Dnssec
from tests.plugins.asking import block, directives


def parse(text: str) -> Dnssec:
    (plugin,) = Dnssec.parse(directives(text), block("example.org"))
    return plugin


def test_defaults() -> None:
    options = parse("dnssec\n key file K1").options
    assert (options.zones, options.capacity, options.compact, options.cds) == (
        (from_text("example.org"),),
        10000,
        False,
        False,
    )


def test_all_options() -> None:
    options = parse("dnssec a b\n key file K1 K2\n key file K3\n cache_capacity 100\n denial compact\n cds").options
    assert options.zones == (from_text("a"), from_text("b"))
    assert [path.name for path in options.keys] == ["K1", "K2", "K3"]
    assert (options.capacity, options.compact, options.cds, options.no_ds) == (100, True, True, False)
    assert parse("dnssec\n key file K1\n cds delete").options.no_ds


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("dnssec", "Corefile:1:1: dnssec wants a key"),
        ("dnssec\n key file", "key wants at least 2 arguments"),
        ("dnssec\n key folder K1", "unknown kind of key 'folder'"),
        ("dnssec\n key secret K1", "Corefile:2:2: keys of AWS Secrets Manager are not read"),
        ("dnssec\n key file K1\n cache_capacity 1", "1 is out of range"),
        ("dnssec\n key file K1\n denial nsec3", "unknown denial 'nsec3'"),
        ("dnssec\n key file K1\n cds yes", "unknown wish for DS records 'yes'"),
        ("dnssec\n key file K1\n keys K2", "did you mean 'key'"),
        ("dnssec\n key file K1\ndnssec\n key file K1", "stands twice"),
    ],
)
def test_errors_tell_where_and_what(text: str, told: str) -> None:
    with pytest.raises((CorefileError, CorefileErrorGroup), match=told.replace("(", r"\(")):
        parse(text)


def test_without_cryptography_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CorefileErrorGroup, match=r"pip install 'pydns-server\[dnssec\]'"):
        parse("dnssec\n key file K1")


def test_check_looks_at_the_keys() -> None:
    (fault,) = parse("dnssec\n key file no/such/key").examine()
    assert fault.file == "no/such/key.key"
