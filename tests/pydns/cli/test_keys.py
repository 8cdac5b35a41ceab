from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pydns.cli import keys
from pydns.dnssec import keyfiles, private
from pydns.dnssec.algorithm import Algorithm, DnssecError


@pytest.mark.parametrize("name", ["ECDSAP256SHA256", "ed25519", "8"])
def test_a_key_is_made(folder: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert keys.run(["generate", "example.org", "-a", name]) == 0
    out, err = capsys.readouterr()
    key = keyfiles.read(Path(out.strip()))
    assert key.is_sep
    assert f"for the parent zone: example.org. IN DS {key.tag} {key.algorithm:d} 2 " in err


def test_keys_may_be_split(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "keys").mkdir()
    assert keys.run(["generate", "example.org", "--split", "--folder", "keys"]) == 0
    found = [keyfiles.read(Path(line)) for line in capsys.readouterr().out.splitlines()]
    assert [key.is_sep for key in found] == [True, False]


def test_a_folder_that_is_not_there_is_told(folder: Path) -> None:
    with pytest.raises(DnssecError, match="none: No such file or directory"):
        keys.run(["generate", "example.org", "-K", "none"])


@pytest.mark.parametrize(
    "words", [["generate", "a..b"], ["generate", "x", "-a", "RSASHA1"], ["generate", "x", "-b", "9"]]
)
def test_wrong_words_are_told(folder: Path, words: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        keys.run(words)


def test_keys_are_listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys.run(["generate", "example.org", "--split"])
    capsys.readouterr()
    next(folder.glob("*.private")).unlink()
    assert keys.run(["list"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"^example\.org\.  ECDSAP256SHA256  +\d+  KSK or CSK  Kexample", out, re.MULTILINE)
    assert re.search(r"^example\.org\.  ECDSAP256SHA256  +\d+  ZSK         Kexample", out, re.MULTILINE)
    assert out.count("(no private half)") == 1


@pytest.mark.parametrize("verb", ["list", "ds"])
def test_a_key_that_cannot_be_read_hides_no_others(folder: Path, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    keys.run(["generate", "example.org"])
    (folder / "Ka.+005+00001.key").write_text("a. IN DNSKEY 257 3 5 AAAA\n")
    capsys.readouterr()
    assert keys.run([verb, "."]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("example.org. ")
    assert "Ka.+005+00001.key: RSASHA1 is no longer safe" in err


@pytest.mark.skipif(shutil.which("dnssec-dsfromkey") is None, reason="no dnssec-dsfromkey")
@pytest.mark.parametrize("digest", ["SHA256", "SHA384"])
def test_ds_records_are_binds(folder: Path, capsys: pytest.CaptureFixture[str], digest: str) -> None:
    keys.run(["generate", "example.org", "--split"])
    stem = capsys.readouterr().out.splitlines()[0]
    assert keys.run(["ds", ".", "--digest", digest]) == 0
    command = ["dnssec-dsfromkey", "-a", f"SHA-{digest[3:]}", stem]
    assert capsys.readouterr().out == subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_ds_records_are_of_each_zone_that_has_keys(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["example.org", "--split"], ["example.net", "--zsk"]):
        keys.run(["generate", *words])
    capsys.readouterr()
    assert keys.run(["ds", "."]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["example.net.", "example.org."]


@pytest.mark.skipif(shutil.which("dnssec-dsfromkey") is None, reason="no dnssec-dsfromkey")
def test_ds_records_may_be_of_another_zone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys.run(["generate", "example.org"])
    stem = capsys.readouterr().out.strip()
    assert keys.run(["ds", stem, "--zone", "example.net"]) == 0
    public = keyfiles.files(Path(stem))[0]
    public.write_text(public.read_text().replace("example.org.", "example.net."))
    command = ["dnssec-dsfromkey", stem]
    assert capsys.readouterr().out == subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_a_folder_without_keys_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert keys.run(["ds", "."]) == 1
    assert "no keys there" in capsys.readouterr().err


def test_without_cryptography_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(DnssecError, match=r"pip install 'pydns-server\[dnssec\]'"):
        private.generate(Algorithm.ED25519, 0)


def test_the_help_tells_exit_codes_and_examples() -> None:
    text = keys.parser().format_help()
    assert "exit codes: 0 done" in text
    assert "  pydns keys ds Kexample.org.+013+45330 --digest SHA384\n" in text
