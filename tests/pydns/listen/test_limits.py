import resource

import pytest

from pydns.listen.limits import affordable_connections


@pytest.mark.parametrize(
    ("soft", "wanted", "affordable"),
    [
        (1024, 4096, 512),
        (20000, 4096, 4096),
        (resource.RLIM_INFINITY, 4096, 4096),
        (1, 4096, 1),
    ],
)
def test_half_of_the_descriptors_may_be_connections(
    soft: int, wanted: int, affordable: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, soft))
    assert affordable_connections(wanted) == affordable
