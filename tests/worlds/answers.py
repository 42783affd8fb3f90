"""What a request asks, what a replica answers, and the bytes of it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate
from typing import Final, NamedTuple, cast
from zlib import crc32

from crawler.model.walk_id import Center
from tests.worlds.inventory import OWNERS, Row, State
from tests.worlds.world import Replica

DEFAULT_LIMIT: Final = 100
PAST_ANY_END: Final = 10**6
NOTHING_FOUND: Final = -404  # a refusal that says that the list holds nothing


class Query(NamedTuple):
    """The parameters of one request for a page."""

    center: Center
    namespace: str | None
    offset: int
    limit: int
    order: tuple[str, str] | None
    filtered: bool = False

    @property
    def ways(self) -> set[str]:
        """Return how it is asked, as a replica may refuse it."""
        return {"filter" if self.filtered else "direct", "" if self.order is None else "order"}

    def is_refused_by(self, replica: Replica) -> bool:
        """Return whether a replica does not accept such a request, whatever it holds."""
        return bool(self.ways.intersection(replica.refuses)) or 0 < replica.max_limit < self.limit

    def read_by(self, replica: Replica) -> tuple[Center, str | None, int, int, tuple[str, str] | None]:
        """Return what a replica reads: one that ignores `filter` answers as if nothing had been asked for."""
        ignored = self.filtered and "filter" in replica.ignores
        return ("self", None, 0, DEFAULT_LIMIT, None) if ignored else self[:5]

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> "Query":
        """Return the query of a URL's parameters, of either form."""
        packed = parameters.get("filter")
        if packed is not None:
            parameters = dict(pair.split("::", 1) for pair in packed.split("|"))
        column = parameters.get("order_column")
        return cls(
            cast("Center", parameters["center"]),
            parameters.get("namespace"),
            int(parameters["offset"]),
            int(parameters["limit"]),
            None if column is None else (column, parameters["order_type"]),
            packed is not None,
        )


class Raw(NamedTuple):
    """A response before it is one: a status, headers and a body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """A page of a replica: what its items and its header declare (None: nothing), and its rows.

    `known` is the list that the rows were taken from, as far as the replica would ever serve it; `refusal` is the
    status of a refusal instead of a page.
    """

    query: Query
    rows: Sequence[Row]
    known: Sequence[Row]
    item_total: int | None
    last_item_total: int | None
    header_total: int | None
    owner: bool = True
    refusal: int = 0
    others_total: int | None = None  # of all items but the first, where that differs

    def with_totals(self, total: int | None) -> "Answer":
        """Return the same with another total, everywhere or, with None, nowhere."""
        return replace(self, item_total=total, last_item_total=total, header_total=total, others_total=None)


def answer_of(replica: Replica, state: State, counted: State, query: Query, salt: int = 0) -> Answer:
    """Return the answer of a replica that holds `state` and counts what is in `counted`.

    One that shuffles its rows has another order for each `salt`.
    """
    if query.is_refused_by(replica):
        return Answer(query, (), (), None, None, None, refusal=400)
    return _accepted(replica, state, counted, query, salt)


def _accepted(replica: Replica, state: State, counted: State, query: Query, salt: int) -> Answer:
    ignores = replica.ignores
    center, namespace, offset, limit, order = query.read_by(replica)
    selection: tuple[Center, str | None] = (
        "self" if "center" in ignores else center,
        None if "namespace" in ignores else namespace,
    )
    sort: tuple[str, str] | str = "own" if replica.order == "own" else order or "own"
    if "order" in ignores:
        sort = ("name", "asc")
    known = state.selected(*selection, sort, fuzzy=replica.fuzzy)
    total = len(counted.selected(*selection, sort, fuzzy=replica.fuzzy))
    known = _in_own_order(known, replica, salt)
    if replica.ceiling:
        known = known[: replica.ceiling]
    if replica.cap:
        total = min(total, replica.cap)
    if not known and replica.refuses_empty:
        return Answer(query, (), known, None, None, None, refusal=NOTHING_FOUND)
    offset = 0 if "offset" in ignores else offset
    length = min(limit, replica.clamp or limit)
    if offset >= len(known) and offset > 0:
        if replica.past_end in {"400", "404", "416"}:
            return Answer(query, (), known, None, None, None, refusal=int(replica.past_end))
        if replica.past_end == "repeat" and known:
            offset = (len(known) - 1) // length * length
    rows = _until_heavy(known[offset : offset + length], replica.weight)
    items, header = _totals(replica, total, len(rows))
    if not rows and not replica.total_on_empty:
        header = None
    others = 0 if replica.totals == "first item" and len(rows) > 1 else None
    return Answer(query, rows, known, items, items, header, replica.owner, others_total=others)


def _in_own_order(rows: tuple[Row, ...], replica: Replica, salt: int) -> tuple[Row, ...]:
    """Return the rows as the replica sorts them, whatever it was asked for."""
    if replica.order == "reversed":
        return rows[::-1]
    if replica.order == "shuffled":
        return tuple(sorted(rows, key=lambda row: crc32(repr((row.key, salt)).encode())))
    return rows


def _until_heavy(rows: tuple[Row, ...], weight: int) -> tuple[Row, ...]:
    """Return the rows that fit into a page; one always does."""
    if not weight:
        return rows
    heavy = accumulate(1 + row.place // 7 % 3 for row in rows)
    return rows[: max(1, sum(one <= weight for one in heavy))]


def _totals(replica: Replica, total: int, length: int) -> tuple[int | None, int | None]:
    """Return what the items and the header declare."""
    return {
        "count": (total, total),
        "in items": (total, None),
        "in header": (None, total),
        "none": (None, None),
        "page length": (length, length),
        "items page length": (length, total),
        "items one less": (max(0, total - 1), total),
        "first item": (total, total),
    }[replica.totals]


def render(answer: Answer) -> Raw:
    """Return the bytes of an answer."""
    if answer.refusal == NOTHING_FOUND:
        return Raw(404, {}, b'{"errors":[{"errorCode":"SVCSTG.SWR.4040001","errorMessage":"no repository found"}]}')
    if answer.refusal:
        return Raw(answer.refusal, {}, b'{"errors":[{"errorCode":"SVCSTG.SWR.4000001","errorMessage":"offset"}]}')
    query, rows = answer.query, answer.rows
    headers = (
        {} if answer.header_total is None else {"Content-Range": f"{query.offset}-{len(rows)}/{answer.header_total}"}
    )
    if not rows:
        return Raw(200, headers, b"[]")
    ends = [_end(answer.item_total)] * (len(rows) - 1) + [_end(answer.last_item_total)]
    if answer.others_total is not None:
        ends[1:] = [_end(answer.others_total)] * (len(rows) - 1)
    pieces = [_item(row, answer.owner) + end for row, end in zip(rows, ends, strict=True)]
    return Raw(200, headers, b"[" + b",".join(pieces) + b"]")


def _end(total: int | None) -> bytes:
    return b"}" if total is None else b',"total_range":%d}' % total


@lru_cache(maxsize=2**16)
def _item(row: Row, owner: bool) -> bytes:  # noqa: FBT001 - part of the key of the cache
    owned = f',"domain_name":"{OWNERS[row.center]}"' if owner else ""
    return f'{{"namespace":"{row.namespace}","name":"{row.name}"{owned}'.encode()


def render_namespaces(state: State) -> Raw:
    """Return the list of the namespaces of an account."""
    names = sorted({row.namespace for row in state.rows["self"]})
    entries = ",".join(f'{{"name":"{name}"}}' for name in names)
    return Raw(200, {}, f'{{"namespaces":[{entries}]}}'.encode())
