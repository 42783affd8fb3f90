"""The summary of a run for programs, `--summary-file` (pure).

Schema 2 differs from 1 in the keys of `verdicts` only: `whole` and `repaired` became `complete`, `lost` became
`partial`.
"""

from collections import Counter
from typing import Any, Final

import orjson
from msgspec import to_builtins

from crawler.cli.console.exit_status import exit_code_of, exit_code_of_error
from crawler.cli.console.run_totals import totals_of
from crawler.crawl.result import RunResult
from crawler.text.timestamp import timestamp

SCHEMA: Final = 2


def summary_json(result: RunResult) -> bytes:
    """Return one JSON object with a newline at the end; numbers that are not known are null.

    `records`, `rejects`, `invalid` (records with a field that could not be read), `missing` and `duplicates` count what
    is published, `seen` what was read so far in all passes.
    `shrinkage` is that of the manifest, also when the run accepts it. `requests` are those of this process, without
    those before a resume. `retention` says which older snapshots were removed, and in `failure` why that stopped; null
    when none was to be.
    """
    totals = totals_of(result)
    finished = totals.status != "unfinished"
    files = result.manifest.files if result.manifest else ()
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "status": totals.status,
        "exit_code": exit_code_of(result),
        "ending": result.stop_reason.kind,
        "signal": result.stop_reason.signal_number or None,
        "snapshot": result.snapshot,
        "path": None if result.path is None else str(result.path),
        "state": None if result.state is None else str(result.state),
        "started_at": timestamp(result.started_at),
        "finished_at": timestamp(result.finished_at),
        "seconds": round(totals.seconds, 3),
        "resumed": result.resumed,
        "walks": {"planned": sum(target.walks for target in result.stats), "published": len(totals.walks)},
        "verdicts": dict(Counter(walk.verdict for walk in totals.walks)),
        "declared": totals.declared if finished else None,
        "records": totals.records,
        "rejects": totals.rejects,
        "invalid": sum(walk.invalid for walk in totals.walks),
        "duplicates": totals.duplicates,
        "missing": totals.missing if finished else None,
        "uncovered": totals.uncovered if finished else None,
        "shrinkage": [to_builtins(one) for one in result.shrinkage],
        "targets": [to_builtins(target) for target in result.targets],
        "carried_over": [to_builtins(one) for one in result.carried_over],
        "overlaps": [to_builtins(overlap) for overlap in result.overlaps],
        "seen": {
            "declared": sum(target.declared for target in result.stats),
            "records": sum(target.records for target in result.stats),
            "rejects": sum(target.rejected for target in result.stats),
        },
        "files": len(files),
        "bytes": sum(file.bytes for file in files),
        "requests": {
            "by_status": dict(sorted(totals.by_status.items())),
            "retries": totals.retries,
            "throttled_s": round(totals.throttled_s, 3),
        },
        "retention": None if result.pruned is None else result.pruned._asdict(),
        "errors": {
            name: {"exit_code": exit_code_of_error(error), "message": str(error)}
            for name, error in result.errors.items()
        },
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
