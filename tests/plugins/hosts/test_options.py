from collections.abc import Callable
from pathlib import Path

import pytest

from pydns.errors import CorefileError, CorefileErrorGroup
from pydns.names import ROOT, from_text
from pydns_plugins.hosts import Hosts
from pydns_plugins.hosts.options import Options

Parse = Callable[..., Hosts]


@pytest.fixture
def options(parse: Parse) -> Callable[..., Options]:
    return lambda text, zone=".": parse(text, zone).options


Read = Callable[..., Options]


def test_without_words_it_is_etc_hosts_for_the_block_s_zones(options: Read) -> None:
    found = options("hosts", "example.org")
    assert found.files == (Path("/etc/hosts"),)
    assert found.zones == (from_text("example.org"),)
    assert (found.ttl, found.reverse, found.reload, found.fallthrough) == (3600, True, None, ())


@pytest.mark.parametrize(
    ("line", "files", "zones"),
    [
        ("hosts a.hosts", ["a.hosts"], ["."]),
        ("hosts a.hosts example.org b.test", ["a.hosts"], ["example.org", "b.test"]),
        ("hosts /x/a.hosts", ["/x/a.hosts"], ["."]),
        ("hosts *.hosts", ["*.hosts"], ["."]),
        # Beyond CoreDNS: further words that can hardly be zones are files.
        ("hosts a.hosts /x/b.hosts ./c ../d example.org", ["a.hosts", "/x/b.hosts", "./c", "../d"], ["example.org"]),
        ("hosts a.hosts conf.d/*.hosts", ["a.hosts", "conf.d/*.hosts"], ["."]),
        ("hosts a.hosts 192.0.2.0/24", ["a.hosts"], ["2.0.192.in-addr.arpa"]),
        # RFC 2317: a slash may stand in a zone's name.
        ("hosts a.hosts 32/27.2.0.192.in-addr.arpa", ["a.hosts"], ["32/27.2.0.192.in-addr.arpa"]),
        ("hosts\n  file a b/*.hosts\n  file c", ["a", "b/*.hosts", "c"], ["."]),
        ("hosts a example.org\n  file b", ["a", "b"], ["example.org"]),
        ("hosts a ./a\n  file a", ["a"], ["."]),
    ],
)
def test_files_and_zones(line: str, files: list[str], zones: list[str], options: Read, tmp_path: Path) -> None:
    found = options(line)
    assert found.files == tuple(tmp_path / file for file in files)
    assert found.zones == tuple(from_text(zone) for zone in zones)


def test_options(options: Read) -> None:
    found = options("hosts\n  ttl 60\n  no_reverse\n  reload 500ms\n  fallthrough\n  fallthrough_unsupported")
    assert (found.ttl, found.reverse, found.reload, found.fallthrough, found.unsupported) == (
        60, False, 0.5, (ROOT,), True,
    )  # fmt: skip


@pytest.mark.parametrize(("word", "seconds"), [("0", 0.0), ("0s", 0.0), ("1m", 60.0)])
def test_reload(word: str, seconds: float, options: Read) -> None:
    assert options(f"hosts\n  reload {word}").reload == seconds


def test_fallthrough_of_zones(options: Read) -> None:
    found = options("hosts\n  fallthrough example.org 192.0.2.0/24")
    assert found.fallthrough == (from_text("example.org"), from_text("2.0.192.in-addr.arpa"))


def test_inline_entries_stand_before_and_after_options(options: Read) -> None:
    found = options("hosts\n  192.0.2.1 A.example.org b\n  ttl 5\n  2001:DB8::1 c\n  fallthrough\n  192.0.2.2 d")
    assert found.inline is not None
    assert found.inline.reading.text == b"192.0.2.1 a.example.org b\n2001:db8::1 c\n192.0.2.2 d\n"
    assert [found.inline.place(line) for line in (1, 2, 3)] == ["Corefile:2", "Corefile:4", "Corefile:6"]


def test_inline_names_outside_the_zones_are_left_out_and_remembered(options: Read) -> None:
    found = options("hosts\n  192.0.2.1 a.example.org b.test", "example.org")
    assert found.inline is not None
    assert found.inline.reading.text == b"192.0.2.1 a.example.org\n"
    assert [str(word) for word in found.strangers] == ["b.test"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("hosts\nhosts", "Corefile:2:1: hosts stands twice in this server block, first at Corefile:1:1 (keep one)"),
        ("hosts\n  ttl", "Corefile:2:3: ttl wants 1 argument, not 0"),
        ("hosts\n  ttl 0", "Corefile:2:7: 0 is out of range (between 1 and 65535)"),
        ("hosts\n  ttl 65536", "Corefile:2:7: 65536 is out of range (between 1 and 65535)"),
        ("hosts\n  ttl 5s", "Corefile:2:7: '5s' is no whole number"),
        ("hosts\n  reload 5", "Corefile:2:10: '5' is no duration (write it as 30s, 5m, 1h or 500ms)"),
        ("hosts\n  reload", "Corefile:2:3: reload wants 1 argument, not 0"),
        ("hosts\n  no_reverse x", "Corefile:2:14: no_reverse takes no arguments; 'x' is one too many"),
        ("hosts\n  falthrough", "Corefile:2:3: unknown option of hosts 'falthrough' (did you mean 'fallthrough'?)"),
        ("hosts\n  file", "Corefile:2:3: file wants at least 1 argument, not 0"),
        (
            "hosts\n  fallthrough_unsupported",
            "Corefile:2:3: fallthrough_unsupported wants fallthrough (add fallthrough beside it)",
        ),
        ("hosts\n  192.0.2.300 a", "Corefile:2:3: '192.0.2.300' is no IP address"),
        ("hosts\n  192.0.2.1", "Corefile:2:3: no name behind the address 192.0.2.1"),
        ("hosts\n  192.0.2.1 a b..c", "Corefile:2:15: empty label in host name 'b..c'"),
        ("hosts a b..c", "Corefile:1:9: empty label in 'b..c'"),
    ],
)
def test_an_error_tells_place_and_remedy(text: str, error: str, parse: Parse) -> None:
    with pytest.raises((CorefileError, CorefileErrorGroup)) as caught:
        parse(text)
    assert str(caught.value) == error


def test_all_errors_are_told_in_their_order(parse: Parse) -> None:
    with pytest.raises(CorefileErrorGroup) as caught:
        parse("hosts\n  1.2.3 a\n  ttl x\n  192.0.2.1 -..-\n  unheard")
    assert [error.position.line for error in caught.value.errors] == [2, 3, 4, 5]


def test_parsing_opens_no_file(options: Read, tmp_path: Path) -> None:
    (tmp_path / "unreadable").mkdir()
    assert options("hosts unreadable").files == (tmp_path / "unreadable",)


@pytest.mark.parametrize(
    ("text", "zones"),
    [
        ("hosts", ["."]),
        ("hosts a example.org example.net", ["example.org", "example.net"]),
        ("hosts\n fallthrough", []),
        ("hosts\n fallthrough example.org", []),
        ("hosts a example.org example.net\n fallthrough example.org", ["example.net"]),
        ("hosts a example.org\n fallthrough org", []),
        ("hosts a example.org\n fallthrough a.example.org", []),
    ],
)
def test_it_stops_the_zones_that_nothing_falls_through(text: str, zones: list[str], parse: Parse) -> None:
    assert parse(text).stops() == [from_text(zone) for zone in zones]
