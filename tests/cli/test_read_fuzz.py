"""No read command ends as a bug (exit code 70), whatever a snapshot, a policy or the arguments hold.

Each example damages a snapshot at some places and makes its sizes and digests fit again, so that what follows the first
checks is reached, too. The same holds for every example: an error is one line, and nothing commands a terminal.
"""

import copy
import re
import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.snapshot.reader import SnapshotReader
from tests.store.builders import publish_records, records_named
from tests.support.cli_runner import Say, saying
from tests.support.examples import examples

CODES: Final = frozenset({0, 1, 2, 3, 74, 78})  # of the read commands; 70 is a bug

TIMES: Final = ("0001-01-01T00:00:00+23:59", "9999-99-99T99:99:99.000000Z", "2026-01-01T00:00:00.000000Z")
HOSTILE: Final = ("", "\x1b[2J", "\u202e", "\ud800", "a\nb", "x" * 5000, "../../etc", "=1", "\x00", "%s{}", "[red]")
WORDS: Final = ("complete", "self", *TIMES, *HOSTILE)
NUMBERS: Final = [0, -1, 1, 2**31, 2**53, 2**62, -(2**63), 2**63, 2**64, 10**30, 0.5, -0.0, 1e308]
INTEGERS: Final = [number for number in NUMBERS if isinstance(number, int)]
VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, False, [], {}, [[]], [None], {"": None}, *WORDS, *NUMBERS]
)


class Change(NamedTuple):
    """One change: which value of those in the document, by a number, and what becomes of it."""

    at: int
    what: str
    value: Any


CHANGES = st.builds(
    Change, st.integers(0, 10**6), st.sampled_from(["fit", "fit", "fit", "set", "remove", "twice", "rename"]), VALUES
)


def places(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - JSON
    """Yield the paths of all values in a document."""
    inner = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in inner:
        yield (*path, key)
        yield from places(value, (*path, key))


def changed(content: Any, changes: list[Change]) -> Any:  # noqa: ANN401
    """Return a document with these changes."""
    content = copy.deepcopy(content)
    for change in changes:
        found = list(places(content))
        if not found:
            return copy.deepcopy(change.value)
        *path, last = found[change.at % len(found)]
        holder = content
        for key in path:
            holder = holder[key]
        _change(holder, last, change)
    return content


def _change(holder: Any, key: Any, change: Change) -> None:  # noqa: ANN401
    if change.what == "fit":  # a value of the same type: the manifest can be read, and lies
        held = holder[key]
        fitting = WORDS if isinstance(held, str) else INTEGERS if isinstance(held, int) else [change.value]
        holder[key] = copy.deepcopy(fitting[change.at % len(fitting)])  # shared, it could be put into itself
    elif change.what == "set":
        holder[key] = copy.deepcopy(change.value)
    elif change.what == "remove":
        del holder[key]
    elif change.what == "twice" and isinstance(holder, list):
        holder.append(copy.deepcopy(holder[key]))
    elif isinstance(holder, dict):
        holder[str(change.value)[:50]] = holder.pop(key)


def to_text(content: Any) -> bytes:  # noqa: ANN401
    """Return JSON, also of lone surrogates and of integers that orjson refuses."""
    import json  # noqa: PLC0415 - what the standard library writes loosely is what is wanted here

    return json.dumps(content, separators=(",", ":"), ensure_ascii=True).encode()


class Damage(NamedTuple):
    manifest: list[Change]
    records: list[Change]
    rejects: bytes
    raw: bytes | None


DAMAGES = st.builds(
    Damage,
    st.lists(CHANGES, max_size=3),
    st.lists(CHANGES, max_size=3),
    st.sampled_from([b"", b"{}\n", b"\xff\n", b"\n", b'{"offset":1e99,"raw":1}\n', b'{"a":' * 2000 + b"\n"]),
    st.none() | st.sampled_from([b"", b"{}\n", b"\n\n", b"[" * 5000 + b"\n", b"\xff\xfe\n", b"null\n"]),
)

COMMANDS: Final = (
    ("verify", "BAD"),
    ("verify", "BAD", "--json"),
    ("diff", "BAD", "GOOD"),
    ("diff", "GOOD", "BAD", "--json", "--list-downloads"),
    ("diff", "BAD", "BAD", "--exit-code"),
    ("audit", "BAD", "--sarif", "-"),
    ("audit", "GOOD", "--previous", "BAD", "--json"),
    ("audit", "BAD", "--previous", "GOOD", "--junit", "-"),
    ("audit", "BAD"),
    ("report", "BAD", "--previous", "GOOD", "-o", "-"),
    ("report", "GOOD", "--previous", "BAD", "-o", "-"),
    ("query", "BAD", "from repositories", "--json"),
    ("query", "BAD", "from walks", "--csv"),
    ("query", "BAD", "from rejects"),
)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> SnapshotReader:
    held = [*records_named("a", "b"), *records_named("c", extra={"zz": [1]}), *records_named("t", center="thirdparty")]
    return publish_records(tmp_path_factory.mktemp("fuzz"), "good", held)


def damaged(good: SnapshotReader, damage: Damage) -> Path:
    """Return the folder of a damaged copy whose sizes, counts and digests are those of its files."""
    bad = good.folder.parent / "snapshot=bad"
    shutil.rmtree(bad, ignore_errors=True)
    shutil.copytree(good.folder, bad)
    manifest = orjson.loads((bad / "_manifest.json").read_bytes())
    part = bad / manifest["files"][0]["path"]
    lines = [orjson.loads(line) for line in part.read_bytes().splitlines()]
    texts = [to_text(line) + b"\n" for line in changed(lines, damage.records)] if damage.records else []
    part.write_bytes(b"".join(texts) if texts else part.read_bytes())
    if damage.raw is not None:
        part.write_bytes(damage.raw + part.read_bytes())
    (bad / "_rejects.ndjson").write_bytes(damage.rejects)
    for entry, path in ((manifest["files"][0], part), (manifest["rejects"], bad / "_rejects.ndjson")):
        data = path.read_bytes()
        entry |= {"bytes": len(data), "records": data.count(b"\n"), "sha256": sha256(data).hexdigest()}
    (bad / "_manifest.json").write_bytes(to_text(changed(manifest, damage.manifest)))
    return bad


def check(said: Any, *, is_data: bool = False) -> None:  # noqa: ANN401
    assert said.code in CODES, said.err
    assert "bug" not in said.err
    if said.code == 2 and not said.err.startswith("Usage: "):  # the command alone prints its help
        assert said.err.count("\n") == 1
    for stream in (said.err,) if is_data else (said.out, said.err):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", stream.replace("\r\n", "\n"))


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Say:
    monkeypatch.chdir(tmp_path)
    return saying(capfd, monkeypatch)


def fuzz(good: SnapshotReader, say: Say, command: tuple[str, ...], damage: Damage) -> None:
    bad = damaged(good, damage)
    names = {"BAD": str(bad), "GOOD": str(good.folder)}
    is_data = command[0] == "query" and command[-1] in {"--json", "--csv"}  # unchanged, but escaped on a terminal
    check(say(*(names.get(argument, argument) for argument in command)), is_data=is_data)


PER_FUNCTION: Final = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large)


