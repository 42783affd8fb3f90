"""An output folder whose newest complete snapshot is hard to read for tools that guess."""

from pathlib import Path
from random import Random
from typing import Final

from crawler.files.compression.codec import Codec
from crawler.model.record import Record
from tests.audit.examples import record, walk
from tests.store.builders import publish_records

CODECS: Final = {"none": Codec(), "zstd": Codec("zstd", 3), "gzip": Codec("gzip", 6)}
# More than a double can hold: a reader that makes sizes floating-point numbers changes it.
LARGE: Final = 2**53 + 1
SUFFIX: Final = {"none": ".ndjson", "zstd": ".zst", "gzip": ".gz"}


def hard_records() -> list[Record]:
    """Return the records of the snapshot: those of one center, in three parts, the first two of several zstd frames.

    `extra`, `invalid` and `logo` are first seen in the last record; its `extra` has a list of a number and a text. Some
    sizes and times are null, one text looks like a number. Half of each line does not compress, so that frames are not
    small: a reader that takes more than one frame at a time by chance must not pass.
    """
    random = Random(17)  # noqa: S311 - no secret
    usual = [
        record(
            center="thirdparty",
            name=f"1.{number}0",
            namespace=f"team-{number % 3}",
            description=random.randbytes(300).hex(),
            size=None if number % 7 == 0 else number,
            updated_at=None if number % 5 == 0 else "2026-11-01T10:11:12.000001Z",
            tags=["1.10", "ä"],
        )
        for number in range(7000)
    ]
    last = record(
        center="thirdparty",
        name="last",
        namespace="team-0",
        size=LARGE,
        logo="here",
        num_images=None,
        tags=[],
        extra={"zz": {"mixed": [1, "b"]}},
        invalid={"num_images": "many"},
    )
    return [*usual, last]


def publish_hard_output(output: Path, compression: str) -> None:
    """Publish it, an older complete snapshot and a newer incomplete one, all with the same compression."""
    codec = CODECS[compression]
    other = [record(name="other", center="self", size=10**6)]
    publish_records(output, "a-first", other, codec=codec, started_at="2026-11-01T00:00:00.000000Z")
    records = hard_records()
    walks = (walk(center="self", records=0), walk(center="thirdparty", records=len(records)))
    publish_records(
        output,
        "b-hard",
        records,
        *walks,
        max_part_bytes=3_000_000,
        codec=codec,
        started_at="2026-11-02T00:00:00.000000Z",
    )
    publish_records(
        output, "c-newer", other, codec=codec, status="incomplete", started_at="2026-11-03T00:00:00.000000Z"
    )
