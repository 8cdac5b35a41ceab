"""Reads the table of one service: its addresses, ports and endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydns.services import spelling
from pydns.services.model import Endpoint, EndpointSlice, Kind, Port, Service
from pydns.services.spelling import MAX_PORT
from pydns.services.table import Table

HEADLESS: Final = b""
"""What stands for the cluster address `None`, which is how Kubernetes says headless."""

_SERVICE: Final = (
    "type", "cluster_ip", "ports", "external_name", "external_ips", "load_balancer", "publish_not_ready_addresses",
    "endpoints",
)  # fmt: skip
_PORT: Final = ("name", "port", "protocol", "target_port", "node_port")
_ENDPOINT: Final = ("address", "hostname", "pod", "node", "zone", "ready", "serving", "terminating")


def read_service(namespace: str, name: str, table: Table) -> tuple[Service, EndpointSlice]:
    """The service and its endpoints; what is wrong is noted in the table."""
    ports = tuple(_ports(table))
    addresses = table.texts("cluster_ip", _cluster_ip)
    publish = table.flag("publish_not_ready_addresses", False)
    endpoints = tuple(_endpoint(table, keys, value, publish) for keys, value in table.items("endpoints"))
    service = Service(
        namespace,
        name,
        table.text("type", _kind, Kind.EXTERNAL_NAME if "external_name" in table else Kind.CLUSTER_IP),
        () if addresses == (HEADLESS,) else addresses,
        ports,
        table.text("external_name", spelling.host, ""),
        table.texts("external_ips", spelling.address),
        table.texts("load_balancer", spelling.host),
    )
    table.close(_SERVICE)
    if table.is_table:
        _judge(service, table)
    targets = tuple(port._replace(number=port.target or port.number, target=0, node_port=0) for port in ports)
    return service, EndpointSlice(namespace, name, name, targets, endpoints)


def _judge(service: Service, table: Table) -> None:
    """What no field tells by itself."""
    if service.kind is Kind.EXTERNAL_NAME:
        if not service.external_name and "external_name" not in table:
            table.blame("an ExternalName wants external_name")
        for key in ("cluster_ip", "endpoints"):
            if key in table:
                table.blame("a service with an external_name has no such thing", key)
        return
    if "external_name" in table:
        table.blame(f"a {service.kind} has no such thing", "external_name")
    if "cluster_ip" not in table and "endpoints" not in table:
        table.blame('it wants cluster_ip, endpoints or external_name (cluster_ip = "None" for a headless one)')
    if service.kind is not Kind.CLUSTER_IP and not service.cluster_ips:
        table.blame(f"a {service.kind} wants a cluster_ip")
    families = [len(address) for address in service.cluster_ips]
    if len(families) != len(set(families)) or 0 in families:
        table.blame('"None" alone, or at most one address of each family', "cluster_ip")
    _judge_ports(service.ports, table)


def _judge_ports(ports: tuple[Port, ...], table: Table) -> None:
    seen: set[str] = set()
    for port in ports:
        if port.name in seen:
            what = f"two ports are named {port.name!r}" if port.name else "of several ports each must have a name"
            table.blame(what, "ports")
            return
        seen.add(port.name)
    if len(ports) > 1 and "" in seen:
        table.blame("of several ports each must have a name", "ports")


def _ports(service: Table) -> Iterator[Port]:
    for keys, value in service.items("ports"):
        if isinstance(value, str) or type(value) is int:  # a bool is an int too
            try:
                yield spelling.port(str(value)[:40])
            except ValueError as error:
                service.blame(str(error), *keys)
            continue
        table = Table(value, (*service.path, *keys), service.faults)
        if table.is_table and "port" not in table:
            table.blame("a port wants its number: port = 80")
        yield Port(
            table.text("name", spelling.label, ""),
            table.text("protocol", spelling.protocol, "tcp"),
            table.number("port", 1, MAX_PORT),
            table.number("target_port", 1, MAX_PORT),
            table.number("node_port", 1, MAX_PORT),
        )
        table.close(_PORT)


def _endpoint(service: Table, keys: tuple[str | int, ...], value: object, publish: bool) -> Endpoint:
    """As the controller of EndpointSlices does it: who ends is not ready, and who is published always is."""
    if isinstance(value, str):
        value = {"address": value}
    table = Table(value, (*service.path, *keys), service.faults)
    addresses = table.texts("address", spelling.address)
    if table.is_table and "address" not in table:
        table.blame('an endpoint wants its address: address = "192.0.2.1"')
    terminating = table.flag("terminating", False)
    ready = table.flag("ready", not terminating)
    found = Endpoint(
        tuple(dict.fromkeys(addresses)),
        table.text("hostname", spelling.label, ""),
        table.text("pod", spelling.subdomain, ""),
        table.text("node", spelling.subdomain, ""),
        table.text("zone", str, ""),
        ready or publish,
        table.flag("serving", ready),
        terminating,
    )
    table.close(_ENDPOINT)
    return found


def _kind(text: str) -> Kind:
    for kind in Kind:
        if kind.lower() == text.lower():
            return kind
    raise ValueError(f"{text[:60]!r} is no type: one of {', '.join(Kind)}")


def _cluster_ip(text: str) -> bytes:
    return HEADLESS if text.lower() == "none" else spelling.address(text)
