"""The Corefiles in the ConfigMaps, as the pods read them."""

from __future__ import annotations

from typing import Final

from pydns.corefile.parser import parse_text
from pydns.setup import Configuration, configure
from tests.deploy.kubernetes.kustomize import of_kind

DNS_ADDRESS: Final = "10.96.0.10"
VARIABLE: Final = "KUBE_DNS_SERVICE_HOST"
"""The address of the Service kube-dns: Kubernetes sets it for what runs in its namespace."""

_CLUSTER: Final = "    kubernetes cluster.local in-addr.arpa ip6.arpa {\n"


def written(variant: str) -> str:
    (config_map,) = of_kind("ConfigMap", variant)
    text: str = config_map["data"]["Corefile"]
    return text


def away(text: str, file: str = "services.toml") -> str:
    """The same where there is no cluster: a file takes the API's place."""
    return text.replace(_CLUSTER, f"{_CLUSTER}        services {file}\n")


def configured(variant: str) -> Configuration:
    return configure(parse_text(written(variant), environ={VARIABLE: DNS_ADDRESS}))
