"""`swr-crawler query` as its users meet it: SQL over one snapshot, and over nothing else."""

import csv
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crawler.emulator.faults.registry import parse_fault
from tests.audit.examples import item, publish
from tests.store.builders import publish_records
from tests.support.cli_runner import Say, saying
from tests.support.emulator_fixture import records

HANDED = """from JSON_Execute_Serialized_SQL(json_serialize_sql(
    'with x as (copy (select 1) to ''PART'' (use_tmp_file false)) from x'))"""
HOSTILE = "evil\x1b[2J\u202e"
ITEMS = (
    item("a", size=5, tags=["v1", "v2"], updated_at="2026-01-02T03:04:05Z"),
    item("b", size=2**40, description=HOSTILE, zz={"deep": [1]}),
    item("c", center="thirdparty", tags=[], size=None),
)


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Say:
    """Run `query` in this process where `output` is in the test's folder, with nothing of the caller's environment."""
    monkeypatch.chdir(tmp_path)

    return saying(capfd, monkeypatch, "query")


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    return publish(tmp_path / "output", *ITEMS, snapshot="one")


def test_the_repositories_view_has_the_records_unchanged(say: Say, snapshot: Path) -> None:
    said = say("latest", "from repositories order by name", "--json")
    assert (said.code, said.err) == (0, "")
    written = sorted(records(snapshot), key=lambda record: str(record["name"]))
    assert said.lines == [{**record, **{name: record.get(name) for name in ("extra", "invalid")}} for record in written]


@pytest.mark.usefixtures("snapshot")
def test_columns_have_declared_types(say: Say) -> None:
    kinds = "select distinct typeof(size) size, typeof(tags) tags, typeof(updated_at) time, typeof(extra) extra"
    (line,) = say("one", f"{kinds} from repositories", "--json").lines
    assert line == {"size": "BIGINT", "tags": "VARCHAR[]", "time": "TIMESTAMP", "extra": "JSON"}
    sums = "select sum(size) s, max(updated_at) t, now() > '2000-01-01' n from repositories where name = 'a'"
    (line,) = say("one", sums, "--json").lines
    assert line == {"s": 5, "t": "2026-01-02T03:04:05.000000Z", "n": True}


@pytest.mark.usefixtures("snapshot")
def test_the_walks_view_has_the_evidence(say: Say) -> None:
    lines = say("one", "select center, verdict, records, declared_totals, lost from walks", "--json").lines
    assert lines == [
        {"center": "self", "verdict": "complete", "records": 2, "declared_totals": [2], "lost": []},
        {"center": "thirdparty", "verdict": "complete", "records": 1, "declared_totals": [1], "lost": []},
    ]


def test_the_rejects_view_is_there_with_a_warning_and_3(say: Say, tmp_path: Path) -> None:
    publish(tmp_path / "output", *ITEMS, item("", size="many"), snapshot="half")
    said = say("half", 'select "index", reason, raw from rejects', "--json")
    assert (said.code, len(said.lines)) == (3, 1)
    assert said.lines[0]["reason"].startswith("name must be text")
    assert "warning: snapshot half is not complete, nor is this result" in said.err


def test_what_could_not_be_read_is_json_beside_the_record(say: Say, tmp_path: Path) -> None:
    publish(tmp_path / "output", *ITEMS, item("d", size="many"), snapshot="odd")
    said = say("odd", "select name, size, invalid ->> 'size' from repositories where invalid is not null", "--json")
    assert (said.code, said.err) == (0, "")
    assert [list(line.values()) for line in said.lines] == [["d", None, "many"]]
    (line, _) = say("odd", "select invalid, invalid_fields from walks order by center", "--json").lines
    assert line == {"invalid": 1, "invalid_fields": ["size"]}


def test_the_walks_view_has_the_lost_windows(say: Say, tmp_path: Path) -> None:
    faults = (parse_fault("fail-window:offset=2"),)
    publish(tmp_path / "output", *(item(f"{n}") for n in range(6)), snapshot="half", faults=faults, limit=2)
    lines = say("half", "select l.offset, l.end from (select unnest(lost) l from walks)", "--json").lines
    assert lines == [{"offset": 2, "end": 4}]


