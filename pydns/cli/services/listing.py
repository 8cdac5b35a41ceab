"""Shows what a services file holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pydns.cli.output import Line, plain
from pydns.services.model import Cluster, EndpointSlice, Service
from pydns.services.spelling import address_text, port_text

_HEADS = ("NAME", "TYPE", "ADDRESSES", "PORTS", "READY")


def lines(cluster: Cluster, namespace: str | None) -> Iterator[Line]:
    """A line for each service, in columns."""
    rows = [_row(service, _endpoints(cluster, service)) for service in _services(cluster, namespace)]
    widths = [max(map(len, column)) for column in zip(_HEADS, *rows, strict=True)]
    yield ((_columns(_HEADS, widths), "bold"),)
    yield from (plain(_columns(row, widths)) for row in rows)


def as_json(cluster: Cluster, namespace: str | None) -> dict[str, Any]:
    return {
        "services": [
            {
                "name": service.name,
                "namespace": service.namespace,
                "type": _kind(service),
                "addresses": _addresses(service),
                "ports": [port_text(port) for port in service.ports],
                "endpoints": [
                    {
                        "addresses": [address_text(address) for address in endpoint.addresses],
                        "hostname": endpoint.hostname,
                        "ready": endpoint.ready,
                    }
                    for slice_ in _endpoints(cluster, service)
                    for endpoint in slice_.endpoints
                ],
            }
            for service in _services(cluster, namespace)
        ]
    }


def _services(cluster: Cluster, namespace: str | None) -> list[Service]:
    return [service for service in cluster.services if namespace in (None, service.namespace)]


def _endpoints(cluster: Cluster, service: Service) -> list[EndpointSlice]:
    return [each for each in cluster.slices if (each.namespace, each.service) == (service.namespace, service.name)]


def _row(service: Service, slices: Sequence[EndpointSlice]) -> tuple[str, ...]:
    endpoints = [endpoint for each in slices for endpoint in each.endpoints]
    ready = sum(endpoint.ready for endpoint in endpoints)
    ports = ",".join(port_text(port) for port in service.ports) or "-"
    count = f"{ready}/{len(endpoints)}" if endpoints else "-"
    return f"{service.name}.{service.namespace}", _kind(service), ",".join(_addresses(service)) or "-", ports, count


def _kind(service: Service) -> str:
    return str(service.kind) if service.cluster_ips or service.external_name else "headless"


def _addresses(service: Service) -> list[str]:
    return [service.external_name] if service.external_name else [address_text(each) for each in service.cluster_ips]


def _columns(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
