"""Snapshots of manifest schema 1, as version 0.1.0 wrote them before its verdicts were renamed: literal files."""

from hashlib import sha256
from pathlib import Path
from string import Template
from typing import Final

_RECORD: Final = Template(
    '{"target":"default","center":"$center","name":"$name","category":"other","description":"what it is","size":1000,'
    '"is_public":false,"num_images":2,"num_download":0,"created_at":"2026-01-01T00:00:00.000000Z",'
    '"updated_at":"2026-11-01T00:00:00.000000Z","logo":null,"url":null,"path":"swr.example/team/app",'
    '"internal_path":"10.0.0.1/team/app","domain_name":"acme","namespace":"team","tags":["latest","v1"],"status":true}\n'
)

_MANIFEST: Final = Template("""\
{
  "schema": 1,
  "snapshot": "$snapshot",
  "crawler": "0.1.0",
  "started_at": "$started_at",
  "finished_at": "2026-11-23T12:09:00.000000Z",
  "status": "$status",
  "resumed": 0,
  "config": {"confirm": true, "body_bytes": 67108864, "allow_partial_coverage": false},
  "walks": [
    {
      "target": "default", "center": "self", "namespace": null, "verdict": "$first", "declared_totals": [3, 2],
      "records": 2, "distinct": 2, "duplicates": 0, "rejects": 0, "outside": 0, "passes": 2, "requests": 2,
      "limit": 1000, "order": "name asc", "dialect": "direct", "lost": []
    },
    {
      "target": "default", "center": "thirdparty", "namespace": null, "verdict": "$second", "declared_totals": [$total],
      "records": 1, "distinct": 1, "duplicates": 0, "rejects": 0, "outside": 0, "passes": 1, "requests": 1,
      "limit": 1000, "order": "name asc", "dialect": "direct", "lost": [$lost]
    }
  ],
  "coverage": [],
  "files": [
    {"path": "center=self/part-00000.ndjson", "records": 2, "bytes": $self_bytes, "sha256": "$self_sha256"},
    {"path": "center=thirdparty/part-00000.ndjson", "records": 1, "bytes": $other_bytes, "sha256": "$other_sha256"}
  ],
  "rejects": {
    "path": "_rejects.ndjson", "records": 0, "bytes": 0,
    "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
  },
  "unknown_fields": [],
  "requests": {"by_status": {"200": 3}, "retries": 0, "throttled_s": 0.0}
}
""")

_LOST: Final = '{"offset": 1, "end": 2, "got": 0, "reason": "HTTP 500, 8 times"}'


def complete(output: Path, snapshot: str, started_at: str) -> Path:
    """Write a complete snapshot with the verdicts `repaired` and `whole`; return its folder."""
    fields = {"status": "complete", "first": "repaired", "second": "whole", "total": "1", "lost": ""}
    folder = _write(output, snapshot, started_at, fields)
    (folder / "_SUCCESS").touch()
    (output / "latest").unlink(missing_ok=True)
    (output / "latest").symlink_to(folder.name)
    return folder


def incomplete(output: Path, snapshot: str, started_at: str) -> Path:
    """Write a snapshot with the verdicts `whole` and `lost`, one record missing; return its folder."""
    return _write(
        output,
        snapshot,
        started_at,
        {"status": "incomplete", "first": "whole", "second": "lost", "total": "2", "lost": _LOST},
    )


def _write(output: Path, snapshot: str, started_at: str, fields: dict[str, str]) -> Path:
    folder = output / f"snapshot={snapshot}"
    parts = {
        "self": "".join(_RECORD.substitute(center="self", name=name) for name in ("a", "b")).encode(),
        "thirdparty": _RECORD.substitute(center="thirdparty", name="c").encode(),
    }
    for center, lines in parts.items():
        (folder / f"center={center}").mkdir(parents=True)
        (folder / f"center={center}" / "part-00000.ndjson").write_bytes(lines)
    (folder / "_rejects.ndjson").touch()
    text = _MANIFEST.substitute(
        fields,
        snapshot=snapshot,
        started_at=started_at,
        self_bytes=len(parts["self"]),
        self_sha256=sha256(parts["self"]).hexdigest(),
        other_bytes=len(parts["thirdparty"]),
        other_sha256=sha256(parts["thirdparty"]).hexdigest(),
    )
    (folder / "_manifest.json").write_text(text)
    return folder
