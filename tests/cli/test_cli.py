"""The command as its users meet it: what is printed where, and the exit code."""

import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import jsonschema
import orjson
import pytest

import crawler
from crawler.cli.console.exit_status import exit_code_of
from crawler.cli.run_command import run_command
from crawler.crawl.engine import page_requester
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import synthetic
from crawler.swr.decode.batch import Source
from crawler.swr.page import Page
from crawler.swr.response import Response
from tests.support.cli_runner import Say, saying
from tests.support.emulator_fixture import TOKEN, crawl, serve, snapshot_of

INVENTORY = synthetic(namespaces=4, repositories=1000, seed=7)
ENDPOINT = "http://127.0.0.1:9"


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    """Run one command in this process, with nothing of the caller's environment."""
    run = saying(capfd, monkeypatch)
    monkeypatch.setenv(*next(iter(TOKEN.items())))
    return run


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["crawl", "--limt", "5"], 2, ["--limt", "--limit"]),
        (["crawl", "--center", "both"], 2, ["--center", "both", "thirdparty"]),
        (["crawl", "--limit", "0"], 2, ["--limit", "1 to 1000"]),
        (["crawl", "--limit", "1001"], 2, ["--limit", "1 to 1000"]),
        (["crawl", "--limit", "many"], 2, ["--limit"]),
        (["crawl", "--rate", "0"], 2, ["--rate", "0.001 to 100000"]),
        (["crawl", "--rate", "nan"], 2, ["--rate"]),
        (["crawl", "--namespace", "Team_A"], 2, ["--namespace", "Team_A"]),
        (["crawl", "--endpoint", "http://swr.example.com"], 2, ["--endpoint", "https"]),
        (["crawl", "--timeout", "-1"], 2, ["--timeout"]),
        (["crawl", "--snapshot", "../up"], 2, ["--snapshot"]),
        (["crawl", "--config", "/nowhere.toml"], 78, ["--config", "/nowhere.toml"]),
        (["crawl", "--namespaces-file", "/nowhere"], 78, ["--namespaces-file", "/nowhere"]),
        (["crawl", "--output", "/proc/nowhere"], 78, ["output", "/proc/nowhere"]),
        (["crawl", "--summary-file", "/nowhere/summary.json"], 78, ["summary_file", "/nowhere"]),
        (["verify", "/nowhere"], 2, ["/nowhere", "no folder"]),
        (["verify", "/usr"], 3, ["/usr", "_manifest.json"]),
        (["emulate", "--fault", "clamp"], 2, ["clamp", "clamp-limit"]),
        (["emulate", "--inventory", "/nowhere"], 78, ["--inventory", "/nowhere"]),
        (["craw"], 2, ["craw"]),
    ],
)
def test_bad_input_is_one_line_that_names_the_setting(
    say: Say, tmp_path: Path, arguments: list[str], code: int, words: list[str]
) -> None:
    if arguments[0] == "crawl" and "--endpoint" not in arguments:
        arguments = [*arguments, "--endpoint", ENDPOINT]
    if arguments[0] == "crawl" and "--output" not in arguments:
        arguments = [*arguments, "--output", str(tmp_path / "new")]
    said = say(*arguments)
    assert (said.code, said.out) == (code, "")
    assert len(said.err.splitlines()) == 1
    assert all(word in said.err for word in words)
    assert "Traceback" not in said.err
    assert not (tmp_path / "new" / ".work").exists() or "summary" in said.err or not list(tmp_path.glob("new/snap*"))


