"""A large cluster that is none: its Kubernetes API, as far as a DNS server asks it, with objects of the usual size.

`python3 -m benchmarks.cluster` serves it on a free port of loopback, which it prints, until its input ends.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from subprocess import PIPE, Popen
from typing import Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

from benchmarks.errors import BenchmarkError
from benchmarks.probe import LOOPBACK

NAMESPACES: Final = 100
SERVICES: Final = 10_000
ENDPOINTS: Final = 100_000
PODS: Final = 100_000
VERSION: Final = 1_000_000

ZONE: Final = "cluster.local"
_EACH: Final = ENDPOINTS // SERVICES
_MANAGED: Final = [  # which tool has set which field: a third of what an API sends
    {"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1", "time": "2026-01-01T00:00:00Z",
     "fieldsType": "FieldsV1", "fieldsV1": {f"f:field{i}": {"f:value": {}, ".": {}} for i in range(20)}},
]  # fmt: skip


class Collection(NamedTuple):
    size: int
    make: Callable[[int], object]


def service_name(number: int) -> str:
    return f"service{number:05}.{_namespace(number)}.svc.{ZONE}"


def service_address(number: int) -> str:
    return f"10.{96 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


def _namespace(number: int) -> str:
    return f"namespace{number % NAMESPACES:02}"


def _metadata(name: str, namespace: str, number: int, **labels: str) -> dict[str, object]:
    return {
        "name": name, "namespace": namespace, "uid": f"00000000-0000-0000-0000-{number:012}",
        "resourceVersion": str(number + 1), "generation": 1, "creationTimestamp": "2026-01-01T00:00:00Z",
        "labels": {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "benchmark", "team": "dns", **labels},
        "annotations": {"endpoints.kubernetes.io/last-change-trigger-time": "2026-01-01T00:00:00Z"},
        "managedFields": _MANAGED,
    }  # fmt: skip


def _make_namespace(number: int) -> object:
    metadata = _metadata(_namespace(number), "", number)
    return {"metadata": metadata, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}


def _make_service(number: int) -> object:
    name = f"service{number:05}"
    address = service_address(number)
    spec = {
        "type": "ClusterIP", "clusterIP": address, "clusterIPs": [address], "selector": {"app": name},
        "ports": [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": 8080},
                  {"name": "metrics", "protocol": "TCP", "port": 9090, "targetPort": 9090}],
        "sessionAffinity": "None", "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
        "internalTrafficPolicy": "Cluster",
    }  # fmt: skip
    return {"metadata": _metadata(name, _namespace(number), number), "spec": spec, "status": {"loadBalancer": {}}}


def _pod_address(number: int) -> str:
    return f"10.{128 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


def _pod_name(number: int) -> str:
    return f"service{number // _EACH:05}-7d4b9c6f58-{number:06}"


def _make_slice(number: int) -> object:
    name, namespace = f"service{number:05}", _namespace(number)
    endpoints = [
        {
            "addresses": [_pod_address(pod)],
            "conditions": {"ready": True, "serving": True, "terminating": False},
            "nodeName": f"node{pod % 1000:04}", "zone": f"zone-{pod % 3}",
            "targetRef": {"kind": "Pod", "namespace": namespace, "name": _pod_name(pod),
                          "uid": f"00000000-0000-0000-0001-{pod:012}"},
        }
        for pod in range(number * _EACH, (number + 1) * _EACH)
    ]  # fmt: skip
    labels = {"kubernetes.io/service-name": name, "endpointslice.kubernetes.io/managed-by": "endpointslice-controller"}
    ports = [{"name": "http", "protocol": "TCP", "port": 8080}, {"name": "metrics", "protocol": "TCP", "port": 9090}]
    metadata = _metadata(f"{name}-x7k2p", namespace, number, **labels)
    return {"metadata": metadata, "addressType": "IPv4", "ports": ports, "endpoints": endpoints}


def _make_pod(number: int) -> object:
    address, name = _pod_address(number), _pod_name(number)
    container = {
        "name": "main", "image": "registry.example.com/service:1.0.0", "imagePullPolicy": "IfNotPresent",
        "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
        "env": [{"name": f"VARIABLE_{i}", "value": f"value number {i}"} for i in range(8)],
        "resources": {"limits": {"memory": "256Mi"}, "requests": {"cpu": "100m", "memory": "256Mi"}},
        "livenessProbe": {"httpGet": {"path": "/health", "port": 8080}, "periodSeconds": 10},
        "volumeMounts": [{"name": "token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}],
    }  # fmt: skip
    conditions = [
        {"type": kind, "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
        for kind in ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
    ]
    status = {
        "phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "hostIP": "192.168.0.1",
        "conditions": conditions, "startTime": "2026-01-01T00:00:00Z", "qosClass": "Burstable",
        "containerStatuses": [{"name": "main", "ready": True, "restartCount": 0, "image": container["image"]}],
    }  # fmt: skip
    spec = {"containers": [container], "nodeName": f"node{number % 1000:04}", "restartPolicy": "Always"}
    metadata = _metadata(name, _namespace(number // _EACH), number)
    return {"metadata": metadata, "spec": spec, "status": status}


COLLECTIONS: Final = {
    "/api/v1/namespaces": Collection(NAMESPACES, _make_namespace),
    "/api/v1/services": Collection(SERVICES, _make_service),
    "/apis/discovery.k8s.io/v1/endpointslices": Collection(SERVICES, _make_slice),
    "/api/v1/pods": Collection(PODS, _make_pod),
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        found = COLLECTIONS.get(url.path)
        if found is None:
            self._answer(404, b"{}")
        elif "sendInitialEvents" in query:
            self._answer(422, b'{"kind":"Status","status":"Failure","reason":"Invalid","code":422}')
        elif "watch" in query:
            self._watch()
        else:
            self._answer(200, page(found, int(query.get("continue", "0")), int(query.get("limit", "0"))))

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _watch(self) -> None:
        """Nothing changes: it says so now and then."""
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("connection", "close")
        self.end_headers()
        metadata = {"resourceVersion": str(VERSION)}
        line = json.dumps({"type": "BOOKMARK", "object": {"metadata": metadata}}).encode() + b"\n"
        try:
            while True:
                self.wfile.write(line)
                self.wfile.flush()
                time.sleep(30)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


def page(collection: Collection, first: int, limit: int) -> bytes:
    """The objects from the number `first` on, as many as are wanted; 0: all."""
    end = min(first + limit, collection.size) if limit else collection.size
    metadata = {"resourceVersion": str(VERSION)} | ({"continue": str(end)} if end < collection.size else {})
    items = [collection.make(number) for number in range(first, end)]
    return json.dumps({"kind": "List", "apiVersion": "v1", "metadata": metadata, "items": items}).encode()


@contextmanager
def serving() -> Iterator[int]:
    """The port of loopback at which another process serves it. Raises BenchmarkError."""
    with Popen([sys.executable, "-m", "benchmarks.cluster"], stdin=PIPE, stdout=PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line.strip().isdigit():
                raise BenchmarkError("the API of the cluster does not start")
            yield int(line)
        finally:
            process.stdin.close()


def main() -> None:
    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
