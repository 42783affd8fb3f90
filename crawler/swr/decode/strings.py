"""Finds the strings in bytes that need not be JSON (pure).

In a string, a backslash escapes the byte after it; elsewhere it means nothing. A pattern that skips escapes repeats a
group, and remembers each repetition unless it is possessive; but Python before 3.11.5 matches a possessive group
wrongly (https://github.com/python/cpython/issues/106052). So the escapes are replaced first. After that a string ends
at the next quote.
"""

import re
from typing import Final

# A pattern for a string in a text without escapes. There, NUL stands for a quote after a backslash: it begins a string,
# as a quote does, but ends none.
STRING: Final = rb'["\0][^"]*+"'
_STRINGS: Final = re.compile(rb'["\0][^"]*+"?')


def without_escapes(text: bytes) -> bytes:
    """Return a text of the same length with the same brackets, commas and strings, and nothing escaped in it.

    Backslashes are replaced in pairs from the first of each run, as a decoder reads them: no run begins with an escaped
    backslash. One that is left before a quote escapes it in a string. Every other one is like a letter.
    """
    return text.replace(b"\0", b"x").replace(rb"\\", b"xx").replace(b'\\"', b"x\0")


def without_strings(text: bytes, most: int = 0) -> tuple[bytes, int]:
    """Return a text without its first `most` strings (0: all of them), and how many these are.

    A string without an end goes to the end of the text. A match that failed there would begin again at each quote
    in it that is escaped: that takes the square of the text's length, and no other thread runs meanwhile.
    """
    return _STRINGS.subn(b"", without_escapes(text), most)
