"""What file directives mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from pydns import names
from pydns.corefile.parser import parse_text
from pydns.corefile.tree import ServerBlock
from pydns.errors import CorefileErrorGroup
from pydns.watch import POLL
from pydns_plugins.file.options import Options, read_options


def block(text: str, key: str = "example.org") -> ServerBlock:
    return parse_text(f"{key} {{\nroot /zones\n{text}\n}}", environ={}).blocks[0]


def read(text: str, key: str = "example.org") -> list[Options]:
    parsed = block(text, key)
    return read_options(parsed.named("file"), parsed)


def test_the_zones_are_the_blocks() -> None:
    (options,) = read("file db")
    assert (options.path, options.zones) == (Path("/zones/db"), (names.from_text("example.org"),))
    assert (options.reload, options.mind_serial, options.fallthrough) == (POLL, True, frozenset())


def test_all_options() -> None:
    (options,) = read("file /db a.test b.test {\nreload 30s\nreload_by_mtime\nfallthrough b.test\nupstream\n}")
    assert options.path == Path("/db")
    assert options.zones == (names.from_text("a.test"), names.from_text("b.test"))
    assert (options.reload, options.mind_serial) == (30, False)
    assert options.fallthrough == {names.from_text("b.test")}


def test_fallthrough_without_zones_is_for_all() -> None:
    (options,) = read("file db {\nfallthrough\n}")
    assert options.fallthrough == {names.ROOT}


def test_a_network_is_its_reverse_zones() -> None:
    (options,) = read("file db 192.0.2.0/24")
    assert options.zones == (names.from_text("2.0.192.in-addr.arpa"),)


def test_several_stand_side_by_side() -> None:
    assert [each.path.name for each in read("file a a.test\nfile b b.test")] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("file", ["Corefile:3:1: file wants at least 1 argument, not 0"]),
        (
            "file zones/*.db",
            ["Corefile:3:6: 'zones/*.db' is not the name of one file (the auto plugin takes a folder)"],
        ),
        ("file a\nfile b", ["Corefile:4:1: example.org. has a file already, at Corefile:3:1 (keep one)"]),
        ("file a {\nreload\n}", ["Corefile:4:1: reload wants 1 argument, not 0"]),
        ("file a {\nreload soon\n}", ["Corefile:4:8: 'soon' is no duration (write it as 30s, 5m, 1h or 500ms)"]),
        ("file a {\nreload_by_mtime yes\n}", ["Corefile:4:17: reload_by_mtime takes no arguments"]),
        ("file a {\nrelaod 1m\n}", ["Corefile:4:1: unknown option of file 'relaod' (did you mean 'reload'?)"]),
        ("file a b..c\nfile *", ["Corefile:3:8: empty label in 'b..c'", "Corefile:4:6: '*' is not the name"]),
    ],
)
def test_errors_name_place_and_remedy(text: str, messages: list[str]) -> None:
    with pytest.raises(CorefileErrorGroup) as caught:
        read(text)
    found = [str(error) for error in caught.value.errors]
    assert len(found) == len(messages)
    assert all(each.startswith(message) for each, message in zip(found, messages, strict=True)), found
