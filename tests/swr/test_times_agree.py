"""Both ways of reading agree on every time, also on those that are nearly one."""

from typing import Any

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.swr.decode.batch import Batch, Source
from crawler.swr.decode.items import read_items

ORIGIN = Source("default", "self", "n", 0)
WRITTEN = st.sampled_from(
    ["2021-06-02T09:23:01.751202123Z", "2021-06-02T09:23:01.5Z", "2021-06-02T09:23:01Z", "2024-02-30T09:23:01.5+02:00"]
)
LOCATIONS = st.integers(0, 31)


@st.composite
def nearly_times(draw: st.DrawFn) -> str:
    text = draw(WRITTEN)
    for at in draw(st.lists(LOCATIONS, max_size=3)):
        text = text[:at] + draw(st.sampled_from(["", *"0129ZzTt+-:. ,\u0661"])) + text[at + draw(st.integers(0, 1)) :]
    return text


def read(*items: dict[str, Any]) -> Batch:
    return read_items(orjson.dumps([{"namespace": "n", **item} for item in items]), ORIGIN)


@given(nearly_times())
@example("2021-06-02T09:23:01.7512021Z2")
@example("2021-06-02T09:23:01.751202+0Z")
@example("2021-06-02T09:23:01.75")
def test_a_time_comes_to_the_same_in_a_page_that_is_read_item_by_item(text: str) -> None:
    item = {"name": "a", "created_at": text}
    alone, beside_an_odd_one = read(item), read({"name": "b", "size": "1"}, item)
    assert beside_an_odd_one.lines.splitlines()[1:] == alone.lines.splitlines()
    assert beside_an_odd_one.rejected == alone.rejected
