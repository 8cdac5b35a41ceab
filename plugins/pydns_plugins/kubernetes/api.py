"""Reads the options that say where the Kubernetes API is, and how it is to be asked."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydns.corefile import values
from pydns.corefile.tree import Directive, ServerBlock
from pydns.errors import CorefileError
from pydns.kubernetes.access import AccessSource
from pydns.kubernetes.endpoint import Certificates, Endpoint
from pydns.kubernetes.in_cluster import InCluster
from pydns.kubernetes.kubeconfig import Kubeconfig
from pydns.kubernetes.limits import Limits
from pydns_plugins.kubernetes.selectors import fault

STARTUP: Final = 5.0  # seconds, as CoreDNS
LONGEST_STARTUP: Final = 50.0
"""Seconds: all plugins together have a minute to start in."""

NEEDED: Final = {"httpx": "httpx", "yaml": "pyyaml"}
"""Modules of the client, by the distributions that they come in."""

_URL: Final = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:/[^\s?#]*)?")


@dataclass
class Api:
    """What a kubernetes directive says of the API.

    * `endpoint`: its URL; `certificates`: for this
    * `kubeconfig`: a file that tells both in place of them, by `context`
    * `rate`, `burst`, `at_once`: how often it is asked; 0: no limit
    * `labels`, `namespace_labels`: selectors
    * `startup`: seconds that the start waits for the first lists
    """

    endpoint: str = ""
    certificates: Certificates | None = None
    kubeconfig: Path | None = None
    context: str = ""
    rate: float = 0.0
    burst: int = 0
    at_once: int = 0
    labels: str = ""
    namespace_labels: str = ""
    startup: float = STARTUP

    def source(self) -> AccessSource:
        if self.kubeconfig is not None:
            return Kubeconfig(self.kubeconfig, self.context)
        return Endpoint(self.endpoint, self.certificates) if self.endpoint else InCluster()

    def limits(self) -> Limits:
        return Limits(self.rate, self.burst, self.at_once)


def readers(api: Api, block: ServerBlock) -> dict[str, Callable[[Directive], None]]:
    """What reads each option into `api`."""

    def endpoint(option: Directive) -> None:
        (word,) = values.arguments(option, 1, 1)
        if not _URL.fullmatch(word):
            raise CorefileError(word.position, f"{str(word)!r} is no URL", "write it as https://192.0.2.1:6443")
        api.endpoint = str(word)

    def tls(option: Directive) -> None:
        api.certificates = Certificates(*(values.path(word, block) for word in values.arguments(option, 3, 3)))

    def kubeconfig(option: Directive) -> None:
        path, *context = values.arguments(option, 1, 2)
        api.kubeconfig, api.context = values.path(path, block), "".join(context)

    def apiserver_qps(option: Directive) -> None:
        api.rate = values.number(values.arguments(option, 1, 1)[0], 0.001, 1e6)

    def apiserver_burst(option: Directive) -> None:
        api.burst = values.integer(values.arguments(option, 1, 1)[0], 1)

    def apiserver_max_inflight(option: Directive) -> None:
        api.at_once = values.integer(values.arguments(option, 1, 1)[0], 1)

    def labels(option: Directive) -> None:
        api.labels = _selector(option)

    def namespace_labels(option: Directive) -> None:
        api.namespace_labels = _selector(option)

    def startup_timeout(option: Directive) -> None:
        api.startup = min(values.duration(values.arguments(option, 1, 1)[0]), LONGEST_STARTUP)

    found = (endpoint, tls, kubeconfig, apiserver_qps, apiserver_burst, apiserver_max_inflight, labels)
    return {each.__name__: each for each in (*found, namespace_labels, startup_timeout)}


def check(directive: Directive) -> list[CorefileError]:
    """What does not go together, or cannot be done on this machine."""
    lines = {str(line.name): line for line in directive.block or ()}
    errors = []
    for option, other, text in (
        ("endpoint", "kubeconfig", "kubeconfig names the API as well"),
        ("tls", "kubeconfig", "kubeconfig names the certificates as well"),
        ("namespace_labels", "namespaces", "namespaces are named already"),
    ):
        if option in lines and other in lines:
            errors.append(CorefileError(lines[option].position, f"{option}: {text}", "keep one"))
    if "tls" in lines and "endpoint" not in lines and "kubeconfig" not in lines:
        errors.append(CorefileError(lines["tls"].position, "tls is for an endpoint, and there is none"))
    missing = [name for module, name in NEEDED.items() if importlib.util.find_spec(module) is None]
    if missing:
        text = f"kubernetes asks the Kubernetes API, which needs {' and '.join(missing)}"
        errors.append(CorefileError(directive.position, text, "pip install 'pydns-server[kubernetes]'"))
    return errors


def _selector(option: Directive) -> str:
    words = values.arguments(option, 1)
    text = " ".join(words)
    wrong = fault(text)
    if wrong:
        raise CorefileError(words[0].position, f"{text!r} selects no labels: {wrong}", "write it as app=web,tier!=test")
    return text
