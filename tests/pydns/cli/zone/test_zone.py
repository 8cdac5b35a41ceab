import io
import json
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.cli import zone

GOOD = "$TTL 60\n@ SOA ns admin 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\nwww A 192.0.2.2\n"


def run(capsys: pytest.CaptureFixture[str], *argv: str | Path) -> tuple[int, str, str]:
    status = zone.run([str(word) for word in argv])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def file(folder: Path, text: str, name: str = "db.example.org") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def stdin(text: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(text.encode()))


def test_a_sound_zone_is_ok(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(capsys, "check", file(tmp_path, GOOD))
    assert found == (0, "OK example.org. serial 1, 4 records\n", "")


def test_all_that_is_wrong_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = file(tmp_path, GOOD + "a A x\nb.other. A 192.0.2.1\nc FOO\n")
    assert run(capsys, "check", path) == (
        1,
        f"{path}:6:5: A, the address: 'x' is no IPv4 address\n"
        f"{path}:7:1: warning: b.other. is out of the zone example.org.: the record is left out\n"
        f"{path}:8:3: unknown type 'FOO'\n",
        "",
    )


def test_warnings_are_no_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = file(tmp_path, GOOD + "@ MX 1 none\n")
    assert run(capsys, "check", path) == (
        0,
        f"{path}:6: warning: example.org. MX none.example.org. has no address (A or AAAA)\n"
        "OK example.org. serial 1, 5 records\n",
        "",
    )


def test_faults_beyond_some_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = file(tmp_path, GOOD + "a A x\n" * 150)
    assert run(capsys, "check", path)[1].endswith(f"{path}: 50 more\n")


def test_a_check_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = file(tmp_path, GOOD + "@ MX 1 none\n")
    status, out, _ = run(capsys, "check", "--json", path)
    assert status == 0
    assert json.loads(out) == {
        "ok": True,
        "origin": "example.org.",
        "serial": 1,
        "records": 5,
        "errors": [],
        "warnings": [
            {
                "file": str(path),
                "line": 6,
                "column": None,
                "message": "example.org. MX none.example.org. has no address (A or AAAA)",
                "remedy": "",
            }
        ],
        "left_out": 0,
    }


def test_the_origin_may_be_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = file(tmp_path, GOOD, "zone")
    assert run(capsys, "check", path, "Example.NET.")[1] == "OK example.net. serial 1, 4 records\n"


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", stdin("$ORIGIN example.net.\n" + GOOD + "x A y\n"))
    assert run(capsys, "check", "-") == (1, "stdin:7:5: A, the address: 'y' is no IPv4 address\n", "")


def test_a_pipe_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reading, writing = os.pipe()  # as the shell makes one of <(dig ...)
    with os.fdopen(writing, "w") as pipe:
        pipe.write(GOOD)
    try:
        path = file(tmp_path, GOOD)
        assert run(capsys, "diff", path, f"/dev/fd/{reading}", "example.org") == (0, "", "")
    finally:
        os.close(reading)


@pytest.mark.parametrize("words", [("check", "none"), ("check", "."), ("check", "a\0b")])
def test_a_file_that_cannot_be_read_is_told(words: tuple[str, ...], folder: Path) -> None:
    with pytest.raises(zone.SourceError, match=f"^{words[1]}: "):
        zone.run(words)


def test_a_zone_that_nobody_knows_is_told(tmp_path: Path) -> None:
    path = file(tmp_path, GOOD, "zone")
    with pytest.raises(
        zone.SourceError, match=f"{path}: its SOA does not say which zone it is of .say it: {path} exam"
    ):
        zone.run(["check", str(path)])


@pytest.mark.parametrize("words", [(), ("check",), ("diff", "a"), ("check", "a", "b..c"), ("frob",)])
def test_wrong_usage_is_told(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        zone.run(words)
    assert caught.value.code == 2


# diff


def test_two_files_of_the_same_records_do_not_differ(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = GOOD.replace("@ NS ns\nns A 192.0.2.1\n", "ns.example.org. 1m IN A 192.0.2.1\n@ NS ns\n")
    paths = file(tmp_path, GOOD), file(tmp_path, other, "example.org.zone")
    assert run(capsys, "diff", *paths) == (0, "", "")


def test_what_differs_is_told_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changed = GOOD.replace("admin 1", "admin 2").replace("192.0.2.2", "192.0.2.3") + "a.ns TXT x\nb TXT y\n"
    old, new = file(tmp_path, GOOD), file(tmp_path, changed, "new")
    assert run(capsys, "diff", old, new, "example.org") == (
        1,
        f"--- {old}  serial 1, 4 records\n"
        f"+++ {new}  serial 2, 6 records\n"
        "- example.org. 60 IN SOA ns.example.org. admin.example.org. 1 2 3 4 5\n"
        "+ example.org. 60 IN SOA ns.example.org. admin.example.org. 2 2 3 4 5\n"
        '+ b.example.org. 60 IN TXT "y"\n'
        '+ a.ns.example.org. 60 IN TXT "x"\n'
        "- www.example.org. 60 IN A 192.0.2.2\n"
        "+ www.example.org. 60 IN A 192.0.2.3\n"
        "2 removed, 4 added\n",
        "",
    )


def test_a_difference_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = file(tmp_path, GOOD), file(tmp_path, GOOD + "b 5 TXT y\n", "example.org.zone")
    status, out, _ = run(capsys, "diff", "--json", old, new)
    assert status == 1
    assert json.loads(out) == {
        "origin": "example.org.",
        "serials": [1, 1],
        "removed": [],
        "added": [{"name": "b.example.org.", "ttl": 5, "type": "TXT", "data": '"y"'}],
    }


def test_a_file_with_errors_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = file(tmp_path, GOOD), file(tmp_path, GOOD + "a A x\n", "example.org.zone")
    assert run(capsys, "diff", old, new) == (
        2,
        "",
        f"{new}:6:5: A, the address: 'x' is no IPv4 address\npydns: {new} holds no zone\n",
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("none", "db.example.org"), "pydns: none: No such file or directory\n"),
        (("-", "-"), "pydns: only one of the two can be standard input\n"),
        (
            ("db.example.org", "db.example.net"),
            "pydns: db.example.org is of example.org. and db.example.net of example.net. "
            "(say the zone's name behind them)\n",
        ),
    ],
)
def test_what_cannot_be_compared_is_told(
    words: tuple[str, ...], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file(folder, GOOD)
    file(folder, GOOD, "db.example.net")
    assert run(capsys, "diff", *words) == (2, "", message)


@given(st.binary(max_size=100))
def test_any_file_is_checked(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(GOOD.encode() + data)
    assert zone.run(["check", str(path), "example.org"]) in (0, 1)
