"""Snippets and imports: what they bring, and how far they may go."""

from pathlib import Path

import pytest

from pydns.corefile import limits
from pydns.corefile.parser import parse_file, parse_text
from pydns.corefile.tree import Corefile, Position
from pydns.errors import CorefileErrorGroup


def lines(corefile: Corefile) -> list[list[str]]:
    return [[directive.name, *directive.args] for block in corefile.blocks for directive in block.directives]


def messages(text: str, folder: Path = Path()) -> list[str]:
    with pytest.raises(CorefileErrorGroup) as caught:
        parse_text(text, environ={}, folder=folder)
    return [error.message for error in caught.value.errors]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(a) {\n x\n}\n. {\n import a\n}", [["x"]]),
        (". {\n import a\n}\n(a) {\n x\n}", [["x"]]),
        ("(a:b:c) {\n x\n}\n. {\n import a:b:c\n}", [["x"]]),
        ("({$NAME}) {\n x\n}\n. {\n import {$NAME}\n}", [["x"]]),
        ("(a) {\n x {args[0]}\n}\n. {\n import a 1\n import a 2\n}", [["x", "1"], ["x", "2"]]),
        ("(a) {\n import b {args[0]} 2\n}\n(b) {\n x {args[:]}\n}\n. {\n import a 1\n}", [["x", "1", "2"]]),
        ("(a) {\n . {\n  x\n }\n}\nimport a", [["x"]]),
        ("(unused) {\n {$NOT_SET} {args[0]}\n}\n. {\n x\n}", [["x"]]),
        ('. {\n x import a\n "import" a\n}', [["x", "import", "a"], ["import", "a"]]),
    ],
)
def test_a_snippet_stands_for_its_lines(text: str, expected: list[list[str]]) -> None:
    assert lines(parse_text(text, environ={"NAME": "name"})) == expected


def test_words_of_an_imported_file_know_their_file(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.conf").write_text("\n  log\n")
    (tmp_path / "Corefile").write_text(". {\n import sub/*.conf\n}")
    corefile = parse_file(tmp_path / "Corefile", environ={})
    assert corefile.blocks[0].directives[0].position == Position(str(tmp_path / "sub/a.conf"), 2, 3)


def test_files_are_named_as_they_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.conf").write_text("log")
    monkeypatch.chdir(tmp_path)
    corefile = parse_text(". {\n import a.conf\n}", environ={})
    assert corefile.blocks[0].directives[0].position.file == "a.conf"


def test_relative_imports_of_text_begin_at_its_folder(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("log")
    corefile = parse_text(". {\n import a.conf\n}", environ={}, folder=tmp_path)
    assert (lines(corefile), corefile.files) == ([["log"]], (tmp_path / "a.conf",))


def test_a_reload_has_to_look_at_every_file_and_pattern(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("log")
    (tmp_path / "Corefile").write_text(". {\n import *.conf\n import none/*\n import a.conf\n}")
    corefile = parse_file(tmp_path / "Corefile", environ={})
    assert corefile.files == (tmp_path / "Corefile", tmp_path / "a.conf")
    assert corefile.patterns == tuple(str(tmp_path / name) for name in ("Corefile", "*.conf", "none/*", "a.conf"))


def test_a_snippet_that_a_missing_file_may_mean_is_named() -> None:
    with pytest.raises(CorefileErrorGroup, match="did you mean the snippet 'common'"):
        parse_text("(common) {\n}\n. {\n import comon\n}", environ={})


def test_one_missing_file_does_not_hide_another(tmp_path: Path) -> None:
    assert messages("import a\nimport b", tmp_path) == ["no snippet and no file 'a'", "no snippet and no file 'b'"]


def test_a_cycle_names_its_chain() -> None:
    text = "(a) {\n import b\n}\n(b) {\n import c\n}\n(c) {\n import b\n}\n. {\n import a\n}"
    assert messages(text) == ["an import of itself: (b) > (c) > (b)"]


def test_a_cycle_of_files_is_seen_through_a_symlink(tmp_path: Path) -> None:
    (tmp_path / "Corefile").write_text("import link")
    (tmp_path / "link").symlink_to("Corefile")
    with pytest.raises(CorefileErrorGroup, match="an import of itself"):
        parse_file(tmp_path / "Corefile", environ={})


def chain(length: int) -> str:
    snippets = (f"(s{i}) {{\n import s{i + 1}\n}}\n" for i in range(1, length))
    return "".join(snippets) + f"(s{length}) {{\n x\n}}\n. {{\n import s1\n}}\n"


def test_fifty_imports_may_be_nested() -> None:
    assert lines(parse_text(chain(50), environ={})) == [["x"]]


def test_one_more_is_too_deep() -> None:
    assert messages(chain(51)) == ["imports are nested more than 50 deep"]


def test_imports_that_multiply_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_IMPORTS", 6)
    doubling = "(a) {\n import b\n import b\n}\n(b) {\n import c\n import c\n}\n(c) {\n}\n. {\n import a\n}"
    assert messages(doubling) == ["more than 6 imports"]


def test_words_that_multiply_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_WORDS", 20)
    text = "(a) {\n x 1 2 3 4 5 6\n}\n. {\n import a\n import a\n import a\n}"
    assert messages(text) == ["more than 20 words, with all that is imported"]


def test_deep_blocks_in_deep_imports_do_not_use_up_the_stack() -> None:
    snippets = "".join(f"(s{i}) {{\n x {{\n import s{i + 1}\n }}\n}}\n" for i in range(49))
    corefile = parse_text(snippets + "(s49) {\n x\n}\n. {\n import s0\n}", environ={})
    assert lines(corefile) == [["x"]]


def test_blocks_nest_through_imports_only_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_NESTING", 2)
    text = "(a) {\n x {\n import b\n }\n}\n(b) {\n x {\n import c\n }\n}\n(c) {\n x {\n }\n}\n. {\n import a\n}"
    assert messages(text) == ["blocks are nested more than 2 deep"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("() {\n}", "a snippet wants one name in parentheses"),
        ("(a b) {\n}", "a snippet wants one name in parentheses"),
        ("(a {\n}", "a snippet wants one name in parentheses"),
        ("(a)\n", "no block behind the snippet '(a)'"),
        ("(a) {\n}\n(a) {\n}", "the snippet '(a)' stands twice, first at Corefile:1:1"),
        (". {\n (a) {\n }\n}", "the snippet '(a)' stands within a block"),
        ("import", "import wants a snippet, a file or a pattern"),
        ('import ""', "import wants a snippet, a file or a pattern"),
        ("import {$EMPTY:}", "import wants a snippet, a file or a pattern"),
        ("import a {\n}", "import takes no block"),
    ],
)
def test_a_bad_import_or_snippet_is_refused(text: str, message: str) -> None:
    assert messages(text) == [message]


def test_a_snippet_is_found_from_a_file_that_is_imported(tmp_path: Path) -> None:
    (tmp_path / "zone").write_text(". {\n import common\n}")
    assert lines(parse_text("(common) {\n x\n}\nimport zone", environ={}, folder=tmp_path)) == [["x"]]


def test_a_snippet_of_an_imported_file_is_known_below_it(tmp_path: Path) -> None:
    (tmp_path / "snippets").write_text("(common) {\n x\n}")
    assert lines(parse_text("import snippets\n. {\n import common\n}", environ={}, folder=tmp_path)) == [["x"]]
