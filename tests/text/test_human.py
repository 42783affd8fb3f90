"""Laws of text for people: numbers in units that people use, and nothing that a terminal would obey."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.text.human import duration, escaped, excerpt, rate, size
from tests.audit.examples import HOSTILE


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.04, "0 s"),
        (0.4, "0.4 s"),
        (9.97, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (102, "1 min 42 s"),
        (3599.6, "1 h 00 min"),
        (7500, "2 h 05 min"),
        (86_399.9, "1 d 0 h"),
        (10**9, "11 574 d 1 h"),
    ],
)
def test_durations_are_in_units_people_use(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1.0 kB"), (999_960, "1.0 MB"), (10**20, "100000.0 PB")],
)
def test_sizes_are_in_units_people_use(number: int, text: str) -> None:
    assert size(number) == text


@pytest.mark.parametrize(
    ("per_s", "text"),
    [(0, "0"), (0.25, "0.25"), (5.0, "5"), (9.84, "9.8"), (9.97, "10"), (98.7, "99"), (1234, "1 234")],
)
def test_rates_show_the_digits_that_matter(per_s: float, text: str) -> None:
    assert rate(per_s) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("team/app é中😀", "team/app é中😀"),
        ("\x1b[2J", "\\u001b[2J"),
        ("a\nb", "a\\nb"),
        ("\x9b31m", "\\u009b31m"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_a_terminal_would_obey_is_escaped_and_the_rest_is_as_it_was(text: str, shown: str) -> None:
    assert escaped(text) == shown


@given(HOSTILE | st.text())
def test_escaped_text_is_one_printable_line_of_the_same_content(text: str) -> None:
    assert escaped(text).isprintable()
    assert escaped(escaped(text)) == escaped(text)
    quoted = json.dumps(text, ensure_ascii=False)
    assert json.loads(escaped(quoted)) == json.loads(quoted)


@pytest.mark.parametrize(
    ("text", "longest", "shown"),
    [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("\n\n\n", 3, "\\n…"), ("x" * 10**6, 5, "xxxx…"), ("", 5, "")],
)
def test_an_excerpt_is_cut_after_it_is_escaped(text: str, longest: int, shown: str) -> None:
    assert excerpt(text, longest) == shown


@given(HOSTILE | st.text(), st.integers(1, 50))
def test_an_excerpt_is_never_longer_than_asked(text: str, longest: int) -> None:
    assert len(excerpt(text, longest)) <= longest
    assert excerpt(text, longest).isprintable()