@given(st.sampled_from(COMMANDS), DAMAGES)
@settings(deadline=None, max_examples=examples(quick=10), suppress_health_check=PER_FUNCTION)
def test_no_damaged_snapshot_is_a_bug(good: SnapshotReader, say: Say, command: tuple[str, ...], damage: Damage) -> None:
    fuzz(good, say, command, damage)


@pytest.mark.slow
@given(st.sampled_from(COMMANDS), DAMAGES)
@settings(deadline=None, max_examples=5000, suppress_health_check=PER_FUNCTION)
def test_no_damaged_snapshot_is_a_bug_at_length(
    good: SnapshotReader, say: Say, command: tuple[str, ...], damage: Damage
) -> None:
    fuzz(good, say, command, damage)


# ---- policies and arguments

KEYS: Final = (
    *("fail_on", "max_age_days", "max_size_bytes", "allowed_domains", "allowed_namespaces", "disabled_rules"),
    *("max_growth_percent", "min_shrink_records", "suppress", "off"),
)
TOML: Final = (
    *("1", "-1", "10e400", "nan", "true", '""', '"["', '["["]', '["**"]', "[[]]", "{}", "1979-05-27", "[{}]"),
    *(r'"\u0000"', "9" * 22, '[{rule = "SWR101", reason = "a", expires = 9999-12-31}]'),
)
POLICIES = st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(TOML)), max_size=4).map(
    lambda lines: "[audit]\n" + "".join(f"{key} = {value}\n" for key, value in lines)
) | st.sampled_from(["", "[audit", "\x00", "audit = 1", "[[audit]]", "[audit.suppress]", "a.b.c.d = 1\n" * 50])

ARGUMENTS: Final = (
    *("verify", "list", "diff", "audit", "query", "schema", "config", "show", "GOOD", "latest", "previous", "record"),
    "all",
    *("-", "--", "--json", "--csv", "--raw", "--previous", "--output", "--rows", "--memory", "--threads", "--ignore"),
    *("--exit-code", "--sarif", "--junit", "-o", "--fail-on", "--config", "--help", "--list-downloads", "extra."),
    *("1", "-1", "10%", "-1GB", "0", "note", "x" * 300, "", "\udcff", "\x1b[2J", "select 1", "from repositories"),
    *("/dev/null", "/dev/full", "/proc/self/mem", "a/b/../..", "~", ".", "*"),
)


@given(POLICIES, st.sampled_from([("audit", "GOOD"), ("config", "show"), ("report", "GOOD", "-o", "-")]))
@settings(deadline=None, max_examples=examples(quick=8), suppress_health_check=PER_FUNCTION)
def test_no_policy_is_a_bug(
    good: SnapshotReader, say: Say, tmp_path: Path, policy: str, command: tuple[str, ...]
) -> None:
    (tmp_path / "policy.toml").write_text(policy)
    arguments = (str(good.folder) if argument == "GOOD" else argument for argument in command)
    check(say(*arguments, "--config", "policy.toml"))


def of_arguments(good: SnapshotReader, say: Say, command: str, arguments: list[str]) -> None:
    check(say(*command.split(), *(str(good.folder) if argument == "GOOD" else argument for argument in arguments)))


READ: Final = ("verify", "diff GOOD", "audit", "report", "query GOOD", "schema", "config show", "")


@given(st.sampled_from(READ), st.lists(st.sampled_from(ARGUMENTS), max_size=5))
@settings(deadline=None, max_examples=examples(quick=10), suppress_health_check=PER_FUNCTION)
def test_no_arguments_are_a_bug(good: SnapshotReader, say: Say, command: str, arguments: list[str]) -> None:
    of_arguments(good, say, command.replace("GOOD", str(good.folder)), arguments)


@pytest.mark.slow
@given(st.sampled_from(READ), st.lists(st.sampled_from(ARGUMENTS), max_size=5))
@settings(deadline=None, max_examples=5000, suppress_health_check=PER_FUNCTION)
def test_no_arguments_are_a_bug_at_length(good: SnapshotReader, say: Say, command: str, arguments: list[str]) -> None:
    of_arguments(good, say, command.replace("GOOD", str(good.folder)), arguments)
