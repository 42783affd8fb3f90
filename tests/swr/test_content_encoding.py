"""A body is decoded completely or not at all."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.swr.content_encoding import BodyTooLargeError, UnknownCodingError, decoded


@given(
    body=st.binary(max_size=2000), bound=st.integers(0, 2000), coding=st.sampled_from(["identity", "gzip", "deflate"])
)
def test_a_body_is_decoded_completely_or_refused_for_its_size(body: bytes, bound: int, coding: str) -> None:
    packed = {"identity": body, "gzip": gzip.compress(body), "deflate": zlib.compress(body)}[coding]
    pieces = [packed[start : start + 7] for start in range(0, len(packed), 7)]
    if len(body) <= bound:
        assert decoded(pieces, coding, bound) == body
    else:
        with pytest.raises(BodyTooLargeError):
            decoded(pieces, coding, bound)


def test_output_that_the_inflater_still_holds_at_the_end_of_the_input_belongs_to_the_body() -> None:
    body = bytes(2**20 + 100)  # the last match begins in one step of a MiB and ends in the next, all its bits read
    assert decoded([zlib.compress(body, wbits=-zlib.MAX_WBITS)], "deflate", 2**21) == body


@pytest.mark.parametrize(
    "coding", ["utf-8", "UTF8", "none", "identity", "aws-chunked", " ascii", "", "identity, utf-8"]
)
def test_a_name_that_compresses_nothing_leaves_the_body_as_it_is(coding: str) -> None:
    assert decoded([b"[", b"]"], coding, 2) == b"[]"
    assert decoded([gzip.compress(b"[]")], f"gzip,{coding}", 2) == b"[]"
    assert decoded([gzip.compress(b"[]")], f"{coding} , x-gzip", 2) == b"[]"


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "gzip;q=1", "utf-16", "deflate, gzip"])
def test_another_coding_is_refused_by_its_name(coding: str) -> None:
    with pytest.raises(UnknownCodingError, match=f"not requested: {coding}"):
        decoded([b"[]"], coding, 2)
