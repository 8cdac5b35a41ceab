"""What the figures depend on beside us: the machine, and the versions of everything."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.errors import ServerError
from benchmarks.peers.peer import Peer
from benchmarks.peers.pydns import Single
from benchmarks.python import ROOT

Facts = dict[str, object]

_VERSION: Final = re.compile(r"\d+\.\d+[\w.+~-]*")

# Run by the Python of our server. Debian's tells in sysconfig of the build of its shared library, which is not the
# build of its python3: so the speed of a plain loop stands beside the flags.
_ABOUT_PYTHON: Final = """
import json, platform, sys, sysconfig, timeit
from importlib.metadata import distributions
build = " ".join(str(sysconfig.get_config_var(name)) for name in ("CONFIG_ARGS", "PY_CFLAGS", "PY_LDFLAGS"))
loop = min(timeit.repeat("for i in numbers: total = i + i", "numbers = range(100_000)", number=1, repeat=7)) / 100_000
print(json.dumps({
    "version": platform.python_version(),
    "implementation": platform.python_implementation(),
    "executable": sys.base_prefix,
    "compiler": platform.python_compiler(),
    "pgo_in_sysconfig": "--enable-optimizations" in build or "-fprofile-use" in build,
    "lto_in_sysconfig": "--with-lto" in build or "-flto" in build,
    "flags": sysconfig.get_config_var("PY_CFLAGS"),
    "loop_nanoseconds": round(loop * 1e9, 1),
    "packages": {d.name: d.version for d in distributions() if d.name in ("pydns-server", "trio", "dnslib")},
}))
"""


def gather(peers: Sequence[Peer], interpreter: Path) -> dict[str, Facts]:
    """All of it. `interpreter` is the Python of our server."""
    return {"machine": _machine(), "python": _python(interpreter), "versions": _versions(peers)}


def told(found: Mapping[str, object]) -> list[str]:
    """The same in lines for people. `found` may come from a file, so anything may be missing."""
    machine, about, versions = (_facts(found.get(name)) for name in ("machine", "python", "versions"))
    return [
        f"{machine.get('cpu')}, {machine.get('cores')} cores, {machine.get('system')}, kernel {machine.get('kernel')}",
        f"Python {about.get('version')}, {about.get('compiler')}, {about.get('loop_nanoseconds')} ns a turn of a loop",
        ", ".join(f"{name} {version}" for name, version in versions.items()),
    ]


def _facts(found: object) -> Facts:
    return found if isinstance(found, dict) else {}


def _machine() -> Facts:
    return {
        "system": _system(),
        "kernel": platform.release(),
        "cpu": _cpu_model(Path("/proc/cpuinfo").read_text()),
        "cores": os.cpu_count(),
        "load_average": os.getloadavg()[0],
    }


def _python(interpreter: Path) -> Facts:
    facts: Facts = json.loads(_output([str(interpreter), "-c", _ABOUT_PYTHON]) or "{}")
    return facts


def _versions(peers: Sequence[Peer]) -> Facts:
    """Of the servers that are installed, of dnsperf, and of this checkout."""
    found: Facts = {"dnsperf": version_in(_output(["dnsperf", "-h"]))}
    for peer in peers:
        if peer.name == Single.name:
            continue  # it is ours
        try:
            found[peer.name] = version_in(_output([peer.path(), *peer.version_arguments]))
        except ServerError:
            continue  # it is told where it was to be started
    commit = _output(["git", "-C", str(ROOT), "describe", "--always", "--dirty"]).strip()
    return {**found, "commit": commit or "unknown"}


def version_in(text: str) -> str:
    """The first thing in a program's words that looks like a version."""
    found = _VERSION.search(text)
    return found[0] if found else "unknown"


def _cpu_model(text: str) -> str:
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def _output(command: Sequence[str]) -> str:
    """What a program says, wherever it says it and whatever its status is; empty where it cannot be run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr
