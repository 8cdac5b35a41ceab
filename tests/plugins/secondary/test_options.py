from __future__ import annotations

from pathlib import Path

import pytest

from pydns.errors import CorefileErrorGroup
from pydns.names import ROOT, from_text
from pydns.testing import plugins_of
from pydns.upstream.endpoint import Endpoint
from pydns_plugins.secondary import Secondary
from pydns_plugins.secondary.options import Options

ORG = from_text("example.org")


def options(text: str, zone: bytes = ORG) -> Options:
    (found,) = (each for each in plugins_of(f"example.org {{\n {text}\n}}") if isinstance(each, Secondary))
    return found.source(zone)


def test_all_options_are_read() -> None:
    found = options(
        """secondary example.net 192.0.2.0/24 {
        transfer from 192.0.2.1 192.0.2.2:5300
        transfer from [2001:db8::1]:5300 2001:db8::2 key a.key
        catalog example.com org
        directory zones
        fallthrough a.example.net
    }""",
        from_text("example.net"),
    )
    assert found.zones == (from_text("example.net"), from_text("2.0.192.in-addr.arpa"))
    assert [(each.endpoint, each.key) for each in found.primaries] == [
        (Endpoint("192.0.2.1", 53), None),
        (Endpoint("192.0.2.2", 5300), None),
        (Endpoint("2001:db8::1", 5300), from_text("a.key")),
        (Endpoint("2001:db8::2", 53), from_text("a.key")),
    ]
    assert found.catalog == (from_text("example.com"), from_text("org"))
    assert found.directory == Path("zones")
    assert found.fallthrough == {from_text("a.example.net")}


def test_little_is_needed() -> None:
    found = options("secondary {\n transfer from 192.0.2.1\n }")
    assert (found.zones, found.catalog, found.directory, found.fallthrough) == ((ORG,), None, None, frozenset())


def test_bare_words_mean_everything() -> None:
    found = options("secondary {\n transfer from 192.0.2.1\n catalog\n fallthrough\n }")
    assert (found.catalog, found.fallthrough) == ((ROOT,), {ROOT})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("secondary", ":2:2: secondary does not say where its zones come from (add a line such as: transfer from"),
        ("secondary {\n transfer to 192.0.2.1\n }", ":3:11: secondary takes zones and gives none (the transfer plugin"),
        ("secondary {\n transfer 192.0.2.1\n }", "transfer wants at least 2 arguments"),
        ("secondary {\n transfer of 192.0.2.1\n }", ":3:11: 'of' in place of from (write: transfer from ADDRESS)"),
        ("secondary {\n transfer from *\n }", ":3:16: a zone cannot come from everywhere"),
        (
            "secondary {\n transfer from ns.example.org\n }",
            ":3:16: 'ns.example.org' is no IP address (write 192.0.2.1,",
        ),
        ("secondary {\n transfer from 192.0.2.1:0\n }", "'0' is no port"),
        ("secondary {\n transfer from key a\n }", ":3:16: a key stands behind the addresses"),
        ("secondary {\n transfer from 192.0.2.1 key a b\n }", "a key stands behind the addresses"),
        ("secondary {\n transfer from 192.0.2.1\n directory\n }", "directory wants 1 argument"),
        ("secondary {\n transfer from 192.0.2.1\n upstream\n }", "unknown option of secondary 'upstream'"),
        (
            "secondary {\n transfer from 192.0.2.1\n }\n secondary {\n transfer from 192.0.2.2\n }",
            ":5:2: example.org. is named by two secondaries, first at",
        ),
        ("secondary {\n transfer from " + " ".join(f"192.0.2.{i}" for i in range(65)) + "\n }", "65 primaries"),
    ],
)
def test_what_cannot_be_meant_is_told(text: str, fault: str) -> None:
    with pytest.raises(CorefileErrorGroup) as raised:
        options(text)
    assert fault in str(raised.value)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(CorefileErrorGroup) as raised:
        options("secondary a {\n transfer from x\n }\n secondary b")
    assert len(raised.value.errors) == 2
