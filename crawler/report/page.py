"""The page: what was counted put into the template, with the style, the scripts and the policy that lets only these in.

Everything a template prints goes through `_printed`: control and bidi characters become escapes that can be read.
Then Jinja's autoescape makes it text. Only what this module makes itself is Markup.
"""

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

import crawler
from crawler.report.completeness import Completeness, asked, walks_columns
from crawler.report.highlights import Changes, Findings
from crawler.report.plots import bars
from crawler.report.statistics import AGE_BINS, SIZE_BINS, Line, RepositoryRow, Statistics, top
from crawler.report.table_data import Column, listing, repositories, visibility, within
from crawler.snapshot.manifest import Manifest
from crawler.text.human import count, counted, escaped, size

_GROUPS: Final = 10
_YEARS: Final = 9
_WALKS: Final = 50_000
_TEXT_BUDGET: Final = 6_000_000  # characters; of ordinary names and descriptions fifty thousand rows take two million


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What a page tells. `changes` None: nothing was compared, and `unchanged` says why."""

    manifest: Manifest
    completeness: Completeness
    figures: Statistics
    findings: Findings
    suppressed: int
    notices: Sequence[str]
    changes: Changes | None
    unchanged: str


def render(content: Content) -> bytes:
    """Give the page as UTF-8: one file, the same bytes for the same content."""
    head, script, style = _part("head.js"), _part("page.js"), _part("page.css")
    page = (
        _environment()
        .get_template("template.html")
        .render(
            **_facts(content),
            policy=_policy(style=style, scripts=(head, script)),
            head=Markup(head),  # noqa: S704 - our own file
            script=Markup(script),  # noqa: S704 - our own file
            style=Markup(style),  # noqa: S704 - our own file
        )
    )
    return page.encode()


def _part(name: str) -> str:
    return (files("crawler.report") / name).read_text(encoding="utf-8")


def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_part),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printed,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(count=_figure(count), size=_figure(size), day=_day, minute=_minute)
    environment.globals.update(counted=counted, visibility=visibility)
    return environment


def _printed(value: object) -> object:
    return escaped(value) if type(value) is str else value  # Markup is a str too, and ours


def _figure(said: Callable[[int], str]) -> Callable[[int | None], str]:
    """Give a filter for numbers that no line end tears apart, and that may be missing."""
    return lambda number: "unknown" if number is None else Markup(said(number).replace(" ", "&#8239;"))  # noqa: S704


def _day(moment: str | None) -> str:
    return "unknown" if moment is None else moment[: len("2021-06-02")]


def _minute(moment: str) -> str:
    return f"{moment[: len('2021-06-02')]} {moment[len('2021-06-02T') : len('2021-06-02T09:23')]} UTC"


def _policy(*, style: str, scripts: Sequence[str]) -> str:
    """Give the Content-Security-Policy: nothing is let in but this style and these scripts, by their digests."""
    hashed = " ".join(_digest(script) for script in scripts)
    return (
        f"default-src 'none'; style-src {_digest(style)}; script-src {hashed}; img-src data:; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _facts(content: Content) -> dict[str, Any]:
    figures, manifest = content.figures, content.manifest
    targets = len(figures.groups.target) > 1 or len({walk.target for walk in manifest.walks}) > 1
    listed = sorted(
        within(figures.largest.values(), _TEXT_BUDGET),
        key=lambda row: (row.target, row.center, row.domain, row.namespace, row.name),
    )
    walks = content.completeness.walks
    return {
        "version": crawler.__version__,
        "manifest": manifest,
        "asked": asked(manifest),
        "completeness": content.completeness,
        "figures": figures,
        "targets": targets,
        "groups": _groups(figures, targets=targets),
        "lists": _lists(figures),
        "plots": _plots(figures),
        "findings": content.findings.found(),
        "severities": content.findings.by_severity(),
        "suppressed": content.suppressed,
        "notices": content.notices,
        "changes": content.changes,
        "unchanged": content.unchanged,
        "listed": len(listed),
        "repositories": _listing(repositories(targets=targets), listed, figures.total.records),
        "walks_listed": min(len(walks), _WALKS),
        "walks": _listing(walks_columns(targets=targets), walks[:_WALKS], len(walks)),
    }


def _listing(columns: Sequence[Column], rows: Sequence[object], total: int) -> Markup:
    return Markup(listing(columns, rows, total=total).decode())  # noqa: S704 - `harmless` made it so


def _groups(figures: Statistics, *, targets: bool) -> list[tuple[str, list[Line]]]:
    named = (
        ("Target", figures.groups.target),
        ("Center", figures.groups.center),
        ("Namespace", figures.groups.namespace),
        ("Category", figures.groups.category),
        ("Domain", figures.groups.domain),
    )
    return [(name, top(sums, _GROUPS)) for name, sums in named if targets or name != "Target"]


def _lists(figures: Statistics) -> list[tuple[str, str, list[RepositoryRow]]]:
    """Give the short lists: name, the field shown, rows."""
    return [
        ("Biggest", "size", figures.biggest),
        ("Longest without an update", "updated", figures.oldest.values()),
        ("Most downloaded", "downloads", figures.popular.values()),
    ]


def _plots(figures: Statistics) -> list[tuple[str, Markup, str]]:
    """Give the plots: name, SVG, and what they leave out."""
    years = sorted(figures.by_year)[-_YEARS:]
    earlier = figures.total.records - sum(figures.by_year[year] for year in years)
    undated = _left_out(figures.undated, "whose last update is not told")
    plots = (
        ("Repositories by last update", AGE_BINS, [age.records for age in figures.by_age], count, undated),
        ("Storage by last update", AGE_BINS, [age.size for age in figures.by_age], size, undated),
        ("Repositories by size", SIZE_BINS, figures.by_size, count, _left_out(figures.unsized, "of unknown size")),
        ("Repositories by year of creation", years, [figures.by_year[year] for year in years], count,
         _left_out(earlier, "that are older or whose creation is not told")),
    )  # fmt: skip
    draw = partial(_drawn)
    return [(name, draw(name, labels, values, said), note) for name, labels, values, said, note in plots if labels]


def _drawn(name: str, labels: Sequence[str], values: Sequence[int], said: Any) -> Markup:  # noqa: ANN401
    return Markup(bars(name, labels, values, said))  # noqa: S704 - SVG written by an XML library


def _left_out(number: int, which: str) -> str:
    return f"without {counted(number, 'repository', 'repositories')} {which}" if number else ""
