"""What is counted for each query and each answer, under CoreDNS's names and labels.

Counts gather in plain numbers, a set of them for each combination of labels, and are handed in when somebody reads the
metrics. An answer that is replayed costs one addition for each time (see `Reply.counters`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from typing import TYPE_CHECKING, Final

from pydns.names import to_text
from pydns.query import carrier
from pydns.records import Type, rcode_text, type_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydns.metrics import Metrics
    from pydns.query import Query
    from pydns.refusal import Refusal
    from pydns.reply import Reply
    from pydns.settings import Alike

SECONDS: Final = tuple(0.00025 * 2**i for i in range(16))
"""Bounds of durations: from 0.25 ms to 8 s, as CoreDNS's."""

OCTETS: Final = (0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16_000, 32_000, 48_000, 64_000)
"""Bounds of the sizes of messages, as CoreDNS's."""

_FIRST: Final = SECONDS[0]

_TYPES: Final = frozenset(
    (
        Type.AAAA, Type.A, Type.CNAME, Type.DNSKEY, Type.DS, Type.MX, Type.NSEC3, Type.NSEC, Type.NS, Type.PTR,
        Type.RRSIG, Type.SOA, Type.SRV, Type.TXT, Type.HTTPS, Type.SVCB, Type.IXFR, Type.AXFR, Type.ANY,
    )
)  # fmt: skip
"""Types that have a label of their own; all others together are `other`, so that no client can make series."""

_OTHER: Final = 0  # the type of all that have no label
_MOST_SIZES: Final = 4096  # pairs of sizes that one series remembers

_NO_VIEW: Final = ""

_REFUSED: Final = b""
"""Stands for a zone where no server block was asked."""


class _Sizes:
    """Answers of one size to queries of one size, of one series. Called, it counts more of them."""

    __slots__ = ("answered", "asked", "count", "series")

    def __init__(self, series: _Series, asked: int, answered: int) -> None:
        self.series = series
        self.asked = asked
        self.answered = answered
        self.count = 0  # that the series does not hold yet

    def __call__(self, count: int, seconds: Sequence[float] = (), /) -> None:
        if seconds:
            self.series.took(seconds)
        else:
            self.series.durations[0] += count
        self.series.add(self.asked, self.answered, count)


class _Series:
    """The counts of one combination of labels, since they were handed in last."""

    __slots__ = ("answers", "asked", "by_size", "durations", "queries", "seconds", "sizes", "sizes_asked")

    def __init__(self) -> None:
        self.by_size: dict[tuple[int, int], _Sizes] = {}
        self.clear()

    def clear(self) -> None:
        self.queries = 0
        self.durations = [0] * (len(SECONDS) + 1)
        self.sizes_asked = [0] * (len(OCTETS) + 1)
        self.sizes = [0] * (len(OCTETS) + 1)
        self.seconds = 0.0
        self.asked = 0
        self.answers = 0

    def count(self, seconds: float, asked: int, answered: int) -> Alike:
        """One query and its answer: seconds, and octets of both. Gives what counts replays of that answer."""
        found = self.by_size.get((asked, answered))
        if found is None:
            if len(self.by_size) >= _MOST_SIZES:
                self.fold()
                self.by_size.clear()
            found = self.by_size[asked, answered] = _Sizes(self, asked, answered)
        found.count += 1
        self.durations[0 if seconds <= _FIRST else bisect_left(SECONDS, seconds)] += 1
        self.seconds += seconds
        return found

    def took(self, seconds: Sequence[float]) -> None:
        """Many durations at once, which is cheaper than one by one."""
        ascending = sorted(seconds)
        below = 0
        for i, bound in enumerate(SECONDS):
            upto = bisect_right(ascending, bound)
            self.durations[i] += upto - below
            below = upto
        self.durations[-1] += len(ascending) - below
        self.seconds += sum(ascending)

    def fold(self) -> None:
        """Puts what was counted by size into buckets."""
        for found in self.by_size.values():
            count, found.count = found.count, 0
            if count:
                self.add(found.asked, found.answered, count)

    def add(self, asked: int, answered: int, count: int) -> None:
        self.queries += count
        self.sizes_asked[bisect_left(OCTETS, asked)] += count
        self.sizes[bisect_left(OCTETS, answered)] += count
        self.asked += count * asked
        self.answers += count * answered


Labels = tuple[str, bytes, str, int, int, bool, int, str]
"""Server, zone, transport, family (4 or 6), type, whether DO is set, rcode and the plugin that answered."""


