"""The settings of a whole run: what it reads, how it asks, what it writes, and which snapshots it keeps."""

from typing import Final, Literal, TypeAlias, get_args

from crawler.config.settings.kinds import Boolean, Choice, Integer, Number, Text
from crawler.config.settings.lists import ListOf, Namespaces
from crawler.config.settings.names import printable, snapshot_id, time_span
from crawler.config.settings.setting import Setting, declare
from crawler.files.compression.codec import Compression
from crawler.model.namespace import namespace_or_pattern
from crawler.model.walk_id import Center
from crawler.swr.request import MAX_LIMIT

Progress: TypeAlias = Literal["auto", "on", "off"]
LogFormat: TypeAlias = Literal["auto", "text", "json"]
DiscoverMode: TypeAlias = Literal["own", "visible"]
Require: TypeAlias = Literal["all", "any"]
DialectChoice: TypeAlias = Literal["auto", "direct", "filter"]

_PATH: Final = "a path of printable characters"
_MONTH_S: Final = 31 * 86_400

NAMESPACE: Final = Text(
    "a namespace: 1 to 64 of a-z 0-9 . _ -, first a letter, last a letter or digit, separators apart"
    " (but __ and runs of - may be), nor a pattern such as team-* or !scratch-*",
    namespace_or_pattern,
    metavar="NS",
)
_COLUMN: Final = Choice(("name", "updated_at", "updated_time", "tag_count", "namespace", "domain_name", "none"))
_SNAPSHOT: Final = Text(
    "a snapshot id: 1 to 64 of A-Z a-z 0-9 . _ -, first a letter or digit", snapshot_id, none="", metavar="ID"
)

