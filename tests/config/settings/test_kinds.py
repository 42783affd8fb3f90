"""Laws of the types of value: what each accepts, from text and as a value, and how a wrong value is shown."""

import math
import re
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.config.settings.kinds import Boolean, Choice, InvalidValueError, Text, preview
from crawler.config.settings.table import SETTINGS

LIMIT = SETTINGS["limit"].kind
RATE = SETTINGS["rate_per_s"].kind


def test_an_integer_is_within_its_bounds() -> None:
    for value in (0, -1, 1001, True, 1.0, "1", None, [1], 10**9000, -(10**9000)):
        with pytest.raises(InvalidValueError, match=r" is not a whole number from 1 to 1000$"):
            LIMIT.normalize(value)


def test_a_number_is_within_its_bounds() -> None:
    never: tuple[object, ...] = (
        0,
        0.0,
        -1,
        math.nan,
        math.inf,
        -math.inf,
        True,
        False,
        "1",
        10**400,
        10**9000,
        {},
        0.0009,
        100_000.1,
        1e308,
    )
    for value in never:
        with pytest.raises(InvalidValueError, match=r' is not a number from 0.001 to 100000, or "unlimited"$'):
            RATE.normalize(value)


def test_none_is_what_the_word_for_it_is_and_no_value_where_there_is_none() -> None:
    assert RATE.normalize(None) is RATE.normalize("unlimited") is None


@given(st.text() | st.from_regex(r"\s?[-+]?[0-9_]*\.?[0-9_]*([eE][-+]?[0-9]+)?\s?", fullmatch=True))
@example("٣")
@example("1_0")
@example(" 1")
@example("inf")
@example("nan")
@example("1e999")
@example("9" * 5000)
def test_numbers_in_text_are_read_strictly(text: str) -> None:
    for kind, grammar in ((LIMIT, r"-?[0-9]{1,19}"), (RATE, r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")):
        parsed = kind.parse(text)
        assert isinstance(parsed, str) is (re.fullmatch(grammar, text) is None)
        with suppress(InvalidValueError):
            normal = kind.normalize(parsed)
            assert normal == (None if text == "unlimited" else float(text))


@given(st.text())
@example("True")
@example("ON")
def test_a_boolean_in_text_is_one_of_six_words(text: str) -> None:
    parsed = Boolean().parse(text)
    if text.lower() in {"true", "1", "yes", "false", "0", "no"}:
        assert parsed is (text.lower() in {"true", "1", "yes"})
    else:
        with pytest.raises(InvalidValueError):
            Boolean().normalize(parsed)


def test_a_number_is_not_a_boolean() -> None:
    with pytest.raises(InvalidValueError, match=r"^1 is not true or false$"):
        Boolean().normalize(1)


def test_a_choice_names_its_words() -> None:
    kind = Choice(("a", "b", "c"))
    for value in ("A", 1, None):
        with pytest.raises(InvalidValueError, match=r"is not a, b or c$"):
            kind.normalize(value)


@given(st.text() | st.integers() | st.floats() | st.binary() | st.none() | st.lists(st.text()) | st.booleans())
def test_a_wrong_value_is_shown_in_a_short_line_of_printable_ascii(value: object) -> None:
    line = preview(value)
    assert len(line) <= 61
    assert line.replace("…", "").isascii()
    assert line.isprintable()


def test_values_that_are_not_shown_are_described_in_words() -> None:
    values: list[object] = [["x"], (), {"x": 1}, b"x", 10**20, True, False, 5]
    assert [preview(value) for value in values] == [
        "a list",
        "an empty list",
        "a table",
        "the value",
        "the value",
        "true",
        "false",
        "5",
    ]


def test_a_sensitive_value_is_not_repeated() -> None:
    kind = Text("a thing", lambda _: None, sensitive=True)
    with pytest.raises(InvalidValueError, match=r"^the value is not a thing$"):
        kind.normalize("hush")
