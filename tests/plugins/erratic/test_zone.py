from __future__ import annotations

import pytest

from pydns import names
from pydns.records import Type
from pydns_plugins.erratic.zone import transfer

ZONE = names.from_text("example.org")
LONGEST = names.from_text(".".join(["x" * 63, "y" * 63, "z" * 63, "w" * 61]))  # 255 octets


def test_the_zone_has_two_name_servers_with_addresses() -> None:
    types = [record.type for record in transfer(ZONE, whole=True)]
    assert types == [Type.SOA, Type.NS, Type.NS, Type.AAAA, Type.AAAA, Type.SOA]


@pytest.mark.parametrize("zone", [names.ROOT, ZONE, LONGEST])
def test_each_name_is_one(zone: bytes) -> None:
    # RFC 1035 section 2.3.4: a name has at most 255 octets.
    records = transfer(zone, whole=False)
    owners = [record.owner for record in records] + [r.rdata for r in records if r.type == Type.NS]
    assert all(len(name) <= names.MAX_LENGTH and names.is_within(name, zone) for name in owners)


def test_what_is_not_whole_lacks_the_last_soa() -> None:
    assert transfer(ZONE, whole=False) == transfer(ZONE, whole=True)[:-1]
