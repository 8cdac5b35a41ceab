import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.steps import whole
from pydns_plugins.hosts.reader import MAX_FAULTS, Fault, Reading, name_fault, read, shown


def reading(data: bytes, *zones: bytes) -> Reading:
    return whole(read(data, zones or (b"",)))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"192.0.2.1 a.example.org\n", b"192.0.2.1 a.example.org\n"),
        (b"192.0.2.1 a.example.org", b"192.0.2.1 a.example.org\n"),
        (b"192.0.2.1 A.Example.ORG.\n", b"192.0.2.1 a.example.org\n"),
        (b"192.0.2.1\t a\r\n::1 b\r\n", b"192.0.2.1\t a\n::1 b\n"),
        (b"192.0.2.1 a\r", b"192.0.2.1 a\n"),
        (b"\xef\xbb\xbf192.0.2.1 a\n", b"192.0.2.1 a\n"),
        (b"# 192.0.2.1 a\n\n  192.0.2.2 b c # d\n", b"\n\n192.0.2.2 b c\n"),
        (b"192.0.2.1 a#b\n", b"192.0.2.1 a\n"),
        (b"2001:DB8:0:0::1 a\n", b"2001:db8::1 a\n"),
        (b"::ffff:192.0.2.1 a\n", b"192.0.2.1 a\n"),
        (b"192.0.2.1 *.a *\n", b"192.0.2.1 *.a *\n"),
        ("192.0.2.1 b\u00fccher\n".encode(), "192.0.2.1 b\u00fccher\n".encode()),
        (b"", b""),
    ],
)
def test_good_lines_are_taken(data: bytes, text: bytes) -> None:
    found = reading(data)
    assert found.text == text
    assert found.fault_count == 0


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (b"192.0.2.300 a", "'192.0.2.300' is no IP address; the line is left out"),
        (b"192.0.2.01 a", "'192.0.2.01' is no IP address; the line is left out"),
        (b"www.example.org 192.0.2.1", "'www.example.org' is no IP address; the line is left out"),
        (b"\x00\x00\x00", "'\\x00\\x00\\x00' is no IP address; the line is left out"),
        (b"192.0.2.1", "no name behind the address '192.0.2.1'"),
        (b"192.0.2.1 # a", "no name behind the address '192.0.2.1'"),
        (b"192.0.2.1 a\x00b", "host name 'a\\x00b' holds the byte 0; the name is left out"),
        (b"192.0.2.1 a\\b", "host name 'a\\\\b' holds a backslash; the name is left out"),
        (b"192.0.2.1 a..b", "empty label in host name 'a..b'; the name is left out"),
        (b"192.0.2.1 .", "'.' is no host name; the name is left out"),
        (
            b"192.0.2.1 " + b"a" * 64,
            f"label of 64 octets in host name '{'a' * 40}...', at most 63; the name is left out",
        ),
        (
            b"192.0.2.1 " + b"a" * 70_000,
            f"host name '{'a' * 40}...' of 70000 octets, at most 253; the name is left out",
        ),
    ],
)
def test_a_bad_line_is_named_and_the_lines_around_it_are_used(bad: bytes, fault: str) -> None:
    found = reading(b"192.0.2.8 before\n" + bad + b"\n192.0.2.9 after\n")
    assert found.text == b"192.0.2.8 before\n\n192.0.2.9 after\n"
    assert found.faults == (Fault(2, fault),)


def test_the_good_names_of_a_line_are_used_and_its_bad_ones_named() -> None:
    found = reading(b"192.0.2.1 good b..ad fine\n")
    assert found.text == b"192.0.2.1 good fine\n"
    assert found.faults == (Fault(1, "empty label in host name 'b..ad'; the name is left out"),)


# RFC 1035 section 2.3.4: 255 octets with length octets and the root, which are 253 as text.
@pytest.mark.parametrize(("length", "good"), [(253, True), (254, False)])
def test_a_name_has_at_most_253_octets_as_text(length: int, good: bool) -> None:
    name = (b"a" * 49 + b".") * 5 + b"b" * (length - 250)
    assert (reading(b"192.0.2.1 " + name).entries == 1) is good
    assert (reading(b"192.0.2.1 x " + name).entries == 2) is good


def test_a_line_of_70000_characters_is_used_whole() -> None:
    names = [b"host-%d" % i for i in range(7_000)]
    found = reading(b"192.0.2.1 " + b" ".join(names) + b"\n192.0.2.2 next\n")
    assert found.entries == 7_001
    assert found.text.split(b"\n")[0].split()[1:] == names


def test_faults_are_counted_beyond_those_that_are_told() -> None:
    found = reading(b"bad line\n" * 10_000)
    assert len(found.faults) == MAX_FAULTS
    assert found.fault_count == 10_000


@pytest.mark.parametrize(
    ("zones", "names"),
    [
        ((b"",), {b"example.org", b"a.example.org", b"badexample.org", b"b.test"}),
        ((b"example.org",), {b"example.org", b"a.example.org"}),
        ((b"a.example.org", b"test"), {b"a.example.org", b"b.test"}),
    ],
)
@pytest.mark.parametrize("comment", [b"", b" # slow"])
def test_only_names_of_the_zones_are_taken(zones: tuple[bytes, ...], names: set[bytes], comment: bytes) -> None:
    hosts = (b"example.org", b"a.example.org", b"badexample.org", b"b.test")
    found = reading(b"".join(b"192.0.2.1 %b%b\n" % (host, comment) for host in hosts), *zones)
    assert {line.split()[1] for line in found.text.split(b"\n") if line} == names
    assert found.entries == len(names)


def test_entries_and_wildcards_are_counted() -> None:
    found = reading(b"192.0.2.1 a b\n::1 *.a c\n")
    assert (found.entries, found.wildcards) == (4, 1)


_pieces = st.sampled_from(
    [b"192.0.2.1", b"::1", b" ", b"\t", b"\n", b"\r\n", b"a.b", b"*.c", b"#", b"\0", b"\xff", b".", b"a" * 64]
)


@given(st.lists(_pieces | st.binary(max_size=8)).map(b"".join))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    found = reading(data)
    lines = found.text.split(b"\n")
    assert found.text.count(b"\n") == data.removeprefix(b"\xef\xbb\xbf").count(b"\n") + (
        not data.endswith(b"\n") and bool(data.removeprefix(b"\xef\xbb\xbf"))
    )
    assert sum(max(len(line.split()) - 1, 0) for line in lines) == found.entries
    assert all(fault.line <= len(lines) for fault in found.faults)


@given(st.binary(max_size=300))
def test_a_name_is_at_fault_exactly_where_it_is_left_out(word: bytes) -> None:
    word = bytes(octet for octet in word if octet not in b" \t\n\r\x0b\x0c#")
    if word:
        assert bool(name_fault(word)) is (reading(b"192.0.2.1 " + word + b" # not plain").entries == 0)


@given(st.binary())
def test_what_is_shown_of_a_word_is_short_and_printable(word: bytes) -> None:
    assert shown(word).isprintable()
    assert shown(word).isascii()
    assert len(shown(word)) <= 4 * 43
