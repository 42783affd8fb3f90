"""Which answers on one connection are certain to belong to their requests (pure).

Answers come in the order of the requests. So if an answer is certain, no message too many came before it, and all
answers before it are certain too. An answer is certain

- when it is the first one on its connection: nothing was sent on it that could be sent again;
- when it names the requested offset (Content-Range) or holds the requested namespace alone, and nothing else on this
  connection asked for that offset or that namespace;
- when the connection stayed silent after it for longer than an answer takes: a copy in its place would have left the
  real answer behind, and that would have come.

All others are open. They are doubtful, and must be requested again, when a message comes that no request asked for:
then one of the answers since the last certain one may be a copy, and all after it belong to the request before.

How far a copy may lag behind is bounded: what was asked more than twice _REMEMBERED requests ago is forgotten, what was
asked in the last _REMEMBERED is not.

Source: docs/reference/swr-api.md#content-range, #repeated-answers; RFC 9112, 9.3 (persistence: order alone matches
responses to requests).
"""

from typing import Final

from crawler.swr.exchange import Exchange
from crawler.swr.request import ListRequest, Request

_REMEMBERED: Final = 32
_MAX_OPEN: Final = 128  # with more open exchanges, a connection rests until they are certain


class ConnectionLog:
    """The requests and answers of one connection.

    `requests` and `answers` count them; answers by their heads. While `waiting` the last answer is not complete;
    `out_of_step` says that it is doubtful. `answered_s` is when the last complete answer was. `open` are the exchanges
    that are neither certain nor doubtful.
    """

    def __init__(self) -> None:
        self.requests = 0
        self.answers = 0
        self.answered_s = 0.0
        self.waiting = False
        self.out_of_step = False
        self.open: list[Exchange] = []
        self._asked: set[object] = set()  # offsets and namespaces
        self._asked_before: set[object] = set()

    @property
    def needs_rest(self) -> bool:
        """Whether so many answers are open that no more should be added."""
        return len(self.open) >= _MAX_OPEN

    def on_sent(self) -> None:
        """Count a request that is about to be sent."""
        self.requests += 1
        self.waiting = True

    def on_head(self) -> bool:
        """Count the head of an answer; return whether a request asked for it."""
        self.answers += 1
        return self.answers <= self.requests

    def on_answer(self, request: Request | None, *, names_offset: bool, now_s: float) -> Exchange | None:
        """Take a complete answer to the last request; return its exchange, None when it is certain.

        `names_offset` says that the answer names the offset that `request` asked for.
        """
        self.waiting, self.answered_s = False, now_s
        identify = None
        certain = self.requests == 1
        if isinstance(request, ListRequest):
            asked, before, namespace, offset = self._asked, self._asked_before, request.namespace, request.offset
            certain |= names_offset and offset not in asked and offset not in before
            if namespace not in asked and namespace not in before and None not in asked and None not in before:
                identify = self._certify_through
            self._remember(namespace, offset)
        if certain:
            self.certify()
            return None
        exchange = Exchange(identify)
        self.open.append(exchange)
        return exchange

    def certify(self) -> None:
        """Note that no message too many has come: what is open is certain."""
        self._judge(certain=True)

    def _certify_through(self, exchange: Exchange) -> None:
        """Note that this answer is certain, and so those before it; not those that came since."""
        if exchange in self.open:
            end = self.open.index(exchange) + 1
            later = self.open[end:]
            del self.open[end:]
            self.certify()
            self.open = later

    def doubt(self) -> None:
        """Note that a message too many came, or may have come: what is open is doubtful."""
        self.out_of_step = self.requests > 1
        self._judge(certain=False)

    def _judge(self, *, certain: bool) -> None:
        judged, self.open = self.open, []
        for exchange in judged:
            exchange.judge(certain=certain)

    def _remember(self, namespace: str | None, offset: int) -> None:
        self._asked.add(namespace)
        self._asked.add(offset)
        if self.requests % _REMEMBERED == 0:
            self._asked, self._asked_before = set(), self._asked
