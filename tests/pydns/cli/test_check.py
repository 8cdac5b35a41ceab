import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.cli import check

GOOD = ".:1053 {\n bind 127.0.0.1\n log\n forward . 192.0.2.1\n}\nexample.org:1053 {\n bind 127.0.0.1\n whoami\n}\n"
BAD = "example.org {\n log\n errors a\n cach 30\n}\nexample.org {\n whoami x\n}\n"
DOUBTFUL = ". {\n whoami\n forward . 192.0.2.1\n}\n"
BAD_LINES = [
    "Corefile:3:9: errors go to stdout, not to 'a' (leave it out)",
    "Corefile:4:2: unknown plugin 'cach' (did you mean 'cache'?)",
    "Corefile:6:1: example.org. is served at dns://:53 already, by Corefile:1:1 "
    "(serve it in one block, or tell them apart)",
    "Corefile:7:9: whoami takes no arguments; 'x' is one too many",
]


def checked(folder: Path, text: str, capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str]:
    (folder / "Corefile").write_text(text)
    status = check.run(argv)
    captured = capsys.readouterr()
    assert captured.err == ""
    return status, captured.out


def test_a_sound_corefile_is_ok(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(folder, GOOD, capsys) == (0, "OK 2 servers 5 plugins\n")


def test_one_is_written_as_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(folder, ". {\n whoami\n}", capsys) == (0, "OK 1 server 1 plugin\n")


def test_all_errors_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, output = checked(folder, BAD, capsys)
    assert (status, output.splitlines()) == (1, BAD_LINES)


def test_a_warning_is_told_and_is_no_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, output = checked(folder, DOUBTFUL, capsys)
    warning, ok = output.splitlines()
    assert (status, ok) == (0, "OK 1 server 2 plugins")
    assert warning.startswith("Corefile:2:2: warning: whoami is never reached: ")


def test_a_missing_file_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check.run(["none"]) == 1
    assert capsys.readouterr().out == "none:1:1: cannot read none: No such file or directory\n"


def test_the_port_is_that_of_keys_without_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = ".:1053 {\n whoami\n}\n. {\n whoami\n}\n"
    assert checked(folder, text, capsys) == (0, "OK 2 servers 2 plugins\n")
    assert checked(folder, text, capsys, "-dns.port", "1053")[0] == 1


def as_json(folder: Path, text: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    status, output = checked(folder, text, capsys, "--json")
    found: dict[str, Any] = json.loads(output)
    assert found["ok"] == (status == 0)
    return found


def test_json_of_a_sound_corefile(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert as_json(folder, GOOD, capsys) == {"ok": True, "errors": [], "warnings": [], "servers": 2, "plugins": 5}


def test_json_of_errors(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = as_json(folder, BAD, capsys)
    assert found["errors"][1] == {
        "file": "Corefile", "line": 4, "column": 2, "message": "unknown plugin 'cach'",
        "remedy": "did you mean 'cache'?",
    }  # fmt: skip
    assert (len(found["errors"]), found["servers"], found["plugins"]) == (4, 0, 0)


def test_json_of_warnings(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (warning,) = as_json(folder, DOUBTFUL, capsys)["warnings"]
    assert (warning["line"], warning["column"]) == (2, 2)


@given(text=st.text() | st.text(alphabet='.{}()"#$%,:/ \n\\importlogcache01'))
def test_any_text_is_checked(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("check") / "Corefile"
    path.write_text(text, "utf-8", "surrogatepass")
    assert check.run([str(path)]) in (0, 1)


def test_nothing_is_opened_or_asked(folder: Path) -> None:
    (folder / "Corefile").write_text(GOOD)
    code = (
        "import sys; from pydns.cli import check\n"
        "sys.addaudithook(lambda event, _: sys.exit(event) if event.startswith('socket.') else None)\n"
        "sys.exit(check.run([]))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (result.stdout, result.stderr) == ("OK 2 servers 5 plugins\n", "")


def test_the_help_tells_exit_codes_and_examples() -> None:
    text = check.parser().format_help()
    assert "exit codes: 0 no error" in text
    assert "  pydns check /etc/pydns/Corefile\n" in text


# Files that plugins would serve

ZONE = "$TTL 60\n@ SOA ns admin 1 2 3 4 5\n@ NS ns\n"


def test_files_of_zones_are_checked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "db").write_text(ZONE + "ns A 192.0.2\nx.other. A 192.0.2.1\n")
    found = checked(folder, "a.test {\n file db\n}\nb.test {\n file db a.test\n file good\n}\n", capsys)
    assert found == (
        1,
        "db:4:6: A, the address: '192.0.2' is no IPv4 address\n"
        "db:5:1: warning: x.other. is out of the zone a.test.: the record is left out\n"
        "good: warning: cannot be read: No such file or directory; b.test. is SERVFAIL until it can\n",
    )


def test_files_of_zones_in_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "db").write_text(ZONE)
    status, out = checked(folder, "a.test {\n file db\n}\n", capsys, "--json")
    found = json.loads(out)
    assert (status, found["ok"], found["warnings"]) == (1, False, [])
    assert found["errors"] == [
        {
            "file": "db",
            "line": 3,
            "column": None,
            "message": "NS ns.a.test. has no address (A or AAAA)",
            "remedy": "",
        }
    ]
