from __future__ import annotations

from pathlib import Path

from pydns.dnssec import keyfiles
from pydns.dnssec.algorithm import Algorithm
from pydns.signing.examination import examine
from pydns.zone.master.reading import Severity
from tests.pydns.dnssec.signing import ZONE_NAME, key


def test_a_good_key_is_no_fault(tmp_path: Path) -> None:
    assert examine([keyfiles.write(key(Algorithm.ED25519), tmp_path)], [b"\1a" + ZONE_NAME]) == []


def test_a_broken_key_is_an_error(tmp_path: Path) -> None:
    stem = keyfiles.write(key(Algorithm.ED25519), tmp_path)
    private = keyfiles.files(stem)[1]
    private.write_text("x")
    (fault,) = examine([stem], [ZONE_NAME])
    assert (fault.file, fault.severity) == (str(private), Severity.ERROR)
    assert fault.message == "is no private key of BIND's form v1"


def test_a_missing_key_is_a_warning(tmp_path: Path) -> None:
    (fault,) = examine([tmp_path / "K"], [ZONE_NAME])
    assert str(fault).startswith(f"{tmp_path / 'K.key'}: warning: No such file or directory")


def test_a_key_of_none_of_the_zones_is_a_warning(tmp_path: Path) -> None:
    stem = keyfiles.write(key(Algorithm.ED25519), tmp_path)
    (fault,) = examine([stem], [b"\3net\0", b"\0"])
    assert str(fault).startswith(f"{stem}.key: warning: was made for example.org., and signs others")
