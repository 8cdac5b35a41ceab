"""One flipped bit in a signature, made as it was asked for or beforehand, and nobody believes it."""

from __future__ import annotations

import time
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
import trio

from pydns.dnssec import keyfiles
from pydns.dnssec.algorithm import Algorithm
from pydns.dnssec.key import SEP, ZONE
from pydns.dnssec.keyfiles import SigningKey
from pydns.dnssec.private import generate
from pydns.names import from_text
from pydns.records import Record, Type
from pydns.signing.job import Job, perform
from pydns.testing import running_server
from pydns_plugins.dnssec import signatures
from pydns_plugins.dnssec.signatures import Unsigned
from tests.e2e.programs import installed
from tests.e2e.validators import DENIED, delv, unbound, verdict

pytestmark = pytest.mark.skipif(not (installed("delv") and installed("unbound")), reason="no delv or no unbound")

COREFILE = """example.org:0 {{
    bind 127.0.0.1
    dnssec {{
        key file {key}
    }}
    file {db}
}}
"""
DB = "$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 120\n@ NS ns\nns A 127.0.0.1\nwww A 192.0.2.3\n"


def flipped(octets: bytes) -> bytes:
    return octets[:-9] + bytes((octets[-9] ^ 1,)) + octets[-8:]


def tamper(line: str) -> str:
    """A signature's line of a master file, with a bit flipped."""
    head, space, signature = line.rpartition(" ")
    return f"{head}{space}{b64encode(flipped(b64decode(signature))).decode()}"


async def verdicts(corefile: str, folder: Path, key: Path, name: str, type_: str) -> tuple[str, str]:
    """What delv and unbound say of an answer."""
    async with running_server(corefile) as server:

        def validate() -> tuple[str, str]:
            with unbound(folder / "unbound", server.port, key, ["example.org"]) as port:
                return delv(folder, server.port, key, name, type_), verdict(port, name, type_)

        return await trio.to_thread.run_sync(validate)


@pytest.mark.parametrize("algorithm", Algorithm, ids=lambda each: each.name)
@pytest.mark.parametrize(("type_", "tampered"), [("A", Type.A), ("AAAA", Type.NSEC), ("AAAA", Type.SOA)])
async def test_one_flipped_bit_fails(
    algorithm: Algorithm, type_: str, tampered: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = signatures.sign

    def wrong(what: Unsigned, keys: list[SigningKey], inception: int, expiration: int) -> tuple[Record, ...]:
        found = right(what, keys, inception, expiration)
        if what.records[0].type != tampered:
            return found
        return tuple(each._replace(rdata=flipped(each.rdata)) for each in found)

    monkeypatch.setattr(signatures, "sign", wrong)
    stem = keyfiles.write(SigningKey(from_text("example.org"), ZONE | SEP, generate(algorithm, 2048)), tmp_path)
    (tmp_path / "db").write_text(DB)
    corefile = COREFILE.format(key=stem, db=tmp_path / "db")
    told, found = await verdicts(corefile, tmp_path, keyfiles.files(stem)[0], "www.example.org", type_)
    assert "validated" not in told
    assert found == "bogus"


@pytest.mark.parametrize("hashed", [None, (0, ""), (3, "aabb")], ids=["NSEC", "NSEC3", "NSEC3 with salt"])
@pytest.mark.parametrize("tampered", ["nothing", "A", "NSEC", "SOA", "DNSKEY"])
async def test_one_flipped_bit_in_a_signed_file_fails(
    hashed: tuple[int, str] | None, tampered: str, tmp_path: Path
) -> None:
    key = SigningKey(from_text("example.org"), ZONE | SEP, generate(Algorithm.ECDSAP256SHA256, 0))
    stem, signed = keyfiles.write(key, tmp_path), tmp_path / "signed"
    (tmp_path / "db").write_text(DB)
    perform(Job(str(tmp_path / "db"), key.name.hex(), (str(stem),), "", str(signed), hashed), time.time())
    wanted = f"\tRRSIG\t{tampered}"
    lines = [tamper(line) if wanted in line else line for line in signed.read_text().splitlines()]
    signed.write_text("\n".join((*lines, "")))
    corefile = f"example.org:0 {{\n bind 127.0.0.1\n file {signed}\n}}\n"
    name = "www.example.org" if tampered == "A" else "nothing.example.org"
    told, found = await verdicts(corefile, tmp_path, keyfiles.files(stem)[0], name, "A")
    if tampered == "nothing":
        assert (told, found) == (DENIED, "secure NXDOMAIN")
    else:
        assert "validated" not in told
        assert found == "bogus"
