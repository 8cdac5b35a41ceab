"""What metrics tell of the zones that plugins hold."""

from __future__ import annotations

from typing import Final

from pydns.metrics import Metric, Metrics
from pydns.names import to_text
from pydns.zone.holder import Held
from pydns.zone.loader import ZoneFile

_GAUGES: Final = (
    ("pydns_zone_serial", "The serial of a zone."),
    ("pydns_zone_records", "Records of a zone."),
    ("pydns_zone_faults", "Errors and warnings in a zone's file as it is now."),
    ("pydns_zone_complaints", "1 where a zone's file cannot be used as it is now, else 0."),
    ("pydns_zone_loaded_timestamp_seconds", "When a zone was read, in seconds since 1970."),
)


def count(metrics: Metrics, plugin: str, held: Held, file: ZoneFile) -> None:
    """Tells of a zone as it is now, and of its file."""
    zone = held.zone
    values: tuple[float, ...] = (
        zone.serial if zone is not None else 0,
        zone.records if zone is not None else 0,
        file.faults,
        bool(file.complaint),
        file.loaded,
    )
    for metric, value in zip(_metrics(metrics), values, strict=True):
        metric.set(plugin, to_text(held.origin), to=value)


def forget(metrics: Metrics, plugin: str, origin: bytes) -> None:
    """A zone is served no more."""
    for metric in _metrics(metrics):
        metric.values.pop((plugin, to_text(origin)), None)


def _metrics(metrics: Metrics) -> list[Metric]:
    return [metrics.gauge(name, help_, "plugin", "zone") for name, help_ in _GAUGES]
