"""Changes to a services file that leave its comments and its order alone wherever that can be done.

Each change is made twice: to the document as parsed, and to the text. The text is taken where it says what the document
says; else the document is written anew, and comments are lost.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

import tomli_w

from pydns.errors import PydnsError
from pydns.services import spelling
from pydns.services.faults import ServicesError
from pydns.services.reader import cluster_of, parse
from pydns.services.surgery import below, into_list, joined, table_text, without

Document = dict[str, Any]


class EditError(PydnsError):
    """The change makes no sense: what is to go is not there, or what is to come is there already."""


def add_service(text: str, file: str, namespace: str, name: str, table: Mapping[str, object]) -> str:
    """The text with one more service. Raises EditError and ServicesError, as all changes do."""

    wanted = _addresses(table, "cluster_ip")

    def change(document: Document) -> None:
        services = document.setdefault("services", {}).setdefault(namespace, {})
        if name in services:
            raise EditError(f"{name}.{namespace} is there already")
        for address, holder in _holders(document):
            if address in wanted:
                raise EditError(f"{spelling.address_text(address)} is the address of {holder} already")
        services[name] = dict(table)

    addition = table_text(f"[services.{namespace}.{name}]", table)
    return _changed(text, file, change, lambda: [joined(text.rstrip(), addition)])


def remove_service(text: str, file: str, namespace: str, name: str) -> str:
    def change(document: Document) -> None:
        _service(document, namespace, name)
        del document["services"][namespace][name]

    return _changed(text, file, change, lambda: without(text, ("services", namespace, name)))


def add_endpoint(text: str, file: str, namespace: str, name: str, endpoint: Mapping[str, object]) -> str:
    """The text with one more endpoint behind a service's others."""
    # One that is no more than an address is written as such.
    item: object = endpoint["address"] if list(endpoint) == ["address"] else dict(endpoint)
    addresses = _addresses(item)

    def change(document: Document) -> None:
        service = _service(document, namespace, name)
        found = _endpoints(service)
        if any(addresses & _addresses(other) for other in found):
            raise EditError(f"{name}.{namespace} has an endpoint with that address already")
        service["endpoints"] = [*found, item if _is_plain(found) else dict(endpoint)]

    path = ("services", namespace, name)
    addition = table_text(f"[[services.{namespace}.{name}.endpoints]]", endpoint)
    return _changed(
        text, file, change, lambda: [*into_list(text, (*path, "endpoints"), item), *below(text, path, addition)]
    )


def remove_endpoint(text: str, file: str, namespace: str, name: str, who: str) -> str:
    """The text less the endpoints with an address or a host name."""
    wanted = spelling.address(who) if spelling.is_address(who) else None
    gone: list[int] = []

    def is_meant(item: object) -> bool:
        if wanted is not None:
            return wanted in _addresses(item)
        return isinstance(item, dict) and item.get("hostname") == who

    def change(document: Document) -> None:
        service = _service(document, namespace, name)
        found = _endpoints(service)
        gone.extend(i for i, item in enumerate(found) if is_meant(item))
        if not gone:
            raise EditError(f"{name}.{namespace} has no endpoint {who}")
        service["endpoints"] = [item for item in found if not is_meant(item)]
        if not service["endpoints"] and "cluster_ip" in service:
            del service["endpoints"]  # without both nobody would know that it is headless

    path = ("services", namespace, name, "endpoints")
    return _changed(text, file, change, lambda: without(text, *((*path, i) for i in gone)))


def _changed(text: str, file: str, change: Callable[[Document], None], texts: Callable[[], Iterable[str]]) -> str:
    document = parse(text, file)
    cluster_of(document, text, file)  # so that what was wrong before is not blamed on the change
    wanted = deepcopy(document)
    change(wanted)
    for candidate in texts():
        try:
            found = tomllib.loads(candidate)
        except ValueError:
            continue
        if _pruned(found) == _pruned(wanted):
            break
    else:
        candidate = tomli_w.dumps(wanted)
    try:
        cluster_of(tomllib.loads(candidate), candidate, file)
    except ServicesError as error:  # its lines are those of a text that nobody has
        raise ServicesError(file, [fault._replace(line=None, other_line=None) for fault in error.faults]) from None
    return candidate


def _pruned(document: Document) -> Document:
    """Less the namespaces in which no service is left: they say nothing."""
    services = {namespace: inside for namespace, inside in document.get("services", {}).items() if inside}
    return {**document, "services": services}


def _service(document: Document, namespace: str, name: str) -> Document:
    try:
        found: Document = document["services"][namespace][name]
    except KeyError:
        raise EditError(f"there is no {name}.{namespace}") from None
    return found


def _endpoints(service: Document) -> list[object]:
    found = service.get("endpoints", [])
    return found if isinstance(found, list) else [found]


def _holders(document: Document) -> Iterator[tuple[bytes, str]]:
    """Each cluster address, and the service that has it."""
    for namespace, services in document["services"].items():
        for name, service in services.items():
            for address in _addresses(service, "cluster_ip"):
                yield address, f"{name}.{namespace}"


def _addresses(item: object, key: str = "address") -> set[bytes]:
    found = item.get(key, []) if isinstance(item, Mapping) else item
    texts = map(str, found if isinstance(found, list) else [found])
    return {spelling.address(text) for text in texts if spelling.is_address(text)}


def _is_plain(endpoints: Sequence[object]) -> bool:
    """Whether a further endpoint may be written as its address alone: not among tables of their own."""
    return not endpoints or not all(isinstance(item, dict) for item in endpoints)
