"""A page of the list: the items of one response, and the total that it declares (pure).

The total comes from `total_range` in the items or from the header Content-Range; a walk stops there
(walk/passes/first.py):

    largest total_range      Content-Range   total of the page
    -----------------------  --------------  -------------------------------------------------------------
    none                     none            None
    none                     a total         the total of Content-Range
    the length of this page  a larger total  the total of Content-Range: the other would hide later records
    any other                any             the largest total_range

Source: docs/reference/swr-api.md#total-range, #total-range-missing, #wrong-totals, #content-range, #empty-result.
"""

from http import HTTPStatus
from typing import Final, NamedTuple

from crawler.errors import TransientError
from crawler.swr.content_range import parse_content_range
from crawler.swr.decode.batch import EMPTY_BATCH, Batch, Source
from crawler.swr.decode.items import read_items
from crawler.swr.decode.split import NotAListError
from crawler.swr.error_response import error_details, error_from_response
from crawler.swr.response import Response


class Page(NamedTuple):
    """The items of one window, normalized, and the total number of records that the page declares, None for none.

    `disagrees` is true when the items of this page declare different totals; `total` is then the largest. `doubtful` is
    set by a walk: the answers to this request contradicted each other, or a question got no answer.
    """

    items: Batch
    total: int | None
    disagrees: bool
    doubtful: bool = False

    @property
    def length(self) -> int:
        """The number of items: records and rejects."""
        return len(self.items.keys)


EMPTY_PAGE: Final = Page(EMPTY_BATCH, None, disagrees=False)


def read_page(response: Response, source: Source) -> Page:
    """Return the page in a response.

    Raises the RequestError of error_response.py for a status other than 200 and 204, TransientError for a body that
    is not a list of items.
    """
    if response.status != HTTPStatus.OK:
        if response.status != HTTPStatus.NO_CONTENT:
            raise error_from_response(response)
        response = response._replace(body=b"")
    try:
        items = read_items(response.body, source)
    except NotAListError as error:
        raise TransientError(error_details(response, str(error))) from None
    content_range = parse_content_range(response.headers.get("Content-Range"))
    total = max(items.totals, default=None)
    if content_range is not None and (total is None or (total == len(items.keys) and content_range.total > total)):
        total = content_range.total
    return Page(items, total, disagrees=len(items.totals) > 1)
