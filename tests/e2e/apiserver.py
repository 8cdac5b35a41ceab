"""A real kube-apiserver with an etcd behind it, for tests: KUBE_APISERVER names its program."""

from __future__ import annotations

import os
import shutil
import signal
import ssl
import tempfile
from pathlib import Path
from typing import Any, Final, Self

import httpx

from tests.e2e.programs import PATIENCE, Program, free_port, installed, until
from tests.pydns.kubernetes import certificates
from tests.pydns.kubernetes.standin import COLLECTIONS, Object, key_of

PROGRAM: Final = os.environ.get("KUBE_APISERVER", "")
SERVICES: Final = "10.96.0.0/16"
KINDS: Final = {
    "namespaces": ("v1", "Namespace"),
    "services": ("v1", "Service"),
    "endpointslices": ("discovery.k8s.io/v1", "EndpointSlice"),
    "pods": ("v1", "Pod"),
}
TOKEN: Final = "a-token-of-tests"

_START: Final = 60.0


def missing() -> str:
    """Why there is none; empty where there is one."""
    if not PROGRAM:
        return "KUBE_APISERVER names no kube-apiserver"
    if shutil.which(PROGRAM) is None:
        return f"KUBE_APISERVER: there is no program {PROGRAM}"
    absent = [name for name in ("etcd", "openssl") if installed(name) is None]
    return f"{' and '.join(absent)} not installed" if absent else ""


class ApiServer:
    """Runs while it is open. `objects` are as the API has them; the API may refuse what `put` gives it."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="pydns-apiserver-"))
        self._etcd_port, self._peer_port, self._port = free_port(), free_port(), free_port()
        self.url = f"https://127.0.0.1:{self._port}"
        self._etcd: Program | None = None
        self._server: Program | None = None
        self._http: httpx.Client | None = None

    def __enter__(self) -> Self:
        self._certificate, self._key = certificates.make(self._folder, "apiserver")
        (self._folder / "tokens").write_text(f'{TOKEN},tests,tests,"system:masters"\n')
        etcd, peer = f"http://127.0.0.1:{self._etcd_port}", f"http://127.0.0.1:{self._peer_port}"
        self._etcd = Program(
            installed("etcd") or "etcd", "--data-dir", str(self._folder / "etcd"),
            "--listen-client-urls", etcd, "--advertise-client-urls", etcd,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}",
        )  # fmt: skip
        headers = {"authorization": f"Bearer {TOKEN}"}
        context = ssl.create_default_context(cafile=str(self._certificate))
        self._http = httpx.Client(base_url=self.url, headers=headers, verify=context, trust_env=False, timeout=10)
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        if self._http is not None:
            self._http.close()
        if self._etcd is not None:
            self._etcd.process.kill()
            self._etcd.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        self._server = Program(
            PROGRAM, "--etcd-servers", f"http://127.0.0.1:{self._etcd_port}",
            "--bind-address", "127.0.0.1", "--secure-port", str(self._port),
            "--tls-cert-file", str(self._certificate), "--tls-private-key-file", str(self._key),
            "--token-auth-file", str(self._folder / "tokens"), "--authorization-mode", "AlwaysAllow",
            "--service-account-issuer", "https://kubernetes.default.svc",
            "--service-account-key-file", str(self._key), "--service-account-signing-key-file", str(self._key),
            "--service-cluster-ip-range", SERVICES, "--disable-admission-plugins", "ServiceAccount",
            "--endpoint-reconciler-type", "none",
        )  # fmt: skip
        until(self._is_ready, bool, _START)

    def stop(self) -> None:
        """At once, as by a crash: all connections end where they are."""
        if self._server is not None:
            self._server.process.send_signal(signal.SIGKILL)
            self._server.wait()
            self._server = None

    def _is_ready(self) -> bool:
        assert self._http is not None
        try:
            return self._http.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def kubeconfig(self) -> Path:
        """A file by which clients find it, and may do all."""
        path = self._folder / "kubeconfig"
        path.write_text(
            f"apiVersion: v1\nkind: Config\ncurrent-context: tests\n"
            f"clusters: [{{name: tests, cluster: {{server: {self.url}, certificate-authority: apiserver.crt}}}}]\n"
            f"users: [{{name: tests, user: {{token: {TOKEN}}}}}]\n"
            f"contexts: [{{name: tests, context: {{cluster: tests, user: tests}}}}]\n"
        )
        return path

    @property
    def objects(self) -> dict[str, dict[tuple[str, str], Object]]:
        found = {}
        for collection in ("namespaces", "services", "endpointslices", "pods"):
            items = self._call("GET", COLLECTIONS[collection]).json()["items"]
            found[collection] = {key_of(item): item for item in items}
        return found

    def put(self, collection: str, item: Object) -> bool:
        """Makes an object, or changes the one of that name; False where the API refuses it."""
        version, kind = KINDS[collection]
        item = {"apiVersion": version, "kind": kind, **item}
        path = _path(collection, *key_of(item))
        there = self._call("GET", path)
        if there.status_code == 404:
            done = self._call("POST", path.rpartition("/")[0], item)
        else:
            version = there.json()["metadata"]["resourceVersion"]
            done = self._call("PUT", path, {**item, "metadata": {**item["metadata"], "resourceVersion": version}})
        if done.is_success and "status" in item:  # which is set by itself
            version = done.json()["metadata"]["resourceVersion"]
            changed = {**done.json(), "status": item["status"], "metadata": done.json()["metadata"]}
            changed["metadata"]["resourceVersion"] = version
            done = self._call("PUT", f"{path}/status", changed)
        return done.is_success

    def delete(self, collection: str, namespace: str, name: str) -> None:
        options = {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0}
        self._call("DELETE", _path(collection, namespace, name), options)

    def forget(self) -> None:
        """No version of before is known any more: etcd is compacted."""
        version = self._call("GET", "/api/v1/namespaces").json()["metadata"]["resourceVersion"]
        url = f"http://127.0.0.1:{self._etcd_port}/v3/kv/compaction"
        httpx.post(url, json={"revision": version, "physical": True}, timeout=PATIENCE, trust_env=False)

    def _call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        assert self._http is not None
        return self._http.request(method, path, json=body)


def _path(collection: str, namespace: str, name: str) -> str:
    head, _, tail = COLLECTIONS[collection].rpartition("/")
    return f"{head}/namespaces/{namespace}/{tail}/{name}" if namespace else f"{head}/{tail}/{name}"
