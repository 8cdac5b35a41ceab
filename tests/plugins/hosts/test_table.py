from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydns.steps import whole
from pydns_plugins.hosts.reader import read
from pydns_plugins.hosts.spelling import packed_address
from pydns_plugins.hosts.table import MAX_ADDRESSES, MAX_NAMES, MODULUS, Indexer, Table, build


def table(data: bytes, reverse: bool = True, modulus: int | None = None) -> Table:
    text = whole(read(data, (b"",))).text
    return whole(build(text, reverse) if modulus is None else build(text, reverse, modulus))


_address = st.sampled_from(["192.0.2.1", "192.0.2.2", "10.0.0.1", "::1", "2001:db8::2"])
_name = st.text(alphabet="ab", min_size=1, max_size=2) | st.sampled_from(["a.example", "*.example", "aa.example"])
_lines = st.lists(st.tuples(_address, st.lists(_name, min_size=1, max_size=3), st.sampled_from(["", " # x", "\n"])))


@given(_lines, st.sampled_from([1, 2, 3, (1 << 29) + 1]))
def test_it_answers_like_a_dictionary(lines: list[tuple[str, list[str], str]], modulus: int) -> None:
    """A modulus of 1 gives every word the same fingerprint."""
    data = "".join(f"{address} {' '.join(names)}{tail}\n" for address, names, tail in lines).encode()
    by_name: dict[str, dict[str, None]] = defaultdict(dict)
    by_address: dict[str, dict[str, None]] = defaultdict(dict)
    for address, names, _ in lines:
        for name in names:
            by_name[name][address] = None
            if not name.startswith("*."):
                by_address[address][name] = None
    found = table(data, modulus=modulus)
    for name in [*by_name, "missing", "b.example"]:
        entry = found.find(name.encode())
        expected = [packed_address(address.encode()) for address in by_name.get(name, ())]
        assert (entry is None) is (not expected)
        if entry is not None:
            assert [*entry[0]] == [packed for packed in expected if packed and len(packed) == 4]
            assert [*entry[1]] == [packed for packed in expected if packed and len(packed) == 16]
    for address in ["192.0.2.1", "192.0.2.2", "10.0.0.1", "::1", "2001:db8::2", "192.0.2.9"]:
        names_, _ = found.names_of(address.encode())
        assert [name.decode() for name in names_] == [*by_address.get(address, ())]


@pytest.mark.parametrize("count", [10, 30_000])
def test_every_name_and_address_of_many_is_found(count: int) -> None:
    data = b"".join(b"10.0.%d.%d host-%d.example.org\n" % (i >> 8, i & 255, i) for i in range(count))
    found = table(data)
    for i in range(count):
        entry = found.find(b"host-%d.example.org" % i)
        assert entry is not None
        assert entry[0] == (bytes((10, 0, i >> 8, i & 255)),)
        assert found.line(entry[2]) == i + 1
        names, place = found.names_of(b"10.0.%d.%d" % (i >> 8, i & 255))
        assert names == (b"host-%d.example.org" % i,)
        assert found.line(place) == i + 1
    assert found.find(b"host-%d.example.org" % count) is None


def test_one_long_line_is_indexed_whole() -> None:
    found = table(b"192.0.2.1 " + b" ".join(b"host-%d" % i for i in range(20_000)) + b"\n")
    assert all(found.find(b"host-%d" % i) for i in range(20_000))


def test_only_whole_words_are_found() -> None:
    found = table(b"192.0.2.1 aa.example\n192.0.2.11 b\n", modulus=1)
    assert found.find(b"a.example") is None
    assert found.find(b"aa") is None
    assert found.find(b"") is None
    assert found.names_of(b"192.0.2.1")[0] == (b"aa.example",)


def test_a_name_gives_a_bounded_number_of_addresses() -> None:
    data = b"".join(b"10.0.%d.%d many\n" % (i >> 8, i & 255) for i in range(MAX_ADDRESSES + 5))
    entry = table(data).find(b"many")
    assert entry is not None
    assert len(entry[0]) == MAX_ADDRESSES
    assert entry[0][0] == bytes((10, 0, 0, 0))


def test_an_address_gives_a_bounded_number_of_names() -> None:
    names, place = table(b"".join(b"0.0.0.0 ad-%d.example\n" % i for i in range(100_000))).names_of(b"0.0.0.0")
    assert names == tuple(b"ad-%d.example" % i for i in range(MAX_NAMES))
    assert place == 0


def test_a_wildcard_is_no_name_of_its_address() -> None:
    found = table(b"192.0.2.1 *.example.org\n192.0.2.2 *.a b\n")
    assert found.wildcards
    assert found.names_of(b"192.0.2.1") == ((), 0)
    assert found.names_of(b"192.0.2.2")[0] == (b"b",)


@pytest.mark.parametrize(
    ("data", "wildcards"), [(b"192.0.2.1 *\n", True), (b"192.0.2.1 a *.b\n", True), (b"192.0.2.1 a* b.*.c\n", False)]
)
def test_it_knows_whether_it_holds_wildcards(data: bytes, wildcards: bool) -> None:
    assert table(data).wildcards is wildcards


def test_without_reverse_no_address_is_found() -> None:
    found = table(b"192.0.2.1 a\n192.0.2.2 b c\n", reverse=False)
    assert found.names_of(b"192.0.2.1") == ((), 0)
    assert found.names_of(b"192.0.2.2") == ((), 0)
    assert found.find(b"a") is not None


def test_empty_text_holds_nothing() -> None:
    found = table(b"")
    assert found.find(b"a") is None
    assert found.names_of(b"192.0.2.1") == ((), 0)


@given(_lines, st.lists(st.integers(1, 9)))
@settings(deadline=None)
def test_it_does_not_matter_how_the_text_is_cut(lines: list[tuple[str, list[str], str]], cuts: list[int]) -> None:
    text = "".join(f"{address} {' '.join(names)}\n" for address, names, _ in lines).encode() * 40
    rows = text.splitlines(keepends=True)
    indexer = Indexer(True, MODULUS, len(text))
    for count in [*cuts, len(rows)]:
        piece, rows = b"".join(rows[:count]), rows[count:]
        if piece:
            whole(indexer.add(piece))
    expected = whole(build(text, True))
    assert whole(indexer.names.sorted()) == expected.names
    assert whole(indexer.addresses.sorted()) == expected.addresses
    assert indexer.lines == expected.lines
    assert indexer.wildcards == expected.wildcards


@pytest.mark.parametrize(("size", "bits"), [(1 << 10, 30), (1 << 22, 30), (1 << 26, 26), (1 << 29, 23)])
def test_a_fingerprint_and_a_place_fit_together_into_a_float(size: int, bits: int) -> None:
    indexer = Indexer(True, (1 << 30) - 1, size)
    assert indexer.modulus.bit_length() == bits
    assert indexer.bits + bits <= 53
    assert 1 << indexer.bits > size


def test_a_text_that_is_too_large_is_not_indexed() -> None:
    with pytest.raises(OverflowError):
        Indexer(True, MODULUS, (1 << 32) + 1)
