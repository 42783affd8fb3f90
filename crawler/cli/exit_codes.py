"""What each exit code means and what to do next (pure): the one table of all of them.

`crawler/cli/console/exit_status.py` says which error and which end of a run has which. Those from 64 to 78 are those of
BSD's sysexits.h.
"""

from typing import Final, NamedTuple

from crawler.cli.console.exit_status import (
    BROKEN_PIPE,
    CONFIG,
    CREDENTIALS,
    DISK,
    FOUND,
    INCOMPLETE,
    INTERNAL_ERROR,
    INTERRUPTED,
    SUCCESS,
    TERMINATED,
    UNAVAILABLE,
    USAGE,
)
from crawler.snapshot.layout import LATEST, MANIFEST, REJECTS


class ExitCode(NamedTuple):
    """One exit code: `name` in one or two words, `meaning` what happened, `what_to_do` next; all of it plain text."""

    code: int
    name: str
    meaning: str
    what_to_do: str


EXIT_CODES: Final[tuple[ExitCode, ...]] = (
    ExitCode(
        SUCCESS,
        "success",
        "The command did all it was asked to do. For crawl: every walk is complete, and the snapshot is published.",
        f"Use output/{LATEST}.",
    ),
    ExitCode(
        FOUND,
        "findings",
        "audit: a finding is as severe as --fail-on. diff --exit-code: something differs.",
        "Read the findings or the differences.",
    ),
    ExitCode(
        USAGE,
        "usage",
        "The command line is wrong, or names a snapshot or an output that does not exist. For prune also: no rule says "
        "what to keep.",
        "Correct the flag or argument that the message names.",
    ),
    ExitCode(
        INCOMPLETE,
        "incomplete",
        "crawl: finished and published, but not proven complete: a walk is partial, drifted or unproven, items were "
        "rejected, a center holds more than the namespaces that were crawled, or a center or namespace lost most of "
        "its repositories since the last complete snapshot; with --require any also a target that failed. "
        "Other commands: the snapshot is incomplete, or its files "
        "differ from its manifest.",
        f"Read the summary, {MANIFEST} and {REJECTS}; crawl again, with --allow-shrink if a loss is real. "
        "After a failed target, or lost windows beside a proven center, only what is missing is read again.",
    ),
    ExitCode(
        INTERNAL_ERROR,
        "internal error",
        "A bug in swr-crawler.",
        "Report the file that the message names; it holds the traceback.",
    ),
    ExitCode(
        DISK,
        "disk",
        "The output cannot be written: the disk is full, read-only, or no longer there. For crawl also a summary file "
        "that cannot be written: the message then says what is published, and how the run itself ended. For prune: a "
        "snapshot could not be removed; the message says which were.",
        "Free disk space or fix the problem, then rerun the command; crawl resumes. With --snapshot ID it finds what "
        "is published, asks for nothing and writes the summary again.",
    ),
    ExitCode(
        UNAVAILABLE,
        "unavailable",
        "The service was throttled or down for longer than the retries last, --max-duration was reached, or another "
        "run is using the same output (crawl, prune). With several targets, the others may be published.",
        "Rerun the command later; crawl resumes, and reads only what is missing.",
    ),
    ExitCode(
        CREDENTIALS,
        "credentials",
        "The service refused the credentials, permits the account nothing, or there are no credentials. "
        "With several targets, the others may be published.",
        "Renew or correct the credentials that the message names, then rerun the command; crawl resumes "
        "when it can tell that the account is the same.",
    ),
    ExitCode(
        CONFIG,
        "configuration",
        "A setting is wrong, or contradicts another one; for crawl and plan also an endpoint that refuses or redirects "
        "every request, or whose certificate is not valid.",
        "Correct the setting that the message names.",
    ),
    ExitCode(
        INTERRUPTED,
        "interrupted",
        "Ctrl-C (SIGINT) stopped the command before it had done its work. A crawl has published nothing then.",
        "Rerun the command; crawl resumes.",
    ),
    ExitCode(
        BROKEN_PIPE,
        "broken pipe",
        "The program that reads standard output ended before all of it was written, as head does.",
        "Nothing, if that was intended.",
    ),
    ExitCode(
        TERMINATED,
        "terminated",
        "SIGTERM stopped the command, as Ctrl-C does.",
        "Rerun the command; crawl resumes.",
    ),
)
