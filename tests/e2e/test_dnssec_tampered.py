"""One flipped bit in a signature, and nobody believes it."""

from __future__ import annotations

from functools import partial
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
from pydns.testing import running_server
from pydns_plugins.dnssec import signatures
from pydns_plugins.dnssec.signatures import Unsigned
from tests.e2e.programs import installed
from tests.e2e.validators import delv, unbound, verdict

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


def flipped(rdata: bytes) -> bytes:
    return rdata[:-9] + bytes((rdata[-9] ^ 1,)) + rdata[-8:]


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
        return tuple(
            each._replace(rdata=each.rdata[:-9] + bytes((each.rdata[-9] ^ 1,)) + each.rdata[-8:]) for each in found
        )

    monkeypatch.setattr(signatures, "sign", wrong)
    stem = keyfiles.write(SigningKey(from_text("example.org"), ZONE | SEP, generate(algorithm, 2048)), tmp_path)
    key = keyfiles.files(stem)[0]
    (tmp_path / "db").write_text(DB)
    async with running_server(COREFILE.format(key=stem, db=tmp_path / "db")) as server:

        def validate() -> tuple[str, str]:
            with unbound(tmp_path / "unbound", server.port, key, ["example.org"]) as port:
                return delv(tmp_path, server.port, key, "www.example.org", type_), verdict(
                    port, "www.example.org", type_
                )

        told, found = await trio.to_thread.run_sync(partial(validate))
    assert "validated" not in told
    assert found == "bogus"
