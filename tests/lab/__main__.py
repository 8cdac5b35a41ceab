"""Build the site for a person to play in, say what to try, and take it down at the end: `make lab`."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import Final

from tests.lab.site import ROOT, Site

NAME: Final = "pydns-lab"

TRY: Final = """\
A site of four hosts: {name}-dns runs pydns, {name}-upstream runs NSD, {name}-desk and {name}-pod ask.
In another terminal, as root:

  desk() {{ ip netns exec {name}-desk "$@"; }}
  pod() {{ ip netns exec {name}-pod "$@"; }}

A name of the hosts file, one of a service, one of the upstream; and the shorter one that a pod uses:
  desk getent hosts printer.home
  desk dig +short web.shop.svc.cluster.local
  desk dig +short www.example.org
  pod getent hosts web

Change what it knows; the next answer is the new one:
  echo '10.53.0.71 scanner.home' >> {folder}/hosts
  desk getent hosts scanner.home
  {python} -m pydns services --file {folder}/services.toml add cart.shop --cluster-ip 10.96.1.11
  pod getent hosts cart

Cut the upstream off, and put it back. What was asked before is answered all the same (EDE 3, stale), what was not is
SERVFAIL with the reason:
  ip -n {name}-dns link set upstream down
  desk dig www.example.org
  desk dig new.example.org
  ip -n {name}-dns link set upstream up

Break the Corefile, look, and mend it:
  editor {folder}/Corefile

What it counts:
  desk {python} -c 'import urllib.request as u; print(u.urlopen("http://10.53.0.1:9153/metrics").read().decode())'

Ctrl-C takes the site down. This is pydns's log:
"""


def main(name: str = NAME) -> int:
    if os.geteuid() != 0:
        print("the lab makes network namespaces, which wants root: sudo make lab", file=sys.stderr)
        return 1
    nsd = shutil.which("nsd") or shutil.which("nsd", path="/usr/sbin:/usr/local/sbin")
    if nsd is None or shutil.which("ip") is None:
        print("the lab needs the programs ip and nsd (Debian: apt-get install iproute2 nsd)", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, _interrupt)
    with socket.socket(socket.AF_UNIX) as lock:
        try:
            lock.bind(f"\0{name}")  # goes with the process, however that ends
        except OSError:
            print(f"a lab named {name} is running already", file=sys.stderr)
            return 1
        return _play(Site(name, Path("/run", name)), nsd)


def _play(site: Site, nsd: str) -> int:
    processes: list[subprocess.Popen[bytes]] = []
    site.remove()  # what a lab left that was killed
    try:
        site.build()
        processes.append(subprocess.Popen(site.upstream_command(nsd), cwd=ROOT))
        print(TRY.format(name=site.network.name, folder=site.folder, python=sys.executable), flush=True)
        processes.append(subprocess.Popen(site.server_command(), cwd=ROOT))
        return processes[-1].wait()
    except KeyboardInterrupt:
        return 0
    except subprocess.CalledProcessError as error:
        print(f"no network namespaces can be made here: {error.stderr.strip()}", file=sys.stderr)
        return 1
    finally:
        # A second Ctrl-C must not leave half of it.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        for process in reversed(processes):
            process.terminate()
            process.wait()
        site.remove()
        print("The site is taken down.", flush=True)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
