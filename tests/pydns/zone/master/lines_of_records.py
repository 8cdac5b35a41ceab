"""Hypothesis's lines of a zone file: each with one record, plain or not, right or slightly wrong."""

from __future__ import annotations

from hypothesis import strategies as st

_LABELS = st.sampled_from(["a", "B", "www", "xn--bcher-kva", "_tcp", "*", "x" * 63])
NAMES = st.one_of(
    st.lists(_LABELS, min_size=1, max_size=3).map(".".join),
    st.sampled_from(["@", ".", "ns.example.org.", "Other.", "a.b.c.example.org.", "example.org.", "1.2.3.4", "a\\.b"]),
    st.sampled_from(["a..b", "\\", "x" * 64]),
)
_NUMBERS = st.one_of(
    st.integers(0, 300).map(str), st.sampled_from(["65535", "65536", "4294967295", "4294967296", "x", "-1"])
)
_HEX = st.one_of(st.binary(min_size=1, max_size=40).map(bytes.hex), st.sampled_from(["AB", "abc", "zz"]))
_DIGESTS = st.one_of(
    st.tuples(st.just("1"), st.just("ab" * 20)), st.tuples(st.just("2"), st.just("AB" * 32)), st.tuples(_NUMBERS, _HEX)
).map(" ".join)
_BASE64 = st.sampled_from(["AQAB", "AwEA AaJr", "q8uy/Q==", "q8uy/Q", "a", "====", "!"])
_TIMES = st.sampled_from(["20260101000000", "20261231235959", "1767225600", "20261301000000", "x"])
_TYPES = st.lists(st.sampled_from(["A", "NS", "TYPE65280", "RRSIG", "caa", "TYPE1"]), min_size=1, max_size=5).map(
    " ".join
)
_HASHES = st.sampled_from(["2T7B4G4VSA5SMI47K61MV5BV1A22BOJR", "2t7b4g4vsa5smi47k61mv5bv1a22bojr", "00", "0", "w!"])
_ALGORITHMS = st.sampled_from(["8", "13", "RSASHA256", "ecdsap256sha256", "256"])
TEXTS = st.lists(
    st.sampled_from(["abc", '"a b"', '""', '"\\065;"', "\\;x", "\\255", "\\256", "z" * 255, "z" * 256, '"a\\"b"', "@"]),
    min_size=1,
    max_size=3,
).map(" ".join)
_STRING = st.sampled_from(["u", '"E2U+sip"', '""', "x.y", '"!^.*$!a!"'])


def _row(type_: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, str]]:
    return st.tuples(st.just(type_), st.tuples(*parts).map(" ".join))


RDATA = st.one_of(
    _row("A", st.sampled_from(["192.0.2.1", "0.0.0.0", "1.2.3", "1.2.3.256", "01.2.3.4", "::1", "1.2.3.4 5"])),
    _row("AAAA", st.sampled_from(["2001:db8::1", "::", "::ffff:192.0.2.1", "1.2.3.4", "::1%lo", "2001:DB8::A", "g::"])),
    *(_row(type_, NAMES) for type_ in ("NS", "CNAME", "DNAME", "PTR")),
    _row("MX", _NUMBERS, NAMES),
    _row("KX", _NUMBERS, NAMES),
    _row("AFSDB", _NUMBERS, NAMES),
    _row("RP", NAMES, NAMES),
    _row("SRV", _NUMBERS, _NUMBERS, _NUMBERS, NAMES),
    _row("TXT", TEXTS),
    _row("SPF", TEXTS),
    _row("HINFO", _STRING, _STRING),
    _row("NAPTR", _NUMBERS, _NUMBERS, _STRING, _STRING, _STRING, NAMES),
    _row("URI", _NUMBERS, _NUMBERS, st.sampled_from(['"https://example.org/"', '""', '"a\\"b"'])),
    _row("CAA", _NUMBERS, st.sampled_from(["issue", "iodef", "a-b"]), st.sampled_from(['"ca.example"', "x", '"a;b"'])),
    _row("DS", _NUMBERS, _ALGORITHMS, _DIGESTS),
    _row("CDS", _NUMBERS, _ALGORITHMS, _DIGESTS),
    _row("DNSKEY", _NUMBERS, st.just("3"), _ALGORITHMS, _BASE64),
    _row("TLSA", _NUMBERS, _NUMBERS, _NUMBERS, _HEX),
    _row("SSHFP", _NUMBERS, _NUMBERS, _HEX),
    _row(
        "RRSIG", st.sampled_from(["A", "TYPE65280", "x"]), _ALGORITHMS, _NUMBERS, _NUMBERS, _TIMES, _TIMES, _NUMBERS,
        NAMES, _BASE64,
    ),
    _row("NSEC", NAMES, _TYPES),
    _row(
        "NSEC3", _NUMBERS, _NUMBERS, _NUMBERS, st.sampled_from(["-", "aabb", "abc"]),
        _HASHES, _TYPES,
    ),
    _row("NSEC3PARAM", _NUMBERS, _NUMBERS, _NUMBERS, st.sampled_from(["-", "aabb"])),
)  # fmt: skip

_AHEAD = st.sampled_from(["", "IN", "in", "60", "1h", "60 IN", "IN 60", "IN IN", "60 60", "3000000000", "CH"])
_OWNERS = st.one_of(NAMES, st.sampled_from(["", "", "WWW.EXAMPLE.ORG.", "xexample.org.", "org.", '"a"', "$A", "\\$A"]))
LINES = st.builds(
    lambda owner, ahead, row, lower, tail: f"{owner} {ahead} {row[0].lower() if lower else row[0]} {row[1]}{tail}",
    _OWNERS,
    _AHEAD,
    RDATA,
    st.booleans(),
    st.sampled_from(["", "", "", " ; note", " \t", "\r", " (", " )", " extra"]),
)
FILES = st.lists(
    st.one_of(
        LINES, LINES, LINES, st.sampled_from(["", "$ORIGIN sub", "$ORIGIN Example.Org.", "$ORIGIN com.", "$TTL 5"])
    ),
    max_size=8,
).map("\n".join)
