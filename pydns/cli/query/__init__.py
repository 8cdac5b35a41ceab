"""Query: ask a DNS server one question and show the answer. A small dig, for machines without one."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Final

import trio

from pydns.cli import arguments
from pydns.cli.output import plain, show
from pydns.cli.query import text, words
from pydns.cli.query.asking import NoAnswerError, Outcome, ask
from pydns.cli.query.question import Question, name_of, reverse_name
from pydns.records import Type
from pydns.upstream.endpoint import DNS_PORT, Endpoint
from pydns.wire.edns import OUR_SIZE

SUMMARY: Final = "ask a DNS server: a small dig"

_HELP: Final = """\
The words may come in any order: a name, a type (A, AAAA, TXT, TYPE65280; A where none
is given), a class, and @ with the server's address or name. Without one it is the first
of /etc/resolv.conf. Letters beyond ASCII are asked in IDNA; \\. and \\DDD are escapes.

Only the answer to this question, from this server, under its random id and port, is
taken; all else is ignored until the time is up. An answer that was cut over UDP is
fetched over TCP. Records are printed as in a zone file, all else behind semicolons.

exit codes: 0 an answer, whatever it says; 1 no answer; 2 wrong usage

examples:
  pydns query www.example.org AAAA @127.0.0.1 -p 1053
  pydns query -x 192.0.2.1 --short
"""


def parser() -> argparse.ArgumentParser:
    found = arguments.make_parser("query", SUMMARY, _HELP)
    found.add_argument("words", metavar="NAME [TYPE] [@SERVER]", nargs="*", help="what is asked, and whom")
    found.add_argument("-x", metavar="ADDRESS", dest="address", help="ask for the names of an IP address (PTR)")
    found.add_argument(
        "-p", "--port", metavar="PORT", type=arguments.port, default=DNS_PORT, help="of the server (default: 53)"
    )
    found.add_argument("--tcp", action="store_true", help="ask over TCP")
    found.add_argument(
        "--timeout", metavar="SECONDS", type=arguments.seconds, default=3.0, help="of each try (default: 3)"
    )
    found.add_argument(
        "--tries", metavar="NUMBER", type=arguments.number(1, 100), default=2, help="over UDP (default: 2)"
    )
    found.add_argument("--dnssec", action="store_true", help="want DNSSEC records (DO)")
    found.add_argument("--no-edns", action="store_true", help="send no OPT record")
    found.add_argument(
        "--bufsize",
        metavar="OCTETS",
        type=arguments.number(0, 65535),
        default=OUR_SIZE,
        help=f"most that we take over UDP, as the OPT record says it (default: {OUR_SIZE})",
    )
    found.add_argument("--no-recurse", action="store_true", help="ask for what the server has itself (no RD)")
    found.add_argument("--cd", action="store_true", help="take what fails DNSSEC validation too (CD)")
    form = found.add_mutually_exclusive_group()
    form.add_argument("--short", action="store_true", help="print the data of the answer alone")
    form.add_argument("--json", action="store_true", help="print JSON")
    return found


def run(argv: Sequence[str]) -> int:
    reader = parser()
    options = arguments.parse(reader, argv)
    try:
        said = words.read(options.words, named=options.address is not None)
        question = _question(options, said)
    except (words.WordError, ValueError) as error:
        reader.error(str(error))
    try:
        server = words.server_of(said.server, options.port) if said.server else words.default_server(options.port)
        outcome = trio.run(_ask, question, server, options)
    except NoAnswerError as error:
        if options.json:
            print(json.dumps({"error": str(error)}))
        else:
            show([plain(f"no answer: {error}")], sys.stderr)
        return 1
    _show(options, question, outcome, server)
    return 0


def _question(options: argparse.Namespace, said: words.Words) -> Question:
    """Raises ValueError."""
    if options.no_edns and options.dnssec:
        raise ValueError("--dnssec needs EDNS, which --no-edns leaves out")
    if options.address is not None:
        name, usual = reverse_name(options.address), Type.PTR
    else:
        name, usual = name_of(said.name or "."), Type.A
    return Question(
        name,
        usual if said.type is None else said.type,
        said.class_,
        recursion=not options.no_recurse,
        checking_disabled=options.cd,
        do=options.dnssec,
        size=None if options.no_edns else options.bufsize,
    )


async def _ask(question: Question, server: Endpoint, options: argparse.Namespace) -> Outcome:
    return await ask(question, server, stream=options.tcp, patience=options.timeout, tries=options.tries)


def _show(options: argparse.Namespace, question: Question, outcome: Outcome, server: Endpoint) -> None:
    if options.json:
        print(json.dumps(text.as_json(question, outcome, server), indent=2))
    elif options.short:
        show(text.short_lines(outcome.answer))
        if outcome.remark:
            show([plain(outcome.remark)], sys.stderr)
    else:
        show(text.lines(question, outcome, server))
