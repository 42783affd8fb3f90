"""Old flags: refused in one line that names the new flag, by the commands that have it."""

import click
import pytest

from crawler.cli.app import cli
from crawler.config.renamed import renamed_flags
from tests.support.cli_runner import Say, saying


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    return saying(capfd, monkeypatch)


def flags_of(command: click.Command) -> set[str]:
    return {flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)}


def commands() -> dict[str, click.Command]:
    return {name: command for name, command in cli.commands.items() if not isinstance(command, click.Group)}


@pytest.mark.parametrize(
    ("command", "old", "new"),
    [
        ("crawl", "--confirm", "--double-read"),
        ("crawl", "--no-confirm", "--no-double-read"),
        ("plan", "--confirm", "--double-read"),
        ("emulate", "--at-once", "--max-concurrency"),
        ("emulate", "--at-once=4", "--max-concurrency"),
        ("emulate", "--beyond-limit", "--over-limit"),
        ("emulate", "--even", "--uniform"),
    ],
)
def test_an_old_flag_is_refused_with_one_line_that_names_the_new_one(
    say: Say, command: str, old: str, new: str
) -> None:
    said = say(command, old)
    assert (said.code, said.out) == (2, "")
    assert said.err == f"swr-crawler: {old.partition('=')[0]} is now called {new}\n"


def test_config_show_refuses_old_flags_too(say: Say) -> None:
    assert say("config", "show", "--confirm").err == "swr-crawler: --confirm is now called --double-read\n"


def test_a_command_without_the_new_flag_does_not_know_the_old_one(say: Say) -> None:
    said = say("verify", "output/latest", "--confirm")
    assert said.code == 2
    assert "--confirm" in said.err
    assert "is now called" not in said.err
    assert said.err.endswith("; see swr-crawler verify --help\n")


@pytest.mark.parametrize(("old", "new"), renamed_flags().items())
def test_every_renamed_flag_is_one_that_some_command_has_and_none_has_the_old_one(old: str, new: str) -> None:
    assert any(new in flags_of(command) for command in commands().values())
    assert not any(old in flags_of(command) for command in commands().values())
