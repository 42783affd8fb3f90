"""What goes wrong with one answer. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from tests.worlds.answers import Answer, Query, Raw
from tests.worlds.world import Failure, FailureKind

NO_ANSWER_AFTER_S: Final[Mapping[str | None, float]] = {"reset": 0.0, "timeout": 30.0}
REFUSALS: Final[Mapping[str | None, Raw]] = {
    "500": Raw(500, {}, b"{}"),
    "503 retry after": Raw(503, {"Retry-After": "2"}, b"{}"),
    "429": Raw(429, {"Retry-After": "3"}, b"{}"),
    "truncated": Raw(200, {}, b'[{"name":"r'),
    "html": Raw(200, {}, b"<html>maintenance</html>"),
    "400": Raw(400, {}, b"<html>reloading</html>"),
    "403": Raw(403, {}, b"<html>reloading</html>"),
    "404": Raw(404, {}, b"<html>reloading</html>"),
    "302": Raw(302, {"Location": "/maintenance"}, b""),
    "520": Raw(520, {}, b"<html>unknown error</html>"),
}
NOTHING: Final[Mapping[str | None, Raw]] = {
    "empty": Raw(200, {}, b"[]"),
    "null": Raw(200, {}, b"null"),
    "204": Raw(204, {}, b""),
    "no bytes": Raw(200, {"Content-Length": ""}, b""),  # the connection ended after the head, which named no length
    "zero length": Raw(200, {}, b""),
    "error envelope": Raw(200, {}, b'{"error_code":"SVCSTG.SWR.5000001","repos":[]}'),
}
ANOTHERS: Final = frozenset({"other center", "other namespace", "answer before"})


def _with_items_total(answer: Answer, *, last: bool) -> Answer:
    """Return an answer whose items declare one less than its header, the last item too or not."""
    less = max(0, (answer.header_total or answer.item_total or 0) - 1)
    return replace(answer, item_total=less, last_item_total=less if last else answer.last_item_total)


_WRONG: Final[Mapping[str, Callable[[Answer], Answer]]] = {
    "empty, total 0": lambda answer: replace(answer.with_totals(0), rows=()),
    "short": lambda answer: replace(answer, rows=answer.rows[:-1]),
    "total less": lambda answer: answer.with_totals(max(0, (answer.header_total or answer.item_total or 0) - 1)),
    "total zero": lambda answer: answer.with_totals(0),
    "no total": lambda answer: answer.with_totals(None),
    "two totals": lambda answer: _with_items_total(answer, last=True),
    "mixed totals": lambda answer: _with_items_total(answer, last=False),
}


def gone_wrong(answer: Answer, kind: FailureKind | None) -> Answer:
    """Return what is shown instead of an answer."""
    if kind in NOTHING:
        return replace(answer.with_totals(None), rows=())
    wrong = None if kind is None or answer.refusal else _WRONG.get(kind)
    return answer if wrong is None else wrong(answer)


def anothers_query(query: Query, kind: FailureKind) -> Query:
    """Return the query whose answer comes instead."""
    if kind == "other center":
        return query._replace(center="thirdparty" if query.center == "self" else "self")
    return query._replace(namespace="ab" if query.namespace == "a" else "a")


def concerns(failure: Failure, parameters: Mapping[str, str]) -> bool:
    """Return whether a failure is one of requests like this."""
    if failure.offset == "any" or "offset" not in parameters:
        return failure.offset == "any"
    return (parameters["offset"] == "0") == (failure.offset == "zero")
