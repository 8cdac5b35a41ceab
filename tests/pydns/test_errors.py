import pytest

from pydns.corefile.tree import Position
from pydns.errors import CorefileError, CorefileErrorGroup, PydnsError, StartError, WireError

PLACE = Position("Corefile", 3, 5)
FAULT = CorefileError(PLACE, "unknown plugin 'cach'", "did you mean 'cache'?")


def test_a_corefile_error_names_place_fault_and_remedy() -> None:
    assert str(FAULT) == "Corefile:3:5: unknown plugin 'cach' (did you mean 'cache'?)"


def test_a_corefile_error_may_have_no_remedy() -> None:
    assert str(CorefileError(PLACE, "two of these")) == "Corefile:3:5: two of these"


def test_a_group_is_one_line_an_error_in_order() -> None:
    other = CorefileError(Position("Corefile", 9, 1), "x")
    group = CorefileErrorGroup(error for error in (FAULT, other))
    assert (str(group), group.errors) == (f"{FAULT}\n{other}", (FAULT, other))


def test_bad_octets_deserve_formerr_unless_told_otherwise() -> None:
    assert (WireError("x").reply_with, WireError("x", None).reply_with, str(WireError("x"))) == (1, None, "x")


@pytest.mark.parametrize("error", [FAULT, CorefileErrorGroup([FAULT]), WireError("x"), StartError("x")])
def test_all_errors_are_of_one_family(error: Exception) -> None:
    assert isinstance(error, PydnsError)
