"""The shell session that the examples of a page run in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.placeholders import substituted, values
from tests.docs.session import Direct, Session, direct, expected_code

VALUES = values("http://127.0.0.1:9", (1234, 1235))


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with Session(tmp_path, "http://127.0.0.1:9") as started:
        yield started


def test_a_folder_a_variable_and_an_exit_code_last_until_the_next_command(session: Session) -> None:
    session.shell("mkdir a && cd a && export B='c d'")
    assert session.shell('pwd; echo "$B"').output[1] == "c d"
    assert session.shell("(exit 3)").code == 3
    assert session.shell("echo $?").output == ("3",)
    assert session.shown(session.shell("pwd").output) == ["/home/me/a"]


def test_both_streams_are_shown_in_the_order_of_their_lines(session: Session) -> None:
    assert session.shell("echo a; echo b >&2; echo c").output == ("a", "b", "c")


def test_the_program_runs_the_same_here_and_in_a_shell(session: Session) -> None:
    here, shell = (
        session.shell("swr-crawler verify nowhere"),
        session.shell("swr-crawler verify nowhere; true && exit $?"),
    )
    assert (here.code, shell.code) == (2, 0)
    assert here.output == shell.output
    assert "nowhere" in here.output[0]


def test_an_emulator_of_the_page_is_reached_and_is_stopped_at_its_end(tmp_path: Path) -> None:
    with Session(tmp_path, "http://127.0.0.1:9") as session:
        assert session.shell("swr-crawler emulate --port 8400 --repositories 10 &").code == 0
        said = session.shell("swr-crawler plan --endpoint http://127.0.0.1:8400 --json")
    assert said.code == 0
    assert any('"records": 10' in line for line in said.output)


def test_an_emulator_that_does_not_start_is_an_error(session: Session) -> None:
    with pytest.raises(RuntimeError, match="no-such-fault"):
        session.shell("swr-crawler emulate --port 8400 --fault no-such-fault &")


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("swr-crawler plan --json", Direct(("plan", "--json"))),
        ("swr-crawler crawl --namespace 'team-*'  # exit code 3", Direct(("crawl", "--namespace", "team-*"))),
        ('swr-crawler query x "select (1) | 2 > 3"', Direct(("query", "x", "select (1) | 2 > 3"))),
        ("swr-crawler plan | head -3 | tail -1", Direct(("plan",), " head -3 | tail -1", own_code=False)),
        ("swr-crawler plan 2>&1 | grep a", Direct(("plan",), " grep a", both=True, own_code=False)),
        ("swr-crawler plan > file  # exit code 3", Direct(("plan",), "cat > file")),
        ("swr-crawler plan 2> file", None),
        ("swr-crawler plan || true", None),
        ("swr-crawler plan > file; true", None),
        ("swr-crawler plan >> file", None),
        ('swr-crawler verify "$HOME"', None),
        ("swr-crawler verify out* | head", None),
        ("swr-crawler query x - < file", None),
        ("cat file", None),
        ("A=b swr-crawler plan", None),
    ],
)
def test_only_a_command_with_plain_arguments_is_run_without_a_shell(command: str, found: Direct | None) -> None:
    assert direct(command) == found


def test_what_the_program_prints_goes_where_the_command_sends_it(session: Session) -> None:
    assert session.shell("swr-crawler --version | wc -l").output == ("1",)
    assert session.shell("swr-crawler verify nowhere > said").code == 2
    assert session.shell("cat said").output == ()
    assert session.shell("swr-crawler verify nowhere 2>&1 | tr a-z A-Z").output[0].startswith("SWR-CRAWLER: NOWHERE")
    assert session.shell("swr-crawler schema record > record.json").output == ()
    assert session.shell("head -c 1 record.json").output == ("{",)


@pytest.mark.parametrize(("command", "code"), [("a", 0), ("a  # exit code 3", 3), ("a  # no change: exit code 1", 1)])
def test_a_comment_says_the_exit_code(command: str, code: int) -> None:
    assert expected_code(command) == code


@pytest.mark.parametrize(
    ("says", "runs"),
    [
        ("swr-crawler crawl --region eu-de", "swr-crawler crawl --endpoint http://127.0.0.1:9"),
        ('region = "eu-de"', 'endpoint = "http://127.0.0.1:9"'),
        ('endpoint = "https://HOST"', 'endpoint = "http://127.0.0.1:9"'),
        ('export SWR_CRAWLER_TOKEN="MII…"', "export SWR_CRAWLER_TOKEN=emulator-token"),
        ('export SWR_CRAWLER_TOKEN="$(cat token)"', 'export SWR_CRAWLER_TOKEN="$(cat token)"'),
        ("HUAWEICLOUD_SDK_AK=… HUAWEICLOUD_SDK_SK=…", "HUAWEICLOUD_SDK_AK={ak} HUAWEICLOUD_SDK_SK={sk}"),
        ("curl http://127.0.0.1:8400/", "curl http://127.0.0.1:1234/"),
        ("swr-crawler emulate --port 8401 &", "swr-crawler emulate --port 1235 &"),
        ("swr-crawler config show --region eu-de", "swr-crawler config show --region eu-de"),
    ],
)
def test_placeholders_become_the_emulator_s(says: str, runs: str) -> None:
    assert substituted(says, VALUES) == runs.format_map(VALUES)
