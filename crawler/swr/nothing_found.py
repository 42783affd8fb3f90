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
# They are compiled on first use: few services refuse so, and it takes longer than anything else of the start-up.
_NOTHING: Final = (
    rf"(?i)\bnothing\b|\b(?:no|not any)\b(?:\W+\w+){{0,3}}?\W+{_RECORDS}\b|"
    rf"\b{_RECORDS}\b.*\b(?:not|cannot|(?:do|does|did|could)n'?t)\b.*\b(?:found|find|exists?|available)\b"
)
# What a text may be about instead: the interface, a permission, or a parameter of the request.
_SOMETHING_ELSE: Final = (
    r"(?i)\b(?:apis?|apig\w*|endpoints?|routes?|ur[li]s?|paths?|pages?|hosts?|methods?|backends?|permissions?|denied|"
    r"limits?|offsets?|orders?|columns?|parameters?|filters?|fields?|invalid)\b"
)
# The same in the language of the vendor's own messages.
_RECORDS_ZH: Final = "(?:镜像|仓库|记录|数据|组织|共享|结果)"
_NOTHING_ZH: Final = (
    rf"(?:未找到|没有找到|找不到|未查询到|查询不到|没有)[^\W\d_]{{0,12}}{_RECORDS_ZH}|"
    rf"{_RECORDS_ZH}[^\W\d_]{{0,8}}(?:不存在|未找到|为空)"
)
_SOMETHING_ELSE_ZH: Final = "接口|路径|路由|地址|页面|域名|权限|参数|方法|数据中心|无效|非法|不合法"
_NO_SUCH_API: Final = r"APIGW?\.0*101"


def says_nothing_found(details: ErrorDetails) -> bool:
    """Return whether a refusal (400, 404, 416) says that there are no such records."""
    if details.status not in NO_SUCH_PAGE or re.fullmatch(_NO_SUCH_API, details.code):
        return False
    pairs = ((_NOTHING, _SOMETHING_ELSE), (_NOTHING_ZH, _SOMETHING_ELSE_ZH))
    return any(re.search(denied, details.text) and not re.search(other, details.text) for denied, other in pairs)
