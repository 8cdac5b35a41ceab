from __future__ import annotations

import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.dnssec import keyfiles
from pydns.dnssec.algorithm import Algorithm, DnssecError
from pydns.dnssec.key import ZONE
from pydns.names import from_text
from tests.pydns.dnssec.signing import ZONE_NAME, key

BIND = pytest.mark.skipif(shutil.which("dnssec-keygen") is None, reason="no dnssec-keygen")


@pytest.mark.parametrize("algorithm", Algorithm, ids=lambda each: each.name)
def test_what_is_written_is_read(tmp_path: Path, algorithm: Algorithm) -> None:
    stem = keyfiles.write(key(algorithm), tmp_path)
    found = keyfiles.read(stem)
    assert (found.name, found.flags, found.rdata) == (ZONE_NAME, 257, key(algorithm).rdata)


@BIND
@pytest.mark.parametrize("algorithm", Algorithm, ids=lambda each: each.name)
@pytest.mark.parametrize("ksk", [False, True])
def test_keys_of_bind_are_read(tmp_path: Path, algorithm: Algorithm, ksk: bool) -> None:
    how = ["-f", "KSK"] if ksk else []
    bits = ["-b", "2048"] if algorithm.name.startswith("RSA") else []
    command = ["dnssec-keygen", "-q", "-K", str(tmp_path), "-a", algorithm.name, *bits, *how, "example.org"]
    stem = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    found = keyfiles.read(tmp_path / stem)
    assert (found.name, found.is_sep, keyfiles.name_of(found)) == (ZONE_NAME, ksk, stem)


@BIND
@pytest.mark.parametrize(
    "zone", [".", "0/25.2.0.192.in-addr.arpa", r"a\.b.x", "Up_1-2.x", "*.x", "[a].x", r"\195\164.x"]
)
def test_names_of_files_are_binds(tmp_path: Path, zone: str) -> None:
    command = ["dnssec-keygen", "-q", "-K", str(tmp_path), "-a", "ED25519", zone]
    stem = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    assert keyfiles.name_of(keyfiles.read(tmp_path / stem)) == stem


@BIND
@pytest.mark.parametrize("algorithm", Algorithm, ids=lambda each: each.name)
def test_bind_reads_what_is_written(tmp_path: Path, algorithm: Algorithm) -> None:
    stem = keyfiles.write(key(algorithm), tmp_path)
    zone = tmp_path / "zone"
    zone.write_text("example.org. 60 IN SOA ns. h. 1 2 3 4 5\nexample.org. 60 IN NS ns.\n$INCLUDE " + f"{stem}.key\n")
    command = ["dnssec-signzone", "-o", "example.org", "-K", str(tmp_path), "-z", "-P", str(zone)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("suffix", ["", ".key", ".private"])
def test_either_name_will_do(tmp_path: Path, suffix: str) -> None:
    stem = keyfiles.write(key(), tmp_path)
    assert keyfiles.read(stem.with_name(stem.name + suffix)).tag == key().tag


def test_a_stem_with_a_dot_in_it_is_none(tmp_path: Path) -> None:
    assert keyfiles.files(tmp_path / "Kexample.org.+013+00001")[0].name == "Kexample.org.+013+00001.key"


def test_only_its_owner_reads_a_private_key(tmp_path: Path) -> None:
    stem = keyfiles.write(key(), tmp_path)
    assert stat.S_IMODE(keyfiles.files(stem)[1].stat().st_mode) == 0o600


def test_no_key_is_overwritten(tmp_path: Path) -> None:
    keyfiles.write(key(), tmp_path)
    with pytest.raises(FileExistsError):
        keyfiles.write(key(), tmp_path)


def test_halves_must_fit(tmp_path: Path) -> None:
    stem = keyfiles.write(key(), tmp_path)
    other = keyfiles.write(key(flags=ZONE), tmp_path)
    keyfiles.files(stem)[1].write_text(keyfiles.files(other)[1].read_text())
    with pytest.raises(DnssecError, match="not the private half"):
        keyfiles.read(stem)


def test_a_missing_key_is_told_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(DnssecError, match=r"Kx\.key: No such file or directory; `pydns keys generate`"):
        keyfiles.read(tmp_path / "Kx")


PUBLIC = "example.org. 3600 IN DNSKEY 257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4="


@pytest.mark.parametrize(
    "text",
    [
        PUBLIC,
        "; a comment\n\n" + PUBLIC + " ; another",
        PUBLIC.replace("3600 IN ", ""),
        PUBLIC.replace("l02W", "( l02W\n\t").replace("JA4=", "JA4=\n)"),
        PUBLIC.replace("DNSKEY", "dnskey"),
    ],
)
def test_forms_of_a_public_key(text: str) -> None:
    found = keyfiles.parse_public(text)
    assert (found.name, found.tag) == (from_text("example.org"), 3613)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no DNSKEY record"),
        ("example.org. IN A 192.0.2.1", "no DNSKEY record"),
        (PUBLIC.replace(" 15 ", " 5 "), "RSASHA1 is no longer safe"),
        (PUBLIC.replace(" 15 ", " 99 "), "algorithm 99 is not known"),
        (PUBLIC.replace(" 3 ", " 4 "), "signs no zone"),
        (PUBLIC.replace("257", "1"), "signs no zone"),
        (PUBLIC.replace("l02W", "!"), "no base64"),
        (PUBLIC.replace("example", "e" * 64), "label of 64 octets"),
    ],
)
def test_what_is_no_public_key(text: str, told: str) -> None:
    with pytest.raises(DnssecError, match=told):
        keyfiles.parse_public(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no private key of BIND's form"),
        ("Private-key-format: v1.3", "says no algorithm"),
        ("Private-key-format: v1.3\nAlgorithm: 13", "says no PrivateKey"),
        ("Private-key-format: v1.3\nAlgorithm: 8\nModulus: AQAB", "says no PublicExponent"),
        ("Private-key-format: v1.3\nAlgorithm: 13\nPrivateKey: " + "A" * 64, "a secret of 48 octets"),
        ("Private-key-format: v1.3\nAlgorithm: 13\nPrivateKey: AAAA", "makes no key"),
    ],
)
def test_what_is_no_private_key(text: str, told: str) -> None:
    with pytest.raises(DnssecError, match=told):
        keyfiles.parse_private(text)


@given(st.text(max_size=60) | st.lists(st.sampled_from([*PUBLIC.split(), "(", ")", "\n"]), max_size=9).map(" ".join))
def test_whatever_stands_there_is_a_key_or_an_error(text: str) -> None:
    for parse in (keyfiles.parse_public, keyfiles.parse_private):
        try:
            parse(text)
        except DnssecError as error:
            assert str(error)  # noqa: PT017 -- either will do
