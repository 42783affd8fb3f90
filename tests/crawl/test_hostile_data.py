"""Data of a third party harms its own item at most, from the response to the snapshot and to its readers."""

import io
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from aiohttp import web

from crawler.cli.console import logs
from crawler.cli.console.exit_status import exit_code_of
from crawler.cli.console.output import print_table
from crawler.cli.console.summary import summary
from crawler.cli.run_command import run_command as _run
from crawler.crawl.observing.observer import Observer
from crawler.crawl.planning.discovery import discover
from crawler.crawl.result import RunResult
from crawler.emulator.faults.fault import Call, Fault
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.http.page import ServedPage
from crawler.emulator.http.response import ServedResponse
from crawler.emulator.inventory.center_rows import group_rows, render
from crawler.emulator.inventory.ndjson import Inventory, synthetic
from crawler.errors import UnavailableError
from crawler.snapshot.manifest import from_json
from crawler.snapshot.reader import open_snapshot
from crawler.snapshot.verify import verify
from crawler.store.part_files import StdoutWriter
from crawler.swr.http.client import Client
from crawler.walk.retry_policy import RetryLimits
from tests.support.emulator_fixture import TOKEN, QuickClock, crawl, parts, records, serve, snapshot_of
from tests.support.handler_client import client_of

pytestmark = pytest.mark.unmeasured

SCREEN: Final = "\x1b[2J\x1b]8;;http://evil\x07\x9b31m\u202e\u2066\u2028\u2029\ufeff\x85\r\n\x00"
NAMES: Final = ("../../etc/passwd", "/", ".", "..", "con", "a\nb", "\r", "\0", " ", SCREEN, "\u202egpj.exe", "é", "🐳")


def item(name: str, **fields: object) -> bytes:
    return orjson.dumps({"name": name, "namespace": "s", "domain_name": "d", **fields})


def odd(at: int, member: bytes) -> bytes:
    """Return an item with its own name and one member as raw bytes."""
    return b'{"name":"odd-%03d","namespace":"s",%b}' % (at, member)


async def namespaces_of(client: Client) -> tuple[str, ...]:
    limits, clock = RetryLimits(1), QuickClock()
    return await discover(client, "eu", visible=True, limits=limits, clock=clock, observer=Observer())


READABLE: Final = (
    *map(item, NAMES),
    item("texts", **dict.fromkeys(("category", "description", "logo", "url", "path", "internal_path"), SCREEN)),
    item("tags", tags=[*NAMES, ""]),
    item("nulls", **dict.fromkeys(("category", "size", "is_public", "created_at", "tags", "status", "total_range"))),
    item("texts for numbers", size="5", num_images="-0", is_public="False", status="true"),
    item("a megabyte", description='\\"\n\u2028' * 200_000),
    item("ours", target="x", center=["y"], extra={"z": {}}, __proto__={"name": "z"}),
    item("namesake", namespace="../../up", domain_name=SCREEN),
    b'{"name":"no-domain","namespace":"s"}',
    *(
        odd(at, member)
        for at, member in enumerate(
            (
                b'"size":5.0',
                b'"size":1e3',
                b'"size":-0',
                b'"size":1,"size":2',
                b'"zz":1,"zz":[]',
                b'"":null',
                b'"zz":1' + b"0" * 300,
                b'"zz":' + b"[" * 62 + b"]" * 62,
                b'"zz":"\\ud83d\\ude00"',
                b",".join(b'"z%d":%d' % (at, at) for at in range(5000)),
                b'"' + b"z" * 100_000 + b'":1',
                b'"\\u001b[31m\\u009b\\u202e":{"\\u0000":1}',
                b'"size":9223372036854775808',
                b'"size":5.5',
                b'"size":true',
                b'"size":"\\u001b[2J\\u009b\\u202e"',
                b'"status":0',
                b'"created_at":"yesterday \\u001b[2J"',
                b'"description":{}',
                b'"tags":["a",null]',
                b'"size":1,"size":"x"',
            )
        )
    ),
)
UNREADABLE: Final = (
    b"null",
    b"5",
    b'"\\u001b[31m"',
    b"[]",
    b"[[{}]]",
    b"{}",
    b"",
    b"/* none */",
    b"\xff\xfe",
    b'{"name":"\\ud800","namespace":"s"}',
    b'{"name":"\\udc00\\ud800","namespace":"s"}',
    b'{"name":"\xed\xa0\xbd\xed\xb8\x80","namespace":"s"}',
    b'{"name":"\xc0\xae\xc0\xae/","namespace":"s"}',
    b'{"name":"a\nb","namespace":"s"}',
    b'{"name":null,"namespace":"s"}',
    b'{"name":"","namespace":"s"}',
    b'{"namespace":"s"}',
    *(
        odd(at, member)
        for at, member in enumerate(
            (
                b'"description":"\\ud83dx"',
                b'"tags":["\\udfff"]',
                b'"zz":{"\\udfff":[{"zz":"\\ud800"}]}',
                b'"\\ud800":1',
                b'"size":NaN',
                b'"size":-Infinity',
                b'"size":1e400',
                b'"zz":1' + b"0" * 400,
                b'"zz":[-1' + b"0" * 10_000 + b"]",
                b'"zz":' + b"[" * 1000 + b"]" * 1000,
                b'"zz":' + b'{"z":' * 100_000 + b"1" + b"}" * 100_000,
                b"'zz':1",
                b'"domain_name":5',
                b'"zz":1,',
            )
        )
    ),
)
ITEMS: Final = tuple(item for pair in zip_longest(READABLE, UNREADABLE) for item in pair if item is not None)


