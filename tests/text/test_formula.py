"""Laws of text in CSV: no spreadsheet calculates it, whatever it separates cells by."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.text.formula import neutralized

# Python's own names for the characters, so that no editor changes one.
FULL_WIDTH = ("\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}", "\N{FULLWIDTH HYPHEN-MINUS}")
BEGINS = ("=", "+", "-", "@", *FULL_WIDTH, "\N{FULLWIDTH COMMERCIAL AT}", "\N{SMALL PLUS SIGN}", "\N{MINUS SIGN}")
SKIPPED = ' "\x00\u200b\ufeff\u00a0\x1f'
LINE_ENDS = "\r\n\x0b\x0c\x85\u2028\u2029"
TEXT = st.text(st.sampled_from([*BEGINS, *SKIPPED, *LINE_ENDS, *"\t;'a1,"]))


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return cell.isascii()


def begins_formula(cell: str) -> bool:
    return not is_number(cell) and cell.lstrip(SKIPPED + LINE_ENDS + "\t").startswith(BEGINS)


@given(TEXT)
def test_no_cell_begins_a_formula(text: str) -> None:
    assert not begins_formula(neutralized(text))
    assert not neutralized(text).startswith(("\t", *LINE_ENDS))


@given(TEXT, st.sampled_from(";\t"))
def test_no_cell_of_a_spreadsheet_with_another_separator_begins_a_formula(text: str, separator: str) -> None:
    line = io.StringIO()
    csv.writer(line).writerow(["a", neutralized(text), "b"])
    cells = [cell for row in line.getvalue().splitlines() for cell in row.split(separator)]
    assert not any(begins_formula(cell) for cell in cells if cell != line.getvalue())


@given(st.text() | TEXT)
def test_only_apostrophes_are_added_and_never_to_what_has_them(text: str) -> None:
    once = neutralized(text)
    assert once.replace("'", "") == text.replace("'", "")
    assert neutralized(once) == once


@pytest.mark.parametrize(
    "text", ["", "-5", "+49", "-1.5e-3", "a", "a-b", "a - b = c", "'=1", "team/app", "1-2", "a,=1"]
)
def test_what_no_spreadsheet_calculates_stays(text: str) -> None:
    assert neutralized(text) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("-5+cmd", "'-5+cmd"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("  =1", "'  =1"),
        ('"=1', "'\"=1"),
        ("a;=1", "a;'=1"),
        ("a\n=1", "a\n'=1"),
        *((f"a{end}=1", f"a{end}'=1") for end in LINE_ENDS),
        ("a;-5", "a;'-5"),
        ("\N{FULLWIDTH EQUALS SIGN}1", "'\N{FULLWIDTH EQUALS SIGN}1"),
    ],
)
def test_what_a_spreadsheet_calculates_gets_an_apostrophe(text: str, written: str) -> None:
    assert neutralized(text) == written


@pytest.mark.parametrize("piece", [" ", "\n", "\n ", ";", '"', "\n=", " -", "="])
def test_a_long_text_takes_no_longer_for_each_character(piece: str) -> None:
    neutralized(piece * 200_000)  # with a quadratic pattern the test's own timeout ends it
