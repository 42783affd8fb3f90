"""Items as a service may send them, drawn by Hypothesis, and how tests read the batch made of them."""

import json
from base64 import b64decode
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from hypothesis import strategies as st

from crawler.swr.decode.batch import Batch, Source
from crawler.swr.decode.items import read_items

SOURCE: Final = Source("eu", "thirdparty", "team", 200)
FORCE_LENIENT: Final = b"0"  # not an object: it becomes a reject, and its whole page takes the lenient path

INTEGERS: Final = ("size", "num_images", "num_download")
BOOLEANS: Final = ("is_public", "status")
TIMES: Final = ("created_at", "updated_at")
TEXTS: Final = ("category", "description", "logo", "url", "path", "internal_path", "domain_name")
KNOWN: Final = ("name", "namespace", "tags", "total_range", *INTEGERS, *BOOLEANS, *TIMES, *TEXTS)


def batch_of(*raws: bytes) -> Batch:
    """Return the batch of a page with these items."""
    return read_items(b"[" + b",".join(raws) + b"]", SOURCE)


def raw_item(**fields: object) -> bytes:
    """Return an item with name, namespace and `fields`."""
    return json.dumps({"name": "n", "namespace": "s", **fields}).encode()


def records(batch: Batch) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ndjson(batch.lines)]


def rejects(batch: Batch) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ndjson(batch.rejects)]


def ndjson(data: bytes) -> list[bytes]:
    assert not data or data.endswith(b"\n")
    return data.split(b"\n")[:-1]


def only_record(batch: Batch) -> dict[str, Any]:
    """Return the record of a batch that holds nothing else."""
    (record,) = records(batch)
    assert not batch.rejects
    return record


def reason_of(*raws: bytes) -> str:
    """Return the reason of the only reject in a page with these items."""
    (reject,) = rejects(batch_of(*raws))
    reason: str = reject["reason"]
    return reason


def raw_of(reject: dict[str, Any]) -> bytes:
    text: str = reject["raw"]
    return text.encode() if reject["encoding"] == "utf-8" else b64decode(text)


# ---- strategies

SPECIAL: Final = [
    "\n",
    "\r\n",
    "\x00",
    "\x1b[31mred\x1b[0m",
    "\u2028",
    "\u2029",
    "\x85",
    "\x7f",
    "\u202e",
    '"',
    "\\",
    "𝄞",
]
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(SPECIAL)
names = texts.filter(bool)
int64s = st.integers(-(2**63), 2**63 - 1)
moments = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31))  # noqa: DTZ001 - offsets are added by hand


class WrittenTime(msgspec.Struct, frozen=True):
    """A time as a service may write it, and the moment it means, cut to microseconds."""

    text: str
    moment: datetime

    @property
    def expected(self) -> str:
        m = self.moment
        day, clock = f"{m.year:04}-{m.month:02}-{m.day:02}", f"{m.hour:02}:{m.minute:02}:{m.second:02}"
        return f"{day}T{clock}.{m.microsecond:06}Z"


@st.composite
def written_times(draw: st.DrawFn) -> WrittenTime:
    local = draw(moments).replace(microsecond=0)
    digits = draw(st.text("0123456789", max_size=9))
    fraction = f".{digits}" if digits else ""
    minutes = draw(st.none() | st.just(0) | st.integers(-23 * 60 - 59, 23 * 60 + 59))
    if minutes is None:
        offset = draw(st.sampled_from(["", "Z", "z"]))
    else:
        offset = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    day, clock = f"{local.year:04}-{local.month:02}-{local.day:02}", f"{local:%H:%M:%S}"
    micros = int(digits[:6].ljust(6, "0"))
    moment = local.replace(microsecond=micros) - timedelta(minutes=minutes or 0)
    return WrittenTime(f"{day}{draw(st.sampled_from('TTTt '))}{clock}{fraction}{offset}", moment)


canonical_times = written_times().map(lambda written: written.expected)
any_time = canonical_times | written_times().map(lambda written: written.text)
well_formed_fields: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"name": names, "namespace": names},
    optional={
        **dict.fromkeys(TEXTS, st.none() | texts),
        **dict.fromkeys(INTEGERS, st.none() | int64s),
        **dict.fromkeys(BOOLEANS, st.none() | st.booleans()),
        **dict.fromkeys(TIMES, st.none() | any_time),
        "tags": st.none() | st.lists(texts, max_size=3),
        "total_range": st.none() | st.integers(0, 2**70),
    },
)
well_formed = st.tuples(well_formed_fields, st.booleans()).map(
    lambda drawn: json.dumps(drawn[0], ensure_ascii=drawn[1]).encode()
)

# JSON as writers produce it, NaN, Infinity and lone surrogates included.
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats()
    | texts
    | st.sampled_from(["123", "-5", "5.0", "", "true", "FALSE", "\ud800", "2024-02-30T00:00:00Z", "1e3"])
    | any_time,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)
keys_of_items = st.sampled_from([*KNOWN, "target", "center", "extra"]) | texts
odd_fields = st.tuples(well_formed_fields, st.dictionaries(keys_of_items, json_values, max_size=3)).map(
    lambda drawn: drawn[0] | drawn[1]
)
any_item = well_formed | (odd_fields | json_values).map(lambda value: json.dumps(value).encode())


@st.composite
def mutated_times(draw: st.DrawFn) -> str:
    time, at = draw(canonical_times), draw(st.integers(0, 26))
    return time[:at] + draw(st.sampled_from("0123456789TtZz :-+.,٣\n")) + time[at + 1 :]
