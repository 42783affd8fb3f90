"""Three values of each setting, by its label, as the file, the environment and Config have them."""

from crawler.config.config import Loaded
from crawler.config.settings.table import SETTINGS

# Each value as the file writes it, as the environment spells it, and in its normal form.
EXAMPLES: dict[str, tuple[tuple[object, str, object], ...]] = {
    "endpoint": tuple((host, host, f"https://{host}") for host in ("a.example", "b.example", "c.example")),
    "auth": (("token", "token", "token"), ("aksk", "aksk", "aksk"), ("auto", "auto", "auto")),
    "user": (("a", "a", "a"), ("ä b", "ä b", "ä b"), ("", "", None)),
    "user_id": (("a", "a", "a"), ("0f", "0f", "0f"), ("", "", None)),
    "account_id": (("a", "a", "a"), ("0f", "0f", "0f"), ("", "", None)),
    "account": (("a", "a", "a"), ("b", "b", "b"), ("", "", None)),
    "project_id": (("a", "a", "a"), ("0f", "0f", "0f"), ("", "", None)),
    "project": (("eu-de_a", "eu-de_a", "eu-de_a"), ("b", "b", "b"), ("", "", None)),
    "iam_endpoint": (("a.example", "a.example", "https://a.example"), ("b:8", "b:8", "https://b:8"), ("", "", None)),
    "sts_endpoint": (("a.example", "a.example", "https://a.example"), ("b:8", "b:8", "https://b:8"), ("", "", None)),
    "metadata_endpoint": tuple(
        (f"http://{a}", f"http://{a}", f"http://{a}") for a in ("169.254.0.1", "[::1]", "127.0.0.1")
    ),
    "credentials_file": (("a", "a", "a"), ("~/b", "~/b", "~/b"), ("/c", "/c", "/c")),
    "proxy": (("a", "a", "http://a"), ("https://b:8", "https://b:8", "https://b:8"), ("none", "none", "none")),
    "ca_file": (("a", "a", "a"), ("~/b", "~/b", "~/b"), ("", "", None)),
    "client_cert": (("a", "a", "a"), ("b", "b", "b"), ("/c", "/c", "/c")),
    "client_key": (("a", "a", "a"), ("b", "b", "b"), ("", "", None)),
    "rate_per_s": ((1, "1", 1.0), (2.5, "2.5", 2.5), ("unlimited", "unlimited", None)),
    "concurrency": ((1, "1", 1), (2, "2", 2), (1024, "1024", 1024)),
    "centers": (
        (["self"], "self", ("self",)),
        (["thirdparty"], "thirdparty", ("thirdparty",)),
        (["thirdparty", "self"], "thirdparty, self", ("thirdparty", "self")),
    ),
    "namespaces": (
        (["a"], "a", ("a",)),
        (["b", "c"], "b,c", ("b", "c")),
        (["d", "d"], "d,d", ("d",)),
    ),
    "discover": ((True, "yes", True), (False, "no", False), (True, "1", True)),
    "discover_mode": (("own", "own", "own"), ("visible", "visible", "visible"), ("own", "own", "own")),
    "allow_partial_coverage": ((True, "yes", True), (False, "no", False), (True, "1", True)),
    "allow_shrink": ((True, "yes", True), (False, "no", False), (True, "1", True)),
    "max_shrink_percent": ((0, "0", 0), (100, "100", 100), (7, "7", 7)),
    "min_shrink_records": ((1, "1", 1), (2, "2", 2), (10**9, str(10**9), 10**9)),
    "dialect": (("auto", "auto", "auto"), ("direct", "direct", "direct"), ("filter", "filter", "filter")),
    "limit": ((1, "1", 1), (2, "2", 2), (1000, "1000", 1000)),
    "order": (
        (["name"], "name", ("name",)),
        (["none"], "none", ("none",)),
        (["tag_count", "none"], "tag_count,none", ("tag_count", "none")),
    ),
    "timeout_s": ((1, "1", 1.0), (0.5, "0.5", 0.5), (1e3, "1e3", 1000.0)),
    "max_tries": ((1, "1", 1), (2, "2", 2), (100, "100", 100)),
    "max_wait_s": ((1, "1", 1.0), (0.5, "0.5", 0.5), (1e3, "1e3", 1000.0)),
    "max_passes": ((2, "2", 2), (3, "3", 3), (100, "100", 100)),  # 1 does not go with double_read
    "double_read": ((True, "yes", True), (False, "0", False), (True, "TRUE", True)),
    "max_duration_s": ((1, "1", 1.0), (60, "60", 60.0), ("unlimited", "unlimited", None)),
    "output": (("a", "a", "a"), ("-", "-", "-"), ("/srv/ä b", "/srv/ä b", "/srv/ä b")),
    "snapshot": (("a", "a", "a"), ("", "", None), ("2026-01.B_c", "2026-01.B_c", "2026-01.B_c")),
    "resume": ((True, "1", True), (False, "no", False), ("auto", "auto", None)),
    "resume_max_age_s": ((1, "1", 1.0), (2, "2", 2.0), (3, "3", 3.0)),
    "max_part_bytes": ((1, "1", 1), (2, "2", 2), (2**40, str(2**40), 2**40)),
    "compression": (("none", "none", "none"), ("zstd", "zstd", "zstd"), ("gzip", "gzip", "gzip")),
    "zstd_level": ((1, "1", 1), (3, "3", 3), (19, "19", 19)),
    "gzip_level": ((1, "1", 1), (6, "6", 6), (9, "9", 9)),
    "max_body_bytes": ((1024, "1024", 1024), (2000, "2000", 2000), (2**30, str(2**30), 2**30)),
    "allow_http": ((True, "true", True), (False, "false", False), (True, "1", True)),
    "require": (("all", "all", "all"), ("any", "any", "any"), ("any", "any", "any")),
    "summary_file": (("a", "a", "a"), ("b", "b", "b"), ("", "", None)),
    "progress": (("auto", "auto", "auto"), ("on", "on", "on"), ("off", "off", "off")),
    "log_format": (("auto", "auto", "auto"), ("text", "text", "text"), ("json", "json", "json")),
    "audit.fail_on": (("note", "note", "note"), ("never", "never", None), ("error", "error", "error")),
    "audit.disabled_rules": (
        (["SWR005"], "SWR005", ("SWR005",)),
        (["no-tags"], "no-tags", ("SWR202",)),
        (["SWR101"], "SWR101", ("SWR101",)),
    ),
    "audit.allowed_domains": ((["a*"], "a*", ("a*",)), (["A b", "c"], "A b,c", ("A b", "c")), (["?"], "?", ("?",))),
    "audit.allowed_namespaces": ((["a*"], "a*", ("a*",)), (["a", "b"], "a,b", ("a", "b")), (["[a"], "[a", ("[a",))),
    "audit.allowed_categories": ((["a"], "a", ("a",)), (["a", "b"], "a,b", ("a", "b")), (["*"], "*", ("*",))),
    "audit.max_age_days": ((1, "1", 1), (36500, "36500", 36500), ("unlimited", "unlimited", None)),
    "audit.max_size_bytes": ((1, "1", 1), (2**50, str(2**50), 2**50), ("unlimited", "unlimited", None)),
    "audit.max_growth_percent": ((0, "0", 0), (200, "200", 200), ("unlimited", "unlimited", None)),
    "audit.min_growth_records": ((1, "1", 1), (2, "2", 2), (10**9, str(10**9), 10**9)),
    "audit.min_growth_bytes": ((1, "1", 1), (2, "2", 2), (2**50, str(2**50), 2**50)),
    "audit.max_shrink_percent": ((0, "0", 0), (100, "100", 100), (7, "7", 7)),
    "audit.min_shrink_records": ((1, "1", 1), (2, "2", 2), (10**9, str(10**9), 10**9)),
    "audit.min_shrink_bytes": ((1, "1", 1), (2, "2", 2), (2**50, str(2**50), 2**50)),
    "retention.keep_last": ((0, "0", 0), (1, "1", 1), (100_000, "100000", 100_000)),
    "retention.keep_daily": ((0, "0", 0), (7, "7", 7), (100_000, "100000", 100_000)),
    "retention.keep_weekly": ((0, "0", 0), (5, "5", 5), (100_000, "100000", 100_000)),
    "retention.keep_monthly": ((0, "0", 0), (12, "12", 12), (100_000, "100000", 100_000)),
    "retention.keep_within": (("90d", "90d", "90d"), ("1y6m3d2h", "1y6m3d2h", "1y6m3d2h"), ("", "", None)),
}
NAMES = sorted(EXAMPLES)


def value_of(result: Loaded, name: str) -> object:
    if SETTINGS[name].scope == "target":
        return getattr(result.config.targets[0], name)
    tables = {"crawl": result.config, "audit": result.config.audit, "retention": result.config.retention}
    return getattr(tables[SETTINGS[name].table], SETTINGS[name].name)
