"""Hosts on one bridge, each a network namespace of its own. Nothing of it reaches the machine's own network."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

BRIDGE: Final = "bridge"
PREFIX_LENGTH: Final = 24

_NAMESPACES: Final = Path("/run/netns")
_FILES: Final = Path("/etc/netns")  # what stands below NAME there, `ip netns exec NAME` puts over the files of /etc
_PATIENCE: Final = 5.0  # seconds in which processes end by themselves


class Host(NamedTuple):
    """`files`: the files of /etc that are its own, by name."""

    name: str
    address: str
    files: Mapping[str, str] = {}


class Network:
    """`name` begins the names of all its namespaces."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._hub = ""

    def namespace(self, host: str) -> str:
        return f"{self.name}-{host}"

    def inside(self, host: str, *words: str) -> tuple[str, ...]:
        """The command that runs `words` on that host."""
        return ("ip", "netns", "exec", self.namespace(host), *words)

    def build(self, hub: Host, *others: Host) -> None:
        """The first host has the bridge, and the bridge its address. Raises CalledProcessError where that cannot be."""
        self._hub = self.namespace(hub.name)
        self._add(hub)
        _ip("-n", self._hub, "link", "add", BRIDGE, "type", "bridge")
        _set_address(self._hub, BRIDGE, hub.address)
        for host in others:
            namespace = self._add(host)
            _ip("-n", self._hub, "link", "add", host.name, "type", "veth", "peer", "name", "eth0", "netns", namespace)
            _ip("-n", self._hub, "link", "set", host.name, "master", BRIDGE, "up")
            _set_address(namespace, "eth0", host.address)

    def connect(self, host: str, connected: bool) -> None:
        """Pulls the host's cable out of the bridge, or puts it in."""
        _ip("-n", self._hub, "link", "set", host, "up" if connected else "down")

    def remove(self) -> None:
        """Takes everything of this name down, whoever built it, and ends what runs in it."""
        namespaces = list(self._found(_NAMESPACES))
        for namespace in namespaces:
            _end_processes(namespace)
        for namespace in namespaces:
            _ip("netns", "delete", namespace)
        for namespace in self._found(_FILES):
            shutil.rmtree(_FILES / namespace)
        with contextlib.suppress(OSError):
            _FILES.rmdir()  # others may have theirs there

    def _found(self, folder: Path) -> Iterator[str]:
        if folder.is_dir():
            yield from sorted(path.name for path in folder.iterdir() if path.name.startswith(f"{self.name}-"))

    def _add(self, host: Host) -> str:
        namespace = self.namespace(host.name)
        _ip("netns", "add", namespace)
        _ip("-n", namespace, "link", "set", "lo", "up")
        for name, text in host.files.items():
            path = _FILES / namespace / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return namespace


def _ip(*words: str) -> str:
    return subprocess.run(("ip", *words), check=True, capture_output=True, text=True).stdout


def _set_address(namespace: str, link: str, address: str) -> None:
    _ip("-n", namespace, "address", "add", f"{address}/{PREFIX_LENGTH}", "dev", link)
    _ip("-n", namespace, "link", "set", link, "up")


def _end_processes(namespace: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while processes := _ip("netns", "pids", namespace).split():
        number = signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(process), number)
        time.sleep(0.05)
