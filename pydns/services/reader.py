"""Reads a services file: TOML to the objects of a cluster. It is taken whole, or not at all."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from typing import Final

from pydns.services import spelling
from pydns.services.faults import Fault, Path, ServicesError
from pydns.services.lines import line_of, lines_of
from pydns.services.model import Cluster, EndpointSlice, Pod, Service
from pydns.services.service_table import read_service
from pydns.services.table import Table

PHASES: Final = ("Pending", "Running", "Succeeded", "Failed", "Unknown")

_TOP: Final = ("namespaces", "services", "pods")
_POD: Final = ("ip", "phase")
_PLACE: Final = re.compile(r" \(at (?:line ([0-9]+), column [0-9]+|end of document)\)$")


def read(text: str, file: str) -> Cluster:
    """Raises ServicesError with all that is wrong; `file` is what it calls the file."""
    return cluster_of(parse(text, file), text, file)


def parse(text: str, file: str) -> dict[str, object]:
    """The TOML as it stands. Raises ServicesError where it is none."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ServicesError(file, [Fault((), "lists and tables stand too deep in each other")]) from None
    except ValueError as error:  # tomllib's own, or that of a number with too many digits
        place = _PLACE.search(str(error))
        what = _PLACE.sub("", str(error))
        line = None if place is None else int(place[1]) if place[1] else text.count("\n") + 1
        raise ServicesError(file, [Fault((), f"no TOML: {what}", line)]) from None


def cluster_of(document: dict[str, object], text: str, file: str) -> Cluster:
    """The objects of a document that was parsed from `text`. Raises ServicesError."""
    faults: list[Fault] = []
    top = Table(document, (), faults)
    found = _cluster(top)
    top.close(_TOP)
    if faults:
        lines = lines_of(text)
        raise ServicesError(
            file,
            [
                fault._replace(line=line_of(lines, fault.path), other_line=line_of(lines, fault.other))
                for fault in faults
            ],
        )
    return found


def _cluster(top: Table) -> Cluster:
    namespaces = dict.fromkeys(top.texts("namespaces", spelling.label))
    services: list[Service] = []
    slices: list[EndpointSlice] = []
    for namespace, below in _by_namespace(top.table("services")):
        for name, table in below.tables():
            table.check(name, spelling.label)
            service, endpoints = read_service(namespace, name, table)
            services.append(service)
            if endpoints.endpoints:
                slices.append(endpoints)
    top.faults.extend(_shared_addresses(services))
    pods = [
        _pod(
            namespace, name, Table(value if isinstance(value, dict) else {"ip": value}, (*below.path, name), top.faults)
        )
        for namespace, below in _by_namespace(top.table("pods"))
        for name, value in below.values()
    ]
    # A namespace that holds something is there, so nobody has to name it twice.
    namespaces |= dict.fromkeys(service.namespace for service in services) | dict.fromkeys(
        pod.namespace for pod in pods
    )
    return Cluster(tuple(namespaces), tuple(services), tuple(slices), tuple(pods))


def _shared_addresses(services: Sequence[Service]) -> Iterator[Fault]:
    """Faults for cluster addresses that several services have: nobody knows to which of them a client comes."""
    holders: dict[bytes, Service] = {}
    for service in services:
        for address in service.cluster_ips:
            first = holders.setdefault(address, service)
            if first is not service:
                text = f"{spelling.address_text(address)} is the address of {first.name}.{first.namespace} too"
                yield Fault(_cluster_ip(service), text, other=_cluster_ip(first))


def _cluster_ip(service: Service) -> Path:
    return "services", service.namespace, service.name, "cluster_ip"


def _by_namespace(table: Table) -> Iterator[tuple[str, Table]]:
    for namespace, below in table.tables():
        below.check(namespace, spelling.label)
        yield namespace, below


def _pod(namespace: str, name: str, table: Table) -> Pod:
    table.check(name, spelling.subdomain)
    if "ip" not in table:
        table.blame('a pod wants its address: ip = "192.0.2.1"')
    pod = Pod(namespace, name, table.texts("ip", spelling.address), table.text("phase", _phase, "Running"))
    table.close(_POD)
    return pod


def _phase(text: str) -> str:
    if text not in PHASES:
        raise ValueError(f"{text[:60]!r} is no phase: one of {', '.join(PHASES)}")
    return text
