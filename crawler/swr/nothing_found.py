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
    r"(?:records?|repositor(?:y|ies)|repos?|images?|shares?|namespaces?|organi[sz]ations?|results?|data(?!\W+cent)|items?|"
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
# The same in the language of the vendor's own messages.
_RECORDS_ZH: Final = "(?:镜像|仓库|记录|数据|组织|共享|结果)"
_NOTHING_ZH: Final = re.compile(
    rf"(?:未找到|没有找到|找不到|未查询到|查询不到|没有)[^\W\d_]{{0,12}}{_RECORDS_ZH}|"
    rf"{_RECORDS_ZH}[^\W\d_]{{0,8}}(?:不存在|未找到|为空)"
)
_SOMETHING_ELSE_ZH: Final = re.compile("接口|路径|路由|地址|页面|域名|权限|参数|方法|数据中心|无效|非法|不合法")
_NO_SUCH_API: Final = re.compile(r"APIGW?\.0*101")


def says_nothing_found(details: ErrorDetails) -> bool:
    """Return whether a refusal (400, 404, 416) says that there are no such records."""
    if details.status not in NO_SUCH_PAGE or _NO_SUCH_API.fullmatch(details.code):
        return False
    pairs = ((_NOTHING, _SOMETHING_ELSE), (_NOTHING_ZH, _SOMETHING_ELSE_ZH))
    return any(denied.search(details.text) and not other.search(details.text) for denied, other in pairs)
