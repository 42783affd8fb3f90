"""A page of the list: the items of one response, and the total that it declares (pure).

A response declares totals in its items (`total_range`) and in the header Content-Range. All of them are claims, and the
largest is the one that the walk must meet:

    in the items                    Content-Range    total              disagrees
    ------------------------------  ---------------  -----------------  ---------
    none                            none             None               no
    none                            a total          that of the header no
    one                             none or the same that of the items  no
    one, smaller than the header's  a total          that of the header yes
    one, larger than the header's   a total          that of the items  yes
    0 and the header's              a total          that of the header no
    any other several               any              the largest of all yes
    nothing but 0                   none or 0        None               no

A 0 beside an item counts nothing: the list has this item at least. Some services declare the total in the first item
only. It is left out where header and another item agree; without such a second claim the end must be seen. A page that
declares nothing but 0 and has items declares no total: the walk reads on to the end, and is unproven.

The smaller one may be a mistake that the service always makes, such as the length of the page, or this page alone may
be wrong: nothing in the response says which. So `disagrees` is evidence for the walk, and no error.

A response with an Age above 0 was stored in a cache before the request was sent, although every request says
`no-cache`. What it holds need not be true any more, so it is doubtful.

Source: docs/reference/swr-api.md#total-range, #total-range-missing, #wrong-totals, #content-range, #empty-result,
#caches.
"""

import re
from http import HTTPStatus
from typing import Final, NamedTuple

from crawler.errors import HtmlError, TransientError
from crawler.swr.content_range import parse_content_range
from crawler.swr.decode.batch import EMPTY_BATCH, Batch, Source
from crawler.swr.decode.items import read_items
from crawler.swr.decode.split import NotAListError
from crawler.swr.error_response import error_details, error_from_response
from crawler.swr.response import Response


class Page(NamedTuple):
    """The items of one window, normalized, and the total number of records that the page declares, None for none.

    `disagrees` is true when the response declares different totals; `total` is then the largest. `doubtful` is true
    when it comes from a cache; a walk sets it, too, when the answers to a request contradicted each other, or a
    question got no answer.
    """

    items: Batch
    total: int | None
    disagrees: bool
    doubtful: bool = False

    @property
    def length(self) -> int:
        """The number of items: records and rejects."""
        return len(self.items.keys)


_AGE: Final = re.compile(r"\s*[0-9]{1,10}\s*")

EMPTY_PAGE: Final = Page(EMPTY_BATCH, None, disagrees=False)


def read_page(response: Response, source: Source) -> Page:
    """Return the page in a response.

    Raises the RequestError of error_response.py for a status other than 200 and 204, TransientError for a body that
    is not a list of items, HtmlError for a page for people.
    """
    try:
        items = _items(response, source)
    except NotAListError as error:
        is_html = response.body.lstrip()[:1] == b"<"
        raise (HtmlError if is_html else TransientError)(error_details(response, str(error))) from None
    content_range = parse_content_range(response.headers.get("Content-Range"))
    totals = _declared(items, None if content_range is None else content_range.total)
    from_cache = stored_for_s(response) > 0
    return Page(items, max(totals, default=None), disagrees=len(totals) > 1, doubtful=from_cache)


def _declared(items: Batch, in_header: int | None) -> frozenset[int]:
    """Return the totals that the table above compares."""
    totals = items.totals
    if in_header is not None:
        totals = (totals - {0} if totals == {0, in_header} else totals) | {in_header}
    return frozenset() if items.keys and totals == {0} else totals


def _items(response: Response, source: Source) -> Batch:
    """Return the items. No body at all is the empty list only when status or Content-Length say that there is none.

    Otherwise a connection that ends after the head would look like an empty list.
    """
    if response.status == HTTPStatus.NO_CONTENT:
        return EMPTY_BATCH
    if response.status != HTTPStatus.OK:
        raise error_from_response(response)
    if not response.body and response.headers.get("Content-Length", "").strip() == "0":
        return EMPTY_BATCH
    items = read_items(response.body, source, response.mask)
    return items if not items.unknown else items._replace(unknown=frozenset(map(response.mask, items.unknown)))


def stored_for_s(response: Response) -> int:
    """Return for how many seconds a cache had stored this response, by its own header Age; 0 if it has none."""
    age = response.headers.get("Age")
    return 0 if age is None or not _AGE.fullmatch(age) else int(age)
