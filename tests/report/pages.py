"""Builds reports of hostile items for tests, and reads a page back."""

from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from crawler.cli.commands.report import report
from crawler.config.audit_policy import Policy
from tests.audit.examples import item, publish

ALERT: Final = "<script>alert(1)</script>"
NASTY: Final = (
    ALERT,
    "</script><script>alert(2)</script>",
    "<!--<script>",
    "<img src=x onerror=alert(3)>",
    "'\"><svg onload=alert(4)>",
    "&lt;b&gt;",
    "{{ 7 * 7 }}",
    "a\u202egnp.exe",
    "\x1b[31mred",
    "javascript:alert(5)",
    "https://evil.example/x",
    "x" * 500,
)


def hostile(center: str) -> list[dict[str, object]]:
    """Return one item for each nasty text, which is in all of its text fields."""
    texts = ("description", "category", "domain_name", "url", "logo", "path")
    return [
        item(text, center=center, namespace=text, size=at, num_download=at, **dict.fromkeys(texts, text))
        for at, text in enumerate(NASTY)
    ]


def reported(tmp_path: Path, *items: dict[str, object], previous: str | None = None) -> Path:
    """Crawl these items and return the report."""
    publish(tmp_path / "output", *items, snapshot="new")
    report("new", previous, Policy(), tmp_path / "output", str(tmp_path / "report.html"))
    return tmp_path / "report.html"


class Page(HTMLParser):
    """A page read back: its elements with their attributes, and the raw text of what holds no markup."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": [], "title": []}
        self.text: list[str] = []
        self._inside = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in self.raw:
            self._inside = tag
            self.raw[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.raw[self._inside][-1] += data
        else:
            self.text.append(data)

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def policy(self) -> str:
        return next(meta["content"] or "" for meta in self.attributes("meta") if "http-equiv" in meta)
