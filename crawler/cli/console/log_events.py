"""Every event that the package logs, its level and its fields (pure): the one table of all of them.

A test reads the calls of the logger from the tree and fails when they and this table differ.
"""

from typing import Final, NamedTuple

from crawler.snapshot.layout import LATEST_FILE


class LogEvent(NamedTuple):
    """One event: `level` in lower case, two of them where it depends; `fields` in the order they are logged in."""

    name: str
    level: str
    fields: tuple[str, ...]
    meaning: str


LOG_EVENTS: Final[tuple[LogEvent, ...]] = (
    LogEvent(
        "credentials.exposed",
        "warning",
        ("path",),
        "The credentials file may be read or changed by every user of the machine. It is used all the same; chmod 640 "
        "it, or let Kubernetes mount it with defaultMode 0440.",
    ),
    LogEvent(
        "discovery.invalid_name",
        "warning",
        ("target", "names", "count"),
        "The service listed namespaces whose names break its own rule: count of them, names has the first ten. They "
        "are not crawled; the records in them show as a gap in the coverage of the center.",
    ),
    LogEvent(
        "discovery.retry",
        "warning",
        ("target", "attempt", "wait_s", "reason"),
        "Listing the namespaces failed for now; it is tried again after wait_s seconds.",
    ),
    LogEvent(
        "field.invalid",
        "warning",
        ("walk", "fields"),
        "Records hold values that cannot be read as what the field is. The field is null, the value is kept under "
        "invalid. Said once for each field of a target.",
    ),
    LogEvent(
        "field.unknown",
        "warning",
        ("walk", "fields"),
        "Items hold fields that this version does not know. They are kept under extra.",
    ),
    LogEvent(
        "observer.failed",
        "warning",
        ("observer", "method", "reason"),
        "An observer given to the run raised an error in this method. It is not called again; the run goes on.",
    ),
    LogEvent(
        "output.foreign",
        "warning",
        ("path", "reason"),
        "Something is in the place of a file or folder of this program, and this program did not make it. It is left "
        "alone: not removed, not replaced.",
    ),
    LogEvent(
        "output.no_lock",
        "warning",
        ("path", "reason"),
        "The file system of the output has no file locks. The record of the holder alone keeps a second run out.",
    ),
    LogEvent(
        "output.takeover",
        "warning",
        ("holder", "reason"),
        "The run that held the output (its process, host, snapshot and start) has ended without giving it back. This "
        "run has taken the output over.",
    ),
    LogEvent(
        "output.unsupported",
        "warning",
        ("path", "operation", "reason"),
        "The file system of the output lacks an operation, and the run does without it. Without symbolic links, "
        f"{LATEST_FILE} alone names the newest complete snapshot; every command that takes the word latest reads it. "
        "Without fsync of folders or of files, a power cut may undo what the run has written last: verify finds it.",
    ),
    LogEvent(
        "output.wait",
        "warning",
        ("holder", "wait_s"),
        "The output is marked as held, and the system's lock does not say whether that run is alive. If its record "
        "does not change for wait_s seconds, the output is taken over; if it changes, this run is refused.",
    ),
    LogEvent(
        "page.doubtful",
        "warning",
        ("walk", "offset"),
        "More answers came on a connection than were requested, or it broke: a page that was read may belong to "
        "another request. It is requested again.",
    ),
    LogEvent(
        "page.retry",
        "info or warning",
        ("walk", "offset", "attempt", "wait_s", "reason"),
        "A page could not be read or contradicts earlier ones; it is requested again after wait_s seconds. Level info "
        "when it is requested again at once.",
    ),
    LogEvent(
        "page.unconfirmed",
        "warning",
        ("walk", "offset"),
        "A doubtful page is not what the service sends now. Its pass proves nothing; the walk is read once more.",
    ),
    LogEvent(
        "retention.failed",
        "warning",
        ("path", "reason"),
        "A complete snapshot is published in the output path, but older ones could not be removed; the reason says "
        "which were. The exit code is that of the crawl. The next complete crawl, or prune, goes on.",
    ),
    LogEvent(
        "run.journal_truncated",
        "warning",
        ("snapshot", "reason"),
        "The journal of the run to resume contradicts the plan. It is discarded; the run starts from the beginning.",
    ),
    LogEvent(
        "run.not_resumed",
        "warning",
        ("snapshot", "reason"),
        "There is a recent unfinished run of this plan, but of other credentials, or nobody can tell whose. It is left "
        "alone, and a new run begins.",
    ),
    LogEvent(
        "run.progress",
        "info",
        (
            *("done", "records", "declared", "rejected", "pages", "walks_ended", "walks"),
            *("requests_per_s", "retries", "throttled_s", "eta_s"),
        ),
        "How far the run is, every 10 s. done is the fraction of the work from 0 to 1, requests_per_s the rate since "
        "the last line, eta_s the seconds left or null while they cannot be estimated.",
    ),
    LogEvent(
        "run.resume",
        "warning",
        ("snapshot", "windows", "restarted_walks", "truncated_bytes"),
        "An interrupted run is resumed: windows pages of it are kept, restarted_walks walks begin their present pass "
        "again since the interruption was long, and truncated_bytes at the end of its files were damaged and are "
        "discarded.",
    ),
    LogEvent(
        "run.stop",
        "warning",
        ("signal",),
        "A signal (its number; 0: a Python program cancelled it) stops the run. Its state is kept.",
    ),
    LogEvent(
        "snapshot.unreadable",
        "warning",
        ("snapshot", "reason"),
        "The manifest of a published snapshot in the output cannot be read; the run is compared with another one, to "
        "see whether a center or namespace shrank.",
    ),
    LogEvent(
        "target.cached",
        "warning",
        ("target", "age_s"),
        "A page came from a cache that had stored it for age_s seconds, although every request says no-cache. No walk "
        "with such a page is complete. Logged once for a target.",
    ),
    LogEvent(
        "target.dialect",
        "info or warning",
        ("target", "is_obeyed", "reason"),
        "The service refused the first requests of the target, and accepts the other way to send parameters. is_obeyed "
        "says whether it showed that it reads them; if not, the level is warning, and no walk of the target is "
        "complete.",
    ),
    LogEvent(
        "target.stop",
        "error",
        ("target", "reason"),
        "The target is given up; its state is kept, and other targets go on.",
    ),
    LogEvent(
        "target.throttled",
        "warning",
        ("target", "wait_s"),
        "The service asked for fewer requests; no request is sent to the target for wait_s seconds.",
    ),
    LogEvent(
        "walk.end",
        "debug or warning",
        ("walk", "verdict", "passes", "reason"),
        "A walk has ended; passes is how many it took, reason why it is not complete. Level debug when it is.",
    ),
    LogEvent(
        "walk.namespaces_unknown",
        "warning",
        ("walk", "reason"),
        "A walk is split, and the service does not list its namespaces: those of the records that were read are all.",
    ),
    LogEvent(
        "walk.not_split",
        "warning",
        ("walk", "reason"),
        "No order of a walk's rows holds still, and reading it by namespace would prove nothing: it stays drifted.",
    ),
    LogEvent(
        "walk.split",
        "warning",
        ("walk", "namespaces"),
        "No order of a walk's rows holds still. It is read again in so many walks, one for each namespace.",
    ),
    LogEvent(
        "walk.step_down",
        "info",
        ("walk", "reason"),
        "The service refused the request for a first page; the walk starts again with what it accepts, or with the "
        "next page size or sort column.",
    ),
    LogEvent(
        "window.lost",
        "error",
        ("walk", "offset", "reason"),
        "A window could not be read, not at the end of its pass either: the service refused it, or every retry failed. "
        "The manifest names it; the walk becomes partial.",
    ),
    LogEvent(
        "window.put_off",
        "warning",
        ("walk", "offset", "reason"),
        "A window had all its tries. It is requested again when all other windows of its pass are read.",
    ),
)
