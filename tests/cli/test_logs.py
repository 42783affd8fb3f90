"""Laws of the log: one line per event, its fields whole, nothing in it that a terminal would obey."""

import io
import json
import logging
from datetime import UTC, datetime
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.cli.console import logs

NOON = datetime(2026, 11, 23, 12, 3, 44, 120934, tzinfo=UTC)
HOSTILE = "\x1b[31mred\x1b[0m\r\nnext \x9b2J \u202egpj.exe \u2028 \x07 \ud800 \U000e0041 🐳 支付"

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Gone(io.StringIO):
    def write(self, _text: str) -> int:
        raise BrokenPipeError


def logged(log_format: Literal["auto", "text", "json"], stream: io.StringIO, **extra: object) -> str:
    logs.configure(log_format, stream=stream)
    logging.getLogger("crawler.crawl.engine.window_fetcher").warning("page.retry", extra=extra)
    return stream.getvalue()


def test_a_line_of_text_is_the_time_the_event_and_its_fields() -> None:
    fields = {"walk": "default/self/*", "offset": 300, "wait_s": 1.25, "reason": "HTTP 503: busy", "fields": ["a", "b"]}
    line = logs.text_line(NOON, "page.retry", fields)
    assert line == ('12:03:44 page.retry walk=default/self/* offset=300 wait_s=1.25 reason="HTTP 503: busy" fields=a,b')


def test_a_line_of_json_has_time_level_event_and_all_fields() -> None:
    line = logs.json_line(NOON, "warning", "page.retry", {"walk": "default/self/*", "offset": 300, "eta_s": None})
    assert json.loads(line) == {
        "time": "2026-11-23T12:03:44.120934Z",
        "level": "warning",
        "event": "page.retry",
        "walk": "default/self/*",
        "offset": 300,
        "eta_s": None,
    }


def test_text_is_for_a_terminal_and_json_for_everything_else() -> None:
    assert " page.retry offset=1\n" in logged("auto", Terminal(), offset=1)
    assert json.loads(logged("auto", io.StringIO(), offset=1))["offset"] == 1
    assert json.loads(logged("json", Terminal(), offset=1))["offset"] == 1
    assert " page.retry offset=1\n" in logged("text", io.StringIO(), offset=1)


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_text_from_the_service_never_reaches_a_terminal_as_a_command(log_format: Literal["text", "json"]) -> None:
    written = logged(log_format, io.StringIO(), reason=HOSTILE, fields=[HOSTILE])
    assert written.endswith("\n")
    assert written[:-1].isprintable()
    assert "\\u001b[31mred" in written
    assert "🐳 支付" in written


def test_a_line_of_json_gives_the_service_s_words_back_as_they_were() -> None:
    line = logs.json_line(NOON, "info", "walk.end", {"reason": "\x1b[2J\x9b\u202e\U000e0041\x7f"})
    assert json.loads(line)["reason"] == "\x1b[2J\x9b\u202e\U000e0041\x7f"


@given(st.dictionaries(st.text(st.characters()), values))
def test_any_fields_make_one_printable_line_in_either_form(fields: dict[str, object]) -> None:
    assert logs.text_line(NOON, "event", fields).isprintable()
    line = logs.json_line(NOON, "info", "event", fields)
    assert line.isprintable()
    assert json.loads(line)["event"] == "event"


@given(st.text(st.characters()))
def test_a_text_value_cannot_pass_for_another_field(value: str) -> None:
    _, _, word = logs.text_line(NOON, "event", {"reason": value}).partition("reason=")
    if word.startswith('"'):
        assert word.endswith('"')
        inner = word[1:-1].replace("\\\\", "").replace('\\"', "")
        assert '"' not in inner
    else:
        assert not set(word) & set(' "=\\')


def test_a_flood_of_foreign_names_stays_one_line_of_bounded_length() -> None:
    for line in (
        logs.json_line(NOON, "warning", "field.unknown", {"fields": ["x" * 100_000] * 1000}),
        logs.text_line(NOON, "field.unknown", {"fields": ["x" * 100_000] * 1000}),
        logs.json_line(NOON, "warning", "field.unknown", {"fields": {"x" * 100_000: ["x" * 100_000] * 1000}}),
    ):
        assert len(line) < 20_000
        assert "and 980 more" in line


def test_of_a_mapping_with_any_number_of_names_the_first_are_told_and_how_many_more() -> None:
    line = json.loads(logs.json_line(NOON, "info", "run.progress", {"targets": {str(n): n for n in range(1000)}}))
    assert len(line["targets"]) == 21
    assert line["targets"]["…"] == "and 980 more"


def test_a_field_cannot_take_the_place_of_the_time_or_the_event() -> None:
    line = json.loads(logs.json_line(NOON, "info", "walk.end", {"event": "forged", "time": "never"}))
    assert line["event"] == "walk.end"
    assert line["time"].startswith("2026")


def test_a_terminal_shows_progress_but_not_what_the_summary_repeats() -> None:
    terminal = Terminal()
    logs.configure("auto", stream=terminal)
    logging.getLogger("crawler.crawl.scheduling.target_scheduler").info("walk.end")
    logging.getLogger("crawler.cli.console.progress").info("run.progress")
    assert "walk.end" not in terminal.getvalue()
    assert "run.progress" in terminal.getvalue()
    file = io.StringIO()
    logs.configure("auto", stream=file)
    logging.getLogger("crawler.crawl.scheduling.target_scheduler").info("walk.end")
    assert "walk.end" in file.getvalue()
    assert "walk.end" not in terminal.getvalue(), "configured anew, it writes to one place only"


def test_diverted_lines_come_back_afterwards() -> None:
    stream, taken = io.StringIO(), list[str]()
    logs.configure("text", stream=stream)
    log = logging.getLogger("crawler.crawl.run")
    with logs.diverted(taken.append):
        log.warning("run.stop")
    log.warning("run.resume")
    assert [line.split()[1] for line in taken] == ["run.stop"]
    assert [line.split()[1] for line in stream.getvalue().splitlines()] == ["run.resume"]


def test_a_closed_log_stream_does_not_end_the_crawl(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", stream=Gone())
    logging.getLogger("crawler.crawl.run").warning("run.stop")
    assert capsys.readouterr().err == ""


def test_an_exception_is_a_field_on_the_same_line() -> None:
    stream = io.StringIO()
    logs.configure("json", stream=stream)
    try:
        int(HOSTILE)
    except ValueError:
        logging.getLogger("crawler.crawl.run").exception("run.fault")
    assert "Traceback" in json.loads(stream.getvalue())["exception"]