@pytest.mark.usefixtures("snapshot")
def test_the_table_cannot_command_a_terminal(say: Say) -> None:
    said = say("one", "select name, size, description from repositories order by name", "--rows", "2")
    assert "1099511627776  evil\\u001b[2J\\u202e" in said.out
    assert "and 1 more; --rows N shows more" in said.out
    assert "\x1b[2J" not in said.out


@pytest.mark.usefixtures("snapshot")
def test_csv_holds_all_rows_below_their_names(say: Say) -> None:
    said = say("one", "select name, description, tags, size from repositories order by name", "--csv")
    assert list(csv.reader(io.StringIO(said.out), strict=True)) == [
        ["name", "description", "tags", "size"],
        ["a", "what it is", '["v1","v2"]', "5"],
        ["b", HOSTILE, '["latest","v1"]', str(2**40)],
        ["c", "what it is", "[]", ""],
    ]


FORMULAS = "select '=1+1' as \"=a\", '-5' b, -5 c, '\N{FULLWIDTH PLUS SIGN}1' d, 'x;@y' e, ['=1'] f, 'a - b' g"
CSV = """'=a,b,c,d,e,f,g
'=1+1,-5,-5,'\N{FULLWIDTH PLUS SIGN}1,x;'@y,"[""=1""]",a - b
"""


@pytest.mark.usefixtures("snapshot")
def test_no_cell_of_csv_is_a_formula_unless_it_is_raw(say: Say) -> None:
    assert say("one", FORMULAS, "--csv").out == CSV
    assert say("one", FORMULAS, "--csv", "--raw").out == CSV.replace("'", "")


@pytest.mark.usefixtures("snapshot")
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_raw_is_for_csv_alone(say: Say, form: tuple[str, ...]) -> None:
    said = say("one", "select 1", "--raw", *form)
    assert (said.code, said.out) == (2, "")
    assert "--raw is for --csv" in said.err


@pytest.mark.usefixtures("snapshot")
def test_sql_can_come_from_standard_input(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("select 1 as one, 2 as one"))
    assert say("one", "-", "--json").lines == [{"one": 1, "one_1": 2}]


@pytest.mark.usefixtures("snapshot")
def test_json_of_several_lines_is_one_line(say: Say) -> None:
    assert say("one", "select '{\"a\":\n1}'::json as j", "--json").lines == [{"j": {"a": 1}}]


@pytest.mark.usefixtures("snapshot")
@pytest.mark.parametrize("sql", ["describe repositories", "summarize repositories", "show tables", "values (1)"])
def test_statements_that_only_read_are_allowed(say: Say, sql: str) -> None:
    assert say("one", sql).code == 0


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("selct", "syntax error"),
        ("select nothing from repositories", "nothing"),
        ("select error('\x1b[2J')", "\\u001b[2J"),
        ("select cast(name as integer) from repositories", "Could not convert"),
        ("", "takes one SELECT"),
        ("select 1; select 2", "takes one SELECT"),
        ("select ?", "parameters"),
        ("create table t as select 1", "takes one SELECT"),
        ("drop view repositories", "takes one SELECT"),
        ("attach 'x.db'", "takes one SELECT"),
        ("install httpfs", "takes one SELECT"),
        ("set memory_limit = '90GB'", "takes one SELECT"),
        ("pivot repositories on center using count(*)", "PIVOT"),
        ("explain analyze select 1", "takes one SELECT"),
        ("copy (select 1) to 'PART' (use_tmp_file false)", "takes one SELECT"),
        ("with x as (copy (select 1) to 'PART' (use_tmp_file false)) select * from x", "no COPY"),
        ("select * from (with x as (copy (select 1) to 'PART') select * from x)", "no COPY"),
        ("select * from query('with x as (copy (select 1) to ''PART'') from x')", "COPY"),
        (HANDED, "no SQL as text"),
        (f"from query($${HANDED}$$)", "no SQL as text"),
        (f"select {'+'.join(['1'] * 600)}", "nested too deeply"),
        ("select '\udcff'", "not UTF-8"),
        ("select * from read_text('/etc/passwd')", "/etc/passwd"),
        ("select * from '/etc/passwd.csv'", "/etc/passwd"),
        ("select * from glob('/etc/*')", "/etc/*"),
        ("select * from read_text('MANIFEST/../../../secret')", "secret"),
        ("select * from read_csv('https://example.invalid/x.csv')", "example.invalid"),
    ],
)
def test_sql_that_does_more_than_read_the_snapshot_is_2_and_changes_nothing(
    say: Say, snapshot: Path, tmp_path: Path, sql: str, words: str
) -> None:
    (tmp_path / "secret").write_text("mine")
    part = snapshot / "center=self" / "part-00000.ndjson"
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    said = say("one", sql.replace("PART", str(part)).replace("MANIFEST", str(snapshot / "_manifest.json")), "--json")
    assert (said.code, said.out, len(said.err.splitlines())) == (2, "", 1)
    assert words in said.err
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.usefixtures("snapshot")
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("one",), 2, "SQL"),
        (("nope", "select 1"), 2, "there is one"),
        (("select " + 100 * "size, " + "name", "one"), 2, "name a snapshot"),
        (("/usr", "select 1"), 3, "no _manifest.json"),
        (("one", "select 1", "--memory", "much"), 2, "--memory: "),
        (("one", "select 1", "--threads", "0"), 2, "--threads"),
        (("one", "select count(distinct range % 10000000) from range(100000000)", "--memory", "1MB"), 2, "--memory"),
    ],
)
def test_bad_input_is_one_line(say: Say, arguments: tuple[str, ...], code: int, words: str) -> None:
    said = say(*arguments)
    assert (said.code, said.out, len(said.err.splitlines())) == (code, "", 1)
    assert words in said.err


