"""What a secondary counts of its zones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydns.names import to_text

if TYPE_CHECKING:
    from pydns.metrics import Metrics


class Counts:
    def __init__(self, metrics: Metrics) -> None:
        self._checks = metrics.counter(
            "pydns_secondary_checks_total",
            "Times that a primary was asked for a zone, by what came of it: current, ixfr, axfr or failed.",
            *("zone", "primary", "result"),
        )
        self._notifies = metrics.counter(
            "pydns_secondary_notifies_total", "NOTIFY messages, by what became of them.", "zone", "result"
        )
        self._serial = metrics.gauge("pydns_secondary_serial", "The serial of a zone as it is served.", "zone")
        self._success = metrics.gauge(
            "pydns_secondary_last_success_timestamp_seconds",
            "When a primary last gave a zone, or had nothing newer.",
            "zone",
        )
        self._expired = metrics.gauge("pydns_secondary_expired", "1 where a zone has expired, 0 where not.", "zone")
        self._members = metrics.gauge("pydns_secondary_catalog_members", "Zones of a catalog.", "catalog")

    def check(self, origin: bytes, primary: object, result: str) -> None:
        self._checks.add(to_text(origin), str(primary), result)

    def notify(self, origin: bytes, result: str) -> None:
        self._notifies.add(to_text(origin), result)

    def success(self, origin: bytes, when: float) -> None:
        self._success.set(to_text(origin), to=when)

    def published(self, origin: bytes, serial: int) -> None:
        self._serial.set(to_text(origin), to=serial)
        self._expired.set(to_text(origin), to=0)

    def expired(self, origin: bytes) -> None:
        self._serial.values.pop((to_text(origin),), None)
        self._expired.set(to_text(origin), to=1)

    def members(self, catalog: bytes, count: int) -> None:
        self._members.set(to_text(catalog), to=count)

    def forget(self, origin: bytes) -> None:
        """A zone that is ours no more."""
        text = to_text(origin)
        for metric in (self._serial, self._success, self._expired, self._members):
            metric.values.pop((text,), None)
