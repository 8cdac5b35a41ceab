"""Serve: read the Corefile, answer queries until a signal ends it."""

from __future__ import annotations

import faulthandler
import logging
import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import trio

from pydns import __version__, names
from pydns.cli.flags import Flags, UsageError, read
from pydns.cli.signals import held, let_through
from pydns.collector import spare
from pydns.corefile.limits import MAX_CHARACTERS
from pydns.corefile.parser import parse_file, parse_text
from pydns.corefile.tree import Corefile
from pydns.errors import CorefileErrorGroup, StartError, ungrouped
from pydns.listen.activation import inherited
from pydns.logs import LineWriter, configure
from pydns.notify import from_environ
from pydns.plugin import House
from pydns.registry import known_names
from pydns.run import Process
from pydns.setup import Configuration, load

SUMMARY: Final = "answer queries"

_WITHOUT_COREFILE: Final = ".:{port} {{\n    whoami\n    log\n}}\n"  # CoreDNS's
_LAST_WORDS: Final = 1.0  # seconds in which the rest of the log is written at the end


def run(argv: Sequence[str]) -> int:
    try:
        flags = read(argv)
    except UsageError as error:
        print(f"pydns: {error}", file=sys.stderr)
        return 2
    if flags.version:
        print("\n".join(version()))
        return 0
    if flags.plugins:
        print("Server types:\n  dns\n\nOther plugins:")
        print("\n".join(f"  dns.{name}" for name in known_names()))
        return 0
    _hold_standard_streams()
    faulthandler.enable(2)  # systemd ends a loop that is stuck by SIGABRT: then standard error tells where it was
    writer = LineWriter()
    configure(writer, quiet=flags.quiet)
    try:
        read_corefile = loader(flags)
        with held():
            writer.start()
            trio.run(_serve, read_corefile, flags, writer)
    except (CorefileErrorGroup, StartError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        logging.getLogger().handlers.clear()
        writer.close(_LAST_WORDS)
    return 0


def _hold_standard_streams() -> None:
    """Where they are closed, nothing that is opened later has their numbers: the log would go into it."""
    while (number := os.open(os.devnull, os.O_RDWR)) < 3:
        pass
    os.close(number)


async def _serve(read_corefile: Callable[[], Configuration], flags: Flags, writer: LineWriter) -> None:
    house = House(lines=writer)
    writer.count_in(house.metrics)
    notifier = from_environ(os.environ, os.getpid())
    process = Process(read_corefile, house, inherited(os.environ, os.getpid()), notifier, flags.quiet)
    with ungrouped(CorefileErrorGroup, StartError):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(notifier.run)
            await nursery.start(process.handle_signals)
            let_through()
            await nursery.start(process.run)
            spare()
            if not (flags.quiet or process.stopped.is_set()):
                for line in (*_served(process.configuration), *version()):
                    writer.write(line)
            with _pid_file(flags.pidfile):
                await process.stopped.wait()
            nursery.cancel_scope.cancel()


def loader(flags: Flags) -> Callable[[], Configuration]:
    """What reads the Corefile that the flags name, each time that it is called."""
    from_stdin = _stdin() if flags.conf == "stdin" else None
    # Settled here: a Corefile that goes while the server runs must not turn it into another.
    path = flags.conf or ("Corefile" if Path("Corefile").exists() else "")

    def parse() -> Corefile:
        if from_stdin is not None:
            return parse_text(from_stdin, "stdin", environ=os.environ)
        if path:
            return parse_file(path, environ=os.environ)
        return parse_text(_WITHOUT_COREFILE.format(port=flags.port), environ=os.environ)

    return lambda: load(parse, flags.port)


def _stdin() -> str:
    """All of standard input; bytes that are no UTF-8 become lone surrogates (PEP 383), which the lexer finds."""
    if sys.stdin is None:
        raise StartError("cannot read the Corefile from standard input: it is closed")
    try:
        return sys.stdin.buffer.read(MAX_CHARACTERS + 1).decode("utf-8", "surrogateescape")
    except OSError as error:
        raise StartError(f"cannot read the Corefile from standard input: {error.strerror or error}") from error


def version() -> tuple[str, str]:
    system = f"{platform.system().lower()}/{platform.machine()}"
    return f"pydns-{__version__}", f"{system}, Python {platform.python_version()}, trio {trio.__version__}"


def _served(configuration: Configuration) -> Iterator[str]:
    for block in configuration.blocks:
        for scheme, port, zone, _ in block.ports():
            yield f"{'' if scheme == 'dns' else scheme + '://'}{names.to_text(zone)}:{port}"


@contextmanager
def _pid_file(path: str) -> Iterator[None]:
    if not path:
        yield
        return
    try:
        Path(path).write_text(f"{os.getpid()}\n")
    except OSError as error:
        raise StartError(f"cannot write the pid file {path}: {error.strerror or error}") from error
    try:
        yield
    finally:
        Path(path).unlink(missing_ok=True)
