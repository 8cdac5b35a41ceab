from pathlib import Path

import pytest

from pydns.cli import chain

COREFILE = """\
.:1053 example.org {
    bind 127.0.0.1 eth0 {
        except 127.0.0.2
    }
    whoami
    log a.example.org
    log b.example.org
    cache 30 {
        success 500
        keepttl
    }
}
example.net:54 {
    hosts
}
"""
OUTPUT = """\
.  dns  port 1053  on 127.0.0.1, eth0 but 127.0.0.2  Corefile:1
example.org.  dns  port 53  on 127.0.0.1, eth0 but 127.0.0.2  Corefile:1
      bind    Corefile:2              127.0.0.1 eth0 { 1 line }
   1. log     Corefile:6, Corefile:7  a.example.org; b.example.org
   2. cache   Corefile:8              30 { 2 lines }
   3. whoami  Corefile:5

example.net.  dns  port 54  on all addresses  Corefile:13
   1. hosts  Corefile:14
"""


def test_the_order_is_shown_with_places(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "Corefile").write_text(COREFILE)
    assert chain.run([]) == 0
    assert capsys.readouterr().out == OUTPUT


def test_warnings_follow(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "Corefile").write_text(". {\n whoami\n forward . 192.0.2.1\n}\n")
    assert chain.run([]) == 0
    assert capsys.readouterr().out.splitlines()[3:] == [
        "",
        "Corefile:2:2: warning: whoami is never reached: forward (Corefile:3:2) passes none on "
        "(remove one of them, or give each a server block of its own)",
    ]


def test_what_is_long_is_cut(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "Corefile").write_text(f".:1053 {{\n log {'a.example.org ' * 9}\n whoami\n}}\n")
    assert chain.run([]) == 0
    assert (
        capsys.readouterr()
        .out.splitlines()[1]
        .endswith("  a.example.org a.example.org a.example.org a.example.org a...")
    )


def test_errors_go_to_standard_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "Corefile").write_text(". {\n cach\n}\n")
    assert chain.run([]) == 1
    assert capsys.readouterr() == ("", "Corefile:2:2: unknown plugin 'cach' (did you mean 'cache'?)\n")


def test_the_port_is_that_of_keys_without_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "Corefile").write_text(". {\n whoami\n}\n")
    chain.run(["-p", "1053"])
    assert capsys.readouterr().out.startswith(".  dns  port 1053  on all addresses")


def test_the_help_tells_exit_codes_and_examples() -> None:
    text = chain.parser().format_help()
    assert "exit codes: 0 printed" in text
    assert "  pydns chain /etc/pydns/Corefile\n" in text
