"""Credentials from a command (`exec` in a kubeconfig): it prints an ExecCredential."""

from __future__ import annotations

import json
import math
import os
import subprocess
from base64 import b64encode
from datetime import datetime
from pathlib import Path
from typing import Final

import trio

from pydns.kubernetes.access import Access, AccessError, bearer
from pydns.kubernetes.tree import Tree

PATIENCE: Final = 30.0
"""Seconds that a command may take."""

_VERSIONS: Final = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")


async def grant(spec: Tree, access: Access, folder: Path) -> Access:
    """Runs the command of an `exec`; a relative path in it counts from `folder`. Raises AccessError."""
    name, version = spec.text("command"), spec.text("apiVersion")
    if not name or version not in _VERSIONS:
        raise AccessError(f"exec wants a command, and an apiVersion of {' or '.join(_VERSIONS)}")
    # Only one with a slash is a path; others are looked for in PATH.
    program = str(folder / name) if "/" in name else name
    environ = {**os.environ, "KUBERNETES_EXEC_INFO": _info(version, access, spec.get("provideClusterInfo") is True)}
    environ.update((each.text("name"), each.text("value")) for each in spec.trees("env") if each.text("name"))
    try:
        with trio.fail_after(PATIENCE):
            done = await trio.run_process(
                [program, *spec.texts("args")], capture_stdout=True, capture_stderr=True, env=environ, stdin=b""
            )
    except trio.TooSlowError as error:
        raise AccessError(f"{name} gave no credentials within {PATIENCE:g} s") from error
    except subprocess.CalledProcessError as error:
        said = " ".join(error.stderr.decode("utf-8", "replace").split())[:200]
        raise AccessError(f"{name} gave no credentials: exit status {error.returncode}: {said}") from error
    except (OSError, ValueError) as error:  # a NUL in an argument is a ValueError
        raise AccessError(f"{name} cannot be run: {error}") from error
    return read_credential(done.stdout, name, version)


def read_credential(output: bytes, name: str, version: str) -> Access:
    """Raises AccessError."""
    try:
        tree = Tree(json.loads(output))
    except (ValueError, RecursionError) as error:
        raise AccessError(f"{name} printed no JSON") from error
    if tree.text("kind") != "ExecCredential" or tree.text("apiVersion") != version:
        raise AccessError(f"{name} printed no ExecCredential of {version}")
    status = tree.tree("status")
    token, certificate, key = (status.text(k) for k in ("token", "clientCertificateData", "clientKeyData"))
    if not token and not (certificate and key):
        raise AccessError(f"{name} gave neither a token nor a certificate with its key")
    return Access("", b"", certificate.encode(), key.encode(), bearer(token), expires=_seconds(status))


def _info(version: str, access: Access, with_cluster: bool) -> str:
    spec: dict[str, object] = {"interactive": False}
    if with_cluster:
        spec["cluster"] = {
            "server": access.server,
            "certificate-authority-data": b64encode(access.authority).decode(),
            "insecure-skip-tls-verify": not access.verify,
            "tls-server-name": access.server_name,
        }
    return json.dumps({"apiVersion": version, "kind": "ExecCredential", "spec": spec})


def _seconds(status: Tree) -> float:
    """When it expires; never where that is not told, or cannot be read: then it is refused in time."""
    try:
        return datetime.fromisoformat(status.text("expirationTimestamp")).timestamp()
    except ValueError:
        return math.inf
