"""What tells two questions apart in the cache."""

import pytest

from pydns.records import Class, Type
from pydns_plugins.cache.key import key_of

SUBNET = (8, b"\0\1\x18\0\xc0\0\2")
OTHER_SUBNET = (8, b"\0\1\x18\0\xc6\x33\x64")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"name": "www.example.org"}, {"name": "example.org"}),
        ({"type_": Type.A}, {"type_": Type.AAAA}),
        ({"class_": Class.IN}, {"class_": Class.CH}),
        ({"do": True}, {"do": False}),  # RFC 4035 section 3.2.1
        ({"do": True, "co": True}, {"do": True}),  # RFC 9824 section 5.1
        ({"cd": True}, {"cd": False}),  # RFC 4035 section 4.7
        ({"rd": True}, {"rd": False}),
        # RFC 7871 section 7.3.1
        ({"options": (SUBNET,)}, {}),
        ({"options": (SUBNET,)}, {"options": (OTHER_SUBNET,)}),
        ({"options": ((8, b""),)}, {}),
    ],
)
def test_these_are_different(kit, one, other):
    assert key_of(kit.question(**one)) != key_of(kit.question(**other))


@pytest.mark.parametrize(("option", "counts"), [((65001, b"added"), True), ((10, b"cookie00"), False)])
def test_an_option_that_a_plugin_adds_counts_where_upstreams_see_it(kit, option, counts):
    plain = kit.question(do=False)
    added = plain.replace(edns=plain.edns._replace(options=(option,)))
    assert (key_of(plain) != key_of(added)) is counts


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"name": "WWW.example.ORG"}, {"name": "www.example.org"}),  # RFC 4343
        ({"do": False}, {}),
        ({"ad": True}, {}),
        ({"options": ((10, b"cookie00"),)}, {}),
        ({"options": ((65001, b"whatever"),)}, {}),
        ({"transport": "tcp"}, {"transport": "udp"}),
    ],
)
def test_these_are_the_same(kit, one, other):
    assert key_of(kit.question(**one)) == key_of(kit.question(**other))
