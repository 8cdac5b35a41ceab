import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.records import class_text, opcode_text, rcode_text, type_from_text, type_text


@pytest.mark.parametrize(
    ("function", "number", "text"),
    [
        (type_text, 1, "A"),
        (type_text, 65, "HTTPS"),
        (type_text, 0, "TYPE0"),
        (type_text, 65535, "TYPE65535"),
        (class_text, 1, "IN"),
        (class_text, 2, "CLASS2"),
        (rcode_text, 3, "NXDOMAIN"),
        (rcode_text, 16, "BADVERS"),
        (rcode_text, 4095, "RCODE4095"),
        (opcode_text, 0, "QUERY"),
        (opcode_text, 3, "OPCODE3"),
    ],
)
def test_a_number_has_a_name(function: object, number: int, text: str) -> None:
    assert callable(function)
    assert function(number) == text


@pytest.mark.parametrize(
    ("text", "number"), [("A", 1), ("aaaa", 28), ("Type257", 257), ("TYPE0", 0), ("TYPE65535", 65535), ("ANY", 255)]
)
def test_a_type_is_read(text: str, number: int) -> None:
    assert type_from_text(text) == number


@pytest.mark.parametrize(
    "text", ["", "B", "TYPE", "TYPE-1", "TYPE65536", "TYPE1x", "TYPE\u0661", "\u017foa", "A ", "TYPE" + "9" * 5000]
)
def test_no_type_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="unknown type"):
        type_from_text(text)


@given(st.integers(0, 65535))
def test_a_type_is_read_as_it_is_written(number: int) -> None:
    assert type_from_text(type_text(number)) == number
