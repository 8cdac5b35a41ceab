import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.cli.output import Line, is_terminal, plain, show
from tests.pydns.cli.terminal import Terminal

STYLED: Line = (("a ", "bold red"), ("b", ""))


def shown(line: Line, encoding: str = "utf-8") -> str:
    stream = io.TextIOWrapper(io.BytesIO(), encoding)
    show([line], stream)
    stream.seek(0)
    return stream.read()


def test_elsewhere_than_on_a_terminal_it_is_plain() -> None:
    assert shown(STYLED) == "a b\n"


def test_a_line_ends_without_blanks() -> None:
    assert shown(plain("a  ")) == "a\n"


def test_on_a_terminal_it_has_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    show([STYLED], stream)
    assert stream.getvalue() == "\x1b[1;31ma \x1b[0mb\n"


def test_a_long_line_is_never_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    show([plain("x " * 500 + "[red]y[/]")], stream)
    assert stream.getvalue() == "x " * 500 + "[red]y[/]\n"


def test_a_dumb_terminal_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert not is_terminal(Terminal())


@pytest.mark.parametrize(
    ("text", "encoding", "line"),
    [
        ("a\x1b[2Jb\n", "utf-8", "a\\x1b[2Jb\\n\n"),
        ("bücher", "ascii", "b\\xfccher\n"),
        ("\udcff", "utf-8", "\\udcff\n"),
    ],
)
def test_text_of_others_cannot_break_out(text: str, encoding: str, line: str) -> None:
    assert shown(plain(text), encoding) == line


@given(st.text(), st.sampled_from(("utf-8", "ascii", "latin-1")))
def test_any_text_is_one_line(text: str, encoding: str) -> None:
    assert len(shown(plain(text), encoding).splitlines()) == 1
