from __future__ import annotations

import pytest

from pydns.services.faults import ServicesError
from pydns.services.model import Endpoint, Kind, Port, Service
from pydns.services.reader import read

IP = b"\x0a\0\0\1"


def cluster_ip_and(text: str) -> str:
    return f"[services.shop.web]\ncluster_ip = '10.0.0.1'\n{text}"


@pytest.mark.parametrize(("text", "service"), [
    ("cluster_ip = '10.0.0.1'", Service("shop", "web", cluster_ips=(IP,))),
    ("cluster_ip = ['10.0.0.1', '::1']", Service("shop", "web", cluster_ips=(IP, bytes(15) + b"\1"))),
    ("cluster_ip = '::ffff:10.0.0.1'", Service("shop", "web", cluster_ips=(IP,))),
    ("cluster_ip = 'None'", Service("shop", "web")),
    ("endpoints = []", Service("shop", "web")),
    ("external_name = 'www.example.com'", Service("shop", "web", Kind.EXTERNAL_NAME, external_name="www.example.com")),
    ("external_name = '192.0.2.1'", Service("shop", "web", Kind.EXTERNAL_NAME, external_name="192.0.2.1")),
    ("type = 'nodeport'\ncluster_ip = '10.0.0.1'", Service("shop", "web", Kind.NODE_PORT, (IP,))),
    ("type = 'LoadBalancer'\ncluster_ip = '10.0.0.1'\nexternal_ips = '10.0.0.1'\nload_balancer = ['::1', 'lb.test']",
        Service("shop", "web", Kind.LOAD_BALANCER, (IP,), (), "", (IP,), ("::1", "lb.test"))),
])  # fmt: skip
def test_a_service(text: str, service: Service) -> None:
    assert read(f"[services.shop.web]\n{text}", "f").services == (service,)


@pytest.mark.parametrize(("text", "ports"), [
    ("80", [Port("", "tcp", 80)]),
    ("'http:80'", [Port("http", "tcp", 80)]),
    ("['dns:53/UDP', 'dns-tcp:53/tcp']", [Port("dns", "udp", 53), Port("dns-tcp", "tcp", 53)]),
    ("[{ name = 'a', port = 1, protocol = 'SCTP', target_port = 2, node_port = 3 }]", [Port("a", "sctp", 1, 2, 3)]),
    ("{ port = 1 }", [Port("", "tcp", 1)]),
])  # fmt: skip
def test_ports(text: str, ports: list[Port]) -> None:
    (service,) = read(cluster_ip_and(f"ports = {text}"), "f").services
    assert list(service.ports) == ports


@pytest.mark.parametrize(("text", "endpoint"), [
    ("'10.0.0.1'", Endpoint((IP,))),
    ("{ address = '10.0.0.1', hostname = 'a', pod = 'a.b', node = 'n.x', zone = 'eu-1a' }",
        Endpoint((IP,), "a", "a.b", "n.x", "eu-1a")),
    ("{ address = '10.0.0.1', ready = false }", Endpoint((IP,), ready=False, serving=False)),
    # As the controller of EndpointSlices does it: who ends is not ready, though it may serve still.
    ("{ address = '10.0.0.1', terminating = true }", Endpoint((IP,), ready=False, serving=False, terminating=True)),
    ("{ address = '10.0.0.1', terminating = true, serving = true }",
        Endpoint((IP,), ready=False, serving=True, terminating=True)),
])  # fmt: skip
def test_an_endpoint(text: str, endpoint: Endpoint) -> None:
    (slice_,) = read(f"[services.shop.web]\nendpoints = [{text}]", "f").slices
    assert (slice_.namespace, slice_.name, slice_.service) == ("shop", "web", "web")
    assert slice_.endpoints == (endpoint,)


def test_endpoints_have_the_targets_of_the_ports() -> None:
    text = (
        "[services.shop.web]\nendpoints = ['10.0.0.1']\nports = [{ name = 'a', port = 80, target_port = 8080 }, 'b:81']"
    )
    (slice_,) = read(text, "f").slices
    assert slice_.ports == (Port("a", "tcp", 8080), Port("b", "tcp", 81))


def test_who_is_published_is_ready() -> None:
    text = "publish_not_ready_addresses = true\nendpoints = [{ address = '10.0.0.1', ready = false }]"
    (slice_,) = read(f"[services.shop.web]\n{text}", "f").slices
    assert slice_.endpoints[0].ready


