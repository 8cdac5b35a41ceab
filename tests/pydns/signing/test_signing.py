"""Zones signed as a whole, held to dnssec-verify and to what dnssec-signzone makes of them."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from pydns.dnssec import keyfiles
from pydns.dnssec.algorithm import Algorithm, DnssecError
from pydns.dnssec.key import SEP, ZONE
from pydns.dnssec.keyfiles import SigningKey
from pydns.dnssec.nsec3 import Parameters
from pydns.errors import ZoneError
from pydns.names import to_text
from pydns.records import Record, Type
from pydns.signing import job as jobs
from pydns.signing.job import AGE, DAY, VALID, Job, perform
from pydns.signing.signer import Signer, Terms
from pydns.zone.denials import Denials
from pydns.zone.zone import Zone
from tests.e2e.programs import installed
from tests.pydns.dnssec.signing import key
from tests.pydns.zone.signed import with_nsec, with_nsec3
from tests.pydns.zone.zones import ORIGIN, RECORDS, build, soa

NOW = 1_800_000_000
DB = """
$TTL 300
@ SOA ns hostmaster 7 3600 600 86400 120
@ NS ns
@ MX 10 Mail
@ CDS 1 13 2 0000000000000000000000000000000000000000000000000000000000000000
ns A 127.0.0.1
www A 192.0.2.3
www A 192.0.2.4
www TXT "a;b"
*.wild TXT "w"
a.ent A 192.0.2.9
d DNAME ent
insecure NS ns.insecure
ns.insecure A 192.0.2.1
deep.lonely NS ns
secure NS ns
secure DS 1 13 2 0000000000000000000000000000000000000000000000000000000000000000
\\000\\046odd A 192.0.2.9
"""


def job_in(folder: Path, *keys: SigningKey, hashed: tuple[int, str] | None = None) -> Job:
    (folder / "db").write_text(DB)
    stems = [str(keyfiles.write(each, folder)) for each in keys or (key(Algorithm.ED25519),)]
    return Job(str(folder / "db"), ORIGIN.hex(), tuple(stems), "", str(folder / "out" / "db.signed"), hashed)


KEYS = {
    "one key": [key(Algorithm.ECDSAP256SHA256)],
    "split keys": [key(Algorithm.RSASHA256), key(Algorithm.RSASHA256, ZONE)],
    "two algorithms": [key(Algorithm.ED25519), key(Algorithm.ECDSAP256SHA256)],
}


@pytest.mark.skipif(installed("dnssec-verify") is None, reason="no dnssec-verify")
@pytest.mark.parametrize("keys", KEYS)
@pytest.mark.parametrize(
    ("hashed", "opt_out"), [(None, False), ((0, ""), False), ((5, "aabb"), False), ((0, ""), True)]
)
def test_bind_verifies_it(keys: str, hashed: tuple[int, str] | None, opt_out: bool, tmp_path: Path) -> None:
    job = job_in(tmp_path, *KEYS[keys], hashed=hashed)._replace(opt_out=opt_out)
    perform(job, time.time())
    how = [] if keys == "split keys" else ["-z"]
    command = ["dnssec-verify", *how, "-o", "example.org", job.signed]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert "Zone fully signed" in done.stdout + done.stderr, done.stderr + Path(job.signed).read_text()


def lines_of(zone: Zone, hashed: Parameters | None = None, old: Zone | None = None) -> tuple[Signer, list[str]]:
    terms = Terms([key(Algorithm.ED25519)], 2, NOW - 1, NOW + VALID, NOW, hashed)
    signer = Signer(zone, terms, old)
    return signer, "".join(signer.lines()).splitlines()


def owners(zone: Denials | None) -> list[str]:
    assert zone is not None
    return [to_text(name) for name in zone._names or ()]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(RECORDS)
def test_the_names_that_are_denied_are_those_of_the_rfcs(records: list[Record]) -> None:
    zone = build([soa(), *(each for each in records if each.type != Type.RRSIG)])
    plain = [each for rrset in zone.rrsets() for each in rrset.records() if each.type != Type.SOA]
    for make, hashed, type_ in ((with_nsec, None, "NSEC"), (with_nsec3, Parameters(), "NSEC3")):
        made = [line.split("\t")[0] for line in lines_of(zone, hashed)[1] if line.split("\t")[3] == type_]
        expected = build(make(plain) if hashed is None else with_nsec3(plain, hashed)).denials
        assert made == owners(expected)


def test_with_opt_out_insecure_delegations_are_not_denied(tmp_path: Path) -> None:
    job = job_in(tmp_path, hashed=(0, ""))
    counts = []
    for opt_out in (False, True):
        perform(job._replace(opt_out=opt_out), NOW)
        text = Path(job.signed).read_text()
        counts.append(text.count("\tNSEC3\t"))
        assert text.count(f"\tNSEC3\t1 {opt_out:d} 0 - ") == counts[-1]
    # Those at insecure and deep.lonely, and the name between that one and the apex.
    assert counts[0] - counts[1] == 3


def test_what_it_holds(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    done = perform(job, NOW)
    text = Path(job.signed).read_text()
    assert done.serial == NOW
    assert done.tags == (key(Algorithm.ED25519).tag,)
    assert f"hostmaster.example.org. {NOW} 3600 600 86400 120\n" in text
    assert text.count("\tCDS\t") == text.count("\tCDNSKEY\t") == text.count("\tDNSKEY\t") == 1
    assert "ns.insecure.example.org.\t300\tIN\tRRSIG" not in text
    assert not list((tmp_path / "out").glob("*.new"))


def test_the_wish_for_no_ds_records_stays(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    Path(job.db).write_text(f"{DB}@ CDS 0 0 0 00\n")
    perform(job, NOW)
    found = re.findall(r"^example\.org\.\t300\tIN\t(CD\w+\t.*)$", Path(job.signed).read_text(), re.MULTILINE)
    assert sorted(found) == ["CDNSKEY\t0 3 0 AA==", "CDS\t0 0 0 00"]


def test_it_is_done_once(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    first, second = perform(job, NOW), perform(job, NOW + 60)
    assert (first.why, second.why) == (f"there is no {job.signed}", "")
    assert second.next == first.next
    assert NOW + AGE - DAY < first.next <= NOW + AGE


@pytest.mark.parametrize(
    ("later", "kept"),
    [(AGE + 1, True), (VALID - 14 * DAY + 1, False)],
)
def test_it_is_done_anew_in_time(later: int, kept: bool, tmp_path: Path) -> None:
    job = job_in(tmp_path)
    made = perform(job, NOW).made
    again = perform(job, NOW + later)
    assert again.why == "it was signed more than 6 days ago"
    assert again.serial == NOW + later
    assert (again.made, again.kept) == (1, made - 1) if kept else (made, 0)


def test_what_did_not_change_keeps_its_signature(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    made = perform(job, NOW).made
    Path(job.db).write_text(DB + "new A 192.0.2.10\n")
    again = perform(job, NOW + 60)
    assert again.why == f"{job.db} has changed"
    # The SOA, the new name and its denial, and the denial ahead of it.
    assert (again.made, again.kept) == (4, made - 2)


def test_a_change_counts_whatever_time_the_file_has(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    perform(job, NOW)
    Path(job.db).write_text(f"{DB}; changed\n")
    os.utime(job.db, (NOW - 60, NOW - 60))
    assert perform(job, NOW + 60).why == f"{job.db} has changed"


@pytest.mark.parametrize("name", ["db", "more"])
def test_a_change_while_it_is_signed_is_not_lost(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = job_in(tmp_path)
    (tmp_path / "db").write_text(f"{DB}$INCLUDE more\n")
    (tmp_path / "more").write_text("more A 192.0.2.10\n")
    lines = Signer.lines

    def changing(signer: Signer) -> Iterator[str]:
        text = (tmp_path / name).read_text()
        (tmp_path / name).write_text(f"{text}late A 192.0.2.11\n")
        return lines(signer)

    with monkeypatch.context() as patched:
        patched.setattr(Signer, "lines", changing)
        perform(job, NOW)
    assert "\nlate.example.org." not in Path(job.signed).read_text()
    assert perform(job, NOW + 60).why == f"{job.db} has changed"
    assert "\nlate.example.org." in Path(job.signed).read_text()


def test_signatures_of_a_clock_that_was_ahead_are_made_anew(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    perform(job, NOW + 3 * DAY)
    again = perform(job, NOW)
    assert again.why == "the signatures begin in the future: the clock was ahead"
    assert (again.kept, again.serial) == (0, NOW + 3 * DAY + 1)
    assert perform(job, NOW + 1).why == ""


def test_other_keys_sign_anew(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    made = perform(job, NOW).made
    stem = keyfiles.write(SigningKey(ORIGIN, ZONE | SEP, key(Algorithm.ECDSAP256SHA256).private), tmp_path)
    both = perform(job._replace(keys=(*job.keys, str(stem))), NOW + 60)
    assert (both.why, both.made) == ("the keys are others", made + 4)  # all, and what is at the apex by the old one too
    assert perform(job._replace(keys=(str(stem),)), NOW + 120).why == "the keys are others"


def test_other_denials_sign_anew(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    perform(job, NOW)
    for hashed, opt_out in (((0, ""), False), ((0, ""), True), ((1, "ab"), True), (None, False)):
        other = job._replace(hashed=hashed, opt_out=opt_out)
        assert perform(other, NOW + 60).why == "names are to be denied otherwise"
        assert perform(other, NOW + 60).why == ""


def test_the_serial_grows_whatever_the_clock_says(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    perform(job, NOW)
    Path(job.db).write_text(f"{DB}; changed\n")
    assert perform(job, NOW).serial == NOW + 1


def test_the_serial_is_no_earlier_than_the_files_own(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    serials = []
    for serial in (2026112601, 2026112601, 2026112701, 7):
        Path(job.db).write_text(f"{DB.replace(' 7 ', f' {serial} ')}; {len(serials)}\n")
        serials.append(perform(job, NOW).serial)
    assert serials == [2026112601, 2026112602, 2026112701, 2026112702]


def test_a_signed_file_that_is_none_is_made_anew(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    perform(job, NOW)
    Path(job.signed).write_text("x x x x\n")
    assert perform(job, NOW + 60).why == f"{job.signed} cannot be read"


def test_an_error_leaves_the_signed_file(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    perform(job, NOW)
    before = Path(job.signed).read_text()
    Path(job.db).write_text(DB + "new A nothing\n")
    with pytest.raises(ZoneError, match=rf"{job.db}:\d+:\d+: "):
        perform(job, NOW + 60)
    assert Path(job.signed).read_text() == before


def test_keys_are_found_in_a_folder(tmp_path: Path) -> None:
    job = job_in(tmp_path, key(Algorithm.ED25519), key(Algorithm.ED25519, ZONE))
    done = perform(job._replace(keys=(), folder=str(tmp_path)), NOW)
    assert len(done.tags) == 2
    with pytest.raises(DnssecError, match="no keys of example"):
        perform(job._replace(keys=(), folder=str(tmp_path / "out")), NOW)


@pytest.mark.parametrize("lost", keyfiles.SUFFIXES)
def test_a_key_that_has_lost_a_half_is_an_error(lost: str, tmp_path: Path) -> None:
    job = job_in(tmp_path, key(Algorithm.ED25519), key(Algorithm.ED25519, ZONE))
    Path(job.keys[0]).with_name(Path(job.keys[0]).name + lost).unlink()
    with pytest.raises(DnssecError, match="No such file"):
        perform(job._replace(keys=(), folder=str(tmp_path)), NOW)


async def test_it_is_done_in_another_process(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    done = await jobs.perform_apart(job)
    assert done.made > 10
    assert (await jobs.perform_apart(job)).why == ""
    with pytest.raises(DnssecError, match="No such file or directory"):
        await jobs.perform_apart(job._replace(db=str(tmp_path / "none")))
