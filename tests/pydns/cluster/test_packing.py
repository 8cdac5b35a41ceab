"""Packed answers are those that records would be."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pydns import names
from pydns.cluster.answers import Options
from pydns.cluster.index import Exposed, Index
from pydns.cluster.lookup import Lookup
from pydns.records import Rcode, Type
from pydns.services.reader import read

CLUSTER = Path(__file__).parents[2] / "plugins/kubernetes/cluster.toml"
ZONE = names.from_text("cluster.local")


def lookup() -> Lookup:
    index = Index(Exposed((ZONE,), pods=True))
    index.put_all(read(CLUSTER.read_text(), "cluster.toml"))
    return Lookup(index, Options(pods="insecure"), lambda zone: ())


_LOOKUP = lookup()
_KNOWN = [label for key in _LOOKUP.index.entries for label in names.labels(key + b"\0")]
_labels = st.lists(
    st.sampled_from([*_KNOWN, b"svc", b"pod", b"dns", b"ns", b"_tcp", b"none", b"dns-version", b"\x03svc"])
    | st.binary(min_size=1, max_size=8).map(bytes.lower),
    max_size=4,
)


@given(_labels, st.booleans(), st.sampled_from([Type.A, Type.AAAA, Type.TXT, Type.SRV]))
def test_a_packed_answer_says_what_the_records_say(labels: list[bytes], service: bool, type_: Type) -> None:
    labels = [*labels, b"svc"] if service else labels
    name = b"".join(bytes((len(label),)) + label for label in labels) + ZONE
    packed = _LOOKUP.packed(name, type_, ZONE)
    if packed is None:
        return
    flags, answers, authorities, octets, by = packed
    found = _LOOKUP.find(name, type_, ZONE)
    assert flags == 0x0400 | (Rcode.NXDOMAIN if found is None else 0)
    records = found.answer if found is not None else ()
    assert answers == len(records)
    assert authorities == (0 if records else 1)
    owners = [b"\xc0\x0c"] * answers + [(0xC00C + len(name) - len(ZONE)).to_bytes(2)] * authorities
    expected = zip(owners, (*records, *(() if records else _LOOKUP.soa(ZONE))), strict=True)
    assert octets == b"".join(
        owner
        + record.type.to_bytes(2)
        + record.class_.to_bytes(2)
        + record.ttl.to_bytes(4)
        + len(record.rdata).to_bytes(2)
        + record.rdata
        for owner, record in expected
    )
    assert by == "kubernetes"


def test_names_of_services_that_are_not_there_are_packed() -> None:
    assert _LOOKUP.packed(names.from_text("none.shop.svc.cluster.local"), Type.A, ZONE) is not None
