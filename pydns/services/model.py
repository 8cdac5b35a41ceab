"""The objects of a cluster, less all that DNS has no use for. Who reads them does not know where they came from.

Names are text as Kubernetes has them, addresses are packed (4 or 16 octets).
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """The type of a service. A headless one is a ClusterIP without cluster addresses."""

    CLUSTER_IP = "ClusterIP"
    NODE_PORT = "NodePort"
    LOAD_BALANCER = "LoadBalancer"
    EXTERNAL_NAME = "ExternalName"


class Port(NamedTuple):
    """`name` and `protocol` in small letters; `name` is empty, `target` and `node_port` are 0 where there is none.

    * `target`: the port of the endpoints where it is another than the service's
    """

    name: str
    protocol: str
    number: int
    target: int = 0
    node_port: int = 0


class Service(NamedTuple):
    """One service. Without `cluster_ips` and `external_name` it is headless.

    * `external_ips`, `load_balancer`: where it is reached from outside; the latter may hold host names too
    * `local`: a node passes what comes to its node ports to endpoints on itself alone
    """

    namespace: str
    name: str
    kind: Kind = Kind.CLUSTER_IP
    cluster_ips: tuple[bytes, ...] = ()
    ports: tuple[Port, ...] = ()
    external_name: str = ""
    external_ips: tuple[bytes, ...] = ()
    load_balancer: tuple[str, ...] = ()
    local: bool = False


class Endpoint(NamedTuple):
    """One backend of a service. Only a ready one is answered.

    * `pod`: the name of the pod behind it; `node`, `zone`: where that runs
    """

    addresses: tuple[bytes, ...]
    hostname: str = ""
    pod: str = ""
    node: str = ""
    zone: str = ""
    ready: bool = True
    serving: bool = True
    terminating: bool = False


class EndpointSlice(NamedTuple):
    """Some or all endpoints of a service. Their ports are those of the endpoints, not of the service.

    * `cluster`: where the service is of a set of clusters, the one that these are in
    """

    namespace: str
    name: str
    service: str
    ports: tuple[Port, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    cluster: str = ""


class Pod(NamedTuple):
    """`phase` is Pending, Running, Succeeded, Failed or Unknown."""

    namespace: str
    name: str
    addresses: tuple[bytes, ...]
    phase: str = "Running"


class Node(NamedTuple):
    """A machine of the cluster that takes queries from outside. Its name may be of several labels."""

    name: str
    internal: tuple[bytes, ...] = ()
    external: tuple[bytes, ...] = ()


class Cluster(NamedTuple):
    """All that is there at one moment."""

    namespaces: tuple[str, ...] = ()
    services: tuple[Service, ...] = ()
    slices: tuple[EndpointSlice, ...] = ()
    pods: tuple[Pod, ...] = ()
