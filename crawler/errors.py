"""All errors, sorted by what to do next (pure).

    CrawlerError                    one sentence for a person, and its `kind`
    |-- UsageError                  the command line is wrong: correct it
    |-- IncompleteError             finished, but something is missing or differs: read what
    |-- DiskError                   no space, not writable, vanished: free disk space or fix the problem, then rerun
    |   `-- ReaderGoneError         the reader of standard output has enough: nothing, if that was intended
    |-- UnavailableError            throttled, an outage, or the output is in use: rerun later
    |-- CredentialsError            refused or missing: renew them, then rerun
    |-- ConfigError                 a setting is wrong: correct the one that is named
    `-- InterruptedRunError         a signal: the state is kept, rerun to resume

    RequestError                    one request failed; never leaves the engine
    |-- TransientError              retry after a backoff
    |   `-- ThrottledError          pause all requests of the target for retry_after_s, then retry
    |-- SizeRefusedError            the page is too large for this server, or for our limit: request smaller pages
    |-- OrderRefusedError           this server does not sort by the column: request another order
    |-- UnauthorizedError           the credentials are refused: renew them, or stop the target
    `-- RefusedError                ask once more, some time apart; refused twice, request it otherwise or give it up
        `-- RouteError              no request gets to the service: correct the setting that is named

walk/retry_policy.py has the table of what follows which. Evidence is in fields; no message and no field ever holds a
secret.

Source: docs/reference/swr-api.md#errors (what the service sends), #retry-classes (which failures pass).
"""

from datetime import datetime
from typing import ClassVar, Final, Literal, NamedTuple

# For the command and for `import crawler`.
NOT_ON_WINDOWS: Final = "swr-crawler does not run on Windows: run it in WSL (Linux on Windows) or in a container"

ErrorKind = Literal["usage", "incomplete", "disk", "unavailable", "credentials", "config", "interrupted"]


class CrawlerError(Exception):
    """Something a person has to act on. `str(error)` is one line: what happened, where, and what to do.

    `kind` says which subclass it is in one word, for data: a manifest names it, and a command has an exit code for it.
    """

    kind: ClassVar[ErrorKind]


class UsageError(CrawlerError):
    """The command line is wrong."""

    kind = "usage"


class IncompleteError(CrawlerError):
    """The work was done, but its result is not complete or not as declared."""

    kind = "incomplete"


class DiskError(CrawlerError):
    """The output cannot be written or read."""

    kind = "disk"


class ReaderGoneError(DiskError):
    """The program that reads standard output has closed it, as `head` does."""


class UnavailableError(CrawlerError):
    """The service throttles or is down for longer than the configured tries, or another run uses the output."""

    kind = "unavailable"


class CredentialsError(CrawlerError):
    """The service refused the credentials, or none are configured."""

    kind = "credentials"


class ConfigError(CrawlerError):
    """A setting is wrong. `setting` is its name as the user wrote it, None for a whole file."""

    kind = "config"

    def __init__(self, message: str, *, setting: str | None = None) -> None:
        super().__init__(message)
        self.setting = setting


class InterruptedRunError(CrawlerError):
    """A signal ended the run; its state is kept. `signal_number` is that of the signal."""

    kind = "interrupted"

    def __init__(self, message: str, *, signal_number: int) -> None:
        super().__init__(message)
        self.signal_number = signal_number


class ErrorDetails(NamedTuple):
    """Why a request failed, for messages, logs and the manifest.

    `status` is the HTTP status, 0 without a response. `code` is the error code of the service, "" without one.
    `request_id` is the X-Request-Id of the response, "" without one. `text` is the message of the service: untrusted
    and shortened.
    """

    status: int = 0
    code: str = ""
    text: str = ""
    request_id: str = ""

    def __str__(self) -> str:
        """Return one line, e.g. `HTTP 400 SVCSTG.SWR.4000056: invalid page size (request 1bdd…)`."""
        status = " ".join(part for part in (f"HTTP {self.status}" if self.status else "", self.code) if part)
        line = ": ".join(part for part in (status, self.text) if part) or "no answer"
        return f"{line} (request {self.request_id})" if self.request_id else line


class RequestError(Exception):
    """One request failed. Subclasses say what to do next; `details` says why."""

    def __init__(self, details: ErrorDetails) -> None:
        super().__init__(str(details))
        self.details = details


class TransientError(RequestError):
    """Retry after a backoff: broken connections, timeouts, 5xx, unreadable bodies (swr-api.md#transient-failures)."""


class HtmlError(TransientError):
    """A page for people in place of a list: to log in, or about maintenance (swr-api.md#gateway-error-body)."""


class ThrottledError(TransientError):
    """The service asks for fewer requests (swr-api.md#throttling-429). `retry_after_s` is its Retry-After or None."""

    def __init__(self, details: ErrorDetails, retry_after_s: float | None) -> None:
        super().__init__(details)
        self.retry_after_s = retry_after_s


class SizeRefusedError(RequestError):
    """The page is too large for the service (400 SVCSTG.SWR.4000056, swr-api.md#limit-out-of-range) or for us."""


class OrderRefusedError(RequestError):
    """The service does not sort by this column (400 SVCSTG.SWR.4001096, swr-api.md#order-column-refused)."""


class UnauthorizedError(RequestError):
    """The service refused the credentials (401, swr-api.md#credential-failures, #gateway-auth-messages).

    `server_date` is the Date of the response, None without one.
    """

    def __init__(self, details: ErrorDetails, server_date: datetime | None) -> None:
        super().__init__(details)
        self.server_date = server_date


class RefusedError(RequestError):
    """The service refuses this request for good: 400, 403, 404 and others (swr-api.md#permanent-failures)."""


class RouteError(RefusedError):
    """What is between here and the service lets no request through, so that this says nothing of any page.

    The text names it, and says what to do. `setting` is what a user has to correct. There is no status: it would not be
    the service's.
    """

    def __init__(self, details: ErrorDetails, setting: str) -> None:
        super().__init__(details)
        self.setting = setting
