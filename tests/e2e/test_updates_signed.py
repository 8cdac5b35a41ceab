"""A zone that takes updates and whose answers dnssec signs as they go: what changes validates at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from pydns.dnssec import keyfiles
from pydns.dnssec.algorithm import Algorithm
from pydns.dnssec.key import SEP, ZONE
from pydns.dnssec.keyfiles import SigningKey
from pydns.dnssec.private import generate
from pydns.names import from_text
from tests.e2e.programs import dig, free_port, installed
from tests.e2e.test_updates import ORIGIN, nsupdate, primary
from tests.e2e.validators import DENIED, VALIDATED, delv

pytestmark = pytest.mark.skipif(not (installed("delv") and installed("nsupdate")), reason="no delv or no nsupdate")


class Signed(NamedTuple):
    folder: Path
    port: int
    key: Path

    def says(self, name: str, type_: str) -> str:
        return delv(self.folder, self.port, self.key, f"{name}.{ORIGIN}".removeprefix("@."), type_)


@pytest.fixture(params=["lies", "compact"])
def signed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Signed]:
    made = SigningKey(from_text(ORIGIN), ZONE | SEP, generate(Algorithm.ECDSAP256SHA256, 256))
    key, _ = keyfiles.files(keyfiles.write(made, tmp_path))
    port = free_port()
    block = f"dnssec {{\n key file {key}\n denial {request.param}\n }}"
    with primary(tmp_path, port, block=block):
        yield Signed(tmp_path, port, key)


def test_each_change_validates(signed: Signed) -> None:
    assert signed.says("new", "A") == DENIED
    assert nsupdate(signed.port, f"update add new.{ORIGIN}. 60 A 192.0.2.9") == ""
    assert signed.says("new", "A") == VALIDATED
    assert signed.says("new", "AAAA") == DENIED
    assert nsupdate(signed.port, f"update add new.{ORIGIN}. 60 A 192.0.2.10") == ""
    assert signed.says("new", "A") == VALIDATED
    assert dig(signed.port, ORIGIN, "SOA").data[0].split()[2] == "3"
    assert signed.says("@", "SOA") == VALIDATED
    assert nsupdate(signed.port, f"update delete new.{ORIGIN}. A") == ""
    assert signed.says("new", "A") == DENIED


def test_what_signs_it_is_not_written_back(signed: Signed) -> None:
    """And nobody adds signatures of his own."""
    rrsig = f"A 13 3 60 20300101000000 20200101000000 1 {ORIGIN}. AAAA"
    assert "REFUSED" in nsupdate(signed.port, f"update add new.{ORIGIN}. 60 RRSIG {rrsig}")
    assert nsupdate(signed.port, f"update add new.{ORIGIN}. 60 A 192.0.2.9") == ""
    assert signed.says("new", "A") == VALIDATED
    assert "RRSIG" not in (signed.folder / "zone").read_text()
