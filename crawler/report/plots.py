"""Plots as SVG that the page's own style colours (pure): pygal's shapes and text, and nothing else of pygal's.

Its style, script, tooltips and comments are taken out: the page's Content-Security-Policy lets no other style
or script in, and a comment with today's date would make every report of a snapshot differ.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, tostring

import pygal
from pygal.style import Style

_WIDTH: Final = 440
_BAR_PX: Final = 24
_FONT: Final = Style(label_font_size=15, value_font_size=15)  # what room is left for: page.css has no larger ones
_ROOM_FOR_VALUES: Final = 1.22  # the longest bar ends where its number still fits beside it
_FOREIGN: Final = ("defs", "desc", "title", "path")
_SUPERFLUOUS: Final = ("background", "titles", "tooltip-overlay", "axis x")


def bars(name: str, labels: Sequence[str], values: Sequence[int], said: Callable[[int], str]) -> str:
    """Give a lying bar for each value, the first on top, as one `<svg>`: an image called `name` to who can't see it.

    `said` writes a value for people; it stands beside the bar, and with the label in the bar's `<title>`.
    """
    chart = pygal.HorizontalBar(
        width=_WIDTH, height=_BAR_PX * len(values) + 8, js=[], css=[], explicit_size=False, show_legend=False,
        no_prefix=True, margin=4, print_values=True, print_values_position="top", print_zeroes=True,
        rounded_bars=2, style=_FONT, truncate_label=-1, show_x_labels=False, spacing=2,
        range=(0, _ROOM_FOR_VALUES * max(1, *values)),
    )  # fmt: skip
    chart.x_labels = list(reversed(labels))
    chart.add("", [max(0, value) for value in reversed(values)], formatter=said)
    svg: Element = chart.render_tree()
    _strip(svg)
    told = [f"{label}: {said(value)}" for label, value in zip(labels, values, strict=True)]
    for bar, text in zip(_of_class(svg, "bar"), reversed(told), strict=True):
        SubElement(bar, "title").text = text
    for value in _of_class(svg, "value"):
        value.set("text-anchor", "start")
    svg.attrib.pop("id", None)
    svg.attrib.update({"role": "img", "aria-label": f"{name}. {'; '.join(told)}"})
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
