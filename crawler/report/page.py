"""Renders the page: the template with its content, the style, the scripts, and a policy that allows only these.

Everything that the template prints goes through `_printed`, which turns control and bidi characters into visible
escapes; then Jinja's autoescape makes it text. Only what this module makes itself is Markup.
"""

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

import crawler
from crawler.audit.finding_counts import FindingCounts
from crawler.report.completeness import Completeness, requests_text, walks_columns
from crawler.report.groups import GroupLine, top
from crawler.report.highlights import ChangeHighlights, finding_groups
from crawler.report.histograms import AGE_BINS, SIZE_BINS
from crawler.report.plots import bars
from crawler.report.row import RepositoryRow
from crawler.report.statistics import Statistics
from crawler.report.table_data import Column, encode_table, repositories, visibility, within
from crawler.snapshot.manifest import Manifest
from crawler.text.human import count, counted, escaped, size

_GROUPS: Final = 10
_YEARS: Final = 9
_WALKS: Final = 50_000
_TEXT_BUDGET: Final = 6_000_000  # characters: several times what a full table of ordinary repositories has


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """The content of a page. `changes` is None when nothing was compared; then `no_changes` says why."""

    manifest: Manifest
    completeness: Completeness
    statistics: Statistics
    findings: FindingCounts
    suppressed: int
    notices: Sequence[str]
    changes: ChangeHighlights | None
    no_changes: str


def render(content: Content) -> bytes:
    """Return the page as UTF-8: one file, the same bytes for the same content."""
    head, script, style = _resource("head.js"), _resource("page.js"), _resource("page.css")
    page = (
        _environment()
        .get_template("template.html")
        .render(
            **_variables(content),
            policy=_policy(style=style, scripts=(head, script)),
            head=Markup(head),  # noqa: S704 - our own file
            script=Markup(script),  # noqa: S704 - our own file
            style=Markup(style),  # noqa: S704 - our own file
        )
    )
    return page.encode()


def _resource(name: str) -> str:
    return (files("crawler.report") / name).read_text(encoding="utf-8")


def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_resource),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printed,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(count=_number(count), size=_number(size), day=_day, minute=_minute)
    environment.globals.update(counted=counted, visibility=visibility)
    return environment


def _printed(value: object) -> object:
    return escaped(value) if type(value) is str else value  # Markup is a str too, and ours


def _number(write: Callable[[int], str]) -> Callable[[int | None], str]:
    """Return a filter for numbers that may be unknown; their spaces allow no line break."""
    return lambda number: "unknown" if number is None else Markup(write(number).replace(" ", "&#8239;"))  # noqa: S704


def _day(moment: str | None) -> str:
    return "unknown" if moment is None else moment[: len("2021-06-02")]


def _minute(moment: str) -> str:
    return f"{moment[: len('2021-06-02')]} {moment[len('2021-06-02T') : len('2021-06-02T09:23')]} UTC"


def _policy(*, style: str, scripts: Sequence[str]) -> str:
    """Return the Content-Security-Policy: it allows this style and these scripts, by their digests, nothing else."""
    hashed = " ".join(_digest(script) for script in scripts)
    return (
        f"default-src 'none'; style-src {_digest(style)}; script-src {hashed}; img-src data:; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _variables(content: Content) -> dict[str, Any]:
    statistics, manifest = content.statistics, content.manifest
    targets = len(statistics.groups.target) > 1 or len({walk.target for walk in manifest.walks}) > 1
    listed = sorted(
        within(statistics.rankings.largest.values(), _TEXT_BUDGET),
        key=lambda row: (row.target, row.center, row.domain, row.namespace, row.name),
    )
    walks = content.completeness.walks
    return {
        "version": crawler.__version__,
        "manifest": manifest,
        "requests": requests_text(manifest),
        "completeness": content.completeness,
        "statistics": statistics,
        "targets": targets,
        "groups": _groups(statistics, targets=targets),
        "lists": _lists(statistics),
        "plots": _plots(statistics),
        "findings": finding_groups(content.findings),
        "severities": content.findings.by_severity().items(),
        "suppressed": content.suppressed,
        "notices": content.notices,
        "changes": content.changes,
        "no_changes": content.no_changes,
        "listed": len(listed),
        "repositories": _table(repositories(targets=targets), listed, statistics.total.records),
        "walks_listed": min(len(walks), _WALKS),
        "walks": _table(walks_columns(targets=targets), walks[:_WALKS], len(walks)),
    }


def _table(columns: Sequence[Column], rows: Sequence[object], total: int) -> Markup:
    return Markup(encode_table(columns, rows, total=total).decode())  # noqa: S704 - `escape_markup` makes it safe


def _groups(statistics: Statistics, *, targets: bool) -> list[tuple[str, list[GroupLine]]]:
    named = (
        ("Target", statistics.groups.target),
        ("Center", statistics.groups.center),
        ("Namespace", statistics.groups.namespace),
        ("Category", statistics.groups.category),
        ("Domain", statistics.groups.domain),
    )
    return [(name, top(totals, _GROUPS)) for name, totals in named if targets or name != "Target"]


def _lists(statistics: Statistics) -> list[tuple[str, str, list[RepositoryRow]]]:
    """Return the short lists: name, the field shown, rows."""
    return [
        ("Biggest", "size", statistics.rankings.biggest),
        ("Longest without an update", "updated", statistics.rankings.oldest.values()),
        ("Most downloaded", "downloads", statistics.rankings.popular.values()),
    ]


def _plots(statistics: Statistics) -> list[tuple[str, Markup, str]]:
    """Return the plots: name, SVG, and a note on what each leaves out."""
    histograms = statistics.histograms
    years = sorted(histograms.by_year)[-_YEARS:]
    earlier = statistics.total.records - sum(histograms.by_year[year] for year in years)
    undated = _left_out(histograms.undated, "whose last update is unknown")
    unsized = _left_out(histograms.unsized, "of unknown size")
    plots = (
        ("Repositories by last update", AGE_BINS, [age.records for age in histograms.by_age], count, undated),
        ("Storage by last update", AGE_BINS, [age.size for age in histograms.by_age], size, undated),
        ("Repositories by size", SIZE_BINS, histograms.by_size, count, unsized),
        ("Repositories by year of creation", years, [histograms.by_year[year] for year in years], count,
         _left_out(earlier, "that are older or whose creation is unknown")),
    )  # fmt: skip
    return [(name, _plot(name, labels, values, write), note) for name, labels, values, write, note in plots if labels]


def _plot(name: str, labels: Sequence[str], values: Sequence[int], write: Any) -> Markup:  # noqa: ANN401
    return Markup(bars(name, labels, values, write))  # noqa: S704 - SVG written by an XML library


def _left_out(number: int, which: str) -> str:
    return f"without {counted(number, 'repository', 'repositories')} {which}" if number else ""
