"""Ways in which a server repeats a secret: what it does to a text before it sends it."""

import base64
import html
import json
import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote, quote_plus


def _html_numbers(text: str) -> str:
    return "".join(char if char.isascii() and char.isalnum() else f"&#x{ord(char):X};" for char in text)


def _json_all(text: str) -> str:
    units = text.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02X}" for at in range(0, len(units), 2))


def _small(text: str) -> str:
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in text)


def _capital(text: str) -> str:
    return "".join(char.upper() if len(char.upper()) == 1 else char for char in text)


EMBEDDINGS: Final[Mapping[str, Callable[[str], str]]] = {
    "plain": str,
    "percent": lambda text: quote(text, safe=""),
    "percent, small": lambda text: re.sub("%..", lambda match: match[0].lower(), quote(text, safe="/~")),
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
    "form": quote_plus,
    "json": lambda text: json.dumps(text)[1:-1],
    "json twice": lambda text: json.dumps(json.dumps(text))[1:-1],
    "json, slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "json, all": _json_all,
    "html": html.escape,
    "html, numbers": _html_numbers,
    "json of html": lambda text: json.dumps(html.escape(text))[1:-1],
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 after one": lambda text: base64.b64encode(f":{text}:".encode()).decode(),
    "base64 after two": lambda text: base64.b64encode(f"u:{text}".encode()).decode(),
    "base64url": lambda text: base64.urlsafe_b64encode(f"u:{text}".encode()).decode().rstrip("="),
    "base64, percent": lambda text: quote(base64.b64encode(text.encode()).decode(), safe=""),
    "hex": lambda text: text.encode().hex(),
    "wrapped": lambda text: "\r\n ".join(text[at : at + 7] for at in range(0, len(text), 7)),
    "small letters": _small,
    "capitals": _capital,
    "percent, capitals": lambda text: quote(text, safe="").upper(),
    "json, small": lambda text: _small(json.dumps(text)[1:-1]),
    "json, capitals": lambda text: json.dumps(text)[1:-1].upper(),
    "html, capitals": lambda text: _capital(html.escape(text)),
    "base64, small": lambda text: base64.b64encode(text.encode()).decode().lower(),
    "hex, capitals": lambda text: text.encode().hex().upper(),
    "base64, wrapped": lambda text: base64.encodebytes(text.encode()).decode(),
}
