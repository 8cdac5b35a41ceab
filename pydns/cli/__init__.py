"""The command `pydns`: CoreDNS's flags serve, and verbs do the rest. Each verb is a module beside this one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Final

from pydns.cli.signals import hear_early
from pydns.errors import PydnsError

VERBS: Final = {
    "serve": "answer queries; what happens without a verb",
    "check": "find all errors in a Corefile, without opening a socket",
    "chain": "show the order in which plugins are asked, and what is never reached",
    "adapt": "print a Corefile as TOML",
    "query": "ask a DNS server: a small dig",
    "zone": "find what is wrong with a zone's file, and what differs between two",
    "keys": "make DNSSEC keys, show them, and what the parent zone must know of them",
    "services": "show and change the services file that the kubernetes plugin answers from",
}

_FIRST: Final = "pydns: a DNS server for a node or a cluster, with CoreDNS's Corefile and command line"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a verb; gives the exit status. `argv` is without the program's name, and the process's where it is None."""
    words = list(sys.argv[1:] if argv is None else argv)
    verb = words.pop(0) if words and words[0] in VERBS else "serve"
    if verb == "serve" and words and (close := get_close_matches(words[0], VERBS, n=1)):
        print(f"pydns: {words[0]!r} is no verb; did you mean {close[0]!r}?", file=sys.stderr)
        return 2
    try:
        if verb == "serve" and words[:1] in (["-h"], ["-help"], ["--help"], ["help"]):
            print(usage())
            status = 0
        else:
            if verb == "serve" and argv is None:
                hear_early()
            status = int(import_module(f"pydns.cli.{verb}").run(words))
        if sys.stdout is not None:
            sys.stdout.flush()  # here, where somebody listens to what goes wrong
        return status
    except PydnsError as error:
        print(f"pydns: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # nobody reads: say nothing more, not even at exit
        return 1


def usage() -> str:
    from pydns.cli.flags import FLAGS

    verbs = "\n".join(f"  {verb:<8} {what}" for verb, what in VERBS.items())
    flags = "\n".join(f"  {flag.spelled:<18} {flag.help}" for flag in FLAGS)
    return (
        f"{_FIRST}\n\nusage: pydns [serve] [FLAG...]\n"
        "       pydns VERB [ARGUMENT...]    (pydns VERB --help tells more)\n"
        f"\nverbs:\n{verbs}\n\nflags of serve, with one dash or two:\n{flags}\n\nexamples:\n"
        "  pydns -conf /etc/pydns/Corefile\n  pydns -conf Corefile -dns.port 1053\n  pydns check Corefile"
    )
