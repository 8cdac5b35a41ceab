from __future__ import annotations

import pytest

from pydns.services.model import Endpoint, EndpointSlice, Kind, Pod, Port, Service


@pytest.mark.parametrize("kind", ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"])
def test_the_kinds_are_the_words_of_kubernetes(kind: str) -> None:
    assert str(Kind(kind)) == kind


@pytest.mark.parametrize("make", [
    lambda number: Service("shop", "web", ports=(Port("http", "tcp", number),)),
    lambda number: EndpointSlice("shop", "web-1", "web", (), (Endpoint((bytes((10, 0, 0, number)),)),)),
    lambda number: Pod("shop", "web-1", (bytes((10, 0, 0, number)),)),
])  # fmt: skip
def test_what_says_the_same_is_equal_so_that_changes_can_be_found(make: object) -> None:
    assert callable(make)
    assert make(1) == make(1)
    assert make(1) != make(2)
