"""Laws of the page, parsed back: nothing in it is loaded from elsewhere, and no name in it is more than text."""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import orjson
import pytest

from crawler.cli.commands.report import report
from crawler.config.audit_policy import Policy
from crawler.report.page import _resource
from tests.audit.examples import item, publish
from tests.report.pages import ALERT, NASTY, Page, hostile, reported


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> str:
    items = [*hostile("self"), *hostile("thirdparty")]
    return reported(tmp_path_factory.mktemp("hostile"), *items).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def test_the_policy_allows_this_style_and_these_scripts_and_nothing_else(page: Page) -> None:
    rules = dict(rule.strip().split(" ", 1) for rule in page.policy.split(";"))
    scripts = [
        text
        for text, attributes in zip(page.raw["script"], page.attributes("script"), strict=True)
        if attributes.get("type") != "application/json"
    ]
    assert rules["default-src"] == "'none'"
    assert rules["script-src"].split() == [digest(text) for text in scripts]
    assert rules["style-src"] == digest(page.raw["style"][0])
    assert "unsafe" not in page.policy


def test_the_policy_comes_before_everything_that_it_restricts(page: Page) -> None:
    names = [name for name, _ in page.elements]
    assert names.index("meta") < min(names.index("script"), names.index("style"))
    assert page.elements[names.index("meta") + 1][1].get("http-equiv") == "Content-Security-Policy"


def test_nothing_is_fetched_and_nothing_leads_elsewhere(page: Page) -> None:
    for name, attributes in page.elements:
        assert not attributes.keys() & {"src", "srcset", "action", "style", "background", "poster", "xlink:href"}, name
        assert not any(key.startswith("on") for key in attributes)
        assert (attributes.get("href") or "#").startswith(("#", "data:,"))


def test_only_the_templates_elements_are_there(page: Page) -> None:
    assert not {name for name, _ in page.elements} & {"img", "iframe", "object", "embed", "form", "base"}
    assert len(page.attributes("script")) == 4


def test_a_script_in_a_name_is_text(page: Page) -> None:
    assert any(ALERT in text for text in page.text)
    assert all("alert(" not in text for text in page.raw["style"] + page.raw["title"])


def test_control_and_bidi_characters_are_shown_as_escapes(html: str) -> None:
    # A line end and the thin space between thousands are the page's own.
    assert all(char.isprintable() or char in "\n\u202f" for char in html)
    assert "a\\u202egnp.exe" in html


def test_the_data_hold_every_repository(page: Page) -> None:
    data = orjson.loads(page.raw["script"][2])
    assert data["rows"] == 2 * len(NASTY)
    (names,) = (column["words"] for column in data["columns"] if column["key"] == "name")
    assert ALERT in names


def test_every_control_is_labelled_and_every_anchor_leads_somewhere(page: Page) -> None:
    ids = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    assert all((anchor.get("href") or "")[1:] in ids for anchor in page.attributes("a"))
    named = [attributes[key] for _, attributes in page.elements for key in ("aria-labelledby",) if key in attributes]
    assert set(named) <= ids
    assert page.attributes("html") == [{"lang": "en"}]


def test_the_same_snapshot_gives_the_same_bytes(tmp_path: Path) -> None:
    publish(tmp_path / "output", item("a"), snapshot="new")
    for name in ("one", "two"):
        report("new", None, Policy(), tmp_path / "output", str(tmp_path / name))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_an_empty_snapshot_says_so(tmp_path: Path) -> None:
    text = reported(tmp_path).read_text(encoding="utf-8")
    assert "Nothing is shared" in text
    assert "No rule found anything." in text


# --- contrast: WCAG 2.2, 1.4.3 and 1.4.11

PAIRS = [
    *[(text, ground) for text in ("text", "muted", "accent") for ground in ("ground", "surface", "accent-soft")],
    *[(kind, f"{kind}-soft") for kind in ("good", "bad", "warning")],
    *[(kind, "surface") for kind in ("bad", "warning")],
    *[("text", f"{kind}-soft") for kind in ("good", "bad")],
    ("on-bad", "solid-bad"),
]


def colours() -> dict[str, list[str]]:
    found = re.findall(r"--([a-z-]+): (?:light-dark\((#\w+), (#\w+)\)|(#\w+));", _resource("page.css"))
    return {name: [light or both, dark or both] for name, light, dark, both in found}


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_has_enough_contrast(text: str, ground: str, theme: int) -> None:
    assert contrast(colours()[text][theme], colours()[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize("line", ["bar", "edge", "accent"])
def test_bars_and_edges_of_controls_have_enough_contrast(line: str, theme: int) -> None:
    assert contrast(colours()[line][theme], colours()["surface"][theme]) >= 3
