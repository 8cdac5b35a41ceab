"""What is counted for each query, and how little an answer that is replayed costs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.metrics import Histogram, Metric, Metrics
from pydns.query import Edns, Query
from pydns.records import Rcode, Type
from pydns.refusal import Refusal
from pydns.reply import Reply
from pydns.testing import Someone, query
from pydns_plugins.prometheus.counting import OCTETS, SECONDS, Counting, Families

SERVER = "dns://:53"
WHERE = (SERVER, "example.org.", "")


class Counted:
    """Counting, and what it hands in."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.counting = Counting()
        self._families = Families(self.metrics)

    def count(self, asked: Query, reply: Reply, answer: bytes = bytes(100), replays: int = 0) -> None:
        """One answer, and its replays."""
        credit = self.counting.count(asked, reply, answer, 1.0)
        assert credit is not None
        if replays:
            credit(replays)
        self.hand_in()

    def hand_in(self) -> None:
        self.counting.hand_in(self._families)

    def counter(self, name: str) -> dict[tuple[str, ...], float]:
        (found,) = (metric for metric in self.metrics.read() if metric.name == f"coredns_dns_{name}")
        assert isinstance(found, Metric)
        return found.values

    def histogram(self, name: str) -> Histogram:
        (found,) = (metric for metric in self.metrics.read() if metric.name == f"coredns_dns_{name}")
        assert isinstance(found, Histogram)
        return found


@pytest.fixture
def counted() -> Counted:
    return Counted()


def asked(type_: str = "A", transport: str = "udp", family: int = 4, edns: Edns | None = None) -> Query:
    made = query("www.example.org", type_, Someone(transport=transport, family=family), edns=edns)
    made.zone = b"\7example\3org\0"
    made.server = SERVER
    return made


@pytest.mark.parametrize(
    ("transport", "proto"), [("udp", "udp"), ("tcp", "tcp"), ("tls", "tcp"), ("https", "tcp"), ("quic", "udp")]
)
@pytest.mark.parametrize(("family", "label"), [(4, "1"), (6, "2")])
def test_a_request_has_its_protocol_and_family(
    transport: str, proto: str, family: int, label: str, counted: Counted
) -> None:
    counted.count(asked("A", transport, family), Reply())
    assert counted.counter("requests_total") == {(*WHERE, proto, label, "A"): 1}


COREDNS_TYPES = (
    "AAAA A CNAME DNSKEY DS MX NSEC3 NSEC NS PTR RRSIG SOA SRV TXT HTTPS SVCB IXFR AXFR ANY"  # its monitorType
)


@pytest.mark.parametrize("type_", COREDNS_TYPES.split())
def test_common_types_have_their_names(type_: str, counted: Counted) -> None:
    counted.count(asked(type_), Reply())
    assert counted.counter("requests_total") == {(*WHERE, "udp", "1", type_): 1}


@pytest.mark.parametrize("type_", ["HINFO", "CAA", "NAPTR", "TYPE65280", "TYPE0", "OPT"])
def test_others_are_other(type_: str, counted: Counted) -> None:
    """So that no client makes series."""
    counted.count(asked(type_), Reply())
    assert counted.counter("requests_total") == {(*WHERE, "udp", "1", "other"): 1}


@pytest.mark.parametrize(
    ("rcode", "by", "labels"),
    [
        (Rcode.NOERROR, "hosts", ("NOERROR", "hosts")),
        (Rcode.NXDOMAIN, "cache", ("NXDOMAIN", "cache")),
        (Rcode.REFUSED, "", ("REFUSED", "")),
        (Rcode.BADVERS, "", ("BADVERS", "")),
        (11, "", ("RCODE11", "")),
    ],
)
def test_a_response_has_its_rcode_and_plugin(rcode: int, by: str, labels: tuple[str, str], counted: Counted) -> None:
    counted.count(asked(), Reply(rcode=rcode, by=by))
    assert counted.counter("responses_total") == {(*WHERE, *labels): 1}


@pytest.mark.parametrize(
    ("edns", "count"), [(None, {}), (Edns(1232, 0, False, ()), {}), (Edns(1232, 0, True, ()), {WHERE: 4})]
)
def test_do_is_counted_as_the_client_set_it(
    edns: Edns | None, count: dict[tuple[str, ...], float], counted: Counted
) -> None:
    counted.count(asked(edns=edns), Reply(), replays=3)
    assert counted.counter("do_requests_total") == count


@pytest.mark.parametrize("octets", [0, 12, 100, 101, 512, 1023, 1024, 64_000, 65_535])
def test_a_size_is_in_the_first_bucket_that_holds_it(octets: int, counted: Counted) -> None:
    counted.count(asked(), Reply(), bytes(octets), replays=2)
    sizes = counted.histogram("response_size_bytes")
    bucket = next((i for i, bound in enumerate(OCTETS) if octets <= bound), len(OCTETS))
    assert [i for i, count in enumerate(sizes.counts[*WHERE, "udp"]) if count] == [bucket]
    assert (sizes.counts[*WHERE, "udp"][bucket], sizes.sums[*WHERE, "udp"]) == (3, 3 * octets)


def test_the_size_of_a_request_is_that_of_its_message(counted: Counted) -> None:
    made = asked()
    counted.count(made, Reply(), replays=1)
    assert counted.histogram("request_size_bytes").sums == {(*WHERE, "udp"): 2 * len(made.wire)}


