"""Plots as SVG, drawn by pygal and coloured by the page's own style (pure).

Pygal's style, script, tooltips and comments are removed: the page's Content-Security-Policy allows no other style or
script, and a comment with today's date would make every report of a snapshot differ.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, tostring

import pygal
from pygal.style import Style

_WIDTH: Final = 440
_BAR_PX: Final = 24
_FONT: Final = Style(label_font_size=15, value_font_size=15)  # reserves the space: page.css has no larger fonts
_ROOM_FOR_VALUES: Final = 1.22  # leaves space for a number beside the longest bar
_FOREIGN: Final = ("defs", "desc", "title", "path")
_SUPERFLUOUS: Final = ("background", "titles", "tooltip-overlay", "axis x")


def bars(name: str, labels: Sequence[str], values: Sequence[int], write: Callable[[int], str]) -> str:
    """Return an `<svg>` with a horizontal bar for each value, the first on top; `name` is its accessible name.

    `write` formats a value; the text is beside the bar and, with the label, in the bar's `<title>`. There must be a
    label for each value.
    """
    chart = pygal.HorizontalBar(
        width=_WIDTH, height=_BAR_PX * len(values) + 8, js=[], css=[], explicit_size=False, show_legend=False,
        no_prefix=True, margin=4, print_values=True, print_values_position="top", print_zeroes=True,
        rounded_bars=2, style=_FONT, truncate_label=-1, show_x_labels=False, spacing=2,
        range=(0, _ROOM_FOR_VALUES * max(1, *values)),
    )  # fmt: skip
    chart.x_labels = list(reversed(labels))
    chart.add("", [max(0, value) for value in reversed(values)], formatter=write)
    svg: Element = chart.render_tree()
    _strip(svg)
    texts = [f"{label}: {write(value)}" for label, value in zip(labels, values, strict=True)]
    for bar, text in zip(_of_class(svg, "bar"), reversed(texts), strict=True):
        SubElement(bar, "title").text = text
    for value in _of_class(svg, "value"):
        value.set("text-anchor", "start")
    svg.attrib.pop("id", None)
    svg.attrib.update({"role": "img", "aria-label": f"{name}. {'; '.join(texts)}"})
    return tostring(svg, encoding="unicode")


def _strip(node: Element) -> None:
    for child in list(node):
        if _is_superfluous(child):
            node.remove(child)
        else:
            _strip(child)


def _is_superfluous(node: Any) -> bool:  # noqa: ANN401 - a comment's tag is a function
    return (
        callable(node.tag)
        or node.tag in _FOREIGN
        or node.get("class", "").startswith(_SUPERFLUOUS)
        or (node.tag == "g" and any(word in node.get("class", "").split() for word in ("overlay", "tooltip-overlay")))
    )


def _of_class(svg: Element, name: str) -> list[Element]:
    return [node for node in svg.iter() if name == node.get("class")]
