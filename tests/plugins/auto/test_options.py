from pathlib import Path

import pytest

from pydns import names
from pydns.errors import CorefileErrorGroup
from pydns.testing import plugins_of
from pydns_plugins.auto import Auto
from pydns_plugins.auto.options import Options


def options(lines: str, zones: str = "", key: str = "org") -> list[Options]:
    (plugin,) = plugins_of(f"{key} {{\n root /zones\n auto {zones} {{\n{lines}\n}}\n}}")[-1:]
    assert isinstance(plugin, Auto)
    return list(plugin._options)


def test_what_is_usual() -> None:
    (found,) = options("directory db")
    assert found.folder == Path("/zones/db")
    assert found.zones == (names.from_text("org"),)
    assert found.rule.origin("db.example.org") == names.from_text("example.org")
    assert (found.reload, found.mind_serial, found.fallthrough) == (60.0, True, frozenset())


def test_all_options() -> None:
    lines = "directory /x (.*)\\.zone {1}\nreload 5s\nreload_by_mtime\nfallthrough a.org\nupstream"
    (found,) = options(lines, "a.org b.org")
    assert found.folder == Path("/x")
    assert found.zones == (names.from_text("a.org"), names.from_text("b.org"))
    assert found.rule.origin("a.org.zone") == names.from_text("a.org")
    assert (found.reload, found.mind_serial, found.fallthrough) == (5.0, False, frozenset({names.from_text("a.org")}))


def test_fallthrough_without_zones_is_for_all() -> None:
    assert options("directory db\nfallthrough")[0].fallthrough == frozenset({names.ROOT})


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("", "3:2: auto wants a folder (add directory DIR to its block)"),
        ("directory", "4:1: directory wants at least 1 argument, not 0"),
        ('directory ""', "4:11: an empty folder name"),
        ("directory a\ndirectory b", "5:1: directory stands twice, first at "),
        ("directory a b", "4:13: an expression wants a template for the zone's name behind it (add {1})"),
        ("directory a b {1}", "4:13: no parentheses in 'b'"),
        ("directory a ( {1}", "4:13: '(' is no expression: "),
        ("directory a (.*) x", "4:18: no {1} in 'x': all files would be one zone"),
        ("directory a (.*) {2}", "4:18: {2} in '{2}', and 1 in parentheses"),
        ("directory a (.*) {1} 45", "4:22: directory takes at most 3 arguments; '45' is one too many"),
        ("directory a\nreload x", "5:8: 'x' is no duration"),
        ("directory a\nreload_by_mtime x", "5:17: reload_by_mtime takes no arguments"),
        ("directory a\nfallthrouh", "5:1: unknown option of auto 'fallthrouh' (did you mean 'fallthrough'?)"),
    ],
)
def test_what_is_wrong_is_told(lines: str, message: str) -> None:
    with pytest.raises(CorefileErrorGroup) as caught:
        options(lines)
    assert any(message in str(error) for error in caught.value.errors), caught.value
