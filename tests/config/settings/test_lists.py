"""Laws of the types of value that are lists."""

import pytest

from crawler.config.settings.kinds import Integer, InvalidValueError
from crawler.config.settings.lists import ListOf
from crawler.config.settings.table import SETTINGS


def test_a_list_keeps_the_first_of_equal_values_and_its_order() -> None:
    kind = ListOf(Integer(1, 9))
    assert kind.normalize([3, 1, 3, 2, 1]) == (3, 1, 2)
    assert kind.parse("3, 1 ,3") == [3, 1, 3]


def test_a_list_refuses_a_value_that_is_not_a_list_and_an_empty_list_where_one_value_is_required() -> None:
    centers = SETTINGS["centers"].kind
    with pytest.raises(InvalidValueError, match=r"^'self' is not a list of one or more, each self or thirdparty$"):
        centers.normalize("self")
    with pytest.raises(InvalidValueError, match=r"^an empty list is not a list of one or more"):
        centers.normalize([])
    with pytest.raises(InvalidValueError, match=r"^'others' is not self or thirdparty$"):
        centers.normalize(["self", "others"])


def test_a_single_region_needs_no_list_around_it() -> None:
    kind = SETTINGS["region"].kind
    assert kind.normalize("eu-de") == kind.normalize(["eu-de"]) == ("eu-de",)
    assert kind.normalize("") == kind.normalize(kind.parse("")) == ()
    assert kind.normalize(kind.parse("eu-de, eu-nl")) == ("eu-de", "eu-nl")
    assert (kind.to_text("eu-de"), kind.to_text(("eu-de", "eu-nl")), kind.to_text(())) == (
        "eu-de",
        "eu-de,eu-nl",
        "not set",
    )
    for wrong in ("Eu-De", "eu", ["eu-de."], 5):
        with pytest.raises(InvalidValueError, match=r"is not .*the name of a region, such as cn-north-4$"):
            kind.normalize(wrong)


def test_the_word_discover_in_place_of_namespaces_is_the_pattern_of_all() -> None:
    kind = SETTINGS["namespaces"].kind
    assert kind.normalize("discover") == ("*",)
    assert kind.normalize(["discover"]) == kind.normalize(kind.parse("discover")) == ("discover",)
    with pytest.raises(InvalidValueError, match=r"^'all' is not \"discover\", or a list, each a namespace: "):
        kind.normalize("all")
