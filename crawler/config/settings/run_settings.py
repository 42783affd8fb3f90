"""The settings of a whole run: what it reads, how it asks, what it writes."""

from typing import Final, Literal, TypeAlias, get_args

from crawler.config.settings.kinds import Boolean, Choice, Integer, Number, Text
from crawler.config.settings.lists import ListOf, Namespaces
from crawler.config.settings.names import printable, snapshot_id
from crawler.config.settings.setting import Setting
from crawler.model.namespace import namespace_or_pattern
from crawler.model.walk_id import Center
from crawler.swr.request import MAX_LIMIT

Progress: TypeAlias = Literal["auto", "on", "off"]
LogFormat: TypeAlias = Literal["auto", "text", "json"]
DiscoverMode: TypeAlias = Literal["own", "visible"]
Require: TypeAlias = Literal["all", "any"]
DialectChoice: TypeAlias = Literal["auto", "direct", "filter"]

_PATH: Final = "a path of printable characters"

NAMESPACE: Final = Text(
    description="a namespace: 1 to 64 of a-z 0-9 . _ -, first a letter, last a letter or digit, separators apart"
    " (but __ and runs of - may be), nor a pattern such as team-* or !scratch-*",
    rule=namespace_or_pattern,
)
RUN_SETTINGS: Final = (
    Setting(
        name="centers",
        kind=ListOf(item=Choice(words=get_args(Center)), nonempty=True),
        default=("self", "thirdparty"),
        help="self: images that you share; thirdparty: images that others share with you",
        flag="--center",
        variable="SWR_CRAWLER_CENTER",
    ),
    Setting(
        name="namespaces",
        kind=Namespaces(item=NAMESPACE),
        default=(),
        help="namespaces to walk, one walk per center and namespace; patterns turn discovery on; empty: one walk"
        " per center over all namespaces",
        flag="--namespace",
        variable="SWR_CRAWLER_NAMESPACE",
    ),
    Setting(
        name="discover",
        kind=Boolean(),
        default=False,
        help="ask each target for its namespaces and walk center self by them",
        flag="--discover/--no-discover",
        variable="SWR_CRAWLER_DISCOVER",
    ),
    Setting(
        name="discover_mode",
        kind=Choice(words=get_args(DiscoverMode)),
        default="own",
        help="own: discover your namespaces; visible: also those visible to you only through a repository in them",
        variable="SWR_CRAWLER_DISCOVER_MODE",
    ),
    Setting(
        name="allow_partial_coverage",
        kind=Boolean(),
        default=False,
        help="accept that walks by namespace, if you chose them, miss records that the center declares",
        flag="--allow-partial-coverage/--no-allow-partial-coverage",
        variable="SWR_CRAWLER_ALLOW_PARTIAL_COVERAGE",
    ),
    Setting(
        name="allow_shrink",
        kind=Boolean(),
        default=False,
        help="accept that a center or namespace shrank since the last complete snapshot of the same plan",
        flag="--allow-shrink/--no-allow-shrink",
        variable="SWR_CRAWLER_ALLOW_SHRINK",
    ),
    Setting(
        name="max_shrink_percent",
        kind=Integer(low=0, high=100),
        default=50,
        help="maximum shrinkage of a center or namespace since the last complete snapshot; 100: any is accepted",
        unit="percent",
        variable="SWR_CRAWLER_MAX_SHRINK_PERCENT",
    ),
    Setting(
        name="min_shrink_records",
        kind=Integer(low=1, high=10**9),
        default=10,
        help="shrinkage by fewer repositories is accepted, whatever its percentage, unless a center lost all it held",
        unit="repositories",
        variable="SWR_CRAWLER_MIN_SHRINK_RECORDS",
    ),
    Setting(
        name="dialect",
        kind=Choice(words=get_args(DialectChoice)),
        default="auto",
        help="form of the query; auto: direct parameters, filter where a target refuses those and reads it",
        variable="SWR_CRAWLER_DIALECT",
    ),
    Setting(
        name="limit",
        kind=Integer(low=1, high=MAX_LIMIT),
        default=1000,
        help="page size of a request; the service returns at most 1000 items",
        unit="items",
        flag="--limit",
        variable="SWR_CRAWLER_LIMIT",
    ),
    Setting(
        name="order",
        kind=ListOf(
            item=Choice(words=("name", "updated_at", "updated_time", "tag_count", "namespace", "domain_name", "none")),
            nonempty=True,
            last_word="none",
        ),
        default=("name", "updated_at", "none"),
        help="sort columns to try in turn until the service accepts one; none sends no sort column",
        variable="SWR_CRAWLER_ORDER",
    ),
    Setting(
        name="timeout_s",
        kind=Number(high=86_400),
        default=30.0,
        help="maximum time to wait for a response",
        unit="s",
        flag="--timeout",
        variable="SWR_CRAWLER_TIMEOUT",
    ),
    Setting(
        name="max_tries",
        kind=Integer(low=1, high=100),
        default=8,
        help="maximum tries of a request before its window is lost, the first one included",
        unit="tries",
        variable="SWR_CRAWLER_MAX_TRIES",
    ),
    Setting(
        name="max_wait_s",
        kind=Number(high=31 * 86_400),
        default=900.0,
        help="maximum time to wait when the service asks for fewer requests; a run that is to wait longer stops and"
        " keeps its state for a resume",
        unit="s",
        flag="--max-wait",
        variable="SWR_CRAWLER_MAX_WAIT",
    ),
    Setting(
        name="max_passes",
        kind=Integer(low=1, high=100),
        default=3,
        help="maximum passes over a walk that drifts, before its verdict is drifted",
        unit="passes",
        flag="--max-passes",
        variable="SWR_CRAWLER_MAX_PASSES",
    ),
    Setting(
        name="double_read",
        kind=Boolean(),
        default=False,
        help="a walk is complete only when two consecutive passes, in opposite orders, hold the same keys",
        flag="--double-read/--no-double-read",
        variable="SWR_CRAWLER_DOUBLE_READ",
    ),
    Setting(
        name="max_duration_s",
        kind=Number(high=31 * 86_400, none="unlimited"),
        default=None,
        help="maximum duration of a run; a run that reaches it stops and keeps its state for a resume",
        unit="s",
        flag="--max-duration",
        variable="SWR_CRAWLER_MAX_DURATION",
    ),
    Setting(
        name="output",
        kind=Text(description=f'{_PATH}, or "-" for standard output', rule=printable),
        default="output",
        help='folder of the snapshots; "-" writes records to standard output',
        flag="--output",
        variable="SWR_CRAWLER_OUTPUT",
    ),
    Setting(
        name="snapshot",
        kind=Text(
            description="a snapshot id: 1 to 64 of A-Z a-z 0-9 . _ -, first a letter or digit",
            rule=snapshot_id,
            none="",
        ),
        default=None,
        help="id of the snapshot; not set: the time of the start",
        flag="--snapshot",
        variable="SWR_CRAWLER_SNAPSHOT",
    ),
    Setting(
        name="resume",
        kind=Boolean(none="auto"),
        default=None,
        help="true: resume the unfinished run; false: start a new one; auto: resume if the unfinished run is recent",
        flag="--resume/--no-resume",
        variable="SWR_CRAWLER_RESUME",
    ),
    Setting(
        name="resume_max_age_s",
        kind=Number(high=366 * 86_400),
        default=21600.0,
        help="maximum age of an unfinished run that resume = auto resumes",
        unit="s",
        variable="SWR_CRAWLER_RESUME_MAX_AGE",
    ),
    Setting(
        name="max_part_bytes",
        kind=Integer(low=1, high=2**40),
        default=268435456,
        help="size at which the next part file begins",
        unit="bytes",
        variable="SWR_CRAWLER_MAX_PART_BYTES",
    ),
    Setting(
        name="max_body_bytes",
        kind=Integer(low=1024, high=2**30),
        default=67108864,
        help="maximum size of a response body, decompressed; a larger one is refused",
        unit="bytes",
        variable="SWR_CRAWLER_MAX_BODY_BYTES",
    ),
    Setting(
        name="allow_http",
        kind=Boolean(),
        default=False,
        help="allow plain http to other machines, which exposes the token to the network",
        flag="--allow-http/--no-allow-http",
        variable="SWR_CRAWLER_ALLOW_HTTP",
    ),
    Setting(
        name="require",
        kind=Choice(words=get_args(Require)),
        default="all",
        help="all: the exit code is that of a target that failed, though what the others hold is published; any: it is"
        " that of what is published, 3 since a target is missing",
        flag="--require",
        variable="SWR_CRAWLER_REQUIRE",
    ),
    Setting(
        name="summary_file",
        kind=Text(description=_PATH, rule=printable, none=""),
        default=None,
        help="file for the summary of the run as JSON",
        flag="--summary-file",
        variable="SWR_CRAWLER_SUMMARY_FILE",
    ),
    Setting(
        name="progress",
        kind=Choice(words=get_args(Progress)),
        default="auto",
        help="live view on standard error; auto: on if standard error is a terminal",
        flag="--progress",
        variable="SWR_CRAWLER_PROGRESS",
    ),
    Setting(
        name="log_format",
        kind=Choice(words=get_args(LogFormat)),
        default="auto",
        help="format of the log on standard error; auto: text on a terminal, else JSON",
        flag="--log-format",
        variable="SWR_CRAWLER_LOG_FORMAT",
    ),
)
