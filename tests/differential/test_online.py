"""Zones that are signed as they are asked: all signatures hold, nothing lacks one, denials deny what is not there."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from pydns.dnssec import keyfiles
from pydns.dnssec.algorithm import Algorithm
from pydns.dnssec.key import SEP, ZONE
from pydns.dnssec.keyfiles import SigningKey
from pydns.dnssec.private import generate
from pydns.names import from_text
from tests.differential.asking import ask_all
from tests.differential.batch import Batch, batch, written
from tests.differential.pydns import Pydns
from tests.differential.test_differential import how_many
from tests.e2e.programs import free_port
from tests.peers.zones import PeerZone

QUESTIONS: Final = 40
"""To each case."""
_NXNAME: Final = 128

Keys = Mapping[dns.name.Name, dns.rrset.RRset]
"""Those of each zone that is signed."""

Section = Sequence[dns.rrset.RRset]


class Asked(NamedTuple):
    """The answers without DO and with it."""

    plain: dns.message.Message
    signed: dns.message.Message


class Outcome(NamedTuple):
    keys: Keys
    apexes: frozenset[dns.name.Name]
    asked: list[Asked]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    count, number = how_many()
    print(f"DIFFERENTIAL={count}:{number}")
    folder = tmp_path_factory.mktemp("online")
    generated = batch(written(count // 2, number + 2), random.Random(number), QUESTIONS, signed=True)
    # Those below another zone are signed by turns, so that delegations are secure, insecure, and of unsigned children.
    apexes = [dns.name.from_text(zone) for zone in generated.zones]
    signed = [apex for i, apex in enumerate(apexes) if len(apex) == 3 or i % 2]
    key = SigningKey(from_text("test."), ZONE | SEP, generate(Algorithm.ED25519, 0))
    stem = keyfiles.write(key, folder)

    class Signing(Pydns):
        plugins = (f"dnssec {' '.join(map(str, signed))} {{", f"key file {stem}", "denial compact", "}")

    public = keyfiles.record_text(key).split("DNSKEY")[1]
    keys = {apex: dns.rrset.from_text(apex, 3600, "IN", "DNSKEY", public) for apex in signed}
    return Outcome(keys, frozenset(apexes), ask(generated, Signing, folder))


def ask(batch: Batch, server: type[Pydns], folder: Path) -> list[Asked]:
    zones = [PeerZone(name.rstrip("."), text) for name, text in batch.zones.items()]
    questions = list(dict.fromkeys(question._replace(do=False) for _, question in batch.questions))
    with server(folder, free_port(), zones) as peer:
        plain, signed = (
            [dns.message.from_wire(wire) for wire in ask_all(peer.port, [each._replace(do=do) for each in questions])]
            for do in (False, True)
        )
    return [Asked(*both) for both in zip(plain, signed, strict=True)]


def fail(outcome: Outcome, found: Iterator[tuple[Asked, str]]) -> None:
    faults = list(found)
    if faults:
        shown = "\n\n".join(f"{text}\n{asked.signed}\nwithout DO:\n{asked.plain}" for asked, text in faults[:3])
        pytest.fail(f"{len(faults)} of {len(outcome.asked)}\n\n{shown}", pytrace=False)


def zone_of(outcome: Outcome, name: dns.name.Name, type_: int) -> dns.name.Name | None:
    """The apex of the zone that has a name's records, of those that are here; DS are the parent's."""
    if type_ == dns.rdatatype.DS and len(name) > 1:
        name = name.parent()
    while name not in outcome.apexes:
        if len(name) == 1:
            return None
        name = name.parent()
    return name


def end_of(message: dns.message.Message) -> dns.name.Name:
    """The last name of the chain."""
    name: dns.name.Name = message.question[0].name
    for _ in message.answer:
        alias = find(message.answer, name, dns.rdatatype.CNAME)
        if alias is None or message.question[0].rdtype == dns.rdatatype.CNAME:
            break
        name = alias[0].target
    return name


def find(section: Section, name: dns.name.Name, type_: int, covers: int = 0) -> dns.rrset.RRset | None:
    return next((each for each in section if (each.name, each.rdtype, each.covers) == (name, type_, covers)), None)


def signatures(section: Section, name: dns.name.Name, type_: int) -> dns.rrset.RRset | None:
    return find(section, name, dns.rdatatype.RRSIG, type_)


def follows(section: Section, rrset: dns.rrset.RRset) -> bool:
    """Whether it is a CNAME that follows from a DNAME."""
    return rrset.rdtype == dns.rdatatype.CNAME and any(
        each.rdtype == dns.rdatatype.DNAME and rrset.name.is_subdomain(each.name) for each in section
    )


def test_every_signature_holds(outcome: Outcome) -> None:
    def faults() -> Iterator[tuple[Asked, str]]:
        for asked in outcome.asked:
            for section in asked.signed.sections[1:]:
                for rrset in section:
                    signed = signatures(section, rrset.name, rrset.rdtype)
                    if signed is not None:
                        try:
                            dns.dnssec.validate(rrset, signed, outcome.keys)
                        except dns.dnssec.ValidationFailure as error:
                            yield asked, f"{rrset.name} {rrset.rdtype!r}: {error}"

    fail(outcome, faults())


def test_nothing_lacks_a_signature(outcome: Outcome) -> None:
    def faults() -> Iterator[tuple[Asked, str]]:
        for asked in outcome.asked:
            for section in (asked.signed.answer, asked.signed.authority):
                for rrset in section:
                    if rrset.rdtype == dns.rdatatype.RRSIG or follows(section, rrset):
                        continue
                    if section is asked.signed.authority and rrset.rdtype == dns.rdatatype.NS:
                        continue  # a referral's
                    signed = signatures(section, rrset.name, rrset.rdtype)
                    zone = zone_of(outcome, rrset.name, rrset.rdtype)
                    if (signed is None) == (zone in outcome.keys) and rrset.rdtype != dns.rdatatype.NSEC:
                        yield asked, f"{rrset.name} {rrset.rdtype!r}: {'not ' if signed is None else ''}signed"

    fail(outcome, faults())


def test_referrals_are_secure_or_denied_to_be(outcome: Outcome) -> None:
    def faults() -> Iterator[tuple[Asked, str]]:
        for asked in outcome.asked:
            authority = asked.signed.authority
            for rrset in authority:
                if (
                    rrset.rdtype != dns.rdatatype.NS
                    or zone_of(outcome, rrset.name, dns.rdatatype.DS) not in outcome.keys
                ):
                    continue
                secure = signatures(authority, rrset.name, dns.rdatatype.DS)
                denied = signatures(authority, rrset.name, dns.rdatatype.NSEC)
                if (secure is None) == (denied is None):
                    yield asked, f"{rrset.name} is neither secure nor insecure, or both"
                elif denied is not None:
                    types = types_of(find(authority, rrset.name, dns.rdatatype.NSEC))
                    if types != {dns.rdatatype.NS, dns.rdatatype.NSEC, dns.rdatatype.RRSIG}:
                        yield asked, f"{rrset.name} has {types}"

    fail(outcome, faults())


def types_of(nsec: dns.rrset.RRset | None) -> set[int]:
    assert nsec is not None
    return {
        window << 8 | i << 3 | bit
        for window, octets in getattr(nsec[0], "windows", ())
        for i, bits in enumerate(octets)
        for bit in range(8)
        if bits & 0x80 >> bit
    }


def test_denials_deny_what_is_not_there(outcome: Outcome) -> None:
    def faults() -> Iterator[tuple[Asked, str]]:
        for asked in outcome.asked:
            plain, signed = asked
            name, type_ = end_of(plain), plain.question[0].rdtype
            if type_ in (dns.rdatatype.NSEC, dns.rdatatype.RRSIG) or signed.flags & dns.flags.TC:
                continue
            if plain.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                continue
            soa = [rrset for rrset in plain.authority if rrset.rdtype == dns.rdatatype.SOA]
            if not soa or soa[0].name not in outcome.keys:
                if plain.rcode() != signed.rcode():
                    yield asked, "another rcode"
                continue
            nsec = find(signed.authority, name, dns.rdatatype.NSEC)
            if nsec is None or signed.rcode() != dns.rcode.NOERROR:
                yield asked, "no denial"
                continue
            types = types_of(nsec)
            if (_NXNAME in types) is not (plain.rcode() == dns.rcode.NXDOMAIN) or types & {type_, dns.rdatatype.CNAME}:
                yield asked, f"it has {types}"
            elif not name < nsec[0].next:
                yield asked, "no successor"

    fail(outcome, faults())


def test_what_there_is_is_the_same(outcome: Outcome) -> None:
    def faults() -> Iterator[tuple[Asked, str]]:
        for asked in outcome.asked:
            if asked.signed.flags & dns.flags.TC:
                continue
            signed = [
                each for each in asked.signed.answer if each.rdtype not in (dns.rdatatype.RRSIG, dns.rdatatype.NSEC)
            ]
            if signed != asked.plain.answer:
                yield asked, "another answer"

    fail(outcome, faults())