@dataclass(frozen=True, slots=True)
class Holding(Fault):
    """The service holds these items instead of its inventory; `sent` changes the body of each list."""

    items: tuple[bytes, ...]
    sent: Callable[[bytes], bytes] = bytes

    def on_response(self, call: Call, page: ServedPage, answer: ServedResponse) -> ServedResponse:
        del call
        chosen = self.items[page.query.offset : page.query.offset + page.query.limit]
        body = self.sent(b"[" + b",".join(chosen) + b"]")
        ranged = f"{page.query.offset}-{len(chosen)}/{len(self.items)}"
        return replace(answer, body=body, headers=(("Content-Range", ranged),))


EMPTY: Final = synthetic(namespaces=1, repositories=0, seed=1)


def crawled(
    output: Path,
    items: tuple[bytes, ...] = ITEMS,
    sent: Callable[[bytes], bytes] = bytes,
    *,
    environ: Mapping[str, str] = TOKEN,
    **flags: Any,  # noqa: ANN401 - as `crawl`
) -> RunResult:
    with serve(EMPTY, faults=(Holding(items, sent),)) as served:
        return crawl(served.endpoint, output, environ=environ, centers="self", **flags)


def refused(snapshot: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in (snapshot / "_rejects.ndjson").read_bytes().splitlines()]


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and ".work" not in path.parts}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Yield everything that is logged, as text and as JSON."""
    logger = logging.getLogger("crawler")
    before = logger.handlers[:], logger.level
    stream = io.StringIO()
    logs.configure("text", stream=stream, level=logging.DEBUG)
    as_text = logger.handlers[-1]
    logs.configure("json", stream=stream, level=logging.DEBUG)
    logger.addHandler(as_text)
    yield stream
    logger.handlers[:], logger.level = before


def shows(text: str) -> bool:
    """Return whether a terminal shows every line and interprets none."""
    return all(line.isprintable() for line in text.split("\n"))


# ---- each item


def test_every_item_ends_as_a_record_or_as_a_reject_and_the_counts_add_up(tmp_path: Path) -> None:
    result = crawled(tmp_path, limit=7)
    snapshot = snapshot_of(result)
    manifest = from_json((snapshot / "_manifest.json").read_bytes())
    (walk,) = manifest.walks
    assert (exit_code_of(result), walk.verdict, manifest.status) == (3, "complete", "incomplete")
    assert (walk.records, walk.rejects) == (len(READABLE), len(UNREADABLE))
    assert walk.invalid == sum("invalid" in record for record in records(snapshot)) == 9
    assert walk.invalid_fields == ("created_at", "description", "size", "status", "tags")
    assert (len(records(snapshot)), len(refused(snapshot))) == (len(READABLE), len(UNREADABLE))
    assert verify(open_snapshot(snapshot)).differences == ()
    assert not (snapshot / "_SUCCESS").exists()


def test_what_becomes_of_an_item_does_not_depend_on_its_neighbours(tmp_path: Path) -> None:
    items = tuple(item for item in ITEMS if item)  # an empty item alone on a page is an empty list
    alone, together = (snapshot_of(crawled(tmp_path / str(limit), items, limit=limit)) for limit in (1, 1000))
    without = {"offset": 0, "index": 0}
    assert [reject | without for reject in refused(alone)] == [reject | without for reject in refused(together)]
    part = "center=self/part-00000.ndjson"
    assert parts(alone)[part] == parts(together)[part]


def test_names_are_unchanged_in_records_and_never_part_of_a_path(tmp_path: Path) -> None:
    snapshot = snapshot_of(crawled(tmp_path / "in" / "here"))
    assert {*NAMES} < {record["name"] for record in records(snapshot)}
    inside = {"_manifest.json", "_rejects.ndjson", "center=self/part-00000.ndjson"}
    assert files(tmp_path) == {f"in/here/{snapshot.name}/{name}" for name in inside}


def test_control_characters_are_escaped_in_the_log_and_the_summary(tmp_path: Path, log: io.StringIO) -> None:
    result = crawled(tmp_path)
    assert "field.unknown" in log.getvalue()
    assert shows(log.getvalue())
    assert shows(summary(result))
    assert all(reject["reason"].isprintable() for reject in refused(snapshot_of(result)))
    assert len(from_json((snapshot_of(result) / "_manifest.json").read_bytes()).unknown_fields) <= 100


def test_a_stopped_run_with_hostile_items_resumes_to_the_same_bytes(tmp_path: Path) -> None:
    undisturbed = snapshot_of(crawled(tmp_path / "a", limit=7, concurrency=1))
    once = {**TOKEN, "SWR_CRAWLER_MAX_TRIES": "1"}
    with serve(EMPTY, faults=(Holding(ITEMS, limited := Ending(4)),)) as served:
        first = crawl(served.endpoint, tmp_path / "b", centers="self", limit=7, concurrency=1, environ=once)
        limited.answers = 10**6
        second = crawl(served.endpoint, tmp_path / "b", centers="self", limit=7, concurrency=1)
    assert (exit_code_of(first), second.resumed) == (75, 1)
    assert parts(snapshot_of(second)) == parts(undisturbed)


class Ending:
    """Sends `answers` lists, and then HTML."""

    def __init__(self, answers: int) -> None:
        self.answers = answers

    def __call__(self, body: bytes) -> bytes:
        self.answers -= 1
        return body if self.answers >= 0 else b"<html>"


def test_about_a_thousand_unknown_field_names_are_kept_and_no_more(tmp_path: Path) -> None:
    items = tuple(odd(at, b",".join(b'"z%d-%d":0' % (at, field) for field in range(90))) for at in range(30))
    manifest = from_json((snapshot_of(crawled(tmp_path, items, limit=1)) / "_manifest.json").read_bytes())
    assert 1000 <= len(manifest.unknown_fields) < 1100


def test_an_odd_value_costs_its_field_and_neither_its_record_nor_the_proof(tmp_path: Path, log: io.StringIO) -> None:
    inventory = synthetic(namespaces=3, repositories=120, seed=7)
    faults = tuple(
        map(parse_fault, ("odd-field:every=3", "odd-field:field=tags,value=list", "delete-after:requests=3"))
    )
    with serve(inventory, faults=faults) as served:
        result = crawl(served.endpoint, tmp_path, centers="self", limit=10, concurrency=1)
    snapshot = snapshot_of(result)
    (walk,) = result.walks
    published = records(snapshot)
    assert (exit_code_of(result), walk.verdict, walk.passes) == (0, "complete", 2)
    assert len(published) == walk.records == walk.invalid
    odd = [record for record in published if "size" in record["invalid"]]
    assert 0 < len(odd) < len(published)
    assert {(record["size"], record["invalid"]["size"]) for record in odd} == {(None, "n/a")}
    assert all(record["tags"] == [] and record["invalid"]["tags"] == ["a", 5] for record in published)
    assert walk.invalid_fields == ("size", "tags")
    assert "kept under invalid: size, tags" in summary(result)
    assert log.getvalue().count("field.invalid") == 2  # each log has it once


def test_values_that_could_not_be_read_are_counted_among_those_published_after_a_resume_too(tmp_path: Path) -> None:
    items = tuple(item(f"n{at:02}", size="big" if at % 2 else at) for at in range(40))
    once = {**TOKEN, "SWR_CRAWLER_MAX_TRIES": "1"}
    with serve(EMPTY, faults=(Holding(items, limited := Ending(4)),)) as served:
        first = crawl(served.endpoint, tmp_path, centers="self", limit=7, concurrency=1, environ=once)
        limited.answers = 10**6
        second = crawl(served.endpoint, tmp_path, centers="self", limit=7, concurrency=1)
    assert (exit_code_of(first), exit_code_of(second), second.resumed) == (75, 0, 1)
    assert (second.walks[0].invalid, second.walks[0].invalid_fields) == (20, ("size",))


@pytest.mark.parametrize("holds", ["objects", "tags", "levels", "mixed", "characters"])
def test_an_item_that_holds_millions_is_one_reject_and_costs_no_other(holds: str, tmp_path: Path) -> None:
    inventory = synthetic(namespaces=3, repositories=60, seed=7)
    faults = tuple(map(parse_fault, (f"oversized-item:index=12,count=4500000,holds={holds}", "gzip")))
    with serve(inventory, faults=faults) as served:
        result = crawl(served.endpoint, tmp_path, centers="self", limit=10)
    (walk,) = result.walks
    rows = len(list(inventory.items("self")))
    assert (exit_code_of(result), walk.verdict, walk.records, walk.rejects) == (3, "complete", rows - 1, 1)
    (reject,) = refused(snapshot_of(result))
    assert reject["reason"] == "is larger than 4194304 bytes"
    assert len(reject["raw"]) <= 2**20 < reject["bytes"]
    assert verify(open_snapshot(snapshot_of(result))).differences == ()


# ---- each body


@pytest.mark.parametrize(
    "sent",
    [
        lambda body: b"\xef\xbb\xbf" + body,
        lambda body: b'{"repos":' + body + b',"total":null}',
        lambda body: b'\xef\xbb\xbf{"body" : ' + body + b"}\n",
        lambda body: b" \r\n\t" + body + b"\n\n",
    ],
)
def test_a_list_in_another_envelope_gives_the_same_bytes(tmp_path: Path, sent: Callable[[bytes], bytes]) -> None:
    bare, shaped = (snapshot_of(crawled(tmp_path / name, sent=sent)) for name, sent in (("a", bytes), ("b", sent)))
    assert parts(shaped) == parts(bare)


@pytest.mark.parametrize(
    "sent",
    [
        lambda body: body + body,
        lambda body: body + b"\n{}",
        lambda body: b")]}',\n" + body,
        lambda body: body[:-1] + b'"]',
        lambda body: b"[" * 100_000 + body,
        lambda body: b"// all\n" + body,
        lambda body: body[:1].decode().encode("utf-16") + body[1:],
        lambda body: body[:1] + b"0," * 200_000 + b"0]",
    ],
)
def test_a_body_that_is_no_list_publishes_nothing_and_is_an_outage(
    tmp_path: Path, sent: Callable[[bytes], bytes]
) -> None:
    result = crawled(tmp_path, sent=sent, environ={**TOKEN, "SWR_CRAWLER_MAX_TRIES": "2"})
    assert (exit_code_of(result), result.path) == (75, None)
    assert "rerun the command later" in str(result.errors["default"])
    assert shows(summary(result))


def test_a_hundred_descriptions_of_a_megabyte_on_one_page_are_all_there(tmp_path: Path) -> None:
    items = tuple(item(f"n{at}", description=f"{at}" * 100_000) for at in range(20))
    snapshot = snapshot_of(crawled(tmp_path, items, limit=100))
    assert [len(record["description"]) for record in records(snapshot)] == [100_000] * 10 + [200_000] * 10


CAP: Final = {**TOKEN, "SWR_CRAWLER_MAX_BODY_BYTES": "100000"}


def test_pages_larger_than_max_body_bytes_are_requested_in_smaller_ones(tmp_path: Path) -> None:
    items = tuple(item(f"n{at}", description="x" * 2_000) for at in range(200))
    result = crawled(tmp_path, items, limit=100, environ=CAP)
    assert (exit_code_of(result), len(records(snapshot_of(result)))) == (0, 200)


def test_a_list_of_one_item_larger_than_max_body_bytes_is_no_inventory_and_the_reason_says_what_to_do(
    tmp_path: Path,
) -> None:
    result = crawled(tmp_path, (item("n", description="x" * 200_000),), environ=CAP)
    assert (exit_code_of(result), result.path) == (78, None)
    assert "raise max_body_bytes" in str(result.errors["default"])


def test_an_item_larger_than_max_body_bytes_is_lost_and_the_reason_says_what_to_do(tmp_path: Path) -> None:
    items = (*(item(f"n{at}") for at in range(10)), item("n", description="x" * 200_000))
    result = crawled(tmp_path, items, limit=1, environ=CAP)
    (walk,) = result.walks
    assert (exit_code_of(result), walk.verdict) == (3, "partial")
    assert "raise max_body_bytes" in walk.lost[0].reason


def test_a_page_of_far_more_items_than_requested_is_read_completely(tmp_path: Path) -> None:
    items = tuple(b'{"name":"n%05d","namespace":"s"}' % at for at in range(20_000))

    def all_of_them(body: bytes) -> bytes:
        return body if body == b"[]" else b"[" + b",".join(items) + b"]"

    result = crawled(tmp_path, items, all_of_them, limit=100)
    assert (exit_code_of(result), len(records(snapshot_of(result)))) == (0, 20_000)


# ---- namespaces


def test_an_invalid_namespace_is_never_part_of_a_path_and_costs_no_other_namespace(
    tmp_path: Path, log: io.StringIO
) -> None:
    rows = [("d", name, "n", render({"name": "n", "namespace": name})) for name in ("team-a", "../../up", "/", SCREEN)]
    with serve(Inventory({"self": group_rows(rows), "thirdparty": group_rows(())})) as served:
        result = crawl(served.endpoint, tmp_path, discover=True, centers="self")
    assert [record["namespace"] for record in records(snapshot_of(result))] == ["team-a"]
    assert exit_code_of(result) == 3
    assert result.coverage[0].uncovered == 3
    assert shows(log.getvalue())
    assert shows(summary(result))
    assert {Path(path).name for path in files(tmp_path)} == {"_manifest.json", "_rejects.ndjson", "part-00000.ndjson"}


@pytest.mark.anyio
async def test_half_a_surrogate_pair_in_one_namespace_costs_no_other_namespace() -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        del request
        names = b'{"name":"\\ud800"},{"name":"team-a"},{"name":5},{"name":"b","creator_name":"\\udfff","id":NaN}'
        return web.Response(body=b'{"namespaces":[' + names + b"]}")

    async with client_of(handle) as client:
        assert await namespaces_of(client) == ("b", "team-a")


@pytest.mark.anyio
async def test_names_that_nest_too_deep_make_the_response_unusable() -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        del request
        return web.Response(body=b'{"namespaces":[{"name":' + b"[" * 100_000 + b"]" * 100_000 + b"}]}")

    async with client_of(handle, max_body_bytes=10**6) as client:
        with pytest.raises(UnavailableError, match="no list of its namespaces"):
            await namespaces_of(client)


@pytest.mark.anyio
async def test_a_list_of_namespaces_with_millions_of_elements_is_unusable_and_not_decoded() -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        del request
        return web.Response(body=b'{"namespaces":[{"name":"a"}],"zz":[' + b",".join([b"{}"] * 1_000_000) + b"]}")

    async with client_of(handle, max_body_bytes=10**7) as client:
        with pytest.raises(UnavailableError, match="holds more than 700000 elements"):
            await namespaces_of(client)


@pytest.mark.anyio
async def test_a_list_of_twenty_thousand_namespaces_is_read() -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        del request
        names = b",".join(
            b'{"id":%d,"name":"team-%05d","creator_name":"somebody","auth":7}' % (at, at) for at in range(20_000)
        )
        return web.Response(body=b'{"namespaces":[' + names + b"]}")

    async with client_of(handle, max_body_bytes=10**7) as client:
        assert len(await namespaces_of(client)) == 20_000


# ---- readers


def test_control_characters_in_messages_and_tables_are_escaped(capfd: pytest.CaptureFixture[str]) -> None:
    assert _run(["verify", f"/nowhere/{SCREEN[:-1]}"]) == 2
    print_table(("walk",), [(f"default/self/{SCREEN}",)])
    said = capfd.readouterr()
    assert "is no folder" in said.err
    assert said.err.removesuffix("\n").isprintable()
    assert "default/self/\\u001b[2J" in said.out
    assert shows(said.out)


def test_control_characters_in_records_are_escaped_on_a_terminal_only() -> None:
    class Terminal(io.BytesIO):
        def isatty(self) -> bool:
            return True

    terminal, pipe = Terminal(), io.BytesIO()
    lines = orjson.dumps({"name": SCREEN, "namespace": "s"}) + b'\n{"name":"b"}\n'
    for stream in (terminal, pipe):
        writer = StdoutWriter(stream)
        writer.write(lines, 2)
        writer.flush()
    assert pipe.getvalue() == lines
    assert shows(terminal.getvalue().decode())
    assert [orjson.loads(line) for line in terminal.getvalue().splitlines()] == list(
        map(orjson.loads, lines.splitlines())
    )


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    return snapshot_of(crawled(tmp_path / "output", tuple(map(item, NAMES))))


def rewrite(snapshot: Path, old: str, new: str) -> None:
    """Change the manifest, as a third party might."""
    path = snapshot / "_manifest.json"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


PART: Final = "center=self/part-00000.ndjson"


@pytest.mark.parametrize("old", [PART, "_rejects.ndjson"])
@pytest.mark.parametrize(
    "new",
    [
        "/etc/shadow",
        "../../secret",
        "center=self/../../../secret",
        "target=../center=self/part-00000.ndjson",
        "_manifest.json",
        "",
        ".",
        "center=self/part-00000.ndjson\\n",
        "\\u001b[2J\\u009b",
    ],
)
def test_a_manifest_that_names_a_foreign_file_is_refused_and_nothing_is_read(
    snapshot: Path, capfd: pytest.CaptureFixture[str], old: str, new: str
) -> None:
    (snapshot.parent.parent / "secret").write_text("secret\n")
    rewrite(snapshot, f'"path": "{old}"', f'"path": "{new}"')
    assert _run(["verify", str(snapshot)]) == 3
    said = capfd.readouterr()
    assert "names a file that is not part of a snapshot" in said.err
    assert said.err.removesuffix("\n").isprintable()
    assert said.out == ""


@pytest.mark.parametrize("as_json", [[], ["--json"]])
@pytest.mark.parametrize(
    ("made", "says"),
    [("link", "leads out of its folder"), ("pipe", "is no regular file"), ("folder", "is no regular file")],
)
def test_a_part_that_is_a_link_a_pipe_or_a_folder_is_not_read(
    snapshot: Path, capfd: pytest.CaptureFixture[str], made: str, says: str, as_json: list[str]
) -> None:
    part = snapshot / PART
    part.unlink()
    secret = snapshot.parent.parent / "secret"
    secret.write_text("secret\n")
    make: dict[str, Callable[[], None]] = {
        "link": lambda: part.symlink_to(secret),
        "pipe": lambda: os.mkfifo(part),
        "folder": part.mkdir,
    }
    make[made]()
    assert _run(["verify", str(snapshot), *as_json]) == 3
    said = capfd.readouterr().out
    assert says in said
    assert "secret\n" not in said


def test_a_link_to_a_snapshot_is_verified(snapshot: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(snapshot)
    assert verify(open_snapshot(link)).differences == ()


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_control_characters_of_a_foreign_snapshot_are_escaped_by_verify(
    snapshot: Path, capfd: pytest.CaptureFixture[str], as_json: list[str]
) -> None:
    rewrite(snapshot, f'"snapshot": "{snapshot.name.removeprefix("snapshot=")}"', '"snapshot": "\\u001b[2J\\u009b31m"')
    part = snapshot / PART
    lines = part.read_bytes().splitlines(keepends=True)
    part.write_bytes(lines[0] * 2)
    (snapshot / "\x1b[31mstranger\x9b").touch()
    Path(os.fsdecode(bytes(snapshot) + b"/\xff\xfe")).touch()
    assert _run(["verify", str(snapshot), *as_json]) == 3
    said = capfd.readouterr()
    assert "stranger" in said.out
    assert "was there before" in said.out
    assert shows(said.out)
    assert said.err == ""
