"""The events of a run, as values that do not change (pure): what an observer is given (observer.py).

Each value is of one target, which it names itself or by its walk, or of the whole run. Seconds end in `_s`. `reason` is
one line for people, without control characters of the service and without secrets.

They are Structs: a NamedTuple takes three times as long to make, which each page does twice, and its class ten times.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePath

import msgspec

from crawler.crawl.observing.target_stats import TargetStats
from crawler.errors import CrawlerError
from crawler.model.stop_reason import StopReason
from crawler.model.walk_id import WalkId
from crawler.model.window import Window
from crawler.snapshot.manifest import Manifest, Status
from crawler.swr.request import Request
from crawler.walk.judgement import Judgement

# ---- the run


class RunStarted(msgspec.Struct, frozen=True):
    """A run has its output and begins, or goes on after `resumed` interruptions; `started_at` is its first start."""

    snapshot: str
    started_at: datetime
    resumed: int


class RunResumed(msgspec.Struct, frozen=True):
    """A journal was replayed: `windows` of it need no request; `restarted_walks` begin their present pass again."""

    snapshot: str
    windows: int
    restarted_walks: int
    truncated_bytes: int


class JournalTruncated(msgspec.Struct, frozen=True):
    """The journal of an interrupted run contradicts the plan and is discarded: every window is requested."""

    snapshot: str
    reason: str


class CrawlStarted(msgspec.Struct, frozen=True):
    """The walks are known, and pages are requested from now on.

    `targets` has the statistics of each target, in the order of the configuration. What earlier processes of the run
    read is counted in them, and told by no event of this process. They are copies.
    """

    targets: tuple[TargetStats, ...]


class CrawlEnded(msgspec.Struct, frozen=True):
    """No more requests are sent: every walk has ended, every target stopped, or the run was asked to stop."""

    stop_reason: StopReason


class StopRequested(msgspec.Struct, frozen=True):
    """A signal, by its number, stops the run; 0: its task was cancelled. What was read is kept."""

    signal_number: int


class SnapshotPublished(msgspec.Struct, frozen=True):
    """The snapshot is in its folder `path`; `manifest` names its walks with their verdicts, its files and counts.

    When a process was killed just after it had published, the next run of the same command tells it once more.
    """

    path: PurePath
    manifest: Manifest


class RunEnded(msgspec.Struct, frozen=True):
    """How a run ended. It is the last event of a run.

    `status` is that of what was published, None when nothing was. `errors` holds why targets stopped, by their names.
    `error` is what ended the run in the middle, such as a full disk, None when the run came to its end; then
    `stop_reason` says why it ended. `targets` are the statistics as copies, none before the walks were known.
    """

    snapshot: str
    status: Status | None
    stop_reason: StopReason | None
    errors: Mapping[str, CrawlerError]
    path: PurePath | None
    targets: tuple[TargetStats, ...]
    error: BaseException | None = None


# ---- a target


class TargetWork(msgspec.Struct, frozen=True, gc=False):
    """The work that a target is known to have by now.

    `walks` are those of the plan, split ones by their parts; `windows` counts the windows of started walks: all of a
    walk whose total is known, one of any other. `declared` is the sum of the known totals, in items.
    """

    walks: int
    walks_started: int = 0
    windows: int = 0
    declared: int = 0


class TargetStopped(msgspec.Struct, frozen=True):
    """A target is given up before its walks ended; the others go on."""

    target: str
    error: CrawlerError


class TargetThrottled(msgspec.Struct, frozen=True):
    """No request is sent to the target for `wait_s` seconds: the service asked for fewer requests.

    `throttled_s` is the length of all pauses of the target in this process by then; where they overlap they count once.
    """

    target: str
    wait_s: float
    throttled_s: float


class CachedPage(msgspec.Struct, frozen=True):
    """The first page of a target came from a cache that had stored it for `age_s` seconds."""

    target: str
    age_s: int


class DialectAdopted(msgspec.Struct, frozen=True):
    """The service of a target refuses the usual form of requests; the other one is used from now on.

    `is_obeyed`: whether it showed that it reads them.
    """

    target: str
    is_obeyed: bool
    reason: str


class DiscoveryRetried(msgspec.Struct, frozen=True):
    """Listing the namespaces of a target failed; it is tried again after `wait_s` seconds. `attempt` counts from 1."""

    target: str
    attempt: int
    wait_s: float
    reason: str


class InvalidNamespaces(msgspec.Struct, frozen=True):
    """The service listed `number` namespaces whose names break its own rule; `names` are the first ten."""

    target: str
    names: tuple[str, ...]
    number: int


# ---- a walk


class WalkStarted(msgspec.Struct, frozen=True, gc=False):
    """A walk has its first window."""

    walk: WalkId
    work: TargetWork


class WalkEnded(msgspec.Struct, frozen=True):
    """A walk has its verdict.

    A walk of a whole center may await a split: then it is read again by namespace (on_walk_split), or it has ended
    after all (on_walk_not_split). `requests` are those of all processes of the run, retries included.
    """

    walk: WalkId
    judgement: Judgement
    passes: int
    distinct: int
    requests: int
    awaits_split: bool


class WalkReopened(msgspec.Struct, frozen=True):
    """A walk is read again: one of its pages may belong to another request. `had_ended`: it was told as ended."""

    walk: WalkId
    had_ended: bool


class WalkSplit(msgspec.Struct, frozen=True):
    """A walk that has no stable order is read again in `namespaces` walks, one for each namespace."""

    walk: WalkId
    namespaces: int
    work: TargetWork


class WalkNotice(msgspec.Struct, frozen=True):
    """Something that a person should know of a walk, and why it is so; the observer's method says what."""

    walk: WalkId
    reason: str


class FieldsFound(msgspec.Struct, frozen=True):
    """Fields, sorted by name, that no page of the target has had before, and the walk that has them."""

    walk: WalkId
    fields: tuple[str, ...]


# ---- a request, and the window it is for


class RequestEnded(msgspec.Struct, frozen=True, gc=False):
    """A request to the API has a response, or failed without one; then `status` is 0.

    `status` is the HTTP status, `request_id` the X-Request-Id of a response that is an error, "" for others.
    `body_bytes` is the size of the decompressed body, 0 for one that was not read. `elapsed_s` includes the wait for
    the rate limiter and for a connection. A request that the end of the run cuts off has no event.
    """

    target: str
    request: Request
    status: int
    request_id: str
    body_bytes: int
    elapsed_s: float


class PageRead(msgspec.Struct, frozen=True, gc=False):
    """A window is settled with its page: `records` and `rejects` are the items on it, `total` what it declares."""

    walk: WalkId
    window: Window
    records: int
    rejects: int
    total: int | None
    work: TargetWork


class RequestRetried(msgspec.Struct, frozen=True):
    """A request is sent again after `wait_s` seconds, since it failed or its page contradicts earlier ones.

    `attempt` counts the requests so far. One that only confirms an answer `is_expected`, and no reason to worry.
    """

    walk: WalkId
    offset: int
    attempt: int
    wait_s: float
    reason: str
    is_expected: bool = False


class DoubtfulPage(msgspec.Struct, frozen=True):
    """A page that was read may belong to another request."""

    walk: WalkId
    offset: int


class FailedWindow(msgspec.Struct, frozen=True):
    """A window without a usable answer, and why."""

    walk: WalkId
    offset: int
    reason: str


class WindowUnread(msgspec.Struct, frozen=True, gc=False):
    """A window is settled without a page: it is lost, or the service says that there is no such list."""

    walk: WalkId
    window: Window
    work: TargetWork
