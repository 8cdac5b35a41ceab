import argparse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.cli import arguments


def parser() -> argparse.ArgumentParser:
    found = arguments.make_parser("check", "find errors", "exit codes: 0\n\nexamples:\n  pydns check\n")
    arguments.add_corefile(found)
    arguments.add_port(found, 53)
    return found


@pytest.mark.parametrize(
    ("line", "path", "port"),
    [
        ("", "Corefile", 53),
        ("other", "other", 53),
        ("-", "-", 53),
        ("-p 1053 other", "other", 1053),
        ("other -p1053", "other", 1053),
        ("--port=1053", "Corefile", 1053),
        ("-dns.port 1053", "Corefile", 1053),
        ("-dns.port=1053 other", "other", 1053),
        ("--dns.port=0", "Corefile", 0),
    ],
)
def test_a_corefile_and_a_port_are_read(line: str, path: str, port: int) -> None:
    found = arguments.parse(parser(), line.split())
    assert (found.corefile, found.port) == (path, port)


@pytest.mark.parametrize("line", ["a b", "-p 65536", "-p x", "-p", "--por 53", "--unknown"])
def test_wrong_usage_ends_with_2(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        arguments.parse(parser(), line.split())
    assert caught.value.code == 2
    assert "pydns check: error: " in capsys.readouterr().err


def test_the_help_keeps_its_lines() -> None:
    assert parser().format_help().endswith("exit codes: 0\n\nexamples:\n  pydns check\n")


@given(st.text())
def test_any_text_is_a_value_or_none(text: str) -> None:
    for read in (arguments.port, arguments.seconds, arguments.number(1, 9)):
        try:
            value = read(text)
        except argparse.ArgumentTypeError:
            continue
        assert 0 <= value <= 86400
