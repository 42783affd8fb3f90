"""Writes config/crawler.toml: its template, with what the declaration of each setting says in place of `# <LABEL>`.

A block of the template is what the declaration does not say, in prose, and the mark. The block of the file begins
with the help of the setting and ends with its unit, range, flag and variable, and with its default.
"""

import re
import textwrap
from typing import Final

import orjson

from crawler.config.settings.kinds import Choice, Integer, Number
from crawler.config.settings.lists import ListOf, Regions
from crawler.config.settings.setting import Setting
from crawler.config.settings.table import SETTINGS
from tests.docs.session import ROOT

TEMPLATE: Final = ROOT / "tests" / "docs" / "pages" / "crawler.toml"
DOCUMENTED: Final = ROOT / "config" / "crawler.toml"
_MARK: Final = re.compile(r"((?:^# .*\n)*)^# <([a-z_.]+)>$", re.MULTILINE)
_WIDTH: Final = 120
_UNITS: Final = {10: "KiB", 20: "MiB", 30: "GiB", 40: "TiB", 50: "PiB"}


def documented_file() -> str:
    """Return the file as it should be. Raise ValueError for a setting without mark, or with two."""
    template = TEMPLATE.read_text(encoding="utf-8")
    marks = [label for _, label in _MARK.findall(template)]
    if sorted(marks) != sorted(SETTINGS):
        wrong = sorted(set(marks) ^ set(SETTINGS)) or [label for label in SETTINGS if marks.count(label) > 1]
        raise ValueError(f"{TEMPLATE.name}: marks that are unknown, lacking or twice: {', '.join(wrong)}")
    return _MARK.sub(lambda found: _block(found[1], SETTINGS[found[2]]), template)


def _block(prose: str, setting: Setting) -> str:
    more = " ".join(line.removeprefix("# ") for line in prose.splitlines())
    facts = f"{_values(setting)} {', '.join(filter(None, (_flag(setting), setting.variable)))}."
    text = " ".join(filter(None, (_sentence(setting.help), more, facts.strip())))
    lines = textwrap.wrap(text, _WIDTH - 2, break_long_words=False, break_on_hyphens=False)
    return "\n".join((*(f"# {line}" for line in lines), f"#{setting.name} = {_default(setting)}"))


def _values(setting: Setting) -> str:
    """Return the unit and range of a number, the words of a choice; nothing for all else."""
    kind = setting.kind
    one = kind.item if isinstance(kind, ListOf) else kind
    if isinstance(one, Choice):
        words = ", ".join(f'"{word}"' for word in (*one.words, *filter(None, [one.none])))
        return f"{'Each one of' if one is not kind else 'One of'} {words}."
    if isinstance(one, Integer | Number):
        binary = _UNITS.get(one.high.bit_length() // 10 * 10) if setting.unit == "bytes" else None
        size = f" ({one.high >> (one.high.bit_length() // 10 * 10)} {binary})" if binary else ""
        return f"Unit: {setting.unit}, {one.values}{size}{one.range.removeprefix(one.values)}."
    return ""


def _sentence(text: str) -> str:
    """Return a help as a sentence; one that begins with a value and a colon begins as the value does."""
    return f"{text if re.match(r'[a-z]+:', text) else text[0].upper() + text[1:]}."


def _flag(setting: Setting) -> str:
    return f"{setting.flag} (repeatable)" if setting.flag and isinstance(setting.kind, ListOf) else setting.flag


def _default(setting: Setting) -> str:
    """Return the default as TOML; that of a region is an empty text."""
    value = setting.kind.none or "" if setting.default is None or isinstance(setting.kind, Regions) else setting.default
    text = orjson.dumps(value).decode().replace(",", ", ")
    return text.removesuffix(".0")