def test_replays_are_answered_in_no_time(counted: Counted) -> None:
    counted.count(asked(), Reply(), replays=9)
    counts = counted.histogram("request_duration_seconds").counts[WHERE]
    assert (counts[0], sum(counts)) == (9, 10)  # the first one took a second


def test_durations_have_coredns_s_buckets() -> None:
    assert SECONDS[:3] == (0.00025, 0.0005, 0.001)
    assert SECONDS[-1] == 8.192


def test_answers_of_one_kind_are_replayed_on_one_account(counted: Counted) -> None:
    made, reply = asked(), Reply(by="hosts")
    first, second = (counted.counting.count(made, reply, bytes(80), 0.0) for _ in range(2))
    assert first is second


def test_sizes_without_end_take_no_memory_without_end(counted: Counted) -> None:
    made = asked()
    credits_ = [counted.counting.count(made, Reply(), bytes(octets % 9973), 0.0) for octets in range(10_000)]
    (series,) = {credit.series for credit in credits_ if credit is not None}  # type: ignore[attr-defined]
    assert len(series.by_size) <= 4096
    counted.hand_in()
    assert counted.counter("requests_total") == {(*WHERE, "udp", "1", "A"): 10_000}


def test_an_account_that_was_closed_is_good_still(counted: Counted) -> None:
    """Answers that are kept have it still."""
    made = asked()
    old = counted.counting.count(made, Reply(), bytes(80), 0.0)
    for octets in range(5_000):
        counted.counting.count(made, Reply(), bytes(100 + octets), 0.0)
    assert old is not None
    old(5)
    counted.hand_in()
    assert counted.counter("requests_total") == {(*WHERE, "udp", "1", "A"): 5006}


def test_nothing_is_handed_in_twice(counted: Counted) -> None:
    counted.count(asked(), Reply(), replays=3)
    counted.hand_in()
    assert counted.counter("requests_total") == {(*WHERE, "udp", "1", "A"): 4}
    assert sum(counted.histogram("request_duration_seconds").counts[WHERE]) == 4


def test_what_is_dropped_has_no_response(counted: Counted) -> None:
    assert counted.counting.count(asked("TYPE65280", edns=Edns(1232, 0, True, ())), Reply.drop("x"), None, 0.0) is None
    counted.hand_in()
    assert counted.counter("requests_total") == {(*WHERE, "udp", "1", "other"): 1}
    assert counted.counter("do_requests_total") == {WHERE: 1}
    assert counted.counter("responses_total") == {}


def test_the_type_that_the_client_asked_for_is_counted(counted: Counted) -> None:
    """Not the one that a plugin below asks for in its place."""
    made = asked("AAAA")
    made.replace(type_=Type.A)
    counted.count(made, Reply())
    assert counted.counter("requests_total") == {(*WHERE, "udp", "1", "AAAA"): 1}


def refused(query: Query | None, rcode: int) -> Refusal:
    return Refusal(SERVER, Someone(transport="tcp", family=6), bytes(31), query, rcode, bytes(47))


def test_what_no_block_is_for_has_the_zone_dropped(counted: Counted) -> None:
    """As in CoreDNS, without a dot at its end."""
    made = asked("MX", edns=Edns(1232, 0, True, ()))
    counted.counting.refused(refused(made, Rcode.REFUSED))
    counted.hand_in()
    dropped = (SERVER, "dropped", "")
    assert counted.counter("requests_total") == {(*dropped, "tcp", "2", "MX"): 1}
    assert counted.counter("do_requests_total") == {dropped: 1}
    assert counted.counter("responses_total") == {(*dropped, "REFUSED", ""): 1}
    assert counted.histogram("request_size_bytes").sums == {(*dropped, "tcp"): 31}
    assert counted.histogram("response_size_bytes").sums == {(*dropped, "tcp"): 47}
    assert counted.histogram("request_duration_seconds").sums == {dropped: 0}


@pytest.mark.parametrize(("rcode", "label"), [(Rcode.FORMERR, "FORMERR"), (Rcode.NOTIMP, "NOTIMP")])
def test_what_cannot_be_read_is_of_another_type(rcode: int, label: str, counted: Counted) -> None:
    counted.counting.refused(refused(None, rcode))
    counted.hand_in()
    assert counted.counter("requests_total") == {(SERVER, "dropped", "", "tcp", "2", "other"): 1}
    assert counted.counter("responses_total") == {(SERVER, "dropped", "", label, ""): 1}


def test_a_block_for_the_root_zone_is_not_dropped(counted: Counted) -> None:
    made = asked()
    made.zone = b"\0"
    counted.count(made, Reply())
    assert counted.counter("requests_total") == {(SERVER, ".", "", "udp", "1", "A"): 1}


@given(st.lists(st.one_of(st.sampled_from(SECONDS), st.floats(0, 20)), min_size=1, max_size=40))
def test_many_that_took_their_time_count_as_one_by_one(seconds: list[float]) -> None:
    together, each = Counted(), Counted()
    alike = together.counting.count(asked(), Reply(), bytes(100), 0.5)
    assert alike is not None
    alike(len(seconds), seconds)
    for one in (0.5, *seconds):
        each.counting.count(asked(), Reply(), bytes(100), one)
    for counted in (together, each):
        counted.hand_in()
    for name in ("request_duration_seconds", "request_size_bytes", "response_size_bytes"):
        assert together.histogram(name).counts == each.histogram(name).counts
    (total,), (expected,) = (found.histogram("request_duration_seconds").sums.values() for found in (together, each))
    assert total == pytest.approx(expected)
    assert together.counter("requests_total") == each.counter("requests_total")
