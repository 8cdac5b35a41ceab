"""Senders of dynamic updates that know for certain which of these were answered.

Each update is an exchange of its own whose outcome belongs to it alone: the exit status of an nsupdate that had nothing
else to send, or an answer whose id and signature fit that message. Nothing is read from a stream of several.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterable
from typing import Final, Self

import dns.exception
import dns.query
import dns.rcode
import dns.tsig
import dns.tsigkeyring
import dns.update

from tests.e2e.programs import installed, until
from tests.peers.zones import KEY

Send = Callable[[int, str, Iterable[str]], bool]
"""Adds an address to each of the names in one update of the zone; True where the server answers that it is done."""

KEYRING: Final = dns.tsigkeyring.from_text({KEY.name: KEY.secret})


def by_nsupdate(port: int, origin: str, names: Iterable[str]) -> bool:
    """A process for the one update, which succeeds where the answer is NOERROR. It asks once."""
    program = installed("nsupdate")
    assert program is not None, "nsupdate is not installed"
    lines = [f"server 127.0.0.1 {port}", f"zone {origin}.", *(_added(name, origin) for name in names), "send", ""]
    words = [program, "-y", KEY.for_dig, "-t", "1", "-u", "1", "-r", "0"]
    done = subprocess.run(words, input="\n".join(lines), capture_output=True, text=True, timeout=60, check=False)
    return done.returncode == 0


def by_dnspython(port: int, origin: str, names: Iterable[str]) -> bool:
    """Takes an answer with the id and the MAC that belong to the message, and no other. It asks once."""
    message = dns.update.UpdateMessage(origin, keyring=KEYRING, keyalgorithm=dns.tsig.HMAC_SHA256)
    for name in names:
        message.add(name, 60, "A", "192.0.2.1")
    try:
        answer = dns.query.udp(message, "127.0.0.1", timeout=1, port=port, ignore_unexpected=True)
    except (dns.exception.Timeout, OSError):
        return False
    return answer.had_tsig and answer.rcode() == dns.rcode.NOERROR


def pair(update: str) -> tuple[str, str]:
    """The two names that one update adds: it is there whole or not at all."""
    return f"{update}-a", f"{update}-b"


def lacking(updates: Iterable[str], names: set[str]) -> set[str]:
    """The updates of which something is not there."""
    return {update for update in updates if not names.issuperset(pair(update))}


def whole(names: set[str]) -> bool:
    """Whether each update that is there is so with both of its names, answered or not."""
    return not lacking({name[:-2] for name in names if name.endswith(("-a", "-b"))}, names)


class Senders:
    """Two of them, each sending one update after the other. `done` are those that were answered."""

    def __init__(self, send: Send, port: int, origin: str, prefix: str, *, goes_on: bool = False) -> None:
        """They run within the block, and unless `goes_on` only until the first update that is not answered."""
        self.done: list[str] = []
        self._send = send
        self._port = port
        self._origin = origin
        self._goes_on = goes_on
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(f"{prefix}-{i}",)) for i in range(2)]

    def _run(self, prefix: str) -> None:
        number = 0
        while not self._stopped.is_set():
            update = f"{prefix}-{number}"
            if self._send(self._port, self._origin, pair(update)):
                self.done.append(update)
            elif not self._goes_on:
                return
            number += 1

    def wait_for(self, count: int) -> None:
        """Until so many are answered."""
        until(lambda: len(self.done), lambda found: found >= count)

    def join(self) -> None:
        """Until they have ended by themselves."""
        for each in self._threads:
            each.join(30)
            assert not each.is_alive()

    def __enter__(self) -> Self:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self.join()


def _added(name: str, origin: str) -> str:
    return f"update add {name}.{origin}. 60 A 192.0.2.1"