class Families:
    """The metrics that counts are handed in to, as CoreDNS has them."""

    def __init__(self, metrics: Metrics) -> None:
        where = ("server", "zone", "view")
        self.requests = metrics.counter(
            "coredns_dns_requests_total",
            "Counter of DNS requests made per zone, protocol and family.",
            *where,
            "proto",
            "family",
            "type",
        )
        self.do_requests = metrics.counter(
            "coredns_dns_do_requests_total", "Counter of DNS requests with DO bit set per zone.", *where
        )
        self.responses = metrics.counter(
            "coredns_dns_responses_total", "Counter of response status codes.", *where, "rcode", "plugin"
        )
        self.durations = metrics.histogram(
            "coredns_dns_request_duration_seconds",
            "Histogram of the time (in seconds) each request took per zone.",
            *where,
            bounds=SECONDS,
        )
        self.sizes_asked = metrics.histogram(
            "coredns_dns_request_size_bytes",
            "Size of the EDNS0 UDP buffer in bytes (64K for TCP) per zone and protocol.",
            *where,
            "proto",
            bounds=OCTETS,
        )
        self.sizes = metrics.histogram(
            "coredns_dns_response_size_bytes",
            "Size of the returned response in bytes.",
            *where,
            "proto",
            bounds=OCTETS,
        )

    def requests_of(self, labels: Labels, count: int) -> None:
        """Adds queries."""
        server, zone, transport, family, type_, do, _, _ = labels
        where = server, _zone_text(zone), _NO_VIEW
        kind = type_text(type_) if type_ in _TYPES else "other"
        self.requests.add(*where, carrier(transport), "1" if family == 4 else "2", kind, amount=count)
        if do:
            self.do_requests.add(*where, amount=count)

    def answers_of(self, labels: Labels, series: _Series) -> None:
        """Adds queries that were answered, and their answers."""
        self.requests_of(labels, series.queries)
        server, zone, transport, _, _, _, rcode, by = labels
        where, proto = (server, _zone_text(zone), _NO_VIEW), carrier(transport)
        self.responses.add(*where, rcode_text(rcode), by, amount=series.queries)
        self.durations.add(*where, counts=series.durations, total=series.seconds)
        self.sizes_asked.add(*where, proto, counts=series.sizes_asked, total=series.asked)
        self.sizes.add(*where, proto, counts=series.sizes, total=series.answers)


class Counting:
    """The counts of one server block."""

    def __init__(self) -> None:
        self._series: dict[Labels, _Series] = {}
        self._unanswered: Counter[Labels] = Counter()
        self._last: Labels | None = None
        self._last_series = _Series()

    def count(self, query: Query, reply: Reply, answer: bytes | None, seconds: float) -> Alike | None:
        """Counts a query and its answer (None: nothing left), and gives what counts replays of that."""
        client, edns = query.client, query.edns
        do = edns is not None and edns.do
        labels = query.server, query.zone, client.transport, client.family, query.type, do, reply.rcode, reply.by
        if answer is None:
            self._unanswered[labels] += 1
            return None
        if labels == self._last:  # to compare is quicker than to hash
            series = self._last_series
        else:
            series = self._series.get(labels) or self._new(labels)
            self._last, self._last_series = labels, series
        return series.count(seconds, len(query.wire), len(answer))

    def refused(self, refusal: Refusal) -> None:
        """Counts what no chain was asked about."""
        server, client, wire, query, rcode, answer = refusal
        type_, do = (query.type, query.do) if query is not None else (_OTHER, False)
        labels = server, _REFUSED, client.transport, client.family, type_, do, rcode, ""
        (self._series.get(labels) or self._new(labels)).count(0.0, len(wire), len(answer))

    def _new(self, labels: Labels) -> _Series:
        server, zone, transport, family, type_, do, rcode, by = labels
        if type_ not in _TYPES:
            labels = server, zone, transport, family, _OTHER, do, rcode, by
        return self._series.setdefault(labels, _Series())

    def hand_in(self, families: Families) -> None:
        """Adds what was counted since the last time."""
        for labels, series in self._series.items():
            series.fold()
            if series.queries:
                families.answers_of(labels, series)
                series.clear()
        for labels, count in self._unanswered.items():
            families.requests_of(labels, count)
        self._unanswered.clear()


def _zone_text(zone: bytes) -> str:
    return "dropped" if zone == _REFUSED else to_text(zone)  # CoreDNS's word for it
