"""The changes that the verb makes to a services file."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from pydns.services import edit, spelling, store


class Done(NamedTuple):
    """`told` is for the person who asked for the change."""

    told: str
    comments_lost: bool


def change(options: argparse.Namespace, path: Path) -> Done:
    """Makes the change that the command line asks for. Raises EditError, ServicesError and StoreError."""
    name, namespace = options.name
    service, file = f"{name}.{namespace}", str(path)
    make: Callable[[str], str]
    if options.verb == "add":
        table = service_table(options)
        make, told = lambda text: edit.add_service(text, file, namespace, name, table), f"added {service}"
    elif options.verb == "remove":
        make, told = lambda text: edit.remove_service(text, file, namespace, name), f"removed {service}"
    elif options.endpoint_verb == "add":
        endpoint = endpoint_table(options)
        make = lambda text: edit.add_endpoint(text, file, namespace, name, endpoint)  # noqa: E731 -- as its siblings
        told = f"added endpoint {' '.join(options.address)} to {service}"
    else:
        who = options.who
        make = lambda text: edit.remove_endpoint(text, file, namespace, name, who)  # noqa: E731 -- as its siblings
        told = f"removed endpoint {who} from {service}"
    with store.locked(path):
        old = store.load(path)
        new = make(old)
        store.replace(path, new)
    return Done(f"{path}: {told}", _comments(new) < _comments(old))


def service_name(text: str) -> tuple[str, str]:
    """The name and the namespace of `web.shop`. Raises argparse's error."""
    parts = text.split(".")
    try:
        if len(parts) == 2:
            return spelling.label(parts[0]), spelling.label(parts[1])
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    raise argparse.ArgumentTypeError(f"{text!r} is not NAME.NAMESPACE")


def service_table(options: argparse.Namespace) -> dict[str, object]:
    """What the options say, in the words of the file."""
    table: dict[str, object] = {
        "type": options.type,
        "cluster_ip": "None" if options.headless else _one_or_more(options.cluster_ip),
        "external_name": options.external_name,
        "ports": options.port,
        "external_ips": options.external_ip,
        "load_balancer": options.load_balancer,
        "publish_not_ready_addresses": options.publish_not_ready_addresses or None,
    }
    if options.headless and options.cluster_ip:
        table["cluster_ip"] = ["None", *options.cluster_ip]  # which the file's check refuses with a reason
    return {key: value for key, value in table.items() if value is not None}


def endpoint_table(options: argparse.Namespace) -> dict[str, object]:
    table: dict[str, object] = {
        "address": _one_or_more(options.address),
        "hostname": options.hostname,
        "pod": options.pod,
        "node": options.node,
        "zone": options.zone,
        "ready": False if options.not_ready else None,
    }
    return {key: value for key, value in table.items() if value is not None}


def _one_or_more(values: list[str] | None) -> str | list[str] | None:
    return values[0] if values is not None and len(values) == 1 else values


def _comments(text: str) -> int:
    return sum("#" in line for line in text.split("\n"))
