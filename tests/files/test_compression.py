"""Compressed bytes hold the same lines, and no damage of them passes for an end."""

import sys
import zlib
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.files.compression.codec import FRAME_BYTES, Codec
from crawler.files.compression.decoder import PIECE_BYTES, DamagedError, decoder
from crawler.files.compression.zstd import MissingZstdError, zstd_library

zstd = zstd_library()
CODECS: Final = (Codec("zstd", 3), Codec("gzip", 6))
LINES: Final = [b'{"name":"%b"}\n' % sha256(b"%d" % number).hexdigest().encode() for number in range(300)]


def encoded(codec: Codec, blocks: Iterable[bytes]) -> bytes:
    encoder = codec.encoder()
    assert encoder is not None
    return b"".join([*map(encoder.encode, blocks), encoder.end()])


def decoded(codec: Codec, blocks: Iterable[bytes]) -> list[bytes]:
    reading = decoder(codec.compression)
    assert reading is not None
    pieces = [piece for block in blocks for piece in reading.decode(block)]
    reading.end()
    return pieces


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def frames_of(data: bytes) -> list[bytes]:
    """Return what each frame holds."""
    held = []
    while data:
        frame = zstd.ZstdDecompressor()
        held.append(frame.decompress(data))
        data = frame.unused_data
    return held


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.compression)
@pytest.mark.parametrize("size", [1, 7, 2**18])
def test_what_is_read_is_what_was_written_however_its_bytes_come(codec: Codec, size: int) -> None:
    whole = b"".join(LINES)
    data = encoded(codec, LINES)
    assert len(data) < len(whole)
    assert b"".join(decoded(codec, cut(data, size))) == whole


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.compression)
@given(blocks=st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b" ") + b"\n"), max_size=30))
def test_any_lines_come_back(codec: Codec, blocks: list[bytes]) -> None:
    if codec.compression == "gzip" or blocks:  # no part is empty
        assert b"".join(decoded(codec, cut(encoded(codec, blocks), 11))) == b"".join(blocks)


def test_nothing_stays_as_it_is_without_compression() -> None:
    assert Codec().encoder() is None
    assert decoder("none") is None


def test_frames_hold_whole_lines_and_are_the_same_however_the_lines_come() -> None:
    line = b"".join(LINES)[:4_999].replace(b"\n", b" ") + b"\n"
    whole = line * 700
    same = {encoded(CODECS[0], cut(whole, step)) for step in (5_000, 50_000, len(whole))}
    (frames,) = map(frames_of, same)
    assert [len(frame) for frame in frames] == [209 * 5_000] * 3 + [73 * 5_000]
    assert 209 * 5_000 <= FRAME_BYTES < 210 * 5_000


def test_a_line_longer_than_a_frame_has_one_of_its_own() -> None:
    long = b"x" * (FRAME_BYTES + 5) + b"\n"
    assert frames_of(encoded(CODECS[0], [b"a\n", long, b"b\n"])) == [b"a\n", long, b"b\n"]
    assert frames_of(encoded(CODECS[0], [long + b"b\n"])) == [long, b"b\n"]


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.compression)
def test_cut_short_anywhere_it_has_no_end(codec: Codec) -> None:
    data = encoded(codec, LINES[:20])
    for size in range(len(data)):
        with pytest.raises(DamagedError, match="cut short"):
            decoded(codec, [data[:size]])


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.compression)
def test_no_changed_bit_passes_for_other_lines(codec: Codec) -> None:
    whole = b"".join(LINES[:20])
    data = encoded(codec, [whole])
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        with suppress(DamagedError):
            assert b"".join(decoded(codec, [bytes(changed)])) == whole


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.compression)
def test_bytes_behind_the_end_are_damage(codec: Codec) -> None:
    with pytest.raises(DamagedError):
        decoded(codec, [encoded(codec, LINES), b"no frame of any kind"])


def test_several_members_of_gzip_are_read_to_the_end() -> None:
    members = [zlib.compress(line, wbits=31) for line in LINES[:3]]
    assert b"".join(decoded(CODECS[1], [b"".join(members)])) == b"".join(LINES[:3])


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.compression)
def test_however_much_a_few_bytes_stand_for_they_come_in_bounded_pieces(codec: Codec) -> None:
    zeros = b"0" * (3 * PIECE_BYTES) + b"\n"
    data = encoded(codec, [zeros])
    assert len(data) < 10_000
    pieces = decoded(codec, [data])
    assert b"".join(pieces) == zeros
    assert max(map(len, pieces)) <= PIECE_BYTES


def test_a_frame_that_demands_much_memory_is_refused() -> None:
    options: dict[int, int] = {zstd.CompressionParameter.window_log: 27, zstd.CompressionParameter.content_size_flag: 0}
    greedy = zstd.ZstdCompressor(options=options)
    data = b"".join([greedy.compress(b"line\n" * 1000), greedy.flush()])
    with pytest.raises(DamagedError, match="is damaged"):
        decoded(CODECS[0], [data])


def test_without_a_library_the_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("compression", "backports"):
        monkeypatch.setitem(sys.modules, name, None)
    for needs_it in (zstd_library, CODECS[0].encoder, lambda: decoder("zstd")):
        with pytest.raises(MissingZstdError, match=r"backports\.zstd.*pip install 'swr-crawler\[zstd\]'"):
            needs_it()
