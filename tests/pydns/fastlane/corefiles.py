"""The Corefiles and the files that servers are given, and what changes in them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

_ELSEWHERE = """
whoami.test {
    prometheus
    whoami
}
acl.test {
    prometheus
    acl {
        block net 192.0.2.66
        drop type TXT net 192.0.2.67
        filter type AAAA
        allow
    }
    cache
    forward . 127.0.0.1:5399
}
plain.test hosts.test in-addr.arpa:53 {
    prometheus
    errors
    minimal
    hosts FOLDER/more-hosts hosts.test in-addr.arpa {
        ttl 5
        fallthrough
    }
    forward . 127.0.0.1:5399
}
"""

COREFILES = {
    "all": """
. {
    nsid twin
    bufsize 700
    prometheus
    errors
    local
    any
    chaos
    loadbalance
    cache 30 {
        success 30 30 2
    }
    header {
        response set ra
        query clear rd
    }
    minimal
    hosts FOLDER/hosts {
        ttl 7
        fallthrough
    }
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        services FOLDER/services.toml
        ttl 6
        fallthrough in-addr.arpa ip6.arpa
    }
    file FOLDER/zone.db zone.test {
        fallthrough x.zone.test
    }
    forward . 127.0.0.1:5399 {
        max_fails 0
    }
}
"""
    + _ELSEWHERE.replace("hosts.test in-addr.arpa:53 {", "{"),
    "direct": """
. {
    prometheus
    errors
    local
    any
    chaos
    loadbalance
    cache 5 {
        denial 100 3 2
    }
    minimal
    autopath cluster.local search
    hosts FOLDER/hosts {
        fallthrough
    }
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        services FOLDER/services.toml
        ttl 6
        fallthrough in-addr.arpa ip6.arpa
    }
    file FOLDER/zone.db zone.test {
        fallthrough x.zone.test
    }
    forward . 127.0.0.1:5399 {
        max_fails 0
    }
}
"""
    + _ELSEWHERE.replace("hosts.test in-addr.arpa:53 {", "{"),
    "relay": """
. {
    prometheus
    errors
    local
    loadbalance
    hosts FOLDER/hosts hosts.test {
        fallthrough
    }
    kubernetes cluster.local {
        services FOLDER/services.toml
    }
    forward . 127.0.0.1:5399 {
        max_fails 0
        failover REFUSED
    }
}
"""
    + _ELSEWHERE.replace("    minimal\n", ""),
    "prefetch": """
. {
    prometheus
    acl {
        filter type SRV
        allow
    }
    cache {
        success 100 3600 0
        prefetch 3 4s 30%
    }
    forward . 127.0.0.1:5399 {
        max_fails 0
    }
}
"""
    + _ELSEWHERE,
    "stale": """
. {
    prometheus
    errors
    cache {
        success 100 60 1
        denial 100 20 1
        serve_stale 20s
        servfail 3s
    }
    hosts FOLDER/hosts {
        fallthrough
    }
    file FOLDER/zone.db zone.test
    forward . 127.0.0.1:5399
}
"""
    + _ELSEWHERE.replace("hosts.test in-addr.arpa:53 {", "{"),
    "verify": """
. {
    nsid
    prometheus
    local
    cache {
        success 100 60 0
        prefetch 2 20s 50%
        serve_stale 30s verify 1s
        serve_stale_policy prefer_positive
        keepttl
    }
    kubernetes cluster.local in-addr.arpa {
        services FOLDER/services.toml
        fallthrough
    }
    file FOLDER/zone.db zone.test {
        fallthrough x.zone.test
    }
    forward . 127.0.0.1:5399 {
        max_fails 0
    }
}
"""
    + _ELSEWHERE,
}

HOSTS = (
    "192.0.2.4 www.hosts.test\n",
    "192.0.2.4 www.hosts.test\n192.0.2.5 www.hosts.test\n2001:db8::4 www.hosts.test\n",
    "192.0.2.7 other.hosts.test www.hosts.test\n192.0.2.8 *.wild.hosts.test\n",
    "# nothing\n192.0.2.9 elsewhere.test\n",
)

_SERVICES = """
[services.shop.web]
cluster_ip = "10.96.1.{last}"
ports = [{{ name = "http", port = 80 }}]
endpoints = [{endpoints}]

[services.shop.ext]
external_name = "{external}"
"""

SERVICES = (
    _SERVICES.format(last=1, endpoints='{ address = "10.244.0.1" }', external="one.up.test"),
    _SERVICES.format(last=2, endpoints="", external="many.up.test"),
    _SERVICES.format(last=1, endpoints="", external="www.hosts.test"),
    '[services.shop.head]\nports = ["p:9000"]\nendpoints = [{ address = "10.244.0.31", hostname = "a" }, '
    '{ address = "10.244.0.32" }]\n',
)


_ZONE = """
$TTL {ttl}
@ IN SOA ns admin {serial} 3600 600 86400 {minimum}
@ NS ns
@ MX 1 host
ns A 192.0.2.1
www CNAME host
out CNAME www.hosts.test.
up CNAME one.up.test.
old DNAME hosts.test.
sub NS ns.sub
ns.sub A 192.0.2.2
"""

ZONES = (
    _ZONE.format(ttl=5, serial=1, minimum=3) + "host A 192.0.2.3\n",
    _ZONE.format(ttl=5, serial=2, minimum=3)
    + "host A 192.0.2.4\nhost A 192.0.2.5\na.b.c A 192.0.2.6\n*.c A 192.0.2.7\n",
    _ZONE.format(ttl=5, serial=3, minimum=3) + "host TXT x\n*.c CNAME host\n",
    _ZONE.format(ttl=7, serial=4, minimum=9) + "sub.c NS ns.sub.c\nns.sub.c A 192.0.2.8\n",
)


class Files(NamedTuple):
    """A folder with the files that the Corefiles name."""

    folder: Path

    def corefile(self, name: str) -> str:
        return COREFILES[name].replace("FOLDER", str(self.folder))

    @property
    def hosts(self) -> Path:
        return self.folder / "hosts"

    @property
    def more_hosts(self) -> Path:
        return self.folder / "more-hosts"

    @property
    def zone(self) -> Path:
        return self.folder / "zone.db"

    @property
    def services(self) -> Path:
        return self.folder / "services.toml"

    def write(self, hosts: int, services: int) -> None:
        texts = {self.hosts: HOSTS[hosts], self.more_hosts: HOSTS[hosts], self.services: SERVICES[services]}
        texts[self.zone] = ZONES[hosts]
        for path, text in texts.items():
            if not path.exists() or path.read_text() != text:
                fresh = path.with_suffix(".new")
                fresh.write_text(text)
                os.utime(fresh, (10**9, 10**9))  # a zone's serial is made of it, and old ones may be replayed
                fresh.rename(path)
