"""Keeps text in CSV from becoming a formula in a spreadsheet (pure).

Source: OWASP, "CSV Injection": which characters begin a formula, the full-width ones too; and that a text can make a
cell begin in its middle: a spreadsheet whose locale separates by a semicolon splits a quoted text at it.
"""

import re
from typing import Final

# What spreadsheets skip before a formula, and between two cells: blanks, control characters, invisible ones, quotes.
_BLANK: Final = r"\s\"\x00-\x1f\x7f-\x9f\u200b-\u200f\u2060\ufeff"
_BEGINS: Final = r"=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212"  # also the full-width and small ones
_LINE_ENDS: Final = "\r\n\x0b\x0c\x85\u2028\u2029"  # Unicode's, since some readers split at each of them
_SEPARATORS: Final = f";\t{_LINE_ENDS}"  # the comma is none: it is quoted where it is a separator
_GAP: Final = _BLANK + _SEPARATORS
# A gap matches at its first character only, and gives nothing back: a text of a million blanks takes linear time.
_FORMULA: Final = re.compile(rf"(?:^[{_GAP}]*+|(?<![{_GAP}])[{_GAP}]++)(?=[{_BEGINS}])")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def neutralized(text: str) -> str:
    """Return a text with an apostrophe before everything that a spreadsheet could take for a formula.

    A text that is a plain number stays as it is: it is a number in a spreadsheet, too. One that begins with a tab or
    a line end gets the apostrophe whatever follows.
    """
    if _NUMBER.fullmatch(text):
        return text
    harmless = _FORMULA.sub(_with_apostrophe, text)
    return f"'{harmless}" if harmless[:1] in tuple(f"\t{_LINE_ENDS}") else harmless


def _with_apostrophe(gap: re.Match[str]) -> str:
    """Return a gap with an apostrophe where the cell in front of the formula begins, if one does."""
    after = max(map(gap[0].rfind, _SEPARATORS)) + 1
    if not after and gap.start():  # within a cell: a hyphen between blanks
        return gap[0]
    return f"{gap[0][:after]}'{gap[0][after:]}"
