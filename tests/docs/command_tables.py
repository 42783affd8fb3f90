"""The commands and their options, from click's own tree, as tables (pure)."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

import click

from crawler.cli.app import cli
from tests.docs.markdown import code, prose, sentence, table

_PROGRAM: Final = "swr-crawler"
_SHARED: Final = 8  # options in common from which on a command refers to an earlier one


def commands(defaults: Mapping[str, str]) -> dict[str, str]:
    """Return what there is to say of each command by `command NAME`; `defaults` are those of settings, by name."""
    inserts: dict[str, str] = {"commands": _overview()}
    earlier: dict[str, list[click.Option]] = {}
    for name, command in _leaves(cli, ()):
        options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
        inserts[f"command {name}"] = "\n\n".join(_described(name, command, options, earlier, defaults))
        earlier[name] = options
    return inserts


def _leaves(group: click.Group, path: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _leaves(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


def _overview() -> str:
    rows = (
        (f"[`{name}`](#{name.replace(' ', '-')})", sentence(_paragraphs(command)[0]))
        for name, command in _leaves(cli, ())
    )
    return table(("Command", "What it does"), rows)


def _slug(name: str) -> str:
    return name.replace(" ", "-")


def _paragraphs(command: click.Command) -> list[str]:
    return re.split(r"\n\s*\n", (command.help or "").strip())


def _described(
    name: str,
    command: click.Command,
    options: list[click.Option],
    earlier: Mapping[str, list[click.Option]],
    defaults: Mapping[str, str],
) -> Iterator[str]:
    context = click.Context(command, info_name=f"{_PROGRAM} {name}")
    yield f"`{_PROGRAM} {name} {' '.join(command.collect_usage_pieces(context))}`"
    yield from map(prose, _paragraphs(command))
    for other, of_other in earlier.items():
        same = [option for option in options if any(_is_same(option, one) for one in of_other)]
        if len(same) >= _SHARED:
            yield f"It takes these options of [`{other}`](#{_slug(other)}): {', '.join(map(_name, same))}."
            options = [option for option in options if option not in same]
            break
    if options:
        rows = (
            (_name(option), _value(option, context), _default(option, defaults), sentence(option.help or ""))
            for option in options
        )
        yield table(("Option", "Value", "Default", "Meaning"), rows)


def _is_same(one: click.Option, other: click.Option) -> bool:
    return (one.opts, one.help) == (other.opts, other.help)


def _name(option: click.Option) -> str:
    return ", ".join(map(code, (*option.opts, *option.secondary_opts)))


def _value(option: click.Option, context: click.Context) -> str:
    kind = option.type
    if option.is_flag:
        return ""
    if isinstance(kind, click.Choice):
        return ", ".join(map(code, kind.choices))
    if isinstance(kind, click.IntRange | click.FloatRange):
        return f"{'integer' if isinstance(kind, click.IntRange) else 'number'}{_range(kind)}"
    if option.metavar is None:
        return {"float": "number"}.get(kind.name, kind.name)
    return ", ".join(map(code, option.make_metavar(context).split("|")))


def _range(kind: click.IntRange | click.FloatRange) -> str:
    if kind.min is not None and kind.max is not None:
        return f", {kind.min} to {kind.max}"
    if kind.min is not None:
        return f", {'above' if kind.min_open else 'at least'} {kind.min}"
    return "" if kind.max is None else f", at most {kind.max}"


def _default(option: click.Option, defaults: Mapping[str, str]) -> str:
    if option.name in defaults:
        return code(defaults[option.name])
    known = isinstance(option.default, str | int | float) and not (option.is_flag and not option.default)
    return code(str(option.default)) if known else ""
