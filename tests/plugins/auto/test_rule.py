import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns import names
from pydns.corefile.tree import Position, Word
from pydns_plugins.auto.rule import read_rule, usual

PLACE = Position("Corefile", 1, 1)


@pytest.mark.parametrize(
    ("expression", "template", "file", "zone"),
    [
        (r"db\.(.*)", "{1}", "db.example.org", "example.org"),
        (r"db\.(.*)", "{1}", "DB.example.org", None),
        (r"db\.(.*)", "{1}", "example.org", None),
        (r"db\.(.*)", "{1}", "www.db.example.org", "example.org"),
        (r"(.*)\.zone$", "{1}", "Example.Org.zone", "example.org"),
        (r"(.*)_(.*)", "{2}.{1}.test", "a_b", "b.a.test"),
        (r"(.*)_(.*)", "{0}", "a_b", "a_b"),
        (r"(a)|(b)", "{2}x", "a", "x"),
    ],
)
def test_a_file_is_of_a_zone(expression: str, template: str, file: str, zone: str | None) -> None:
    rule = read_rule(Word(expression, PLACE), Word(template, PLACE))
    assert rule.origin(file) == (None if zone is None else names.from_text(zone))


@pytest.mark.parametrize("file", ["db.a..b", "db." + "x" * 64, "db.\udcff", "db."])
def test_what_gives_no_name_is_told(file: str) -> None:
    for rule in (usual(), read_rule(Word(r"db\.(.*)", PLACE), Word("{1}", PLACE))):
        with pytest.raises(names.NameSyntaxError):
            rule.origin(file)


@given(st.text())
def test_any_name_of_a_file_is_a_zone_or_none(file: str) -> None:
    try:
        found = usual().origin(file)
    except names.NameSyntaxError:
        return
    assert found is None or found.endswith(b"\0")
