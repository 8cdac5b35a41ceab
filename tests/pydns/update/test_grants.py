"""Who may change what."""

from __future__ import annotations

import pytest

from pydns import names
from pydns.records import Ede, Rcode, Record, Type
from pydns.steps import whole
from pydns.update.errors import UpdateError
from pydns.update.grants import KEPT_BACK, Grant, Names, check_permission, of_key
from tests.pydns.update.messages import add, address, delete
from tests.pydns.zone.zones import absolute, record, zone_of

KEY = absolute("host")
ZONE = zone_of(
    record("@", "NS", "ns"), record("host", "A", address(1)), record("host", "TXT", b"\x01x"), record("host", "NS", "a")
)
BELOW = absolute("a.b")


def is_allowed(grants: list[Grant], *changes: Record) -> bool:
    try:
        whole(check_permission(grants, ZONE, changes))
    except UpdateError as error:
        if (error.rcode, error.code) != (Rcode.REFUSED, Ede.PROHIBITED):
            raise
        return False
    return True


@pytest.mark.parametrize(
    ("grant", "allowed"),
    [
        (Grant(KEY), ["@", "host", "x.host", "b", "a.b", "x.a.b", "xa.b"]),
        (Grant(KEY, Names.SELF), ["host"]),
        (Grant(KEY, Names.SELFSUB), ["host", "x.host"]),
        (Grant(KEY, Names.NAME, BELOW), ["a.b"]),
        (Grant(KEY, Names.SUBDOMAIN, BELOW), ["a.b", "x.a.b"]),
        (Grant(KEY, Names.WILDCARD, BELOW), ["x.a.b"]),
    ],
)
def test_names(grant: Grant, allowed: list[str]) -> None:
    owners = ["@", "host", "x.host", "b", "a.b", "x.a.b", "xa.b"]
    assert [owner for owner in owners if is_allowed([grant], add(owner, "A", address(1)))] == allowed


@pytest.mark.parametrize(
    ("grant", "allowed"),
    [
        (Grant(KEY), ["A", "TXT", "NS", "SOA"]),
        (Grant(KEY, types=KEPT_BACK), ["A", "TXT"]),
        (Grant(KEY, types=frozenset((1, 2)), save=False), ["A", "NS"]),
    ],
)
def test_types(grant: Grant, allowed: list[str]) -> None:
    assert [type_ for type_ in ["A", "TXT", "NS", "SOA"] if is_allowed([grant], delete("host", type_))] == allowed


def test_all_of_a_name_goes_only_where_each_type_is_given() -> None:
    own = Grant(KEY, Names.SELF, types=frozenset((1, 16)), save=False)
    assert not is_allowed([own], delete("host"))
    assert is_allowed([own, Grant(KEY, Names.SELF, types=frozenset((2,)), save=False)], delete("host"))


def test_all_of_nothing_goes_where_the_name_is_given() -> None:
    assert is_allowed([Grant(KEY, Names.NAME, BELOW)], delete("a.b"))
    assert not is_allowed([Grant(KEY, Names.NAME, BELOW)], delete("b"))


def test_of_the_apex_the_soa_and_the_ns_stay_and_need_no_grant() -> None:
    assert is_allowed([Grant(KEY, types=KEPT_BACK)], delete("@"))


def test_one_change_that_is_not_allowed_is_enough() -> None:
    grant = Grant(KEY, Names.SELF)
    assert not is_allowed([grant], add("host", "A", address(2)), add("b", "A", address(2)))
    assert is_allowed([grant])


@pytest.mark.parametrize("type_", ["RRSIG", "NSEC", "NSEC3", "NSEC3PARAM"])
def test_what_only_a_signer_makes_nobody_adds(type_: str) -> None:
    """Else one update could make a zone that takes no more of them."""
    assert not is_allowed([Grant(KEY)], add("host", type_, b"x"))
    assert is_allowed([Grant(KEY)], delete("host", type_), delete("host", type_, b"x"))


def test_many_are_looked_at_in_steps() -> None:
    assert len(list(check_permission([Grant(KEY)], ZONE, [delete("host")] * 1000))) >= 10


def test_a_keys_own() -> None:
    one, other = Grant(KEY), Grant(names.from_text("other"))
    assert of_key([one, other, one], KEY) == (one, one)
    assert of_key([one], other.key) == ()
    assert int(Type.NS) in KEPT_BACK
