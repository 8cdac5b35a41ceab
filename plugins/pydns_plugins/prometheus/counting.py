"""What is counted for each query and each answer, under CoreDNS's names and labels.

Counts gather in plain numbers, a set of them for each combination of labels, and are handed in when somebody reads the
metrics. An answer that is replayed costs one addition for each time (see `Reply.counters`).
"""

from __future__ import annotations

from bisect import bisect_left
from time import perf_counter
from typing import TYPE_CHECKING, Final

from pydns.names import to_text
from pydns.query import carrier
from pydns.records import Rcode, Type, rcode_text, type_text

if TYPE_CHECKING:
    from pydns.metrics import Metrics
    from pydns.query import Client, Query
    from pydns.reply import Credit, Reply

SECONDS: Final = tuple(0.00025 * 2**i for i in range(16))
"""Bounds of durations: from 0.25 ms to 8 s, as CoreDNS's."""

OCTETS: Final = (0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16_000, 32_000, 48_000, 64_000)
"""Bounds of the sizes of messages, as CoreDNS's."""

_TYPES: Final = frozenset(
    (
        Type.AAAA, Type.A, Type.CNAME, Type.DNSKEY, Type.DS, Type.MX, Type.NSEC3, Type.NSEC, Type.NS, Type.PTR,
        Type.RRSIG, Type.SOA, Type.SRV, Type.TXT, Type.HTTPS, Type.SVCB, Type.IXFR, Type.AXFR, Type.ANY,
    )
)  # fmt: skip
"""Types that have a label of their own; all others together are `other`, so that no client can make series."""

_MOST_SIZES: Final = 4096  # pairs of sizes that one series remembers

_NO_VIEW: Final = ""


class _Series:
    """The counts of one combination of labels, since they were handed in last."""

    __slots__ = ("answers", "asked", "durations", "queries", "replays", "seconds", "sizes", "sizes_asked", "spent")

    def __init__(self) -> None:
        self.replays: dict[tuple[int, int], Credit] = {}
        self.clear()

    def clear(self) -> None:
        self.queries = 0
        self.durations = [0] * (len(SECONDS) + 1)
        self.sizes_asked = [0] * (len(OCTETS) + 1)
        self.sizes = [0] * (len(OCTETS) + 1)
        self.seconds = 0.0
        self.asked = 0
        self.answers = 0

    def count(self, seconds: float, asked: int, answered: int) -> None:
        """One query and its answer: seconds, and octets of both."""
        self.queries += 1
        self.durations[bisect_left(SECONDS, seconds)] += 1
        self.sizes_asked[bisect_left(OCTETS, asked)] += 1
        self.sizes[bisect_left(OCTETS, answered)] += 1
        self.seconds += seconds
        self.asked += asked
        self.answers += answered

    def credit(self, asked: int, answered: int) -> Credit:
        """What counts replays of an answer of such a size to a query of such a size, many at a time."""
        found = self.replays.get((asked, answered))
        if found is None:
            if len(self.replays) >= _MOST_SIZES:
                self.replays.clear()
            asked_bucket, bucket = bisect_left(OCTETS, asked), bisect_left(OCTETS, answered)

            def found(count: int) -> None:
                self.queries += count
                self.durations[0] += count
                self.sizes_asked[asked_bucket] += count
                self.sizes[bucket] += count
                self.asked += count * asked
                self.answers += count * answered

            self.replays[asked, answered] = found
        return found


Labels = tuple[str, bytes, str, int, int, bool, int, str]
"""Server, zone, transport, family (4 or 6), type, whether DO is set, rcode and the plugin that answered."""


class Counting:
    """The counts of one server block."""

    def __init__(self, metrics: Metrics) -> None:
        self._series: dict[Labels, _Series] = {}
        where = ("server", "zone", "view")
        self._requests = metrics.counter(
            "coredns_dns_requests_total",
            "Counter of DNS requests made per zone, protocol and family.",
            *where,
            "proto",
            "family",
            "type",
        )
        self._do_requests = metrics.counter(
            "coredns_dns_do_requests_total", "Counter of DNS requests with DO bit set per zone.", *where
        )
        self._responses = metrics.counter(
            "coredns_dns_responses_total", "Counter of response status codes.", *where, "rcode", "plugin"
        )
        self._durations = metrics.histogram(
            "coredns_dns_request_duration_seconds",
            "Histogram of the time (in seconds) each request took per zone.",
            *where,
            bounds=SECONDS,
        )
        self._sizes_asked = metrics.histogram(
            "coredns_dns_request_size_bytes",
            "Size of the EDNS0 UDP buffer in bytes (64K for TCP) per zone and protocol.",
            *where,
            "proto",
            bounds=OCTETS,
        )
        self._sizes = metrics.histogram(
            "coredns_dns_response_size_bytes",
            "Size of the returned response in bytes.",
            *where,
            "proto",
            bounds=OCTETS,
        )

    def counter(self, query: Query, reply: Reply, began: float) -> _First:
        """Counts the answer when it leaves."""
        return _First(self, query, reply.rcode, reply.by, began)

    def failed(self, query: Query, seconds: float) -> None:
        """The chain raised: the client gets SERVFAIL."""
        self.series(query, Rcode.SERVFAIL, "").count(seconds, len(query.wire), 0)

    def dropped(self, query: Query) -> None:
        """Nothing leaves: only the query is counted."""
        self._count_request(self._labels(query, 0, ""), 1)

    def series(self, query: Query, rcode: int, by: str) -> _Series:
        labels = self._labels(query, rcode, by)
        found = self._series.get(labels)
        if found is None:
            found = self._series[labels] = _Series()
        return found

    def _labels(self, query: Query, rcode: int, by: str) -> Labels:
        type_ = query.type if query.type in _TYPES else 0
        client = query.client
        return query.server, query.zone, client.transport, client.family, type_, query.origin.do, rcode, by

    def _count_request(self, labels: Labels, count: int) -> None:
        server, zone, transport, family, type_, do, _, _ = labels
        where = server, to_text(zone), _NO_VIEW
        kind = type_text(type_) if type_ else "other"
        self._requests.add(*where, carrier(transport), "1" if family == 4 else "2", kind, amount=count)
        if do:
            self._do_requests.add(*where, amount=count)

    def hand_in(self) -> None:
        """Adds what was counted since the last time."""
        for labels, series in self._series.items():
            if not series.queries:
                continue
            self._count_request(labels, series.queries)
            server, zone, transport, _, _, _, rcode, by = labels
            where, proto = (server, to_text(zone), _NO_VIEW), carrier(transport)
            self._responses.add(*where, rcode_text(rcode), by, amount=series.queries)
            self._durations.add(*where, counts=series.durations, total=series.seconds)
            self._sizes_asked.add(*where, proto, counts=series.sizes_asked, total=series.asked)
            self._sizes.add(*where, proto, counts=series.sizes, total=series.answers)
            series.clear()


class _First:
    """Counts an answer as it leaves for the first time, and says what counts its replays."""

    __slots__ = ("_began", "_by", "_counting", "_query", "_rcode")

    def __init__(self, counting: Counting, query: Query, rcode: int, by: str, began: float) -> None:
        self._counting = counting
        self._query = query
        self._rcode = rcode
        self._by = by
        self._began = began

    def __call__(self, query: bytes, client: Client, answer: bytes) -> Credit:
        series = self._counting.series(self._query, self._rcode, self._by)
        series.count(perf_counter() - self._began, len(query), len(answer))
        return series.credit(len(query), len(answer))
