"""What the dnssec plugin signs, as delv and unbound validate it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pydns.dnssec import keyfiles
from pydns.dnssec.algorithm import Algorithm
from pydns.dnssec.ds import ds, ds_text
from pydns.dnssec.key import SEP, ZONE
from pydns.dnssec.keyfiles import SigningKey
from pydns.dnssec.private import generate
from pydns.names import from_text
from pydns.signing.job import Job, perform
from tests.e2e.programs import dig, free_port, installed, serving
from tests.e2e.validators import DENIED, VALIDATED, delv, unbound, verdict

pytestmark = pytest.mark.skipif(not (installed("delv") and installed("unbound")), reason="no delv or no unbound")

DB = """
$TTL 300
@ SOA ns hostmaster 1 3600 600 86400 120
@ NS ns
@ MX 10 mail
ns A 127.0.0.1
mail A 192.0.2.2
www A 192.0.2.3
www A 192.0.2.4
alias CNAME www
dangling CNAME nothing
*.wild TXT "w"
a.ent A 192.0.2.9
d DNAME ent
insecure NS ns
secure NS ns
beforehand NS ns
out CNAME www.secure
back CNAME alias.secure
nowhere CNAME nothing.secure
*.outward CNAME www.secure
signed CNAME www.beforehand
"""
CHILD = "$TTL 300\n@ SOA ns 1 1 1 1 1 60\n@ NS ns.example.org.\nwww A 192.0.2.5\nalias CNAME www.example.org.\n"
COREFILE = """example.org:0 {{
    bind 127.0.0.1
    dnssec example.org secure.example.org {{
        key file {keys}
        denial {denial}
        cds
    }}
    file db example.org
    file child secure.example.org insecure.example.org
    file beforehand.signed beforehand.example.org
}}
"""
ANSWERS = {
    "one record": ("example.org", "SOA", VALIDATED),
    "several records": ("www.example.org", "A", VALIDATED),
    "records with addresses": ("example.org", "MX", VALIDATED),
    "an alias": ("alias.example.org", "A", VALIDATED),
    "an alias for all below": ("a.d.example.org", "A", VALIDATED),
    "an alias of nothing": ("dangling.example.org", "A", VALIDATED),
    "an alias to a secure child": ("out.example.org", "A", VALIDATED),
    "an alias to a secure child, and back": ("back.example.org", "A", VALIDATED),
    "a wildcard": ("x.wild.example.org", "TXT", VALIDATED),
    "a wildcard by its name": ("*.wild.example.org", "TXT", VALIDATED),
    "keys": ("example.org", "DNSKEY", VALIDATED),
    "keys for the parent": ("example.org", "CDNSKEY", VALIDATED),
    "hashed keys for the parent": ("example.org", "CDS", VALIDATED),
    "denials themselves": ("www.example.org", "NSEC", VALIDATED),
    "no such name": ("nothing.example.org", "A", DENIED),
    "no such type": ("www.example.org", "AAAA", DENIED),
    "no such type at the apex": ("example.org", "AAAA", DENIED),
    "no such type of a wildcard": ("x.wild.example.org", "A", DENIED),
    "nothing but names below": ("ent.example.org", "A", DENIED),
    "no DS of a name": ("www.example.org", "DS", DENIED),
    "no DS of a delegation": ("insecure.example.org", "DS", DENIED),
    "DS of a delegation": ("secure.example.org", "DS", VALIDATED),
}
VERDICTS = {
    "an answer": ("www.example.org", "A", "secure NOERROR"),
    "a wildcard": ("x.wild.example.org", "TXT", "secure NOERROR"),
    "no such name": ("nothing.example.org", "A", "secure NOERROR"),
    "no such type": ("www.example.org", "AAAA", "secure NOERROR"),
    "an alias of nothing": ("dangling.example.org", "A", "secure NOERROR"),
    "a name of a secure child": ("www.secure.example.org", "A", "secure NOERROR"),
    "nothing in a secure child": ("x.secure.example.org", "A", "secure NOERROR"),
    "an alias to a secure child": ("out.example.org", "A", "secure NOERROR"),
    "an alias to a secure child, and back": ("back.example.org", "A", "secure NOERROR"),
    "an alias to nothing in a secure child": ("nowhere.example.org", "A", "secure NOERROR"),
    "a wildcard's alias to a secure child": ("x.outward.example.org", "A", "secure NOERROR"),
    "an alias to a zone that was signed beforehand": ("signed.example.org", "A", "secure NOERROR"),
    "a name of an insecure child": ("www.insecure.example.org", "A", "insecure NOERROR"),
    "nothing in an insecure child": ("x.insecure.example.org", "A", "insecure NXDOMAIN"),
}
KINDS = [
    *((algorithm, "lies", False) for algorithm in Algorithm),
    (Algorithm.ECDSAP256SHA256, "compact", False),
    (Algorithm.RSASHA256, "compact", True),
    (Algorithm.ED25519, "lies", True),
]


class Signed:
    """A running server: its port, a key that signs the keys, and whether delv and unbound know its algorithm."""

    def __init__(self, folder: Path, port: int, key: Path, denial: str) -> None:
        self.folder = folder
        self.port = port
        self.key = key
        self.denial = denial


@contextmanager
def signed(folder: Path, algorithm: Algorithm, denial: str, split: bool) -> Iterator[Signed]:
    flags = [ZONE | SEP, ZONE] if split else [ZONE | SEP]
    keys = [SigningKey(from_text("example.org"), each, generate(algorithm, 2048)) for each in flags]
    stems = [keyfiles.write(key, folder) for key in keys]
    child = keys[0].of(from_text("secure.example.org"))
    before = keys[0].of(from_text("beforehand.example.org"))
    (folder / "db").write_text(f"{DB}secure DS {ds_text(ds(child))}\nbeforehand DS {ds_text(ds(before))}\n")
    (folder / "child").write_text(CHILD)
    names = tuple(map(str, stems))
    perform(
        Job(str(folder / "child"), before.name.hex(), names, "", str(folder / "beforehand.signed"), None), time.time()
    )
    corefile = folder / "Corefile"
    corefile.write_text(COREFILE.format(keys=" ".join(map(str, stems)), denial=denial).replace(":0", f":{free_port()}"))
    port = int(corefile.read_text().split(":")[1].split()[0])
    with serving(corefile, port, folder=folder):
        yield Signed(folder, port, keyfiles.files(stems[0])[0], denial)


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: f"{kind[0].name} {kind[1]}{' split' if kind[2] else ''}")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signed]:
    with signed(tmp_path_factory.mktemp("dnssec"), *request.param) as found:
        yield found


@pytest.fixture(scope="module")
def resolver(server: Signed) -> Iterator[int]:
    zones = ["example.org", "secure.example.org", "insecure.example.org", "beforehand.example.org"]
    with unbound(server.folder / "unbound", server.port, server.key, zones) as port:
        yield port


@pytest.mark.parametrize("case", ANSWERS)
def test_delv_validates(server: Signed, case: str) -> None:
    name, type_, told = ANSWERS[case]
    assert delv(server.folder, server.port, server.key, name, type_) == told


@pytest.mark.parametrize("case", VERDICTS)
def test_unbound_validates(server: Signed, resolver: int, case: str) -> None:
    name, type_, told = VERDICTS[case]
    assert verdict(resolver, name, type_) == told


def test_who_does_not_ask_for_signatures_gets_none(server: Signed) -> None:
    assert len(dig(server.port, "www.example.org").data) == 2
    assert dig(server.port, "nothing.example.org").status == "NXDOMAIN"
