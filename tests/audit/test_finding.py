"""Laws of a finding: its fingerprint, its line, its name for people."""

import jsonschema
import orjson
import pytest
from hypothesis import given

from crawler.audit.finding import Finding, Location, fingerprint, named, schema, to_line
from tests.audit.examples import FINDINGS, LOCATIONS, finding

VALIDATOR = jsonschema.Draft202012Validator(schema())


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate({**orjson.loads(to_line(finding())), "line": 0})


@given(FINDINGS)
def test_a_line_is_one_line_of_json_that_the_schema_holds_for(one: Finding) -> None:
    line = to_line(one)
    assert b"\n" not in line
    content = orjson.loads(line)
    VALIDATOR.validate(content)
    assert Location(*(content[field] for field in Location._fields)) == one.location
    assert content["message"] == one.message


@given(LOCATIONS, LOCATIONS)
def test_a_fingerprint_names_rule_and_place_and_nothing_else(one: Location, other: Location) -> None:
    assert (fingerprint("SWR101", one) == fingerprint("SWR101", other)) is (one == other)
    assert fingerprint("SWR101", one) != fingerprint("SWR102", one)
    assert fingerprint("SWR005", one, "a") != fingerprint("SWR005", one, "b")


def test_names_that_look_alike_when_joined_have_fingerprints_of_their_own() -> None:
    assert fingerprint("SWR101", Location("a", "b", "c", "d/e", "f")) != fingerprint(
        "SWR101", Location("a", "b", "c", "d", "e/f")
    )
    assert fingerprint("SWR101", Location()) != fingerprint("SWR101", Location("", "", "", "", ""))


def test_fingerprints_are_the_same_for_ever() -> None:
    place = Location("default", "self", "acme", "team", "app")
    assert fingerprint("SWR101", place) == "b6511b65ab3cd690521a0258a386e909"
    assert fingerprint("SWR005", Location(), "shared_to") == "d4a213999f92c4a7a274bd4693cc1cab"


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (Location(), "the snapshot"),
        (Location("eu"), "eu"),
        (Location("eu", "self"), "eu/self"),
        (Location("eu", "self", None, "team"), "eu/self/team"),
        (Location("eu", "self", "acme", "team", "a/b"), "eu/self team/a/b of acme"),
        (Location("eu", "self", None, "team", "app"), "eu/self team/app"),
    ],
)
def test_a_place_is_named_as_far_as_it_is_known(place: Location, name: str) -> None:
    assert named(place) == name
