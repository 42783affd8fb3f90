"""Whether a refusal says that the list holds nothing, instead of sending an empty list (pure).

Some services answer a query that finds nothing with 404 and a sentence such as *no repository found*. A route that does
not exist, a proxy and a web framework answer 404, too, and say nothing of the list: their text names no record, or it
names the interface (APIGW.0101, *The API does not exist …*). So a text counts only when it denies records, and names
nothing else.

Source: docs/reference/swr-api.md#nothing-found, #unknown-route, #errors.
"""

import re
from http import HTTPStatus
from typing import Final

from crawler.errors import ErrorDetails

# "There is no such page": beyond the last page some servers refuse with these (swr-api.md#offset-past-end).
NO_SUCH_PAGE: Final = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE}
)

_RECORDS: Final = (
    r"(?:records?|repositor(?:y|ies)|repos?|images?|shares?|namespaces?|organi[sz]ations?|results?|data|items?|"
    r"entr(?:y|ies)|rows?)"
)
_NOTHING: Final = re.compile(
    rf"\bnothing\b|\b(?:no|not any)\b(?:\W+\w+){{0,3}}?\W+{_RECORDS}\b|"
    rf"\b{_RECORDS}\b.*\b(?:not|cannot|(?:do|does|did|could)n'?t)\b.*\b(?:found|find|exists?|available)\b",
    re.IGNORECASE,
)
# What a text may be about instead: the interface, a permission, or a parameter of the request.
_SOMETHING_ELSE: Final = re.compile(
    r"\b(?:apis?|apig\w*|endpoints?|routes?|ur[li]s?|paths?|pages?|hosts?|methods?|backends?|permissions?|denied|"
    r"limits?|offsets?|orders?|columns?|parameters?|filters?|fields?|invalid)\b",
    re.IGNORECASE,
)
_NO_SUCH_API: Final = re.compile(r"APIGW?\.0*101")


def says_nothing_found(details: ErrorDetails) -> bool:
    """Return whether a refusal (400, 404, 416) says that there are no such records."""
    if details.status not in NO_SUCH_PAGE or _NO_SUCH_API.fullmatch(details.code):
        return False
    return bool(_NOTHING.search(details.text)) and not _SOMETHING_ELSE.search(details.text)
