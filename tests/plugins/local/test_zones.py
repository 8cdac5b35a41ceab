from __future__ import annotations

import pytest

from pydns import names
from pydns.records import Type
from pydns_plugins.local.zones import CONTENTS, ZONES


@pytest.mark.parametrize("name", sorted(CONTENTS))
def test_each_name_lies_in_a_zone(name: bytes) -> None:
    assert names.longest_match(name, ZONES)


@pytest.mark.parametrize("zone", sorted(ZONES))
def test_each_zone_begins_with_soa_and_ns(zone: bytes) -> None:
    assert {Type.SOA, Type.NS} <= CONTENTS[zone].keys()


@pytest.mark.parametrize("name", sorted(CONTENTS.keys() - ZONES))
def test_each_parent_of_a_name_exists(name: bytes) -> None:
    assert names.parent(name) in CONTENTS
