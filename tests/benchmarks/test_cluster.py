"""The cluster that is none has what it says, and a client of the API takes it for one."""

from __future__ import annotations

import json
import urllib.request
from ipaddress import ip_address

import pytest

from benchmarks import cluster
from benchmarks.cluster import COLLECTIONS, page
from benchmarks.probe import LOOPBACK
from pydns.kubernetes import objects
from pydns.kubernetes.listing import Page
from pydns.kubernetes.tree import Tree

READERS = {
    "/api/v1/namespaces": objects.namespace,
    "/api/v1/services": objects.service,
    "/apis/discovery.k8s.io/v1/endpointslices": objects.endpoint_slice,
    "/api/v1/pods": objects.pod,
}


@pytest.mark.parametrize("path", COLLECTIONS)
def test_pages_follow_each_other_to_the_last(path: str) -> None:
    collection = COLLECTIONS[path]
    first, last = json.loads(page(collection, 0, 50)), json.loads(page(collection, collection.size - 3, 50))
    assert (len(first["items"]), first["metadata"]["continue"]) == (50, "50")
    assert (len(last["items"]), "continue" in last["metadata"]) == (3, False)


@pytest.mark.parametrize("path", COLLECTIONS)
def test_each_object_is_one_for_dns(path: str) -> None:
    found = Page(page(COLLECTIONS[path], 0, 20))
    assert all(READERS[path](item) is not None for item in found.objects())
    assert found.metadata.text("resourceVersion")


def test_names_and_addresses_are_those_of_the_services() -> None:
    last = cluster.SERVICES - 1
    service = objects.service(Tree(COLLECTIONS["/api/v1/services"].make(last)))
    assert service is not None
    assert f"{service.name}.{service.namespace}.svc.cluster.local" == cluster.service_name(last)
    assert service.cluster_ips == (ip_address(cluster.service_address(last)).packed,)


def test_each_endpoint_is_a_pod() -> None:
    slice_ = objects.endpoint_slice(Tree(COLLECTIONS["/apis/discovery.k8s.io/v1/endpointslices"].make(9)))
    pods = [objects.pod(Tree(COLLECTIONS["/api/v1/pods"].make(number))) for number in range(90, 100)]
    assert slice_ is not None
    assert [(each.addresses, each.pod) for each in slice_.endpoints] == [
        (pod.addresses, pod.name) for pod in pods if pod is not None
    ]


def test_it_is_served_by_another_process() -> None:
    with cluster.serving() as port, urllib.request.urlopen(f"http://{LOOPBACK}:{port}/api/v1/pods?limit=2") as answer:
        tree = json.load(answer)
    assert (len(tree["items"]), tree["metadata"]["continue"]) == (2, "2")
