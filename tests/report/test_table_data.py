"""Laws of the table's data, decoded as the page's script does it."""

from html.parser import HTMLParser
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from crawler.report.row import RepositoryRow, row_of
from crawler.report.table_data import encode_table, escape_markup, repositories, visibility, within
from tests.audit.examples import record

TEXTS = st.text(max_size=8) | st.sampled_from(["</script>", "<!--", "<script>", "]]>", "&lt;", "\u2028"])


def rows(*names: str) -> list[RepositoryRow]:
    return [row_of(record(name=name or "-", description=name)) for name in names]


def decoded(data: bytes) -> list[dict[str, Any]]:
    content = orjson.loads(data)
    values = {
        column["key"]: [column["words"][value] for value in column["values"]] if "words" in column else column["values"]
        for column in content["columns"]
    }
    return [{key: column[row] for key, column in values.items()} for row in range(content["rows"])]


@given(st.lists(TEXTS))
def test_every_row_comes_back_from_its_columns(names: list[str]) -> None:
    held = rows(*names)
    back = decoded(encode_table(repositories(targets=True), held, total=len(held)))
    assert [(row["name"], row["description"], row["size"]) for row in back] == [
        (row.name, row.description, row.size) for row in held
    ]


@given(st.lists(TEXTS))
def test_words_are_in_order_so_that_their_numbers_sort(names: list[str]) -> None:
    for column in orjson.loads(encode_table(repositories(targets=False), rows(*names), total=0))["columns"]:
        words = column.get("words", [])
        assert words == sorted(words, key=lambda word: (word.casefold(), word))


@given(st.lists(TEXTS))
def test_no_data_ends_the_script_that_holds_it(names: list[str]) -> None:
    data = encode_table(repositories(targets=False), rows(*names), total=0).decode()
    seen: list[str] = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - theirs
            seen.append(tag)

    Parser().feed(f'<script type="application/json">{data}</script><p>')
    assert seen == ["script", "p"]
    assert not set("<>&") & set(data)


@given(st.recursive(st.text() | st.integers(0, 9), st.lists))
def test_escaped_json_means_the_same(content: Any) -> None:  # noqa: ANN401
    assert orjson.loads(escape_markup(orjson.dumps(content))) == content


def test_times_are_minutes_since_1970_and_unknown_or_impossible_ones_are_null() -> None:
    moments = [("1970-01-02T00:01:59.999999Z", None), ("2026-02-31T00:00:00.000000Z", "2026-13-01T00:00:00.000000Z")]
    held = [row_of(record(updated_at=updated, created_at=created)) for updated, created in moments]
    rows = decoded(encode_table(repositories(targets=False), held, total=2))
    assert [(row["updated"], row["created"]) for row in rows] == [(1441, None), (None, None)]


def test_the_target_is_a_column_only_where_there_are_several() -> None:
    several, one = ({column.key for column in repositories(targets=targets)} for targets in (True, False))
    assert several - one == {"target"}


def test_visibility_says_public_private_and_expired() -> None:
    said = [
        visibility(row_of(record(center=center, is_public=public, status=valid)))
        for center, public, valid in (
            ("self", True, False),
            ("thirdparty", False, False),
            ("thirdparty", None, False),
            ("thirdparty", None, True),
        )
    ]
    assert said == ["public", "private, expired", "expired", ""]


def test_rows_are_cut_off_at_the_budget_of_their_texts() -> None:
    held = rows("aaaa", "bbbb", "cccc")
    each = len("aaaa") * 2 + len("acme") + len("team") + len("other")
    assert within(held, 3 * each) == held
    assert within(held, 3 * each - 1) == held[:2]
