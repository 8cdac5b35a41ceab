"""Which answers are kept and how long, as the RFCs say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns import names
from pydns.records import Class, Rcode, Record, Type
from pydns.reply import Reply
from pydns.wire.message import pack
from pydns.wire.scan import scan
from pydns_plugins.cache.options import Limits, Options
from pydns_plugins.cache.policy import Kind, Verdict, asks, judge

NOW = 1_800_000_000.0
HOST = names.from_text("host.example.net")
OTHER = names.from_text("other.example.net")
SUCCESS, DENIAL, FAILURE = Kind.SUCCESS, Kind.DENIAL, Kind.FAILURE


def options(**other: object) -> Options:
    made = Options((b"\0",), Limits(100, 3600), Limits(100, 1800))
    for name, value in other.items():
        setattr(made, name, value)
    return made


def verdict(kit, reply: Reply, type_: int = Type.A, using: Options | None = None) -> Verdict | None:
    query = kit.question(type_=type_)
    wire = pack(query.wire[12:], reply)
    return judge(wire, scan(wire).entries, query, reply.rcode, using or options(), NOW)


def rrsig(left: int, ttl: int = 300) -> Record:
    """A signature over A that ends in `left` seconds."""
    ends = (int(NOW) + left) % 2**32
    rdata = b"\0\1\x0d\3" + ttl.to_bytes(4) + ends.to_bytes(4) + b"\0\0\0\0" + b"\0\1" + b"\0" + b"sig"
    return Record(b"\3www\7example\3org\0", Type.RRSIG, Class.IN, ttl, rdata)


@pytest.mark.parametrize(
    ("build", "kind", "seconds"),
    [
        # The lowest TTL of the message counts.
        (lambda k: Reply((k.a(300),)), SUCCESS, 300),
        (lambda k: Reply((k.a(300), k.a(60))), SUCCESS, 60),
        (lambda k: Reply((k.a(300),), (k.ns(40),)), SUCCESS, 40),
        (lambda k: Reply((k.a(300),), (), (k.a(50, HOST),)), SUCCESS, 50),
        (lambda k: Reply((k.cname(HOST, 20), k.a(300, HOST))), SUCCESS, 20),
        # The cap and the floor of CoreDNS: MINTTL 5, TTL 3600 and 1800.
        (lambda k: Reply((k.a(100_000),)), SUCCESS, 3600),
        (lambda k: Reply((k.a(1),)), SUCCESS, 5),
        (lambda k: k.nxdomain(100_000, 100_000), DENIAL, 1800),
        # RFC 2181 section 8: a TTL with the highest bit set is zero.
        (lambda k: Reply((k.a(2**31),)), SUCCESS, 5),
        (lambda k: Reply((k.a(2**32 - 1),)), SUCCESS, 5),
        (lambda k: Reply((k.a(2**31 - 1),)), SUCCESS, 3600),
        # RFC 2308 section 5: the SOA's TTL or its MINIMUM, whichever is less.
        (lambda k: k.nxdomain(60, 900), DENIAL, 60),
        (lambda k: k.nxdomain(900, 60), DENIAL, 60),
        (lambda k: k.nodata(60, 900), DENIAL, 60),
        (lambda k: k.nodata(900, 60), DENIAL, 60),
        # RFC 2308 section 5: without SOA a denial is not kept.
        (lambda k: Reply(rcode=Rcode.NXDOMAIN), None, 0),
        (lambda k: Reply(authority=(k.ns(),), rcode=Rcode.NXDOMAIN), None, 0),
        # RFC 2308 sections 2.1 and 2.2: denials at the end of a CNAME chain.
        (lambda k: Reply((k.cname(HOST, 30),), (k.soa(),), rcode=Rcode.NXDOMAIN), DENIAL, 30),
        (lambda k: Reply((k.cname(HOST, 30),), (k.soa(),)), DENIAL, 30),
        # A chain that stops half-way without SOA says nothing.
        (lambda k: Reply((k.cname(HOST),)), None, 0),
        (lambda k: Reply((k.cname(HOST), k.a(300, OTHER))), None, 0),
        # RFC 1034 section 3.6.2: a loop is an error; RFC 2181 section 10.1: one canonical name.
        (lambda k: Reply((k.cname(HOST), k.cname(k.WWW, owner=HOST))), None, 0),
        (lambda k: Reply((k.cname(k.WWW),)), None, 0),
        (lambda k: Reply((k.cname(HOST), k.cname(OTHER), k.a(300, HOST))), None, 0),
        (lambda k: Reply((k.cname(HOST), k.cname(HOST), k.a(300, HOST))), SUCCESS, 300),
        (lambda k: Reply((k.a(300, HOST), k.cname(HOST))), SUCCESS, 300),
        # An answer without records, and a referral, for the least time.
        (lambda k: Reply(), SUCCESS, 5),
        (lambda k: Reply(additional=(k.a(200, HOST),)), SUCCESS, 200),
        (lambda k: Reply(authority=(k.ns(86400),)), SUCCESS, 5),
        # RFC 9520 section 3.2, RFC 2308 section 7: failures.
        (lambda k: Reply(rcode=Rcode.SERVFAIL), FAILURE, 5),
        (lambda k: Reply(rcode=Rcode.NOTIMP), FAILURE, 5),
        (lambda k: Reply(rcode=Rcode.REFUSED), None, 0),
        (lambda k: Reply(rcode=Rcode.FORMERR), None, 0),
        (lambda k: Reply(rcode=Rcode.BADVERS), None, 0),
        # RFC 2181 section 9: a cut answer is not kept.
        (lambda k: Reply((k.a(),), flags=Reply.TC), None, 0),
        # RFC 4035 section 5.3.3: not beyond the signature, whatever MINTTL says.
        (lambda k: Reply((k.a(300), rrsig(100))), SUCCESS, 100),
        (lambda k: Reply((k.a(300), rrsig(2))), SUCCESS, 2),
        (lambda k: Reply((k.a(300), rrsig(1000))), SUCCESS, 300),
        (lambda k: Reply((k.a(300), rrsig(0))), None, 0),
        (lambda k: Reply((k.a(300), rrsig(-1))), None, 0),
        # RFC 8945 section 5.3.1, RFC 2931 section 3.1: signatures of one transaction.
        (lambda k: Reply((k.a(),), (), (Record(b"\3key\0", Type.TSIG, Class.ANY, 0, b"\0" * 20),)), None, 0),
        (lambda k: Reply((k.a(),), (), (Record(b"\0", Type.SIG, Class.ANY, 0, b"\0" * 20),)), None, 0),
    ],
)
def test_what_is_kept_and_for_how_many_seconds(kit, build, kind, seconds):
    found = verdict(kit, build(kit))
    assert (found and found.kind, found.seconds if found else 0) == (kind, seconds)


@pytest.mark.parametrize(
    ("type_", "answers"),
    [(Type.CNAME, True), (Type.ANY, True), (Type.A, False), (Type.AAAA, False)],
)
def test_a_lone_cname_answers_only_who_asked_for_it(kit, type_, answers):
    found = verdict(kit, Reply((kit.cname(HOST),)), type_)
    assert (found is not None and found.answers) is answers


def test_the_targets_of_the_chain_are_told(kit):
    reply = Reply((kit.cname(HOST), kit.cname(OTHER, owner=HOST), kit.a(300, OTHER)))
    found = verdict(kit, reply)
    assert found is not None
    assert found.targets == (HOST, OTHER)


@pytest.mark.parametrize(
    ("build", "shown"),
    [
        (lambda k: Reply((k.cname(HOST, 900), k.a(30, HOST))), [900, 30]),  # each its own
        (lambda k: Reply((k.a(1),), (k.ns(100_000),)), [5, 3600]),
        (lambda k: k.nodata(3600, 60), [60]),  # RFC 2308 section 3
        (lambda k: Reply((k.a(300), rrsig(100))), [100, 100]),
    ],
)
def test_the_ttls_that_clients_see(kit, build, shown):
    found = verdict(kit, build(kit))
    assert found is not None
    assert [ttl for _, ttl in found.ttls] == shown


def test_the_offsets_are_those_of_the_ttls(kit):
    query = kit.question()
    wire = pack(query.wire[12:], Reply((kit.a(77), kit.a(88))))
    found = judge(wire, scan(wire).entries, query, 0, options(), NOW)
    assert found is not None
    assert [int.from_bytes(wire[offset : offset + 4]) for offset, _ in found.ttls] == [77, 88]


def test_a_ttl_of_zero_is_not_kept_where_minttl_is_zero(kit):
    using = options(success=Limits(100, 3600, 0), denial=Limits(100, 1800, 0))
    assert verdict(kit, Reply((kit.a(0),)), using=using) is None
    assert verdict(kit, kit.nxdomain(0), using=using) is None


def test_the_most_wins_over_the_least(kit):
    found = verdict(kit, Reply((kit.a(1),)), using=options(success=Limits(100, 3, 10)))
    assert found is not None
    assert found.seconds == 3


def test_servfail_zero_keeps_no_failure(kit):
    assert verdict(kit, Reply(rcode=Rcode.SERVFAIL), using=options(failure=0.0)) is None


@pytest.mark.parametrize(
    ("option", "zone", "build", "kept"),
    [
        ("no_success", "example.org", lambda k: Reply((k.a(),)), False),
        ("no_success", "example.org", lambda k: k.nxdomain(), True),
        ("no_success", "example.net", lambda k: Reply((k.a(),)), True),
        ("no_denial", "example.org", lambda k: k.nxdomain(), False),
        ("no_denial", "example.org", lambda k: k.nodata(), False),
        ("no_denial", "example.org", lambda k: k.servfail(), False),
        ("no_denial", "example.org", lambda k: Reply((k.a(),)), True),
        ("no_denial", "ample.org", lambda k: k.nxdomain(), True),
    ],
)
def test_a_store_is_disabled_for_zones(kit, option, zone, build, kept):
    using = options(**{option: frozenset((names.from_text(zone),))})
    assert (verdict(kit, build(kit), using=using) is not None) is kept


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda wire: wire, True),
        (lambda wire: wire.replace(b"\3www", b"\3wWw"), True),
        (lambda wire: wire.replace(b"\3www", b"\3xxx"), False),
        (lambda wire: wire[:4] + b"\0\0" + wire[6:], False),
        (lambda wire: wire[:-3] + b"\x1c" + wire[-2:], False),
        (lambda wire: wire[:-1] + b"\3", False),
    ],
)
def test_an_answer_is_to_the_question(kit, change, same):
    query = kit.question()
    assert asks(change(pack(query.wire[12:], Reply())), query) is same


def test_the_octets_of_type_and_class_are_not_folded(kit):
    upper = kit.question(type_=Type.HTTPS)  # 65, the code of A
    assert asks(pack(upper.wire[12:], Reply()), upper)
    assert not asks(pack(upper.wire[12:-4] + b"\0\x61\0\1", Reply()), upper)


@given(st.lists(st.integers(0, 2**32 - 1), max_size=5), st.integers(0, 600), st.integers(1, 7200))
def test_no_ttl_leaves_the_bounds(found, least, most):
    records = tuple(Record(b"\3www\7example\3org\0", Type.A, Class.IN, ttl, b"\1\2\3\4") for ttl in found)
    wire = pack(b"\3www\7example\3org\0\0\1\0\1", Reply(records))
    query = _QUERY
    given_ = judge(wire, scan(wire).entries, query, 0, options(success=Limits(9, most, least)), NOW)
    if given_ is None:
        assert least == 0
        return
    assert min(least, most) <= given_.seconds <= most
    assert all(given_.seconds <= ttl <= most for _, ttl in given_.ttls)


class _Question:
    """What the policy reads of a query."""

    name = b"\3www\7example\3org\0"
    type = Type.A
    class_ = Class.IN


_QUERY = _Question()
