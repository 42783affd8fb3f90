"""What is asked of the result of each snippet, in Python that runs after it (pure)."""

from typing import Any, Final

EXTRA: Final = '{"zz":{"mixed":[1,"b"]}}'

# Below a heading of the page: the libraries, and what is said of what the snippet made, as JSON. Types are those of
# name, size, is_public, updated_at and tags; `extra` is that of the last record, without spaces.
ARROW_PROBE = """
last = table.filter(pyarrow.compute.field("name") == "last").to_pylist()[0]
types = [str(table.schema.field(name).type) for name in ("name", "size", "is_public", "updated_at", "tags")]
times = table["updated_at"].cast("int64").to_pylist()
say({"rows": table.num_rows, "types": types, "sizes": table["size"].null_count, "size": last["size"],
     "tags": last["tags"], "logo": last["logo"], "times": sum(time is not None for time in times),
     "time": max(filter(None, times)), "first": table["tags"][0].as_py(), "fields": table.schema == fields})
"""
ARROW_TYPES = ["string", "int64", "bool", "timestamp[us, tz=UTC]", "list<element: string not null>"]
MICROSECONDS: Final = 1793527872000001  # 2026-11-01T10:11:12.000001Z

Probe = tuple[tuple[str, ...], str, dict[str, Any]]
PROBES: Final[dict[str, Probe]] = {
    "DuckDB": (
        ("duckdb",),
        """
last = dict(zip(repositories.columns, repositories.filter("name = 'last'").fetchall()[0]))
types = dict(zip(repositories.columns, map(str, repositories.types)))
counted = repositories.aggregate("count(*), count(size), count(updated_at), epoch_us(max(updated_at)), "
    "first(tags order by name), count(extra)").fetchall()[0]
say({"rows": counted[0], "types": [types[name] for name in ("name", "size", "is_public", "updated_at", "tags")],
     "sizes": counted[0] - counted[1], "size": last["size"], "tags": last["tags"], "logo": last["logo"],
     "times": counted[2], "time": counted[3], "first": counted[4], "extra": last["extra"], "extras": counted[5]})
""",
        {"types": ["VARCHAR", "BIGINT", "BOOLEAN", "TIMESTAMP", "VARCHAR[]"], "extra": EXTRA, "extras": 1},
    ),
    "pyarrow": (("pyarrow",), f"import pyarrow.compute\n{ARROW_PROBE}", {"types": ARROW_TYPES, "fields": True}),
    "A dataset": (("pyarrow",), ARROW_PROBE, {"types": ARROW_TYPES, "fields": True}),
    "Polars": (
        ("polars", "pyarrow"),
        """
rows = frame.collect()
last = rows.filter(polars.col("name") == "last").to_dicts()[0]
say({"rows": len(rows),
     "types": [str(rows.schema[name]) for name in ("name", "size", "is_public", "updated_at", "tags")],
     "sizes": rows["size"].null_count(), "size": last["size"], "tags": last["tags"], "logo": last["logo"],
     "times": rows["updated_at"].count(), "time": rows["updated_at"].dt.epoch("us").max(),
     "first": rows["tags"][0].to_list(), "extra": last["extra"].replace(" ", ""), "extras": rows["extra"].count()})
""",
        {
            "types": ["String", "Int64", "Boolean", "Datetime(time_unit='us', time_zone='UTC')", "List(String)"],
            "extra": EXTRA,
            "extras": 1,
        },
    ),
    "pandas": (
        ("pandas", "pyarrow"),
        """
last = frame[frame["name"] == "last"].iloc[0]
say({"rows": len(frame),
     "types": [str(frame.dtypes[name]) for name in ("name", "size", "is_public", "updated_at", "tags")],
     "sizes": int(frame["size"].isna().sum()), "size": int(last["size"]),
     "tags": list(last["tags"]), "logo": last["logo"],
     "times": int(frame["updated_at"].count()), "time": frame["updated_at"].max().value // 1000,
     "first": list(frame["tags"].iloc[0])})
""",
        {
            "types": [
                "string[pyarrow]",
                "int64[pyarrow]",
                "bool[pyarrow]",
                "timestamp[us, tz=UTC][pyarrow]",
                "list<element: string not null>[pyarrow]",
            ]
        },
    ),
    "ClickHouse": (
        ("chdb",),
        """
import json
row = json.loads(str(chdb.query(f'''
    select count() rows, countIf(t.size is null) sizes, count(t.updated_at) times,
        toUnixTimestamp64Micro(max(t.updated_at)) time, anyIf(t.size, t.name = 'last') last_size,
        anyIf(t.tags, t.name = 'last') last_tags, anyIf(t.logo, t.name = 'last') last_logo,
        argMin(t.tags, t.name) first,
        anyIf(t.extra, t.name = 'last') last_extra, count(t.extra) extras, [toTypeName(any(t.name)),
        toTypeName(any(t.size)), toTypeName(any(t.is_public)), toTypeName(any(t.updated_at)),
        toTypeName(any(t.tags))] types
    from {repositories} as t {settings}, output_format_json_quote_64bit_integers = 0''', "JSONEachRow")))
row = {name.removeprefix("last_"): value for name, value in row.items()}
say(row)
""",
        {
            "types": [
                "String",
                "Nullable(Int64)",
                "Nullable(Bool)",
                "Nullable(DateTime64(6, 'UTC'))",
                "Array(String)",
            ],
            "extra": EXTRA,
            "extras": 1,
        },
    ),
}