@pytest.mark.parametrize(("text", "told"), [
    ("", 'services.a.b: it wants cluster_ip, endpoints or external_name (cluster_ip = "None" for a headless one)'),
    ("cluster_ip = 1", "services.a.b.cluster_ip: this must be text in quotes"),
    ("cluster_ip = ['None', '::1']", 'services.a.b.cluster_ip: "None" alone, or at most one address of each family'),
    ("cluster_ip = ['::2', '::1']", 'services.a.b.cluster_ip: "None" alone, or at most one address of each family'),
    ("cluster_ip = ['10.0.0.1', '::ffff:10.0.0.1']",
        'services.a.b.cluster_ip: "None" alone, or at most one address of each family'),
    ("cluster_ip = 'fe80::1%x'", "services.a.b.cluster_ip: 'fe80::1%x' holds a zone, which means nothing to others"),
    ("type = 'Cluster'\ncluster_ip = '::1'", "services.a.b.type: 'Cluster' is no type: one of ClusterIP, NodePort, "
        "LoadBalancer, ExternalName"),
    ("type = 'NodePort'\nendpoints = []", "services.a.b: a NodePort wants a cluster_ip"),
    ("type = 'ExternalName'", "services.a.b: an ExternalName wants external_name"),
    ("external_name = ''", "services.a.b.external_name: an empty name"),
    ("external_name = 'a..b'", "services.a.b.external_name: empty label in 'a..b'"),
    ("external_name = 'x'\ncluster_ip = '::1'", "services.a.b.cluster_ip: a service with an "
        "external_name has no such thing"),
    ("external_name = 'x'\nendpoints = []", "services.a.b.endpoints: a service with an "
        "external_name has no such thing"),
    ("external_name = 'x'\ncluster_ip = '::1'\ntype = 'ClusterIP'", "services.a.b.external_name: "
        "a ClusterIP has no such thing"),
    ("cluster_ip = '::1'\nports = ['http']", "services.a.b.ports[0]: 'http' is no port: it is written as http:80/tcp, "
        "http:80 or 80"),
    ("cluster_ip = '::1'\nports = [0]", "services.a.b.ports[0]: 0 is out of range: 1 to 65535"),
    ("cluster_ip = '::1'\nports = [true]", "services.a.b.ports[0]: this must be a table"),
    ("cluster_ip = '::1'\nports = ['80/icmp']", "services.a.b.ports[0]: 'icmp' is no protocol: one of tcp, udp, sctp"),
    ("cluster_ip = '::1'\nports = [{ name = 'x' }]", "services.a.b.ports[0]: a port wants its number: port = 80"),
    ("cluster_ip = '::1'\nports = [{ port = '80' }]", "services.a.b.ports[0].port: this must be a whole number"),
    ("cluster_ip = '::1'\nports = [{ port = 70000 }]", "services.a.b.ports[0].port: 70000 is out of range: 1 to 65535"),
    ("cluster_ip = '::1'\nports = [{ port = 80, nodeport = 1 }]", "services.a.b.ports[0].nodeport: unknown key "
        "(did you mean 'node_port'?)"),
    ("cluster_ip = '::1'\nports = [80, 81]", "services.a.b.ports: of several ports each must have a name"),
    ("cluster_ip = '::1'\nports = ['a:80', 81]", "services.a.b.ports: of several ports each must have a name"),
    ("cluster_ip = '::1'\nports = ['a:80', 'a:81']", "services.a.b.ports: two ports are named 'a'"),
    ("endpoints = [{}]", 'services.a.b.endpoints[0]: an endpoint wants its address: address = "192.0.2.1"'),
    ("endpoints = [7]", "services.a.b.endpoints[0]: this must be a table"),
    ("endpoints = ['::1', { address = '::2', ready = 1 }]", "services.a.b.endpoints[1].ready: this must "
        "be true or false"),
    ("endpoints = [{ address = '::2', hostname = 'a.b' }]", "services.a.b.endpoints[0].hostname: 'a.b' is no name: "
        "small letters, digits and hyphens within, at most 63"),
    ("cluster_ip = '::1'\nclusterip = 1", "services.a.b.clusterip: unknown key (did you mean 'cluster_ip'?)"),
])  # fmt: skip
def test_a_fault(text: str, told: str) -> None:
    with pytest.raises(ServicesError) as raised:
        read(f"[services.a.b]\n{text}", "f")
    (line,) = raised.value.lines()
    assert line.split(": ", 1)[1] == told
