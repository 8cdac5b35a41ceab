"""Zones that dnssec-signzone or we have signed, served from their files, as delv and unbound validate them."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

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

pytestmark = pytest.mark.skipif(
    not all(map(installed, ("delv", "unbound", "dnssec-signzone"))), reason="no delv, unbound or dnssec-signzone"
)

DB: Final = """
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
*.pointing CNAME x.wild
below.wild A 192.0.2.8
a.ent A 192.0.2.9
d DNAME ent
insecure NS ns
a.lonely NS ns
secure NS ns
"""
CHILD: Final = "$TTL 300\n@ SOA ns 1 1 1 1 1 60\n@ NS ns.example.org.\nwww A 192.0.2.5\n"
COREFILE: Final = """example.org:{port} {{
    bind 127.0.0.1
    file db.signed example.org
    file child.signed secure.example.org
    file child insecure.example.org a.lonely.example.org
}}
"""
OPT_OUT: Final = ["-3", "-", "-H", "0", "-A"]
KINDS: Final = {
    "NSEC": (Algorithm.ECDSAP256SHA256, [], False),
    "NSEC, RSA": (Algorithm.RSASHA256, [], True),
    "NSEC3": (Algorithm.ED25519, ["-3", "-", "-H", "0"], False),
    "NSEC3 with salt": (Algorithm.ECDSAP256SHA256, ["-3", "aabb", "-H", "5"], True),
    "ours with NSEC": (Algorithm.ECDSAP256SHA256, None, True),
    "ours with NSEC3": (Algorithm.ED25519, (0, "", False), False),
    "ours with NSEC3 and salt": (Algorithm.RSASHA256, (5, "aabb", False), True),
    "NSEC3 with opt-out": (Algorithm.ECDSAP256SHA256, OPT_OUT, False),
    "ours with NSEC3 and opt-out": (Algorithm.ECDSAP256SHA256, (0, "", True), False),
}
ANSWERS: Final = {
    "one record": ("example.org", "SOA", VALIDATED),
    "several records": ("www.example.org", "A", VALIDATED),
    "an alias": ("alias.example.org", "A", VALIDATED),
    "an alias for all below": ("a.d.example.org", "A", VALIDATED),
    "an alias of nothing": ("dangling.example.org", "A", VALIDATED),
    "a wildcard": ("x.wild.example.org", "TXT", VALIDATED),
    "a wildcard, deeper": ("x.y.wild.example.org", "TXT", VALIDATED),
    "an alias in a wildcard, to a wildcard": ("x.pointing.example.org", "TXT", VALIDATED),
    "a wildcard by its name": ("*.wild.example.org", "TXT", VALIDATED),
    "keys": ("example.org", "DNSKEY", VALIDATED),
    "no such name": ("nothing.example.org", "A", DENIED),
    "no such name, deeper": ("a.b.nothing.example.org", "A", DENIED),
    "no such name beside a wildcard": ("x.below.wild.example.org", "A", DENIED),
    "no such type": ("www.example.org", "AAAA", DENIED),
    "no such type at the apex": ("example.org", "AAAA", DENIED),
    "no such type of a wildcard": ("x.wild.example.org", "A", DENIED),
    "nothing but names below": ("ent.example.org", "A", DENIED),
    "no DS of a name": ("www.example.org", "DS", DENIED),
    "no DS of a delegation": ("insecure.example.org", "DS", DENIED),
    "DS of a delegation": ("secure.example.org", "DS", VALIDATED),
}
VERDICTS: Final = {
    "an answer": ("www.example.org", "A", "secure NOERROR"),
    "a wildcard": ("x.wild.example.org", "TXT", "secure NOERROR"),
    "an alias in a wildcard, to a wildcard": ("x.pointing.example.org", "TXT", "secure NOERROR"),
    "no such name": ("nothing.example.org", "A", "secure NXDOMAIN"),
    "no such type": ("www.example.org", "AAAA", "secure NOERROR"),
    "nothing but names below": ("ent.example.org", "A", "secure NOERROR"),
    "no such type of a wildcard": ("x.wild.example.org", "A", "secure NOERROR"),
    "an alias of nothing": ("dangling.example.org", "A", "secure NXDOMAIN"),
    "a name of a secure child": ("www.secure.example.org", "A", "secure NOERROR"),
    "nothing in a secure child": ("x.secure.example.org", "A", "secure NXDOMAIN"),
    "a name of an insecure child": ("www.insecure.example.org", "A", "insecure NOERROR"),
    "nothing in an insecure child": ("x.insecure.example.org", "A", "insecure NXDOMAIN"),
    "a name of an insecure child deeper": ("www.a.lonely.example.org", "A", "insecure NOERROR"),
}
UNSURE: Final = {
    "a wildcard",
    "a wildcard, deeper",
    "an alias in a wildcard, to a wildcard",
    "no such name",
    "no such type of a wildcard",
    "an alias of nothing",
    "nothing in a secure child",
}
"""With opt-out an insecure delegation may stand there, and nobody can tell (RFC 5155 section 9.2)."""


class Signed(NamedTuple):
    folder: Path
    port: int
    key: Path
    opt_out: bool


Denial = list[str] | tuple[int, str, bool] | None
"""Flags of dnssec-signzone; or what our own job says of NSEC3: iterations, salt, opt-out."""


def sign(folder: Path, zone: str, db: str, algorithm: Algorithm, denial: Denial, split: bool) -> list[SigningKey]:
    """Writes `db.signed`. Gives the keys, the one for the parent first."""
    origin = from_text(zone)
    flags = [ZONE | SEP, ZONE] if split else [ZONE | SEP]
    keys = [SigningKey(origin, each, generate(algorithm, 2048)) for each in flags]
    stems = [keyfiles.write(key, folder) for key in keys]
    if not isinstance(denial, list):
        signed = str(folder / f"{db}.signed")
        hashed, opt_out = (None, False) if denial is None else (denial[:2], denial[2])
        perform(Job(str(folder / db), origin.hex(), tuple(map(str, stems)), "", signed, hashed, opt_out), time.time())
        return keys
    text = (folder / db).read_text()
    (folder / "with-keys").write_text(text + "".join(f"{keyfiles.record_text(key)}\n" for key in keys))
    how = [] if split else ["-z"]
    command = ["dnssec-signzone", "-q", *how, *denial, "-o", zone, "-f", f"{db}.signed", "with-keys", *map(str, stems)]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    return keys


@pytest.fixture(scope="module", params=KINDS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signed]:
    folder = tmp_path_factory.mktemp("signed")
    kind = KINDS[request.param]
    (folder / "child").write_text(CHILD)
    child = sign(folder, "secure.example.org", "child", *kind)
    (folder / "db").write_text(f"{DB}secure DS {ds_text(ds(child[0]))}\n")
    keys = sign(folder, "example.org", "db", *kind)
    port = free_port()
    (folder / "Corefile").write_text(COREFILE.format(port=port))
    with serving(folder / "Corefile", port, folder=folder):
        stem = folder / keyfiles.name_of(keys[0])
        yield Signed(folder, port, keyfiles.files(stem)[0], "opt-out" in request.param)


@pytest.fixture(scope="module")
def resolver(server: Signed) -> Iterator[int]:
    zones = ["example.org", "secure.example.org", "insecure.example.org", "a.lonely.example.org"]
    with unbound(server.folder / "unbound", server.port, server.key, zones) as port:
        yield port


@pytest.mark.parametrize("case", ANSWERS)
def test_delv_validates(server: Signed, case: str) -> None:
    name, type_, told = ANSWERS[case]
    if server.opt_out and case in UNSURE and told == VALIDATED and "alias of" not in case:
        told = "unsigned answer"
    assert delv(server.folder, server.port, server.key, name, type_) == told


@pytest.mark.parametrize("case", VERDICTS)
def test_unbound_validates(server: Signed, resolver: int, case: str) -> None:
    name, type_, told = VERDICTS[case]
    if server.opt_out and case in UNSURE:
        told = told.replace("secure", "insecure")
    assert verdict(resolver, name, type_) == told


@pytest.mark.parametrize(("name", "type_"), [("nothing.example.org", "A"), ("www.example.org", "AAAA")])
def test_who_does_not_ask_for_proofs_gets_none(server: Signed, name: str, type_: str) -> None:
    command = ["dig", "@127.0.0.1", "-p", str(server.port), "+noall", "+comments", "+norec", name, type_]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "ANSWER: 0, AUTHORITY: 1," in text


def test_a_hash_is_no_name(server: Signed) -> None:
    text = (server.folder / "db.signed").read_text()
    for name in re.findall(r"^[0-9a-vA-V]{32}\.example\.org\.", text, re.MULTILINE):
        assert dig(server.port, name, "NSEC3").status == "NXDOMAIN"
