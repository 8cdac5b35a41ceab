"""Runs programs of the image as a container does: without root's powers, with one capability, on files that stay."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Final

import pytest

from tests.deploy.kubernetes.kustomize import FOLDER
from tests.e2e.programs import ROOT, installed

PROGRAMS: Final = ("busybox", "dig", "ip", "setcap", "setpriv", "unshare")
ENVIRON: Final = {"PYTHONPATH": os.pathsep.join((f"{ROOT}", f"{ROOT}/plugins", sysconfig.get_path("purelib")))}
DOCKERFILE: Final = (FOLDER / "Dockerfile").read_text()


def skip_where_impossible() -> None:
    if os.geteuid() != 0:
        pytest.skip("capabilities of files and network namespaces want root")
    if missing := [name for name in PROGRAMS if installed(name) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")


def build(folder: Path) -> Path:
    """Makes the image's folder /opt/pydns, without what pip installs there: `ENVIRON` says where that is."""
    subprocess.run((sys.executable, "-m", "venv", "--copies", "--without-pip", folder), check=True)
    (line,) = re.findall(r"^RUN (find .*?[^\\])$", DOCKERFILE, re.MULTILINE | re.DOTALL)
    busybox = shutil.which("busybox")
    assert busybox is not None
    script = line.replace("/opt/pydns", str(folder)).replace("/bin/busybox", busybox)
    done = subprocess.run(("sh", "-ec", script), capture_output=True, text=True, check=False)
    if "not supported" in done.stderr:
        pytest.skip(f"files have no capabilities here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return folder


def confined(capability: str, *words: str) -> tuple[str, ...]:
    """The command that runs `words` where nothing can be written, with this capability or, if it is empty, none.

    The user stays, for a checkout may be its own; but it is one like others (SECBIT_NOROOT), so that a program has the
    capabilities of its file or none, as in the container.
    """
    bounds = f"-all,+{capability.lower()}" if capability else "-all"
    readonly = ("unshare", "--mount", "sh", "-ec", 'mount -o remount,bind,ro / && exec "$@"', "sh")
    return (
        *readonly,
        *("setpriv", "--securebits", "+noroot", "--bounding-set", bounds, "--inh-caps", "-all", "--no-new-privs"),
        *words,
    )
