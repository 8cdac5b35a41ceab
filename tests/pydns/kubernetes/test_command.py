from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.kubernetes import command
from pydns.kubernetes.access import Access, AccessError
from pydns.kubernetes.command import grant, read_credential
from pydns.kubernetes.tree import Tree

VERSION = "client.authentication.k8s.io/v1"
ACCESS = Access("https://192.0.2.1", b"CA")


def credential(**status: str) -> str:
    return json.dumps({"apiVersion": VERSION, "kind": "ExecCredential", "status": status})


def spec(script: str, **more: object) -> Tree:
    return Tree({"apiVersion": VERSION, "command": sys.executable, "args": ["-c", script], **more})


async def test_a_token(tmp_path: Path) -> None:
    found = await grant(spec(f"print({credential(token='abc')!r})"), ACCESS, tmp_path)
    assert (found.authorization, found.expires) == ("Bearer abc", math.inf)


async def test_a_certificate(tmp_path: Path) -> None:
    told = credential(clientCertificateData="C", clientKeyData="K", expirationTimestamp="2026-01-01T00:00:00Z")
    found = await grant(spec(f"print({told!r})"), ACCESS, tmp_path)
    assert (found.certificate, found.key, found.expires) == (b"C", b"K", 1767225600.0)


async def test_it_is_told_what_it_wants_to_know(tmp_path: Path) -> None:
    script = (
        "import json, os; info = json.loads(os.environ['KUBERNETES_EXEC_INFO']);"
        "info['status'] = {'token': os.environ['MINE'] + info['spec']['cluster']['server']}; print(json.dumps(info))"
    )
    asked = spec(script, env=[{"name": "MINE", "value": "x"}, {"value": "no name"}], provideClusterInfo=True)
    assert (await grant(asked, ACCESS, tmp_path)).authorization == "Bearer xhttps://192.0.2.1"


async def test_a_path_counts_from_the_folder_of_the_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin/login"
    script.write_text(f"#!/bin/sh\necho '{credential(token='abc')}'\n")
    script.chmod(0o755)
    assert await grant(Tree({"apiVersion": VERSION, "command": "bin/login"}), ACCESS, tmp_path)


@pytest.mark.parametrize(("asked", "fault"), [
    (Tree(), "exec wants a command"),
    (Tree({"apiVersion": "v1alpha1", "command": "x"}), "exec wants a command, and an apiVersion of"),
    (Tree({"apiVersion": VERSION, "command": "/no/such/program"}), "/no/such/program cannot be run: "),
    (Tree({"apiVersion": VERSION, "command": "\0"}), "cannot be run: "),
    (spec("import sys; sys.exit('not\\nlogged in')"), "exit status 1: not logged in"),
    (spec("print('hello')"), "printed no JSON"),
])  # fmt: skip
async def test_a_fault(asked: Tree, fault: str, tmp_path: Path) -> None:
    with pytest.raises(AccessError) as raised:
        await grant(asked, ACCESS, tmp_path)
    assert fault in str(raised.value)


async def test_one_that_never_ends_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "PATIENCE", 0.2)
    with pytest.raises(AccessError, match="no credentials within"):
        await grant(spec("import time; time.sleep(1000)"), ACCESS, tmp_path)


@pytest.mark.parametrize("output", [
    b"", b"[]", b"[" * 100_000, b'{"kind":"ExecCredential"}', credential().encode(),
    credential(clientCertificateData="C").encode(), credential(token="a b").encode(),
])  # fmt: skip
def test_what_is_no_credential(output: bytes) -> None:
    with pytest.raises(AccessError):
        read_credential(output, "x", VERSION)


@given(st.binary(max_size=100))
def test_any_bytes_are_refused(output: bytes) -> None:
    with pytest.raises(AccessError):
        read_credential(output, "x", VERSION)
