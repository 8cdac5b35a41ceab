"""What the dashboards and alerts that people have for CoreDNS ask for is there, by the same names and labels."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator
from typing import Final, NamedTuple

import pytest

from tests.e2e.programs import dig, free_port, serving

COREFILE: Final = """
(common) {{
    bind 127.0.0.1
    errors
    prometheus 127.0.0.1:{pages}
}}

. {{
    import common
    hosts {{
        192.0.2.1 near.example.org
        fallthrough
    }}
    kubernetes cluster.local {{
        services services.toml
    }}
    cache 30
    forward . 127.0.0.1:{upstream}
}}

.:{upstream} {{
    import common
    hosts {{
        192.0.2.2 far.example.org
    }}
}}
"""
SERVICES: Final = '[services.shop.web]\ncluster_ip = "10.96.1.10"\n'

QUERIES: Final = (
    ("near.example.org", "A"),
    ("far.example.org", "A", "+dnssec"),
    ("far.example.org", "AAAA", "+tcp"),
    ("none.shop.svc.cluster.local", "A"),  # NXDOMAIN
    ("none.example.org", "A"),  # SERVFAIL
)

# The labels that an expression groups by or selects, but for Prometheus's own (job, instance). Three sources, at the
# commits that are named:
MIXIN: Final = "povilasv/coredns-mixin eb356cf: dashboards/coredns.libsonnet and alerts/"
SYSTEM: Final = "dotdc/grafana-dashboards-kubernetes 7fc1dc8: dashboards/k8s-system-coredns.json (Grafana 15762)"
STACK: Final = (
    "prometheus-community/helm-charts 01fe8cd: kube-prometheus-stack, k8s-coredns (Grafana 12539, after 5926)"
)
EXPRESSIONS: Final = (
    (MIXIN, "coredns_build_info", ""),
    (MIXIN, "coredns_panics_total", ""),
    (MIXIN, "coredns_plugin_enabled", "name"),
    (MIXIN, "coredns_dns_requests_total", "type"),
    (MIXIN, "coredns_dns_requests_total", "zone"),
    (MIXIN, "coredns_dns_responses_total", "server zone view rcode plugin"),
    (MIXIN, "coredns_dns_request_duration_seconds_bucket", "server zone le"),
    (MIXIN, "coredns_dns_request_size_bytes_bucket", "server zone proto le"),
    (MIXIN, "coredns_dns_response_size_bytes_bucket", "server zone proto le"),
    (MIXIN, "coredns_cache_entries", "type"),
    (MIXIN, "coredns_cache_hits_total", "type"),
    (MIXIN, "coredns_cache_misses_total", ""),
    (MIXIN, "coredns_forward_healthcheck_broken_total", ""),
    (MIXIN, "process_resident_memory_bytes", ""),
    (MIXIN, "process_cpu_seconds_total", ""),
    (SYSTEM, "coredns_dns_requests_total", "proto"),
    (SYSTEM, "coredns_dns_requests_total", "type"),
    (SYSTEM, "coredns_dns_responses_total", "rcode"),
    (SYSTEM, "coredns_dns_request_size_bytes_sum", "proto"),
    (SYSTEM, "coredns_dns_request_size_bytes_count", "proto"),
    (SYSTEM, "coredns_dns_request_size_bytes_bucket", "le"),
    (SYSTEM, "coredns_dns_response_size_bytes_bucket", "le"),
    (SYSTEM, "coredns_dns_request_duration_seconds_bucket", "le"),
    (SYSTEM, "coredns_proxy_request_duration_seconds_count", "proxy_name rcode"),
    (SYSTEM, "coredns_cache_entries", "type"),
    (SYSTEM, "coredns_cache_hits_total", "type"),
    (SYSTEM, "coredns_cache_misses_total", ""),
    (STACK, "coredns_dns_requests_total", "proto"),
    (STACK, "coredns_dns_requests_total", "type"),
    (STACK, "coredns_dns_requests_total", "zone"),
    (STACK, "coredns_dns_do_requests_total", ""),
    (STACK, "coredns_dns_request_size_bytes_bucket", "le proto"),
    (STACK, "coredns_dns_responses_total", "rcode"),
    (STACK, "coredns_dns_request_duration_seconds_bucket", "le"),
    (STACK, "coredns_dns_response_size_bytes_bucket", "le proto"),
    (STACK, "coredns_cache_entries", "type"),
    (STACK, "coredns_cache_hits_total", "type"),
    (STACK, "coredns_cache_misses_total", ""),
)
# Left out, though the mixin asks: coredns_forward_requests_total, _responses_total, _request_duration_seconds and
# _healthcheck_failures_total, in whose place CoreDNS itself has coredns_proxy_*;
# coredns_kubernetes_dns_programming_duration_seconds, which is of the API; go_goroutines.

# Values that an expression selects by, or that its legend shows.
VALUES: Final = (
    ("coredns_dns_requests_total", "proto", {"udp", "tcp"}),
    ("coredns_dns_requests_total", "type", {"A", "AAAA"}),
    ("coredns_dns_requests_total", "family", {"1"}),
    ("coredns_dns_requests_total", "zone", {"."}),
    ("coredns_dns_responses_total", "rcode", {"NOERROR", "NXDOMAIN", "SERVFAIL"}),
    ("coredns_dns_responses_total", "plugin", {"hosts", "kubernetes", "forward"}),
    ("coredns_cache_entries", "type", {"success", "denial"}),
    ("coredns_cache_hits_total", "type", {"success"}),
    ("coredns_proxy_request_duration_seconds_count", "proxy_name", {"forward"}),
    ("coredns_plugin_enabled", "name", {"errors", "hosts", "kubernetes", "cache", "forward", "prometheus"}),
)


class Sample(NamedTuple):
    metric: str
    labels: dict[str, str]


def read(page: str) -> Iterator[Sample]:
    """The samples of a page in Prometheus's text format."""
    for line in page.splitlines():
        if found := re.fullmatch(r"(\w+)(?:\{(.*)\})? \S+", line):
            yield Sample(found[1], dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', found[2] or "")))


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    """What a server shows that has been asked a few things, each so often that the packet cache has its part too."""
    folder = tmp_path_factory.mktemp("dashboards")
    port, upstream, pages = free_port(), free_port(), free_port()
    (folder / "Corefile").write_text(COREFILE.format(upstream=upstream, pages=pages))
    (folder / "services.toml").write_text(SERVICES)
    with serving(folder / "Corefile", port, folder=folder):
        for _ in range(4):
            for words in QUERIES:
                assert dig(port, *words).status
        with urllib.request.urlopen(f"http://127.0.0.1:{pages}/metrics", timeout=15) as page:
            return list(read(page.read().decode()))


@pytest.mark.parametrize(
    ("metric", "labels"), [pytest.param(*what, id=" ".join((source[:5], *what))) for source, *what in EXPRESSIONS]
)
def test_an_expression_finds_its_metric_with_its_labels(metric: str, labels: str, samples: list[Sample]) -> None:
    found = [sample for sample in samples if sample.metric == metric]
    assert found
    assert all(set(labels.split()) <= set(sample.labels) for sample in found)


def _id(value: object) -> str:
    """The same in each process: the order of a set is not."""
    return " ".join(sorted(value)) if isinstance(value, set | frozenset) else str(value)


@pytest.mark.parametrize(("metric", "label", "values"), VALUES, ids=_id)
def test_labels_have_the_values_that_are_looked_for(
    metric: str, label: str, values: set[str], samples: list[Sample]
) -> None:
    assert values <= {sample.labels[label] for sample in samples if sample.metric == metric}


def test_a_server_is_named_as_coredns_names_it(samples: list[Sample]) -> None:
    servers = {sample.labels["server"] for sample in samples if "server" in sample.labels}
    assert all(re.fullmatch(r"dns://127\.0\.0\.1:\d+", server) for server in servers)
    assert len(servers) == 2
