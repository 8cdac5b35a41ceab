"""The Python of our server: an environment of its own, made of the system's Python.

A Python built with profile-guided and link-time optimization, as a distribution's is, is a good deal faster than one
that was built without, as pyenv's is. Whoever serves DNS takes the first.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Final

from benchmarks.errors import BenchmarkError

DEFAULT: Final = "/usr/bin/python3"

ROOT: Final = Path(__file__).resolve().parent.parent
ENVIRONMENT: Final = ROOT / "benchmarks" / ".venv"


def environment_of(python: str) -> Path:
    """The interpreter of an environment with our server in it, made anew where this Python or the project changed."""
    found = shutil.which(python)
    if found is None:
        raise BenchmarkError(f"there is no {python}: name another with --python")
    stamp = ENVIRONMENT / "stamp"
    wanted = _fingerprint(found)
    interpreter = ENVIRONMENT / "bin" / "python"
    if not (stamp.is_file() and stamp.read_text() == wanted and interpreter.exists()):
        _run([found, "-m", "venv", "--clear", str(ENVIRONMENT)], "apt install python3-venv, or name another --python")
        install = [str(interpreter), "-m", "pip", "install", "--quiet", "--editable", f"{ROOT}[dnssec,kubernetes]"]
        _run(install, "see what pip says")
        stamp.write_text(wanted)
    return interpreter


def _fingerprint(python: str) -> str:
    """What an environment depends on. The project's own sources are not copied into it, so they are no part of it."""
    version = _run([python, "-c", "import sys; print(sys.executable, sys.version)"], "name another --python")
    return hashlib.sha256(version.encode() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()


def _run(command: list[str], remedy: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr)[-2000:].strip()
        raise BenchmarkError(f"{' '.join(command)} failed ({remedy}): {said}")
    return done.stdout