def test_a_changed_byte_is_3_and_nothing_is_printed(say: Say, snapshot: Path) -> None:
    part = snapshot / "center=self" / "part-00000.ndjson"
    part.write_bytes(part.read_bytes().replace(b'"size":5', b'"size":6'))
    said = say("one", "select 1")
    assert (said.code, said.out) == (3, "")
    assert "SHA-256" in said.err


def test_a_folder_of_any_name_is_read(say: Say, snapshot: Path, tmp_path: Path) -> None:
    strange = tmp_path / "it's [a] *?"
    snapshot.rename(strange)
    assert say(str(strange), "select count(*) n from repositories", "--json").lines == [{"n": 3}]


def test_an_empty_snapshot_can_be_queried(say: Say, tmp_path: Path) -> None:
    publish_records(tmp_path, "empty", walks=())
    said = say(str(tmp_path / "snapshot=empty"), "from repositories", "--json")
    assert (said.code, said.out) == (0, "")
    publish(tmp_path / "output", snapshot="none")
    assert say("none", "select count(*) n from repositories, rejects", "--json").lines == [{"n": 0}]


@pytest.mark.usefixtures("snapshot")
def test_no_file_of_its_own_is_left(say: Say, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(own))
    assert say("one", "select 1").code == 0
    assert say("one", "selct").code == 2
    assert list(own.iterdir()) == []


def cpu_s(pid: int) -> float:
    """Return the processor time that a process took."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@pytest.mark.usefixtures("snapshot")
def test_a_query_that_takes_for_ever_can_be_interrupted(tmp_path: Path) -> None:
    forever = "select count(*) from range(1000000000000) a, range(1000) b"
    process = subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-m", "crawler", "query", "one", forever, "--memory", "100MB"],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    )
    try:
        while cpu_s(process.pid) < 1.5:  # by then it is at work
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    finally:
        process.kill()  # whoever was started with SIGINT ignored, ignores it
    assert (process.returncode, said.split(b"\n", 1)[1]) == (130, b"swr-crawler: interrupted\n")
    assert list(tmp_path.glob("swr-crawler-*")) == []


@pytest.mark.usefixtures("snapshot")
def test_without_duckdb_it_says_what_to_install(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "crawler.cli.console.extras.find_spec", lambda library: None if library == "duckdb" else library
    )
    said = say("one", "select 1")
    assert (said.code, said.out) == (2, "")
    assert "duckdb is not installed; pip install 'swr-crawler[sql]' installs it" in said.err
