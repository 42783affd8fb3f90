"""What is in a string is found the same as by a reader of one byte after another, in text that is no JSON, too."""

from collections.abc import Iterator
from itertools import pairwise, product
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.swr.decode.split import NotAListError, split_items
from crawler.swr.decode.strings import without_escapes, without_strings

# All that means something to a reader of strings, a NUL, for which the package has a use of its own, and a letter.
ALPHABET: Final = b'"\\[],\0a'
SHORT: Final = [bytes(text) for size in range(6) for text in product(ALPHABET, repeat=size)]
texts = st.lists(st.sampled_from([*map(chr, ALPHABET), '"a"', '\\"', "\\\\", "[]", "{", "}"]), max_size=40).map(
    lambda parts: "".join(parts).encode()
)


def bare(text: bytes) -> Iterator[tuple[int, int]]:
    """Yield each byte that is in no string, and where it is; -1 at the end of a text whose last string has no end."""
    in_string = escaped = False
    for at, byte in enumerate(text):
        if in_string:
            in_string = escaped or byte != ord('"')
            escaped = byte == ord("\\") and not escaped
        elif byte == ord('"'):
            in_string = True
        else:
            yield at, byte
    if in_string:
        yield len(text), -1


def split_by_bytes(text: bytes) -> list[bytes] | None:
    """Return the items of a list, None if its brackets do not end where the text ends."""
    depth, cuts = 0, [0]
    for at, byte in bare(text):
        depth += (byte in b"[{") - (byte in b"]}") if byte >= 0 else 0
        if byte < 0 or (depth == 0 and (at, byte) != (len(text) - 1, ord("]"))):
            return None
        if (byte == ord(",") and depth == 1) or depth == 0:
            cuts.append(at)
    items = [text[start + 1 : end].strip(b" \t\r\n") for start, end in pairwise(cuts)]
    return None if depth else [] if items == [b""] else items


def split_or_none(text: bytes) -> list[bytes] | None:
    try:
        return split_items(text)
    except NotAListError:
        return None


def assert_read_by_bytes(text: bytes) -> None:
    body = b"[" + text + b"]"
    assert split_or_none(body) == split_by_bytes(body)
    left = bytes(byte for _, byte in bare(text) if byte >= 0 and byte in b"[]{},")
    assert bytes(byte for byte in without_strings(text)[0] if byte in b"[]{},") == left


def test_every_short_text_is_split_as_a_reader_of_bytes_splits_it() -> None:
    for text in SHORT:
        assert_read_by_bytes(text)


@given(texts)
def test_a_text_of_strings_and_pieces_of_them_is_split_as_a_reader_of_bytes_splits_it(text: bytes) -> None:
    assert_read_by_bytes(text)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (rb'"a\nb"', rb'"a\nb"'),
        (rb'"\"" "\\" "\\\""', b'"x\0" "xx" "xxx\0"'),
        (b'"\0"', b'"x"'),
        (b'"\\\0"', b'"\\x"'),
        (rb'\"a"', b'x\0a"'),
    ],
)
def test_escapes_are_replaced_byte_for_byte(text: bytes, plain: bytes) -> None:
    assert without_escapes(text) == plain


@pytest.mark.parametrize(
    ("text", "left"), [(b'[",",1]', b"[,1]"), (b'["a"', b"["), (b'["],', b"["), (rb'["\"],', b"["), (b'["\\', b"[")]
)
def test_a_string_without_an_end_goes_to_the_end_of_the_text(text: bytes, left: bytes) -> None:
    assert without_strings(text) == (left, 1)


def test_as_many_strings_as_asked_for_are_removed() -> None:
    assert without_strings(b'"a""b""c"', 2) == (b'"c"', 2)
