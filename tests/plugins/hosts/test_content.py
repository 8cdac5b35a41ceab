import pytest

from pydns import names
from pydns.names import from_text
from pydns.records import Record
from pydns.steps import whole
from pydns_plugins.hosts.content import Content, Part, Source
from pydns_plugins.hosts.reader import read
from pydns_plugins.hosts.table import MAX_ADDRESSES, MAX_NAMES, build

TTL = 60


def content(*tables: dict[str, str]) -> Content:
    """Each table a dictionary of a source's label to its lines."""
    parts = []
    for table in tables:
        sources = [Source(label, whole(read(text.encode(), (b"",)))) for label, text in table.items()]
        parts.append(Part(whole(build(b"".join(source.reading.text for source in sources), True)), sources))
    return Content(parts, TTL)


def addresses(found: Content, name: str) -> list[bytes] | None:
    entry = found.find(from_text(name))
    return None if entry is None else [record.rdata for record in entry[0] + entry[1]]


A, B, C = b"\xc0\x00\x02\x01", b"\xc0\x00\x02\x02", b"\xc0\x00\x02\x03"
SIX = bytes(15) + b"\x01"


def test_a_name_has_the_addresses_of_every_file_in_their_order_and_each_once() -> None:
    found = content({"one": "192.0.2.2 a\n::1 a\n", "two": "192.0.2.1 a\n"}, {"large": "192.0.2.3 a\n192.0.2.1 a\n"})
    assert addresses(found, "a") == [B, A, C, SIX]


def test_a_record_has_the_asked_name_and_the_ttl() -> None:
    entry = content({"x": "192.0.2.1 a\n"}).find(from_text("a"))
    assert entry is not None
    assert entry[0] == (Record(from_text("a"), 1, 1, TTL, A),)


@pytest.mark.parametrize(
    ("name", "why"), [("a", "one:2"), ("b", "two:1"), ("c", "two:3"), ("d", "large:2"), ("e", "Corefile:7")]
)
def test_the_place_of_an_entry_is_file_and_line(name: str, why: str) -> None:
    inline = Source("inline", whole(read(b"192.0.2.1 x\n192.0.2.1 e\n", (b"",))), ("Corefile:6", "Corefile:7"))
    two = [Source(label, whole(read(text, (b"",)))) for label, text in
           (("one", b"#\n192.0.2.1 a"), ("two", b"192.0.2.1 b\n\n192.0.2.1 c\n"))]  # fmt: skip
    texts = b"".join(source.reading.text for source in (*two, inline))
    large = Source("large", whole(read(b"# 1\n192.0.2.1 d\n", (b"",))))
    found = Content(
        [Part(whole(build(texts, True)), [*two, inline]), Part(whole(build(large.reading.text, True)), [large])], TTL
    )
    for _ in range(2):  # the second time from what is kept
        entry = found.find(from_text(name))
        assert entry is not None
        assert entry[2]() == why


WILD = {"x": "192.0.2.1 *.example.org\n192.0.2.2 a.example.org\n::1 six.example.org\n192.0.2.3 *\n"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.example.org", [B]),
        ("b.example.org", [A]),
        ("*.example.org", [A]),
        ("example.org", None),
        ("deep.b.example.org", None),  # one label only, as in CoreDNS
        ("six.example.org", [SIX]),  # RFC 4592 section 2.2.1: the name exists, so no IPv4 from the wildcard
        ("single", [C]),
        (".", None),
    ],
)
def test_a_wildcard_stands_for_one_label_of_names_that_have_no_entry(name: str, expected: list[bytes] | None) -> None:
    assert addresses(content(WILD), name) == expected


def test_an_entry_of_one_file_beats_a_wildcard_of_another() -> None:
    found = content({"x": "192.0.2.1 *.a\n"}, {"large": "192.0.2.2 b.a\n"})
    assert addresses(found, "b.a") == [B]


def test_a_record_by_wildcard_is_owned_by_the_asked_name() -> None:
    entry = content(WILD).find(from_text("b.example.org"))
    assert entry is not None
    assert entry[0][0].owner == from_text("b.example.org")


def test_a_name_with_a_dot_in_a_label_is_another_name() -> None:
    assert addresses(content({"x": "192.0.2.1 a.b\n"}), r"a\.b") is None


def test_many_addresses_over_several_files_are_bounded() -> None:
    one = "".join(f"10.0.{i >> 8}.{i & 255} a\n" for i in range(MAX_ADDRESSES))
    two = "".join(f"10.1.{i >> 8}.{i & 255} a\n" for i in range(MAX_ADDRESSES))
    found = addresses(content({"x": one}, {"y": two}), "a")
    assert found is not None
    assert len(found) == MAX_ADDRESSES


def test_names_of_an_address_come_from_every_file_and_each_once() -> None:
    found = content({"one": "192.0.2.1 a b\n", "two": "192.0.2.1 a c\n"}, {"large": "192.0.2.1 d b\n"})
    reverse = found.reverse(names.reverse(A))
    assert reverse is not None
    records, why = reverse
    assert [record.rdata for record in records] == [from_text(name) for name in "abcd"]
    assert why == "one:1"
    assert records[0] == Record(names.reverse(A), 12, 1, TTL, from_text("a"))


def test_names_of_an_ipv4_mapped_address_are_those_of_the_ipv4_address() -> None:
    found = content({"x": "192.0.2.1 a\n"})
    assert found.reverse(names.reverse(bytes(10) + b"\xff\xff" + A)) is not None


def test_names_of_one_address_over_several_files_are_bounded() -> None:
    text = "".join(f"192.0.2.1 {{}}-{i}\n" for i in range(MAX_NAMES))
    reverse = content({"x": text.format(*["a"] * MAX_NAMES)}, {"y": text.format(*["b"] * MAX_NAMES)}).reverse(
        names.reverse(A)
    )
    assert reverse is not None
    assert len(reverse[0]) == MAX_NAMES


@pytest.mark.parametrize("name", ["9.2.0.192.in-addr.arpa", "2.0.192.in-addr.arpa", "a", "."])
def test_what_is_no_known_address_has_no_names(name: str) -> None:
    assert content({"x": "192.0.2.1 a\n"}).reverse(from_text(name)) is None


def test_what_is_kept_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pydns_plugins.hosts.content._KEPT", 10)
    found = content({"x": "192.0.2.1 *\n"})
    for i in range(100):
        assert addresses(found, f"name-{i}") == [A]
    assert len(found._kept) <= 10