RUN_SETTINGS: Final = declare(
    "crawl",
    Setting(
        "centers",
        ListOf(Choice(get_args(Center)), nonempty=True),
        ("self", "thirdparty"),
        flag_of="plan",
        word="center",
    ),
    "lists to read; self: images that you share; thirdparty: images that others share with you",
    Setting("namespaces", Namespaces(NAMESPACE), (), flag_of="plan", word="namespace"),
    "namespaces to walk, one walk per center and namespace; patterns turn discovery on; empty: one walk per center over"
    " all namespaces",
    Setting("discover", Boolean(), default=False, flag_of="plan"),
    "ask each target for its namespaces and walk center self by them",
    Setting("discover_mode", Choice(get_args(DiscoverMode)), "own"),
    "own: discover your namespaces; visible: also those visible to you only through a repository in them",
    Setting("allow_partial_coverage", Boolean(), default=False, flag_of="plan"),
    "accept that walks by namespace, if you chose them, miss records that the center declares",
    Setting("allow_shrink", Boolean(), default=False, flag_of="crawl"),
    "accept that a center or namespace shrank since the last complete snapshot of the same plan",
    Setting("max_shrink_percent", Integer(0, 100), 50, "percent"),
    "maximum shrinkage of a center or namespace since the last complete snapshot; 100: any is accepted",
    Setting("min_shrink_records", Integer(1, 10**9), 10, "repositories"),
    "shrinkage by fewer repositories is accepted, whatever its percentage, unless a center lost all it held",
    Setting("dialect", Choice(get_args(DialectChoice)), "auto"),
    "form of the query; auto: direct parameters, filter where a target refuses those and reads it",
    Setting("limit", Integer(1, MAX_LIMIT), 1000, "items", flag_of="plan"),
    "page size of a request; the service returns at most 1000 items",
    Setting("order", ListOf(_COLUMN, nonempty=True, last_word="none"), ("name", "updated_at", "none")),
    "sort columns to try in turn until the service accepts one; none sends no sort column",
    Setting("timeout_s", Number(86_400), 30.0, "s", flag_of="plan"),
    "maximum time to wait for a response",
    Setting("max_tries", Integer(1, 100), 8, "tries"),
    "maximum tries of a request before its window is lost, the first one included",
    Setting("max_wait_s", Number(_MONTH_S), 900.0, "s", flag_of="crawl"),
    "maximum time to wait when the service asks for fewer requests; a run that is to wait longer stops and keeps its"
    " state for a resume",
    Setting("max_passes", Integer(1, 100), 3, "passes", flag_of="plan"),
    "maximum passes over a walk that drifts, before its verdict is drifted",
    Setting("double_read", Boolean(), default=False, flag_of="plan", formerly="confirm"),
    "a walk is complete only when two consecutive passes, in opposite orders, hold the same keys",
    Setting("max_duration_s", Number(_MONTH_S, none="unlimited"), None, "s", flag_of="crawl"),
    "maximum duration of a run; a run that reaches it stops and keeps its state for a resume",
    Setting(
        "output", Text(f'{_PATH}, or "-" for standard output', printable, metavar="DIR"), "output", flag_of="crawl"
    ),
    'folder of the snapshots; "-" writes records to standard output',
    Setting("snapshot", _SNAPSHOT, flag_of="crawl"),
    "id of the snapshot; not set: the time of the start",
    Setting("resume", Boolean(none="auto"), flag_of="crawl"),
    "true: resume the unfinished run, which must be there; false: start a new one; auto: resume if it is recent",
    Setting("resume_max_age_s", Number(366 * 86_400), 21600.0, "s", formerly="resume_within_s"),
    "maximum age of an unfinished run that resume = auto resumes",
    Setting("max_part_bytes", Integer(1, 2**40), 268435456, "bytes", formerly="part_bytes"),
    "size at which the next part file begins, before compression",
    Setting("compression", Choice(get_args(Compression)), "none", flag_of="crawl"),
    "compression of the part files; zstd needs the extra zstd before Python 3.14",
    Setting("zstd_level", Integer(1, 19), 3, "level"),
    "compression level of zstd; a higher one takes more time",
    Setting("gzip_level", Integer(1, 9), 6, "level"),
    "compression level of gzip; a higher one takes more time",
    Setting("max_body_bytes", Integer(1024, 2**30), 67108864, "bytes", formerly="body_bytes"),
    "maximum size of a response body, decompressed; a larger one is refused",
    Setting("allow_http", Boolean(), default=False, flag_of="plan"),
    "allow plain http to other machines, which exposes the token to the network",
    Setting("require", Choice(get_args(Require)), "all", flag_of="crawl"),
    "all: the exit code is that of a target that failed, though what the others hold is published; any: it is that of"
    " what is published, 3 since a target is missing",
    Setting("summary_file", Text(_PATH, printable, none="", metavar="FILE"), flag_of="crawl"),
    "file for the summary of the run as JSON",
    Setting("progress", Choice(get_args(Progress)), "auto", flag_of="crawl"),
    "live view on standard error; auto: on if standard error is a terminal",
    Setting("log_format", Choice(get_args(LogFormat)), "auto", flag_of="plan"),
    "format of the log on standard error; auto: text on a terminal, else JSON",
)

_SNAPSHOTS: Final = Integer(0, 100_000)

RETENTION_SETTINGS: Final = declare(
    "retention",
    Setting("keep_last", _SNAPSHOTS, 0, "snapshots", flag_of="prune"),
    "keep the newest complete snapshots, so many",
    Setting("keep_daily", _SNAPSHOTS, 0, "days", flag_of="prune"),
    "keep the newest complete snapshot of each of the last so many days (UTC) that have one",
    Setting("keep_weekly", _SNAPSHOTS, 0, "weeks", flag_of="prune"),
    "keep the newest complete snapshot of each of the last so many ISO weeks (UTC) that have one",
    Setting("keep_monthly", _SNAPSHOTS, 0, "months", flag_of="prune"),
    "keep the newest complete snapshot of each of the last so many months (UTC) that have one",
    Setting(
        "keep_within",
        Text("a time such as 90d, 1y6m or 36h: years, months, days, hours", time_span, none="", metavar="TIME"),
        flag_of="prune",
    ),
    "keep the complete snapshots that began within this time before the newest one",
)
