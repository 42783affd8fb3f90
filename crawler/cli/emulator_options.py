"""The flags of `swr-crawler emulate` that describe the emulated service; its settings declare them."""

from dataclasses import Field, fields
from types import UnionType
from typing import Any, Literal, get_args, get_origin

import click

from crawler.cli.numbers import MAX_COUNT, NumberRange, integer
from crawler.emulator.auth.identity import Identity
from crawler.emulator.fields.option import option_of
from crawler.emulator.settings import EmulatorSettings


def emulator_flags() -> list[click.Parameter]:
    """Return the flags that become fields of `EmulatorSettings`, those of its identity last."""
    of_identity = {one.name for one in fields(Identity)}
    declared = sorted(fields(EmulatorSettings), key=lambda one: one.name in of_identity)
    return [_flag(one) for one in declared if option_of(one).help]


def _flag(one: Field[Any]) -> click.Option:
    option, kind = option_of(one), _type(one)
    word = one.name.removesuffix("_s").replace("_", "-")
    flag = f"--{word}/--no-{word}" if one.type is bool else option.flag or f"--{word}"
    # The made-up identity is not shown: a secret that is printed looks like one.
    shown = {"metavar": "TEXT", "default": None} if kind is None else {"default": one.default, "show_default": True}
    return click.Option([flag, one.name], type=kind, help=option.help, **shown)


def _type(one: Field[Any]) -> click.ParamType[Any] | None:
    """Return the type of a flag by that of its field, which may be optional; None for text."""
    option = option_of(one)
    kind = get_args(one.type)[0] if isinstance(one.type, UnionType) else one.type
    if get_origin(kind) is Literal:
        return click.Choice(get_args(kind))
    low, high = option.low or 0, MAX_COUNT if option.high is None else option.high
    types: dict[object, click.ParamType[Any]] = {
        int: integer(int(low), int(high)),
        float: NumberRange(low, high, above=option.above),
        bool: click.BOOL,
    }
    return types.get(kind)
