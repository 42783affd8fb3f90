"""What a target is told that refuses everything: its credentials, its endpoint, or what is between (pure).

| every request ended in                          | exit code | what the line names                          |
|-------------------------------------------------|-----------|----------------------------------------------|
| 403                                             | 77        | the IAM action that the account needs        |
| 407 or 403 of the proxy                         | 78        | the proxy, and how to set its credentials    |
| a redirect                                      | 78        | the host that it leads to                    |
| a certificate that is not valid                 | 78        | the endpoint, the clock, the CA certificates |
| a body larger than max_body_bytes               | 78        | that setting                                 |
| an encoding that nobody asked for               | 78        | what is between here and the service         |
| a page for people (200 and HTML)                | 78        | the endpoint, a page to log in in between    |
| 400, 422, after all forms of a request          | 78        | the settings of a request, the endpoint      |
| any other refusal, such as 404                  | 78        | the endpoint                                 |

Failures that may pass (5xx, no answer, a body that is cut) are no refusals: they end as 75, after all tries.

Source: docs/reference/swr-api.md#endpoint (the action), #permanent-failures, #gateway-error-body.
"""

from http import HTTPStatus
from typing import Final

from crawler.errors import (
    ConfigError,
    CrawlerError,
    CredentialsError,
    HtmlError,
    RequestError,
    RouteError,
    SizeRefusedError,
)

ACTION: Final = "swr:repo:listSharedRepos"
_HTML_ADVICE: Final = (
    "a page for people comes in place of a list, such as one to log in: check that the endpoint is the origin of the "
    "SWR API of your region, and what is between here and it"
)


def error_of(target: str, error: RequestError, reason: str = "") -> CrawlerError:
    """Return why a target stops that refused every request, by the last refusal; `reason` tells more than its text."""
    status, refused = error.details.status, f"target {target}: every request is refused: {reason or error}"
    if isinstance(error, RouteError):  # its text says what to do
        message = f"target {target}: no request gets through: {error}; then rerun the command"
        return ConfigError(message, setting=error.setting)
    if status == HTTPStatus.FORBIDDEN:
        advice = f"give the account of the credentials the permission {ACTION}, or use those of another account"
        return CredentialsError(f"{refused}; {advice}, then rerun the command")
    if isinstance(error, SizeRefusedError) and status == HTTPStatus.OK:  # its text says what to do
        return ConfigError(f"{refused}; then rerun the command", setting="max_body_bytes")
    advice = _HTML_ADVICE if isinstance(error, HtmlError) else _advice(status)
    return ConfigError(f"{refused}; {advice}, then rerun the command", setting="endpoint")


def _advice(status: int) -> str:
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return "something between here and the service changes its answers: reach the endpoint by another way"
    if status < HTTPStatus.BAD_REQUEST:
        return "set the endpoint to the origin of the SWR API of your region"
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return "a proxy on the way asks for credentials: let it pass requests to the endpoint"
    endpoint = "check that the endpoint is the origin of the SWR API of your region"
    is_about_request = status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
    return f"{endpoint}, and the settings dialect, order and limit" if is_about_request else endpoint
