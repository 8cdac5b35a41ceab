"""Whole texts: server blocks and directives, all faults at once, and no text that breaks the reader."""

import pickle
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pydns.corefile.limits import MAX_FAULTS
from pydns.corefile.parser import parse_file, parse_text
from pydns.corefile.tree import Corefile, Position, Word
from pydns.errors import CorefileErrorGroup

Plain = list[tuple[list[str], list[list[str]]]]


def plain(corefile: Corefile) -> Plain:
    return [
        (
            [str(key.word) for key in block.keys],
            [[directive.name, *directive.args] for directive in block.directives],
        )
        for block in corefile.blocks
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("# nothing\n", []),
        (". {\n a b\n c\n}\n", [(["."], [["a", "b"], ["c"]])]),
        (". { a }", [(["."], [["a"]])]),
        ("a.test,\nb.test {\n}", [(["a.test", "b.test"], [])]),
        ("a.test\na b\nc", [(["a.test"], [["a", "b"], ["c"]])]),
        ("a.test,\nb.test\na", [(["a.test", "b.test"], [["a"]])]),
        ("a.test", [(["a.test"], [])]),
        ("{$ZONES} {\n}", [(["a.test", "b.test"], [])]),
        ("x.test{$COMMA}y.test {\n}", [(["x.test", "y.test"], [])]),
        (". {\n {$LINE}\n {$EMPTY}\n {$EMPTY} a\n}", [(["."], [["log", "."], ["a"]])]),
    ],
)
def test_text_becomes_server_blocks(text: str, expected: Plain) -> None:
    environ = {"ZONES": "a.test b.test", "COMMA": ",", "LINE": "log .", "EMPTY": ""}
    assert plain(parse_text(text, environ=environ)) == expected


def test_no_braces_and_empty_braces_differ() -> None:
    corefile = parse_text(". {\n a\n b {\n }\n c { d }\n}", environ={})
    assert [directive.block for directive in corefile.blocks[0].directives][:2] == [None, ()]


def test_options_nest() -> None:
    (directive,) = parse_text(". { a { b 1 { c 2 } } }", environ={}).blocks[0].directives
    assert directive.block is not None
    (option,) = directive.block
    assert option.block is not None
    assert (option.name, option.args, option.block[0].args) == ("b", ("1",), ("2",))


@pytest.mark.parametrize(("text", "root"), [("", "."), ("root /etc/dns", "/etc/dns"), ("root zones", "zones")])
def test_root_is_read_from_its_directive(text: str, root: str) -> None:
    (block,) = parse_text(f". {{\n{text}\n}}", environ={}).blocks
    assert (block.root, len(block.directives)) == (Path(root), len(text.splitlines()))


@pytest.mark.parametrize("lines", ["root", "root a b", "root a\nroot b", "root a {\n}", 'root ""'])
def test_a_bad_root_is_refused(lines: str) -> None:
    with pytest.raises(CorefileErrorGroup):
        parse_text(f". {{\n{lines}\n}}", environ={})


def test_the_tree_knows_its_places() -> None:
    (block,) = parse_text("a.test,b.test {\n  log x\n}", environ={}).blocks
    assert [key.position for key in block.keys] == [Position("Corefile", 1, 1), Position("Corefile", 1, 8)]
    assert block.directives[0].args[0].position == Position("Corefile", 2, 7)


def test_all_faults_are_told_in_the_order_of_the_file() -> None:
    text = 'http://. {\n a {$B}\n import none\n c "d\n}\n}\ne.test:x {\n'
    with pytest.raises(CorefileErrorGroup) as caught:
        parse_text(text, environ={})
    assert [error.position.line for error in caught.value.errors] == [1, 2, 3, 4, 6, 7, 7]


def test_a_fault_in_a_snippet_is_told_once_however_often_it_is_imported() -> None:
    with pytest.raises(CorefileErrorGroup) as caught:
        parse_text("(a) {\n x {$B}\n}\n. {\n import a\n import a\n}", environ={})
    assert len(caught.value.errors) == 1


def test_thousands_of_faults_are_cut_off() -> None:
    with pytest.raises(CorefileErrorGroup) as caught:
        parse_text("}\n" * 5000, environ={})
    assert len(caught.value.errors) == MAX_FAULTS + 2


@pytest.mark.parametrize("name", ["nowhere", ".", "a\0b"])
def test_a_corefile_that_cannot_be_read_is_an_error_at_its_beginning(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CorefileErrorGroup) as caught:
        parse_file(name, environ={})
    assert [error.position[1:] for error in caught.value.errors] == [(1, 1)]


def test_the_environment_is_only_the_one_that_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZONE", "a.test")
    with pytest.raises(CorefileErrorGroup, match="ZONE is not set"):
        parse_text("{$ZONE} {\n}", environ={})


TOKENS = [
    *("{", "}", "{ ", " }", "\n", " ", "\t", "\r\n", ",", '"', '\\"', "\\", "#", "'", "\ufeff", "\0", "é", "\udce9"),
    *("(a)", "(b)", "import ", "import a ", "import b ", "import *\n", "import */* ", "import /dev/zero ", "root "),
    *("{$A}", "{$LIST}", "{$NONE}", "{$B:x y}", "{$C:", "{%A%}", "{args[0]}", "{args[:]}", "{args.1}", "{{", "}}"),
    *(".", "a.test", ":53", "tls://", "http://", "10.0.0.0/9", "2001:db8::/33", "::1", "log ", "forward . "),
]
corefiles = st.lists(st.sampled_from(TOKENS) | st.text(max_size=6), max_size=60).map("".join)
blocks = st.lists(corefiles, max_size=4).map(
    lambda parts: "".join(f"(s{i}) {{\n{p}\n}}\n" for i, p in enumerate(parts))
)


@given(corefiles | st.builds("{}{}. {{\n{}\n import s0\n}}\n".format, blocks, blocks, corefiles))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_read_or_refused(tmp_path: Path, text: str) -> None:
    try:
        corefile = parse_text(text, environ={"A": "1", "LIST": "a {$A} {", "E": ""}, folder=tmp_path)
    except CorefileErrorGroup as group:
        str(group).encode()  # can be printed
    else:
        assert all(block.keys for block in corefile.blocks)


@pytest.mark.parametrize(
    "text",
    [
        "a {\n" * 100_000,
        "}\n" * 100_000,
        '"' * 100_001,
        '"\n\\"' * 50_000,
        '. {\n x "' + "\\" * 1_000_000,
        "{$A" * 300_000,
        ". {\n " + "{$A:" * 300_000 + "\n}",
        "a{" * 300_000,
        "," * 300_000 + " {\n}",
        "." * 300_000 + " {\n}",
        "128.0.0.0/1 " * 20_000 + "{\n}",
        "import " + "*a" * 1_000,
        "import " + "/*" * 1_000,
    ],
    ids=lambda text: f"{text[:12]!r} {len(text)}",
)
def test_hostile_text_ends(text: str, tmp_path: Path) -> None:
    with suppress(CorefileErrorGroup):
        parse_text(text, environ={}, folder=tmp_path)


def test_a_tree_goes_to_another_process_with_each_word_s_place() -> None:
    tree = parse_text('example.org:53 {\n hosts {\n "192.0.2.1" a\n }\n}', environ={})
    found = pickle.loads(pickle.dumps(tree))
    assert found == tree
    (word,) = (line.name for line in found.blocks[0].directives[0].block)
    assert (type(word), word.position, word.quoted) == (Word, Position("Corefile", 3, 2), True)
