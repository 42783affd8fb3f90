"""The law of SQL that is let through: one SELECT; every other statement that DuckDB knows is refused with one line."""

import os
import shutil
from pathlib import Path
from typing import Final

import duckdb
import pytest

from tests.audit.examples import item, publish
from tests.support.cli_runner import Say, saying
from tests.support.sweeps import swept

KIND: Final = duckdb.StatementType

# Statements of each kind as DuckDB's parser has them. A kind without one is made by no text.
STATEMENTS: Final[dict[duckdb.StatementType, tuple[str, ...]]] = {
    KIND.INVALID: (),
    KIND.SELECT: (),  # what is let through has tests of its own
    KIND.INSERT: ("insert into t values (1)", "insert into t select 1 returning *"),
    KIND.UPDATE: ("update repositories set name = 'x'",),
    KIND.CREATE: (
        "create table t as select 1",
        "create or replace view repositories as select 1",
        "create macro m() as table select 1",
        "create secret (type s3)",
        "create persistent secret s (type s3, key_id 'x')",
        "create schema s",
        "create sequence s",
        "create type e as enum ('a')",
    ),
    KIND.DELETE: ("delete from t", "truncate t"),
    KIND.PREPARE: ("prepare p as copy (select 1) to 'PART'", "prepare p as select 1"),
    KIND.EXECUTE: ("execute p", "execute p(1)"),
    KIND.ALTER: ("alter table t add column a integer", "comment on view repositories is 'x'"),
    KIND.TRANSACTION: ("begin", "commit", "rollback"),
    KIND.COPY: ("copy (select 1) to 'PART'", "copy t from '/etc/passwd'"),
    KIND.ANALYZE: (),
    KIND.VARIABLE_SET: (),
    KIND.CREATE_FUNC: (),
    KIND.EXPLAIN: (
        "explain select 1",
        "explain analyze select 1",
        "explain analyze copy (select 1) to 'PART'",
        "explain analyze insert into t values (1)",
    ),
    KIND.DROP: ("drop view repositories", "deallocate p", "drop secret s"),
    KIND.EXPORT: ("export database 'FOLDER'",),
    KIND.PRAGMA: ("pragma version", "pragma enable_profiling", "import database 'FOLDER'", "copy from database a to b"),
    KIND.VACUUM: ("vacuum", "analyze", "vacuum analyze"),
    KIND.CALL: ("call pragma_version()", "checkpoint", "call enable_logging()"),
    KIND.SET: ("set memory_limit = '90GB'", "reset memory_limit", "set variable a = 1", "use memory"),
    KIND.LOAD: ("load httpfs", "install httpfs", "force install httpfs", "load 'PART'"),
    KIND.RELATION: (),
    KIND.EXTENSION: (),
    KIND.LOGICAL_PLAN: (),
    KIND.ATTACH: ("attach 'FOLDER/x.db'", "attach ':memory:' as m"),
    KIND.DETACH: ("detach m", "detach database memory"),
    KIND.MULTI: ("pivot repositories on center using count(*)",),
    KIND.COPY_DATABASE: (),
    KIND.MERGE_INTO: ("merge into t using u on true when matched then delete",),
}
# Those of kinds that are no members of DuckDB's own enum in Python.
UNNAMED: Final = ("update extensions", "update extensions (httpfs)")


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Say:
    """Run `query` where `output`, the home folder and the folder for temporary files are all in the test's own."""
    for name in ("home", "temporary"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    return saying(capfd, monkeypatch, "query")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an output with the snapshot `one`, which nothing may change."""
    output = tmp_path_factory.mktemp("select") / "output"
    publish(output, item("a"), snapshot="one")
    return output


@pytest.fixture
def snapshot(published: Path, tmp_path: Path) -> Path:
    """Return the snapshot `one` of the test's own copy of the output."""
    shutil.copytree(published, tmp_path / "output", symlinks=True)
    return tmp_path / "output" / "snapshot=one"


def test_every_kind_of_statement_that_duckdb_knows_is_in_the_table() -> None:
    assert STATEMENTS.keys() == set(KIND.__members__.values())


@pytest.mark.parametrize("kind", [kind for kind, texts in STATEMENTS.items() if texts], ids=lambda kind: kind.name)
def test_the_examples_are_of_their_kind(kind: duckdb.StatementType) -> None:
    connection = duckdb.connect()
    for sql in STATEMENTS[kind]:
        assert [statement.type for statement in connection.extract_statements(sql)] == [kind], sql


@swept(3)
@pytest.mark.parametrize("sql", [*(sql for texts in STATEMENTS.values() for sql in texts), *UNNAMED])
def test_a_statement_that_is_no_select_is_2_with_one_line_and_leaves_nothing(
    say: Say, snapshot: Path, tmp_path: Path, sql: str, every: int
) -> None:
    sql = sql.replace("PART", str(snapshot / "center=self" / "part-00000.ndjson"))
    sql = sql.replace("FOLDER", str(tmp_path / "folder"))
    before = contents(tmp_path)
    texts = (sql, f"{sql};", f"select 1; {sql}", f"{sql}; select 1", f"/* a */ {sql} -- b")
    for text in texts[len(sql) % every :: every]:
        said = say("one", text)
        assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
        assert said.err.startswith("swr-crawler: query takes one SELECT")
    assert contents(tmp_path) == before


def contents(folder: Path) -> dict[str, bytes | None]:
    """Return everything below a folder: the bytes of files, None for folders."""
    found = [Path(parent, name) for parent, folders, files in os.walk(folder) for name in (*folders, *files)]
    return {str(path): path.read_bytes() if path.is_file() else None for path in found}


@pytest.mark.parametrize(
    "sql",
    [
        "with x as (insert into t values (1) returning *) from x",
        "with x as (copy (select 1) to 'PART') from x",
        "with x as (delete from repositories returning *) from x",
        "with x as (update repositories set name = 'a' returning *) from x",
        "select * from query('copy (select 1) to ''PART''')",
        "from pragma_version(), query('update extensions')",
        "from enable_logging(storage = 'file', storage_path = 'PART')",
        "from enable_profiling(save_location = 'PART')",
    ],
)
def test_a_select_that_does_something_else_is_refused_too(say: Say, snapshot: Path, tmp_path: Path, sql: str) -> None:
    before = contents(tmp_path)
    said = say("one", sql.replace("PART", str(snapshot / "center=self" / "part-00000.ndjson")))
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert contents(tmp_path) == before


def test_a_standard_input_that_cannot_be_read_is_2_with_one_line(say: Say, tmp_path: Path) -> None:
    publish(tmp_path / "output", item("a"), snapshot="one")
    said = say("one", "-")  # pytest's own standard input raises OSError
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "cannot read the SQL from standard input" in said.err


@pytest.mark.parametrize("form", [(), ("--json",), ("--csv",)])
@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("select " + "[" * 900 + "]" * 900, "nested too deeply"),
        ("select " + "(" * 5000 + "1" + ")" * 5000, ""),
        ("select 1\x00", ""),
        ("select --" + "-" * 100_000 + "\n1, 2", ""),
    ],
)
@pytest.mark.usefixtures("snapshot")
def test_odd_sql_is_one_line_or_a_result(say: Say, sql: str, words: str, form: tuple[str, ...]) -> None:
    said = say("one", sql, *form)
    assert said.code in (0, 2)
    assert said.code == 0 or said.err.count("\n") == 1
    assert words in said.err
