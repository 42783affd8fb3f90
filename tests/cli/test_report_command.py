"""`swr-crawler report` as its users meet it: what is written where, and the exit code."""

import subprocess
import sys
from functools import partial
from pathlib import Path

import orjson
import pytest

from crawler.emulator.faults.registry import parse_fault
from crawler.report.build import build_report
from tests.audit.examples import item, publish
from tests.report.pages import Page
from tests.support.cli_runner import Say, saying

UNPROVEN = (parse_fault("missing-total:in_items=true,in_header=true"),)


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Say:
    """Run `report` in this process, in a folder of its own, with nothing of the caller's environment."""
    monkeypatch.chdir(tmp_path)

    return saying(capfd, monkeypatch, "report")


def test_a_report_is_written_where_it_was_asked_for(say: Say, tmp_path: Path) -> None:
    publish(tmp_path / "output", item("app"))
    said = say("latest", "-o", "shared.html")
    assert (said.code, said.out) == (0, "")
    assert "shared.html" in said.err
    assert "1 of 1 declared records are here, each once" in (tmp_path / "shared.html").read_text()


def test_standard_output_gets_the_page_and_nothing_else(say: Say, tmp_path: Path) -> None:
    publish(tmp_path / "output", item("app"))
    said = say("latest", "-o", "-")
    assert said.code == 0
    assert said.out.startswith("<!doctype html>")
    assert said.out.endswith("</html>\n")


def test_an_incomplete_snapshot_says_so_before_anything_else(say: Say, tmp_path: Path) -> None:
    folder = publish(tmp_path / "output", item("app"), faults=UNPROVEN)
    said = say(folder)
    page = Page((tmp_path / "report.html").read_text())
    assert said.code == 3
    assert "INCOMPLETE" in said.err
    assert page.raw["title"][0].startswith("INCOMPLETE")
    assert page.attributes("body")[0]["class"] == "incomplete"
    assert next(text for text in page.text if text.strip() and "Skip" not in text) == "Incomplete."


def test_a_complete_snapshot_without_its_success_marker_does_not_look_complete(say: Say, tmp_path: Path) -> None:
    folder = publish(tmp_path / "output", item("app"))
    (folder / "_SUCCESS").unlink()
    assert say(folder).code == 3
    assert "_SUCCESS is missing" in (tmp_path / "report.html").read_text()


def test_changes_and_findings_are_in_the_report(say: Say, tmp_path: Path) -> None:
    publish(tmp_path / "output", item("goes"), item("stays", size=1), snapshot="old")
    publish(tmp_path / "output", item("comes"), item("stays", size=2, is_public=True), snapshot="new")
    assert say("latest", "--previous", "previous").code == 0
    text = "".join(Page((tmp_path / "report.html").read_text()).text)
    assert "Since snapshot old" in " ".join(text.split())
    assert "size 1 byte -> 2 bytes; is_public false -> true" in text
    assert "team/comes" in text
    assert "team/goes" in text
    assert "A shared repository is public" in text


def test_what_an_incomplete_snapshot_lacks_is_not_called_removed(say: Say, tmp_path: Path) -> None:
    publish(tmp_path / "output", item("a"), item("b"), snapshot="old")
    publish(tmp_path / "output", item("a"), snapshot="new", faults=UNPROVEN)
    assert say("new", "--previous", "old").code == 3
    text = "".join(Page((tmp_path / "report.html").read_text()).text)
    assert "Unknown changes" in text
    assert "Only in old: 1, only in new: 0" in text


def test_the_first_night_has_nothing_to_compare_with_and_is_no_failure(say: Say, tmp_path: Path) -> None:
    publish(tmp_path / "output", item("app"))
    assert say("latest", "--previous", "previous").code == 0
    assert "There is no earlier snapshot to compare with" in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize("target", ["two targets", "one"])
def test_targets_are_named_where_there_are_several(say: Say, tmp_path: Path, target: str) -> None:
    folder = publish(tmp_path / "output", item("app"))
    manifest = orjson.loads((folder / "_manifest.json").read_bytes())
    if target == "two targets":
        manifest["walks"].append({**manifest["walks"][0], "target": "other", "records": 0, "distinct": 0})
    (folder / "_manifest.json").write_bytes(orjson.dumps(manifest))
    say(folder)
    assert ('"key":"target"' in (tmp_path / "report.html").read_text()) is (target == "two targets")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["/nowhere"], 2, "/nowhere"),
        (["unknown"], 2, "unknown"),
        (["latest", "-o", "."], 2, "cannot write ."),
        (["latest", "-o", "no/such/folder.html"], 2, "no/such/folder.html"),
        (["latest", "-o", "x" * 300], 2, "cannot write xxx"),
        (["latest", "--previous", "unknown"], 2, "unknown"),
        (["latest", "-o", "/proc/report.html"], 74, "/proc"),
        (["/usr"], 3, "_manifest.json"),
    ],
)
def test_bad_input_is_one_line_and_no_report(
    say: Say, tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    publish(tmp_path / "output", item("app"))
    said = say(*arguments)
    assert (said.code, said.out) == (code, "")
    assert words in said.err
    assert said.err.count("\n") == 1
    assert not (tmp_path / "report.html").exists()


def test_one_changed_byte_is_an_error_and_nothing_is_written(say: Say, tmp_path: Path) -> None:
    folder = publish(tmp_path / "output", item("app"))
    (part,) = (path for path in folder.glob("**/part-*") if path.stat().st_size)
    part.write_bytes(part.read_bytes().replace(b'"team"', b'"tean"'))
    said = say(folder)
    assert said.code == 3
    assert "differs from the manifest" in said.err
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize("moment", ["yesterday", "0001-01-01T00:00:00.000000Z"])
def test_a_manifest_without_a_time_is_damaged(say: Say, tmp_path: Path, moment: str) -> None:
    folder = publish(tmp_path / "output", item("app"))
    manifest = orjson.loads((folder / "_manifest.json").read_bytes())
    (folder / "_manifest.json").write_bytes(orjson.dumps({**manifest, "finished_at": moment}))
    said = say(folder)
    assert said.code == 3
    assert "finished_at" in said.err


def test_the_report_says_how_many_repositories_the_table_leaves_out(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.cli.commands.report.build_report", partial(build_report, listed=2))
    publish(tmp_path / "output", *(item(f"app-{size}", size=size) for size in range(5)))
    say("latest")
    page = Page((tmp_path / "report.html").read_text())
    assert "2 largest of 5 repositories; 3 are left out" in " ".join("".join(page.text).split())
    data = orjson.loads(page.raw["script"][2])
    assert (data["rows"], data["total"], sorted(data["columns"][0]["words"])) == (2, 5, ["app-3", "app-4"])


@pytest.mark.parametrize("library", ["jinja2", "pygal"])
def test_a_missing_library_is_named_with_how_to_install_it(library: str) -> None:
    code = (
        "import sys, importlib.util\n"
        "found = importlib.util.find_spec\n"
        f"importlib.util.find_spec = lambda name: None if name == {library!r} else found(name)\n"
        "from crawler.cli.main import main\n"
        "main(['report', 'latest'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603 - ourselves
    assert done.returncode == 2
    assert f"{library} is not installed; pip install 'swr-crawler[report]'" in done.stderr
