"""Laws of plots: a bar for each value, and nothing that the page's policy would refuse."""

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from crawler.report.plots import bars

SVG = "{http://www.w3.org/2000/svg}"


@given(st.lists(st.tuples(st.text("ab<&\"'", min_size=1, max_size=9), st.integers(-5, 2**70)), min_size=1, max_size=12))
def test_every_bar_has_its_label_and_value(given_bars: list[tuple[str, int]]) -> None:
    labels, values = [label for label, _ in given_bars], [value for _, value in given_bars]
    svg = ET.fromstring(bars("A <name>", labels, values, str))  # noqa: S314 - our own
    texts = [f"{label}: {value}" for label, value in given_bars]
    assert svg.get("aria-label") == f"A <name>. {'; '.join(texts)}"
    assert sorted(title.text or "" for title in svg.iter(f"{SVG}title")) == sorted(texts)
    assert len([node for node in svg.iter(f"{SVG}text") if node.get("class") == "value"]) == len(values)


def test_a_plot_has_no_style_no_script_and_no_date() -> None:
    svg = bars("x", ["a", "b"], [0, 0], str)
    assert svg == bars("x", ["a", "b"], [0, 0], str)
    assert all(word not in svg for word in ("style", "script", "<!--", "href", "202"))


def test_the_length_of_a_bar_follows_its_value() -> None:
    svg = ET.fromstring(bars("x", ["a", "b", "c"], [1, 2, 4], str))  # noqa: S314 - our own
    widths = [float(rect.get("width", "0")) for rect in svg.iter(f"{SVG}rect")]
    assert [round(width / widths[-1]) for width in widths] == [4, 2, 1]