def test_no_token_is_77_and_nothing_is_written(say: Say, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SWR_CRAWLER_TOKEN")
    said = say("crawl", "--endpoint", ENDPOINT, "--output", str(tmp_path / "new"))
    assert said.code == 77
    assert "SWR_CRAWLER_TOKEN" in said.err
    assert not (tmp_path / "new").exists()


def test_a_wrong_token_is_77_and_is_nowhere_to_be_read(
    say: Say, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = "MIIwrongtokenthatnobodymayread"
    monkeypatch.setenv("SWR_CRAWLER_TOKEN", secret)
    with serve(INVENTORY) as served:
        said = say("crawl", "--endpoint", served.endpoint, "--output", str(tmp_path), "--log-format", "json")
    assert said.code == 77
    assert "refused the credentials" in said.err
    left = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert secret.encode() not in left + said.err.encode() + said.out.encode()


def test_an_output_that_is_a_file_is_refused(say: Say, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    said = say("crawl", "--endpoint", ENDPOINT, "--output", str(file))
    assert said.code == 78
    assert "is a file" in said.err
    assert file.read_text() == "mine"


def test_crawl_writes_a_snapshot_a_summary_and_nothing_to_standard_output(say: Say, tmp_path: Path) -> None:
    with serve(INVENTORY) as served:
        summary = str(tmp_path / "summary.json")
        said = say("crawl", "--endpoint", served.endpoint, "--output", str(tmp_path), "--summary-file", summary)
    assert (said.code, said.out) == (0, "")
    assert "complete: 1 000 of 1 000" in said.err.replace("\u202f", " ").replace("\xa0", " ")
    content = orjson.loads(Path(summary).read_bytes())
    assert (content["status"], content["records"], content["missing"]) == ("complete", 1000, 0)


def test_records_go_to_standard_output_in_plan_order_with_a_dash(
    tmp_path: Path,
) -> None:
    with serve(INVENTORY, jitter_ms=3) as served:
        result = crawl(served.endpoint, tmp_path, limit=20)
        done = subprocess.run(  # noqa: S603 - ourselves
            [sys.executable, "-m", "crawler", "crawl", "--endpoint", served.endpoint, "--output", "-", "--limit", "20"],
            env={**os.environ, **TOKEN},
            capture_output=True,
            check=True,
            cwd=tmp_path,
        )
    parts = sorted(snapshot_of(result).glob("center=*/*.ndjson"))
    assert done.stdout == b"".join(part.read_bytes() for part in parts)
    assert b"complete" in done.stderr


def test_a_closed_pipe_ends_the_run_quietly(tmp_path: Path) -> None:
    with serve(INVENTORY) as served:
        arguments = ["crawl", "--endpoint", served.endpoint, "--output", "-", "--limit", "20"]
        process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", "crawler", *arguments],
            env={**os.environ, **TOKEN},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
        )
        assert process.stdout is not None
        process.stdout.close()
        said = process.stderr.read() if process.stderr else b""
        process.wait()
        process.stderr.close()  # type: ignore[union-attr]
    assert process.returncode == 141
    assert b"swr-crawler: " not in said
    assert b"Traceback" not in said


def test_plan_sends_two_requests_a_walk_and_writes_nothing(
    say: Say, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    with serve(INVENTORY) as served:
        said = say("plan", "--endpoint", served.endpoint, "--limit", "100", "--rate", "5", "--json")
        assert served.counters()["requests"] == 4  # the first rows, and those over the end
    found = orjson.loads(said.out)
    assert (found["walks"], found["records"], found["requests"], found["seconds"]) == (2, 1000, 12, 2.4)
    assert list(tmp_path.iterdir()) == []


def test_plan_prints_a_table(say: Say) -> None:
    with serve(INVENTORY) as served:
        said = say("plan", "--endpoint", served.endpoint, "--limit", "100", "--rate", "5")
    assert "default/self/*" in said.out
    assert "at the configured rate 2.4 s" in said.out


def test_plan_says_which_walks_have_more_records_than_they_declare(say: Say) -> None:
    inventory = synthetic(namespaces=1, repositories=40, seed=7, uniform=True)
    with serve(inventory, faults=(parse_fault("capped-total:at=15"),)) as served:
        said = say("plan", "--endpoint", served.endpoint)
        parsed = orjson.loads(say("plan", "--endpoint", served.endpoint, "--json").out)
    assert "at least 15" in said.out
    assert "more records than they declare" in said.out
    assert [(walk["records"], walk["at_least"]) for walk in parsed["by_walk"]] == [(15, True)] * 2


def test_plan_says_which_walks_declare_no_total(say: Say) -> None:
    with serve(INVENTORY, faults=(parse_fault("missing-total:in_items=true,in_header=true"),)) as served:
        said = say("plan", "--endpoint", served.endpoint)
    assert "unknown" in said.out
    assert "2 walks declare no total" in said.out


def test_plan_with_a_refused_token_is_77(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWR_CRAWLER_TOKEN", "wrong")
    with serve(INVENTORY) as served:
        assert say("plan", "--endpoint", served.endpoint).code == 77


def test_verify_says_what_differs(say: Say, tmp_path: Path) -> None:
    with serve(INVENTORY) as served:
        crawl(served.endpoint, tmp_path)
    part = next(tmp_path.glob("latest/center=self/part-*"))
    assert say("verify", str(tmp_path / "latest")).code == 0
    text = part.read_bytes()
    part.write_bytes(text.replace(b'"is_public":false', b'"is_public":maybe', 1))
    said = say("verify", str(tmp_path / "latest"))
    assert said.code == 3
    assert "SHA-256" in said.out
    assert "line 1" in said.out or "is no record" in said.out
    lines = text.splitlines(keepends=True)
    part.write_bytes(b"".join([*lines[:-2], lines[0]]))  # a file longer than the manifest says is not read
    said = say("verify", str(tmp_path / "latest"), "--json")
    assert said.code == 3
    assert any("was there before" in difference for difference in orjson.loads(said.out)["differences"])
    part.unlink()
    assert "No such file" in say("verify", str(tmp_path / "latest")).out


def test_verify_finds_an_extra_file_and_a_missing_success_marker(say: Say, tmp_path: Path) -> None:
    with serve(INVENTORY) as served:
        crawl(served.endpoint, tmp_path)
    (tmp_path / "latest" / "center=self" / "more.ndjson").write_text("{}\n")
    (tmp_path / "latest" / "_SUCCESS").unlink()
    said = say("verify", str(tmp_path / "latest"))
    assert said.code == 3
    assert "more.ndjson: is not in the manifest" in said.out
    assert "_SUCCESS: is missing" in said.out


def test_what_is_written_is_valid_by_the_schemas(say: Say, tmp_path: Path) -> None:
    with serve(INVENTORY) as served:
        crawl(served.endpoint, tmp_path)
    both = orjson.loads(say("schema").out)
    assert orjson.loads(say("schema", "record").out) == both["record"]
    manifest = orjson.loads((tmp_path / "latest" / "_manifest.json").read_bytes())
    jsonschema.Draft202012Validator(both["manifest"]).validate(manifest)
    record = jsonschema.Draft202012Validator(both["record"])
    for part in tmp_path.glob("latest/center=*/*.ndjson"):
        for line in part.read_bytes().splitlines():
            record.validate(orjson.loads(line))


def test_the_schema_of_a_record_is_printed_for_other_readers_too(say: Say) -> None:
    assert say("schema", "record", "--format", "json").out == say("schema", "record").out
    assert say("schema", "record", "--format", "arrow").out.startswith("import pyarrow\n\nschema = pyarrow.schema(\n")
    assert say("schema", "record", "--format", "duckdb").out.startswith("columns = {\n  \"target\": 'VARCHAR',\n")
    contract = orjson.loads(say("schema", "record", "--format", "odcs").out)
    assert (contract["kind"], contract["version"]) == ("DataContract", crawler.__version__)


def test_another_format_is_of_records_and_of_nothing_else(say: Say) -> None:
    assert say("schema", "--format", "duckdb").out == say("schema", "record", "--format", "duckdb").out
    for which in ("manifest", "all"):
        said = say("schema", which, "--format", "odcs")
        assert (said.code, said.out) == (2, "")
        assert "for records only; try: swr-crawler schema record --format odcs" in said.err


def test_config_show_says_where_a_setting_was_set_and_hides_the_token(
    say: Say, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[crawl]\nlimit = 500\ntimeout_s = 9\n")
    monkeypatch.setenv("SWR_CRAWLER_TIMEOUT", "12")
    monkeypatch.setenv("SWR_CRAWLER_CONFIG", str(file))
    said = say("config", "show", "--endpoint", ENDPOINT, "--concurrency", "3", "--json")
    rows = {row["setting"]: row for row in orjson.loads(said.out)}
    assert rows["concurrency"]["origin"] == "flag --concurrency"
    assert rows["timeout_s"]["origin"] == "environment SWR_CRAWLER_TIMEOUT"
    assert rows["limit"] | {"help": ""} == rows["limit"] | {"help": "", "value": "500", "origin": f"file {file}"}
    assert rows["max_passes"]["origin"] == "default"
    assert "emulator-token" not in said.out
    assert "mine.toml" in say("config", "show", "--config", str(file)).out


def test_the_version_is_that_of_the_package(say: Say) -> None:
    assert say("--version").out == f"swr-crawler {crawler.__version__}\n"


def test_emulate_names_its_faults(say: Say) -> None:
    assert "clamp-limit" in say("emulate", "--fault", "list").out.splitlines()


def test_demo_leaves_a_proven_snapshot_and_shows_three_records(say: Say, tmp_path: Path) -> None:
    said = say("demo", "--output", str(tmp_path), "--repositories", "400")
    assert said.code == 0
    assert len([orjson.loads(line) for line in said.out.splitlines()]) == 3
    assert "no differences from the manifest" in said.err
    assert (tmp_path / "latest" / "_SUCCESS").exists()


def test_demo_without_repositories_is_complete_and_shows_no_record(say: Say, tmp_path: Path) -> None:
    said = say("demo", "--output", str(tmp_path), "--repositories", "0")
    assert (said.code, said.out) == (0, "")
    assert "read again, 0 records" in said.err


def test_a_bug_reaches_the_user_as_one_line(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.snapshot.manifest.schemas", lambda: 1 / 0)
    said = say("schema")
    assert said.code == 70
    assert "ZeroDivisionError" in said.err
    trace = Path(said.err.split()[-1])
    assert "1 / 0" in trace.read_text()
    trace.unlink()


def test_the_report_of_a_bug_holds_no_secret(say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(response: Response, source: Source) -> Page:
        raise ValueError(f"{response.status} of {source.center} for {TOKEN['SWR_CRAWLER_TOKEN']}")

    monkeypatch.setattr(page_requester, "read_page", fails)
    with serve(INVENTORY) as served:
        said = say("crawl", "--endpoint", served.endpoint, "--output", str(tmp_path))
    assert said.code == 70
    trace = Path(said.err.split()[-1])
    text = trace.read_text()
    trace.unlink()
    assert "200 of self for ***" in text
    assert TOKEN["SWR_CRAWLER_TOKEN"] not in text + said.err


def test_the_pinned_versions_name_no_address_and_cover_what_is_needed() -> None:
    root = Path(crawler.__file__).parent.parent
    pins = (root / ".ci" / "constraints.txt").read_text()
    assert "://" not in pins
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    for needed in (*project["dependencies"], *project["optional-dependencies"]["dev"]):
        name = needed.split(">")[0].split("[")[0]
        assert f"\n{name.lower()}==" in f"\n{pins.lower()}"


def test_plan_interrupted_says_so(tmp_path: Path) -> None:
    with serve(INVENTORY, latency_ms=10_000) as served:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", "crawler", "plan", "--endpoint", served.endpoint],
            env={**os.environ, **TOKEN},
            stderr=subprocess.PIPE,
            cwd=tmp_path,
        )
        while not served.counters()["peak_in_flight"]:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        said = process.communicate()[1]
    assert process.returncode == 130
    assert b"interrupted; nothing was written" in said


def test_a_config_that_is_no_text_is_refused(say: Say, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_bytes(b"\xff\xfe")
    said = say("config", "show", "--config", str(file))
    assert (said.code, "is not UTF-8 text" in said.err) == (78, True)


def test_namespaces_of_a_file_are_added_to_those_of_flags(say: Say, tmp_path: Path) -> None:
    file = tmp_path / "names"
    file.write_text("team-b\n# not this\nteam-c\n")
    said = say("config", "show", "--namespace", "team-a", "--namespaces-file", str(file), "--json")
    rows = {row["setting"]: row["value"] for row in orjson.loads(said.out)}
    assert rows["namespaces"] == "team-a,team-b,team-c"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("MIIfine\n", None),
        ("", "is empty"),
        ("two words", "no token or key has"),
        ("\x1b[31m", "no token or key has"),
        (None, "No such file"),
    ],
)
def test_a_token_in_a_file_is_read_or_refused_with_the_reason(
    say: Say, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None, words: str | None
) -> None:
    monkeypatch.delenv("SWR_CRAWLER_TOKEN")
    secret, file = tmp_path / "token", tmp_path / "mine.toml"
    if content is not None:
        secret.write_text(content)
    with serve(INVENTORY, token="MIIfine") as served:
        file.write_text(f'[crawl]\nendpoint = "{served.endpoint}"\ntoken = "file:{secret}"\n')
        said = say("plan", "--config", str(file), "--json")
    if words is None:
        assert said.code == 0
    else:
        assert (said.code, words in said.err) == (77, True)


def test_emulate_serves_the_items_of_a_file_and_counts_requests(tmp_path: Path) -> None:
    items, ready = tmp_path / "items.ndjson", tmp_path / "ready.json"
    item = {"center": "self", "name": "a", "namespace": "b", "domain_name": "c"}
    items.write_bytes(orjson.dumps(item) + b"\n")
    arguments = ["emulate", "--inventory", str(items), "--ready-file", str(ready), "--fault", "burst:first=1"]
    arguments += ["--token", "mine", "--ak", "MYKEY", "--token-bytes", "64", "--lock-after", "3"]
    process = subprocess.Popen([sys.executable, "-m", "crawler", *arguments], stdout=subprocess.PIPE)  # noqa: S603
    try:
        while not ready.exists():
            assert process.poll() is None
            time.sleep(0.01)
        served = orjson.loads(ready.read_bytes())
        result = crawl(served["endpoint"], tmp_path / "output", environ={"SWR_CRAWLER_TOKEN": served["token"]})
    finally:
        process.terminate()
        said = orjson.loads(process.communicate()[0])
    assert exit_code_of(result) == 0
    assert sum(walk.records for walk in result.walks) == 1
    assert (served["token"], served["ak"]) == ("mine", "MYKEY")
    assert said["by_status"]["503"] == 1
    assert process.returncode == 0


def test_an_argument_with_a_nul_is_a_wrong_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["crawl", "--namespaces-file", "\0"]) == 2
    assert "an argument holds a NUL character; see swr-crawler --help" in capsys.readouterr().err
