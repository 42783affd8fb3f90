"""Under every fault, alone and in pairs, a snapshot holds what the server held, once, or says what is missing."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.emulator.faults.registry import FAULTS, parse_fault
from crawler.emulator.inventory.ndjson import Inventory, synthetic
from crawler.model.verdict import Verdict
from tests.support.emulator_fixture import QuickClock, crawl, port_of, serve, snapshot_of
from tests.support.oracle import ServerHistory, violations
from tests.support.scenario import ENVIRON
from tests.support.sweeps import sampled

pytestmark = pytest.mark.unmeasured

# Six pages of ten in each center; the last one is full in the one center, and short in the other.
_EVEN: Final = synthetic(namespaces=3, repositories=120, seed=7, uniform=True)
INVENTORY: Final = Inventory({**_EVEN.centers, "thirdparty": _EVEN.centers["thirdparty"].without(50, 3)})

# Each kind at least once: passing and lasting, in the middle and at the ends.
_FAULT_TEXTS: Final = (
    "clamp-limit:to=7",
    "clamp-limit:to=3",
    "ignore-offset",
    "ignore-namespace",
    "empty-page:offset=0,times=1",
    "empty-page:offset=0",
    "empty-page:offset=20,times=2",
    "empty-page:offset=20",
    "short-page:offset=0,missing=3",
    "short-page:offset=20,times=2",
    "short-page:offset=20,missing=3",
    "repeat-last-page",
    "missing-total",
    "missing-total:in_header=false",
    "missing-total:in_items=false",
    "total-is-page-length",
    "string-total",
    "null-when-empty",
    "no-content-when-empty",
    "truncated-json:times=2",
    "truncated-json",
    "burst:first=3,status=502",
    "burst:every=4,status=504",
    "burst:every=5,status=409",
    "burst:first=1000000,status=503",
    "server-errors:rate=0.2,seed=5",
    "outage:after_requests=5,requests=12",
    "outage:after_requests=3,requests=30,drops=true",
    "fail-window:offset=0",
    "fail-window:offset=30",
    "fail-window:offset=30,times=9",
    "page-bytes:most=3000",
    "page-bytes:most=7000",
    "total-on-first-item",
    "throttle:first=2,retry_after_s=2",
    "throttle:every=5,retry_after_s=2,as_date=true",
    "throttle:every=4",
    "throttle:every=5,retry_after=6.5",
    "throttle:every=6,retry_after=6s,status=403",
    "throttle:every=6,retry_after=2 min,header=X-RateLimit-Reset",
    "throttle:every=6,retry_after=4 s,header=RateLimit-Reset,status=503,remaining=0",
    "throttle:first=3,retry_after_s=5000",
    "unauthorized:after_requests=7,times=1",
    "unauthorized:after_requests=0,times=1",
    "swr-throttle-403:every=5",
    "unauthorized:after_requests=7",
    "refuse-center",
    "refuse-order:columns=name",
    "refuse-order",
    "refuse-limit-above:limit=5",
    "refuse-unaligned",
    "html-response:times=2",
    "html-response",
    "drop-connection:every=4",
    "slow-response:first=2,delay_ms=5",
    "delete-after:requests=3",
    "delete-after:requests=5,index=12",
    "insert-after:requests=4",
    "churn:every=3",
    "refuse-direct-parameters",
    "refuse-filter",
    "ignore-filter",
    "refuse-order:code=X",
    "refuse-limit-above:limit=5,code=X,status=422",
    "refuse-direct-parameters:code=X",
    "delete-after:requests=2,every=3",
    "insert-after:requests=2,every=4,index=30,count=2",
    "swap-after:requests=4",
    "swap-after:requests=3,every=3,index=20",
    "swap-after:requests=4,front=true,index=40",
    "rename-after:requests=5",
    "rename-after:requests=4,every=5,index=8",
    "transfer-after:requests=4,index=10,to=50",
    "transfer-after:requests=3,every=4,to=30",
    "move-after:requests=4",
    "reverse-after:requests=6",
    "reverse-after:requests=3,every=4",
    "total-off-by:every=4",
    "total-off-by:first=1,by=-5",
    "total-off-by:every=1,by=9",
    "mixed-totals:every=5",
    "object-response:first=3",
    "object-response:first=2,content=nothing",
    "object-response:every=4,content=error",
    "array-errors",
    "odd-field",
    "oversized-item:index=12,count=100,holds=levels",
    "odd-field:field=tags,value=list,every=3",
    "poison-items",
    "poison-items:every=3",
    "gzip",
    "deflate",
    "deflate:raw=true",
    "odd-coding:every=1",
    "odd-coding:every=2,name=aws-chunked",
    "odd-coding:first=1,name=br",
    "corrupt-gzip:first=2",
    "corrupt-gzip:every=4,how=cut",
    "corrupt-gzip:every=5,how=checksum",
    "corrupt-gzip:first=1,how=none",
    "decompression-bomb:every=5,size_bytes=3000000",
    "endless-body:first=1",
    "chunked:chunk=100",
    "trickle:first=2,chunk=900,delay_ms=1",
    "stall:first=1",
    "stall:first=1,at_once=true",
    "wrong-content-length:every=4",
    "wrong-content-length:every=5,off=-2",
    "reset-in-body:every=4",
    "missing-body:first=2",
    "missing-body:every=3,how=chunked",
    "missing-body:every=4,how=terminated",
    "repeat-late:every=2",
    "repeat-late:every=3,with_id=false",
    "from-cache:first=1",
    "large-headers:every=1",
    "large-headers:every=1,count=3,size=20000",
    "large-headers:every=3,count=1,size=70000",
    "large-headers:first=1,count=10,size=30000",
    "redirect:first=2",
    "echo-request:every=4",
    "echo-request:first=3,status=500,where=code",
    "echo-request:every=5,status=502,where=id,spelled=base64",
    "echo-request:every=3,where=item,spelled=json",
    "odd-answer",
    "odd-answer:how=403,offset=none",
    "odd-answer:how=520,offset=none,times=2",
    "odd-answer:how=redirect,offset=20",
    "odd-answer:how=coding,offset=30,times=forever",
    "random-faults:rate=0.3,seed=3,kinds=500+502+409+429+403+drop+reset+length+truncated+html+empty+short",
)

# Faults by which a list says that it is complete and is not, each with the verdicts that a client can reach which
# believes nothing that it has not seen.
_REACHED: Final[tuple[tuple[tuple[Verdict, ...], tuple[str, ...]], ...]] = (
    (
        ("complete",),
        (
            "empty-moment:times=1",
            "empty-moment:for_ms=100",
            "empty-moment:for_ms=100,total=absent",
            "empty-moment:after_requests=3,for_ms=100",
            "empty-moment:after_requests=1,times=1,offset=0",
            "empty-moment:for_ms=100,offset=40",
            "empty-moment:times=1,limit=1",
            "lost-permission",
            "ceiling:at=40",  # read once or in the same order: nobody sees what is beyond it
            "old-replica:every=3,totals=right,owner=absent",
            "missing-owner:every=3",
            "missing-owner:every=1,offset=20",
            "cache",
            "cache:revalidates=true",
            "cache:ignores=namespace",
            "cache:ignores=limit",
            "refuse-past-end",
            "refuse-past-end:status=404",
            "refuse-past-end:status=416",
            "refuse-empty",
        ),
    ),
    (
        ("complete", "drifted", "unproven"),  # by which requests or URLs they hit
        (
            "split-totals:every=1,by=-10,where=items",
            "split-totals:every=4,by=-10,where=items",
            "total-off-by:every=4,by=-1000",
            "stale-replica:every=5",
            "stale-replica:every=4,lacks=0,holds=2",
            "stale-replica:every=5,holds=1,index=12",
            "stale-replica:every=2,by=url",
            "stale-replica:every=2,holds=1,index=9,by=url",
            "old-replica:every=5",
            "old-replica:every=2,clamp=7",
            "old-replica:every=2,clamp=7,by=url",
            "old-replica:every=2,totals=absent,owner=absent",
            "reordered-replica:every=3",
            "reordered-replica:every=2,by=url",
            "unstable-ties",
            "unstable-ties:columns=name,rows=all",
            "unstable-ties:rows=all,by=replica",
            "unstable-ties:rows=all",
            "wrong-walk:every=5",
            "wrong-walk:every=5,times=1",
        ),
    ),
    (
        ("complete", "unproven"),  # complete is at most the center whose list came for both
        ("cache:ignores=center", "ignore-center:sends=thirdparty"),
    ),
    (
        ("drifted", "partial", "unproven"),
        (
            "lost-permission:requests=5",
            "capped-total:at=40",
            "capped-total:at=35",
            "split-totals:every=1,by=10",
            "cache:ignores=offset",
        ),
    ),
)
REACHED: Final = {text: verdicts for verdicts, texts in _REACHED for text in texts}
FAULT_TEXTS: Final = (*_FAULT_TEXTS, *REACHED)

_EMPTY_FIRST_PAGE: Final = "empty-page:offset=0"
_NO_TOTAL_WHEN_EMPTY: Final = {
    "missing-total",
    "missing-total:in_items=false",
    "total-is-page-length",
    "no-content-when-empty",
    "old-replica:every=2,clamp=7",
    "old-replica:every=2,clamp=7,by=url",
    "old-replica:every=2,totals=absent,owner=absent",
}


def is_empty_at_every_look(pair: tuple[str, str]) -> bool:
    """Return whether a registry with both faults can answer every look at a list exactly like an empty one."""
    moments = [text for text in pair if text.startswith("empty-moment") and "offset=40" not in text]
    caches = [text for text in pair if text.startswith("cache") and "revalidates" not in text]
    lasts = len(moments) == 2 or (moments and caches)  # another moment, or a copy of it, at the second look
    return bool(lasts or (_EMPTY_FIRST_PAGE in pair and _NO_TOTAL_WHEN_EMPTY.intersection(pair)))


PAIRS: Final = [pair for pair in combinations(FAULT_TEXTS, 2) if not is_empty_at_every_look(pair)]

# Faults for any scenario: none is slow, and no combination looks exactly like an empty registry, with pages of one too.
_EMPTY_WITH_OTHERS: Final = {_EMPTY_FIRST_PAGE, "short-page:offset=0,missing=3"}
COMBINABLE: Final = [
    text for text in FAULT_TEXTS if text not in _EMPTY_WITH_OTHERS and not text.startswith(("stall", "empty-moment"))
]


def crawled(
    texts: Sequence[str], output: Path, *, double_read: bool = False, namespaces: tuple[str, ...] = ()
) -> list[str]:
    """Crawl a server with these faults, and again without them if nothing was published; return every violation."""
    faults = tuple(map(parse_fault, texts))
    clock = QuickClock()
    settings: dict[str, Any] = {"limit": 10, "concurrency": 3, "double_read": double_read, "environ": ENVIRON}
    settings["namespaces"] = namespaces
    # One clock for both: a fault that lasts for some time must end while the client waits.
    with serve(INVENTORY, faults=faults, clock=lambda: clock.utc().timestamp()) as faulty:
        result = crawl(faulty.endpoint, output, **settings, timeout_s=0.3, clock=clock)
        history = ServerHistory.of(INVENTORY, faults, faulty.counters()["requests"])
    if result.path is not None:
        return violations(snapshot_of(result), exit_code_of(result), history, double_read=double_read)
    if exit_code_of(result) not in {75, 77, 78} or list(output.glob("snapshot=*")):
        return [f"exit code {exit_code_of(result)}, {list(output.iterdir())}"]
    with serve(INVENTORY, port=port_of(faulty)) as healthy:
        again = crawl(healthy.endpoint, output, **settings)
    assert again.resumed == 1
    return violations(
        snapshot_of(again), exit_code_of(again), history.then(ServerHistory.of(INVENTORY)), double_read=double_read
    )


@pytest.mark.parametrize("text", FAULT_TEXTS)
def test_under_every_fault_every_missing_record_is_reported(text: str, tmp_path: Path) -> None:
    assert crawled([text], tmp_path) == []


@pytest.mark.parametrize("text", sampled(FAULT_TEXTS, 3))
def test_under_every_fault_every_missing_record_is_reported_by_a_double_read(text: str, tmp_path: Path) -> None:
    assert crawled([text], tmp_path, double_read=True) == []


@pytest.mark.parametrize("text", sampled(FAULT_TEXTS, 3))
def test_under_every_fault_every_row_in_no_walk_is_reported(text: str, tmp_path: Path) -> None:
    assert crawled([text], tmp_path, namespaces=("namespace",)) == []


def test_every_fault_of_the_emulator_is_tested() -> None:
    of_tokens = {
        "throttle-tokens",
        "fail-tokens",
        "lock-user",
        "slow-tokens",
        "echo-login",
        "skew-tokens",
        "odd-expiry",
    }
    assert {text.partition(":")[0] for text in FAULT_TEXTS} == FAULTS.keys() - of_tokens


def violations_of_pairs(pairs: Sequence[tuple[str, str]], folder: Path) -> dict[tuple[str, str], list[str]]:
    found = {pair: crawled(pair, folder / str(number)) for number, pair in enumerate(pairs)}
    return {pair: violations for pair, violations in found.items() if violations}


_SHARES: Final = 200


@pytest.mark.parametrize("share", range(4))
def test_under_some_pairs_of_faults_every_missing_record_is_reported(share: int, tmp_path: Path) -> None:
    assert violations_of_pairs(PAIRS[share :: 8 * _SHARES], tmp_path) == {}


@pytest.mark.slow
@pytest.mark.parametrize("share", range(_SHARES))
def test_under_all_pairs_of_faults_every_missing_record_is_reported(share: int, tmp_path: Path) -> None:
    assert violations_of_pairs(PAIRS[share::_SHARES], tmp_path) == {}
