"""Services: show and change the services file that the kubernetes plugin answers from."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Final

from pydns.cli import arguments
from pydns.cli.output import plain, show
from pydns.cli.services import changes
from pydns.cli.services.file import find_file
from pydns.cli.services.listing import as_json, lines
from pydns.services import store
from pydns.services.model import Kind
from pydns.services.reader import read

SUMMARY: Final = "show and change the services file that the kubernetes plugin answers from"

_HELP: Final = """\
The file is that of --file, else of the one `services` option in the Corefile, else
./services.toml. A change is checked, and the file is written whole; a server that runs
answers from it at once. Comments stay, except where a change meets tables written within
braces: then the file is written anew without them, which is told.

exit codes: 0 done; 1 the file is faulty or the change makes no sense; 2 wrong usage

examples:
  pydns services list
  pydns services add web.shop --cluster-ip 10.96.1.10 --port http:80/tcp
  pydns services add db.shop --headless --port pg:5432
  pydns services add www.shop --external-name www.example.com
  pydns services endpoint add db.shop 10.244.0.21 --hostname db-0
  pydns services endpoint remove db.shop db-0
  pydns services --file services.toml remove web.shop
"""


def parser() -> argparse.ArgumentParser:
    found = arguments.make_parser("services", SUMMARY, _HELP)
    _add_file(found, None)
    verbs = found.add_subparsers(dest="verb", metavar="VERB", required=True)
    listing = _verb(verbs, "list", "show services, their addresses, ports and endpoints")
    listing.add_argument("namespace", nargs="?", help="only of this namespace")
    listing.add_argument("--json", action="store_true", help="print one JSON object")
    _add_service(_verb(verbs, "add", "add a service"))
    _name(_verb(verbs, "remove", "remove a service with its endpoints"))
    endpoint = verbs.add_parser("endpoint", help="add or remove an endpoint of a service", allow_abbrev=False)
    endpoints = endpoint.add_subparsers(dest="endpoint_verb", metavar="VERB", required=True)
    _add_endpoint(_verb(endpoints, "add", "add an endpoint"))
    removal = _verb(endpoints, "remove", "remove an endpoint")
    _name(removal)
    removal.add_argument("who", metavar="ADDRESS|HOSTNAME", help="which endpoint")
    return found


def run(argv: Sequence[str]) -> int:
    options = parser().parse_args(argv)
    path = find_file(options.file, options.corefile)
    if options.verb == "list":
        cluster = read(store.load(path), str(path))
        if options.json:
            print(json.dumps(as_json(cluster, options.namespace), indent=2))
        else:
            show(lines(cluster, options.namespace))
        return 0
    done = changes.change(options, path)
    show([plain(done.told)])
    if done.comments_lost:
        show([plain(f"pydns: {path} was written anew; its comments are gone")], sys.stderr)
    return 0


def _verb(verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, what: str) -> argparse.ArgumentParser:
    found = verbs.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.", allow_abbrev=False)
    _add_file(found, argparse.SUPPRESS)  # so that what stood ahead of the verb stays
    return found


def _add_file(found: argparse.ArgumentParser, default: str | None) -> None:
    found.add_argument("--file", metavar="FILE", default=default, help="the services file")
    corefile = default or "Corefile"
    found.add_argument(
        "--corefile",
        "-conf",
        metavar="FILE",
        default=corefile,
        help="where its name is looked up (default: ./Corefile)",
    )


def _name(found: argparse.ArgumentParser) -> None:
    found.add_argument("name", metavar="NAME.NAMESPACE", type=changes.service_name, help="the service")


def _add_service(found: argparse.ArgumentParser) -> None:
    _name(found)
    found.add_argument("--cluster-ip", metavar="ADDRESS", action="append", help="its address; twice for dual stack")
    found.add_argument("--headless", action="store_true", help="it has no address but those of its endpoints")
    found.add_argument("--external-name", metavar="NAME", help="it is another name for NAME")
    found.add_argument("--port", metavar="[NAME:]PORT[/PROTOCOL]", action="append", help="a port, http:80/tcp")
    found.add_argument("--type", choices=[str(kind) for kind in Kind], help="default: ClusterIP or ExternalName")
    found.add_argument("--external-ip", metavar="ADDRESS", action="append", help="where it is reached from outside")
    found.add_argument("--load-balancer", metavar="ADDRESS|NAME", action="append", help="its load balancer")
    found.add_argument(
        "--publish-not-ready-addresses", action="store_true", help="answer endpoints that are not ready too"
    )


def _add_endpoint(found: argparse.ArgumentParser) -> None:
    _name(found)
    found.add_argument("address", metavar="ADDRESS", nargs="+", help="one, or one of each family")
    for option, what in (
        ("hostname", "its name below the service"),
        ("pod", "the pod behind it"),
        ("node", "where that runs"),
        ("zone", "the node's zone"),
    ):
        found.add_argument(f"--{option}", metavar="NAME", help=what)
    found.add_argument("--not-ready", action="store_true", help="it is not answered yet")
