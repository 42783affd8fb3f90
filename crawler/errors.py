"""What went wrong, sorted by what to do next (pure).

    CrawlerError                    a sentence for a person, and the exit code it ends in
    |-- UsageError              2   the command line is wrong: mend it
    |-- IncompleteError         3   finished, but something is missing or differs: read what
    |-- DiskError              74   no room, not writable, vanished: make room, run again
    |-- UnavailableError       75   throttled or outage: run the same command later
    |-- CredentialsError       77   refused: renew the token, run again
    |-- ConfigError            78   a setting is wrong: mend the one named
    `-- InterruptedRunError 130/143 a signal: state kept, run again

    RequestError                    one request failed; never leaves the engine
    |-- TransientError              ask again after a backoff
    |   `-- ThrottledError          ask again after retry_after_s, and nobody else until then
    |-- SizeRefusedError            the page size is too large for this server, or for us: step down
    |-- OrderRefusedError           the sort column is unknown to this server: step down
    |-- UnauthorizedError           the credentials are refused: stop the target
    `-- RefusedError                asking again would be refused again: stop the walk

Evidence is in fields; no message and no field ever holds a secret.
"""

from datetime import datetime
from typing import NamedTuple


class CrawlerError(Exception):
    """Something a person has to act on. `str(error)` is one line that says what, where and what to do."""

    exit_code = 1


class UsageError(CrawlerError):
    """The command line is wrong."""

    exit_code = 2


class IncompleteError(CrawlerError):
    """The work was done, but its result is not complete or not as declared."""

    exit_code = 3


class DiskError(CrawlerError):
    """The output can't be written or read."""

    exit_code = 74


class UnavailableError(CrawlerError):
    """The service throttles or is down for longer than the configured patience."""

    exit_code = 75


class CredentialsError(CrawlerError):
    """The service refused the credentials, or there are none."""

    exit_code = 77


class ConfigError(CrawlerError):
    """A setting is wrong. `setting` is its name as the user wrote it, or None for a whole file."""

    exit_code = 78

    def __init__(self, message: str, *, setting: str | None = None) -> None:
        super().__init__(message)
        self.setting = setting


class InterruptedRunError(CrawlerError):
    """A signal ended the run; its state is kept. `exit_code` is 128 + the signal's number."""

    def __init__(self, message: str, *, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number


class ErrorDetails(NamedTuple):
    """Where a request failed and what the service said of it: for messages, logs and the manifest.

    `status` is the HTTP status, 0 when no answer came; `code` the service's own error code or "";
    `request_id` the answer's X-Request-Id or "". `text` is the service's message: untrusted, shortened.
    """

    status: int = 0
    code: str = ""
    text: str = ""
    request_id: str = ""

    def __str__(self) -> str:
        """Give one line, e.g. `HTTP 400 SVCSTG.SWR.4000056: invalid page size (request 1bdd…)`."""
        said = " ".join(part for part in (f"HTTP {self.status}" if self.status else "", self.code) if part)
        line = ": ".join(part for part in (said, self.text) if part) or "no answer"
        return f"{line} (request {self.request_id})" if self.request_id else line


class RequestError(Exception):
    """One request failed. Subclasses say what to do next; `details` says why."""

    def __init__(self, evidence: ErrorDetails) -> None:
        super().__init__(str(evidence))
        self.details = evidence


class TransientError(RequestError):
    """Ask again after a backoff: broken connections, timeouts, 5xx, unreadable bodies."""


class ThrottledError(TransientError):
    """The service asks for fewer requests. `retry_after_s` is what it asked for, None when it didn't say."""

    def __init__(self, evidence: ErrorDetails, retry_after_s: float | None) -> None:
        super().__init__(evidence)
        self.retry_after_s = retry_after_s


class SizeRefusedError(RequestError):
    """The service does not serve pages of this size (400, SVCSTG.SWR.4000056; FACTS 4.1), or we can't take them."""


class OrderRefusedError(RequestError):
    """The service does not sort by this column (400, SVCSTG.SWR.4001096; FACTS 1.1)."""


class UnauthorizedError(RequestError):
    """The service refused the credentials (401; FACTS 4.2). `server_date` is its clock, where it tells."""

    def __init__(self, evidence: ErrorDetails, server_date: datetime | None) -> None:
        super().__init__(evidence)
        self.server_date = server_date


class RefusedError(RequestError):
    """The service refused this request for good: 400, 403, 404 and the like (FACTS 4.4)."""
