"""No number ends a command in 70: each option, variable, setting and fault has both bounds, and keeps them."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import click
import pytest

from crawler.cli.app import cli
from crawler.cli.numbers import NumberRange
from crawler.config.settings import kinds
from crawler.config.settings.setting import Setting
from crawler.config.settings.table import SETTINGS
from crawler.emulator.faults.registry import FAULTS
from crawler.emulator.fields.option import MAX_NUMBER
from tests.audit.examples import item, publish
from tests.cli.test_fuzz import NOWHERE, check, quick, run
from tests.support.sweeps import swept

__all__ = ["quick"]  # a fixture: no example waits, and a bug is raised

pytestmark = pytest.mark.unmeasured

ODD: Final = (str(10**30), "9" * 5000, "1e308", "1e400", "-1", "-1e308", "nan", "inf", "-inf", "0", "1e-300", "-0.0")
NUMERIC: Final = (click.types.IntParamType, click.types.FloatParamType)
ARGUMENTS: Final = {"query": ("select 1",), "diff": ()}


def commands(group: click.Group, *names: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *names, name)
        else:
            yield (*names, name), command


NUMBERS: Final = [
    (names, option)
    for names, command in commands(cli)
    for option in command.params
    if isinstance(option.type, NUMERIC) and isinstance(option, click.Option)
]
SETTINGS_OF_NUMBERS: Final = [one for one in SETTINGS.values() if isinstance(one.kind, kinds.Integer | kinds.Number)]
NUMBERS_OF_FAULTS: Final = [
    (name, parameter)
    for name, fault in FAULTS.items()
    for parameter in fields(fault)
    if parameter.type in {int, float, int | None} and not parameter.metadata.get("choices")
]


def test_there_are_numbers_of_each_kind() -> None:
    assert {option.name for _, option in NUMBERS} >= {"rows", "threads", "seed", "latency_ms", "clock_skew_s"}
    assert {setting.name for setting in SETTINGS_OF_NUMBERS} >= {"limit", "resume_max_age_s", "max_age_days"}
    assert len(NUMBERS_OF_FAULTS) > 50


def test_every_number_of_the_command_line_is_declared_with_both_bounds() -> None:
    for names, option in NUMBERS:
        assert isinstance(option.type, click.IntRange | NumberRange), (names, option.name)
        assert option.type.min is not None, (names, option.name)
        assert option.type.max is not None, (names, option.name)


def words_of(names: tuple[str, ...], snapshot: Path) -> list[str]:
    """Return a short run of a command."""
    if names[0] == "emulate":
        return ["emulate", "--repositories", "5", "--namespaces", "2"]
    if names[0] in ARGUMENTS:
        return [names[0], *[str(snapshot)] * (2 if names[0] == "diff" else 1), *ARGUMENTS[names[0]]]
    return [*names]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(tmp_path_factory.mktemp("numbers") / "output", item("a"), snapshot="one")


def name_of(one: object) -> str | None:
    return one if isinstance(one, str) else getattr(one, "name", None)


@pytest.mark.parametrize(("names", "option"), NUMBERS, ids=name_of)
def test_no_number_of_the_command_line_ends_in_a_bug_report(
    names: tuple[str, ...], option: click.Option, snapshot: Path
) -> None:
    kind: Any = option.type
    takes_long = option.name in {"repositories", "namespaces"} or names[0] == "demo"  # what is accepted
    for text in ODD if takes_long else (*ODD, str(kind.min), str(kind.max)):
        if names[0] != "demo" or text not in {"-1", "0"}:
            check([*words_of(names, snapshot), option.opts[0], text], {}, b"")


@swept(3)
@pytest.mark.parametrize("setting", SETTINGS_OF_NUMBERS, ids=lambda setting: setting.label)
def test_no_number_of_a_variable_flag_or_file_ends_in_a_bug_report(
    setting: Setting, snapshot: Path, every: int
) -> None:
    kind: Any = setting.kind
    words = {
        "audit": ["audit", str(snapshot)],
        "retention": ["prune", "--dry-run", "--output", str(snapshot.parent)],
    }.get(setting.table, ["crawl", "--endpoint", NOWHERE])
    first = SETTINGS_OF_NUMBERS.index(setting) % every  # so that the settings together meet each text
    for number, text in enumerate((*ODD, str(kind.low), str(kind.high))):
        check(["config", "show"], {setting.variable: text}, b"")
        if number % every != first or (setting.name == "rate_per_s" and text == str(kind.low)):
            continue  # the second one is accepted, and waits
        check(words, {setting.variable: text}, b"")
        check([*words, "--config", "file"], {}, f"[{setting.table}]\n{setting.name} = {text}\n".encode())
        if setting.flag:
            check([*words, setting.flag, text], {}, b"")


@swept(3)
@pytest.mark.parametrize(("name", "parameter"), NUMBERS_OF_FAULTS, ids=name_of)
def test_no_number_of_a_fault_ends_in_a_bug_report(name: str, parameter: Any, every: int) -> None:  # noqa: ANN401
    first = NUMBERS_OF_FAULTS.index((name, parameter)) % every  # as above
    for text in ("9" * 4000, *ODD)[first::every]:
        check(["emulate", "--repositories", "5", "--fault", f"{name}:{parameter.name}={text}"], {}, b"")


def test_a_number_beyond_its_bounds_is_a_line_with_the_bounds() -> None:
    beyond = str(10**30)
    for words in (["query", "x", "select 1", "--rows", beyond], ["emulate", "--latency-ms", beyond]):
        ended = run(words, {}, b"")
        assert (ended.code, "1000000000" in ended.err) == (2, True)
    ended = run(["emulate", "--fault", f"burst:first={beyond}"], {}, b"")
    assert (ended.code, f"from 0 to {MAX_NUMBER}" in ended.err) == (2, True)
    ended = run(["crawl", "--config", "file"], {}, b"[crawl]\nresume_max_age_s = 1e308\n")
    assert ended.code == 78
    assert "resume_max_age_s: 1e+308 is not a number from 0.001 to 31622400" in ended.err
