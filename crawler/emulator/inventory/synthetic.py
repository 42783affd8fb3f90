"""An inventory from a seed: the same arguments give the same bytes on every machine.

- `self` is one account, "domain", that shares its images. In `thirdparty` each namespace belongs to one of a few other
  accounts, and some shares have expired (`status` false).
- The sizes of namespaces follow a power law (the largest of 20 has about a third of the repositories). With `uniform`
  all have the same size.
- The record of the documented example is always present, and no other name contains its name.

Source: docs/reference/swr-api.md#example-response, #response-fields, #category, #pull-addresses, #time-format,
#private-images-only, #share-status, #namespace-name-rule, #repository-name-rule.
"""

import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

import orjson

from crawler.emulator.inventory.center_rows import CenterRows, Group, Inventory, render
from crawler.errors import ConfigError

# The documented example (swr-api.md#example-response), without `total_range`.
EXAMPLE: dict[str, Any] = {
    "name": "busybox",
    "category": "other",
    "description": "",
    "size": 115645792,
    "is_public": False,
    "num_images": 1,
    "num_download": 0,
    "created_at": "2021-06-02T09:23:01.751202Z",
    "updated_at": "2021-06-10T07:24:35.204517Z",
    "logo": "",
    "url": "",
    "path": "{Repository address}/group/busybox",
    "internal_path": "{Repository address}/group/busybox",
    "domain_name": "domain",
    "namespace": "namespace",
    "tags": ["v1", "v2"],
    "status": True,
}

_ACCOUNT = EXAMPLE["domain_name"]
_ADDRESS = "swr.cn-north-4.myhuaweicloud.com"
_INTERNAL_ADDRESS = "100.125.0.198:20202"  # an address of the documents
_CATEGORIES = ("app_server", "linux", "framework_app", "database", "lang", "arm", "other", "windows")
_TEAMS = (
    "payments", "search", "identity", "billing", "catalog", "ledger", "media", "mobile", "risk", "growth",
    "platform", "data", "ml", "edge", "iot", "games", "support", "sre", "security", "labs", "maps", "fleet",
)  # fmt: skip
_STAGES = ("", "-prod", "_dev", ".ci", "-staging", "__legacy", "-eu", "_qa")
_OWNERS = (
    "acme",
    "globex",
    "initech",
    "umbrella",
    "hooli",
    "stark",
    "wayne",
    "tyrell",
    "cyberdyne",
    "soylent",
)
_FOLDERS = (
    "", "backend/", "frontend/", "jobs/", "infra/", "ml/serving/", "tools/", "base/", "mirror/docker.io/",
    "charts/", "e2e/", "sidecars/", "third_party/",
)  # fmt: skip
_SERVICES = (
    "api", "auth", "gateway", "web", "worker", "scheduler", "nginx", "redis", "postgres", "mysql", "kafka",
    "zookeeper", "etcd", "grafana", "prometheus", "loki", "fluentd", "envoy", "istio-proxy", "coredns",
    "keycloak", "vault", "consul", "minio", "python", "golang", "node", "openjdk", "dotnet", "ruby", "rust",
    "bert-base", "resnet50", "llm-router", "tokenizer", "feature-store", "etl", "spark", "flink", "airflow",
    "superset", "metabase", "jenkins", "runner", "sonar", "nexus", "alpine", "debian", "centos", "openeuler",
    "mailer", "invoices", "orders", "cart", "checkout", "profile", "session", "notifier", "thumbnailer",
)  # fmt: skip
# Mostly empty, as real ones are. The others break careless writers: quotes, line ends, other scripts, characters that a
# terminal or a browser interprets.
_DESCRIPTIONS = (
    *[""] * 12,
    "Internal service image",
    "镜像仓库 支付服务",
    "Образ для сборки",
    "صورة حاوية",
    "naïve café ☕ 🐳🚀",
    'say "hello" \\ and\ttabs',
    "first line\nsecond line\r\nthird\u2028fourth",
    "\u001b[31mred\u001b[0m <script>alert(1)</script>",
)
_TAGS = (
    *("latest", "stable", "v2", "v1"),
    *(f"{major}.{minor}.{patch}" for major in range(8) for minor in range(10) for patch in range(5)),
)
_DAYS = tuple((date(2019, 1, 1) + timedelta(days=day)).isoformat() for day in range(2000))
_DAY_S = 86_400
_SKEW = 1.1  # exponent of the power law of sizes
_EXPIRED_SHARE = 0.15  # of third-party shares
_OWN_STATUS_TRUE = 0.1  # of own shares; the field has no meaning there (swr-api.md#status-for-self)
# Digits of a fraction of a second before trailing zeros are removed: the documents show 0, 5, 6 and 9.
_DIGITS = (0, 3, 6, 6, 6, 6, 6, 9, 9, 9)


def synthetic(*, namespaces: int, repositories: int, seed: int, uniform: bool = False) -> Inventory:
    """Return an inventory with `repositories` in total, half in each center (`self` gets the odd one).

    Each center has `namespaces` namespaces. Without `uniform` the centers have no namespace in common, sizes follow a
    power law, and none is empty if there are enough repositories. With `uniform` both centers have the same namespaces,
    each with repositories / (2 * namespaces) repositories in either center. Without repositories the example is missing
    too. A row takes about 540 bytes. Raises ConfigError for numbers that are out of range.
    """
    if namespaces < 1:
        raise ConfigError(f"namespaces must be at least 1, not {namespaces}", setting="namespaces")
    if repositories < 0:
        raise ConfigError(f"repositories must not be negative, got {repositories}", setting="repositories")
    if uniform and repositories % (2 * namespaces):
        raise ConfigError(
            f"uniform needs repositories in multiples of 2 * namespaces = {2 * namespaces}, not {repositories}",
            setting="repositories",
        )
    own, others = repositories - repositories // 2, repositories // 2
    names = _namespace_names(namespaces if uniform else 2 * namespaces)
    shared = names if uniform else names[namespaces:]
    sizes = _uniform_sizes if uniform else _skewed_sizes
    accounts = max(1, namespaces // 3)
    own_namespaces = [(_ACCOUNT, name) for name in names[:namespaces]]
    other_namespaces = [(f"{_OWNERS[at % len(_OWNERS)]}-{at % accounts}", name) for at, name in enumerate(shared)]
    return Inventory(
        {
            "self": _center_rows("self", own_namespaces, sizes(own, namespaces), seed),
            "thirdparty": _center_rows("thirdparty", other_namespaces, sizes(others, namespaces), seed),
        }
    )


def _uniform_sizes(total: int, count: int) -> list[int]:
    return [total // count] * count


def _skewed_sizes(total: int, count: int) -> list[int]:
    """Return `count` sizes that add up to `total`, by a power law, largest first, each at least 1 if possible."""
    least = min(total, count)
    weights = [(rank + 1) ** -_SKEW for rank in range(count)]
    whole = sum(weights)
    # Rounding the running sum instead of the sizes makes the sizes add up.
    ends = [round((total - least) * share / whole) for share in accumulate(weights)]
    return [end - start + (at < least) for at, (start, end) in enumerate(zip([0, *ends], ends, strict=False))]


def _namespace_names(count: int) -> list[str]:
    """Return distinct names that follow the documented rule; the first one is the example's."""
    names = [EXAMPLE["namespace"]]
    for at in range(count - 1):
        rank, stage = divmod(at // len(_TEAMS), len(_STAGES))
        names.append(_TEAMS[at % len(_TEAMS)] + _STAGES[stage] + (f"-{rank}" if rank else ""))
    return names


def _repository_name(at: int) -> str:
    """Return the name of repository number `at` of a namespace: distinct, some with one or two `/`."""
    level, service = divmod(at, len(_SERVICES))
    version, folder = divmod(level, len(_FOLDERS))
    # The folder depends on the service, so that small namespaces have several folders.
    name = _FOLDERS[(folder + service * 5) % len(_FOLDERS)] + _SERVICES[service]
    return f"{name}-v{version}" if version else name


def _center_rows(center: str, owners: list[tuple[str, str]], sizes: list[int], seed: int) -> CenterRows:
    groups = []
    for (domain_name, namespace), size in sorted(zip(owners, sizes, strict=True)):
        holds_example = center == "self" and namespace == EXAMPLE["namespace"] and size > 0
        names = [_repository_name(at) for at in range(size - holds_example)]
        names += [EXAMPLE["name"]] * holds_example
        # One random stream a namespace: its rows do not depend on the size of another one.
        rng = random.Random(f"{seed}/{center}/{namespace}")  # noqa: S311 - no secret, must be repeatable
        rows = _rows(center, domain_name, namespace, sorted(names), rng)
        groups.append(Group(domain_name, namespace, tuple(rows)))
    return CenterRows(tuple(groups))


def _rows(center: str, domain_name: str, namespace: str, names: list[str], rng: random.Random) -> Iterator[bytes]:
    for name in names:
        if name == EXAMPLE["name"]:
            yield render(EXAMPLE)
        else:
            yield _row(center, domain_name, namespace, name, rng.random)


def _row(center: str, domain_name: str, namespace: str, name: str, draw: Callable[[], float]) -> bytes:
    """Return one row. `draw` returns floats in [0, 1). This runs once a row, so it is one flat function."""
    # Pareto: a quarter of the repositories are empty, 0.6 % have more than a hundred tags.
    count = min(len(_TAGS), int(1.6 * (1.0 - draw()) ** -0.8) - 1)
    first = int(draw() * (len(_TAGS) - count + 1))
    created_s = int(draw() * len(_DAYS) * _DAY_S * 0.9)
    updated_s = created_s + int(draw() * (len(_DAYS) * _DAY_S - created_s))
    status = draw() >= _EXPIRED_SHARE if center == "thirdparty" else draw() < _OWN_STATUS_TRUE
    return orjson.dumps(
        {
            "name": name,
            "category": _CATEGORIES[int(draw() * len(_CATEGORIES))],
            "description": _DESCRIPTIONS[int(draw() * len(_DESCRIPTIONS))],
            "size": int(2.0 ** (20 + 23 * draw())) if count else 0,  # 1 MiB to 8 TiB
            "is_public": False,
            "num_images": count,
            "num_download": int(draw() ** 8 * 1_000_000),
            "created_at": _rfc3339_nano(created_s, draw()),
            "updated_at": _rfc3339_nano(updated_s, draw()),
            "logo": "",
            "url": "",
            "path": f"{_ADDRESS}/{namespace}/{name}",
            "internal_path": f"{_INTERNAL_ADDRESS}/{namespace}/{name}",
            "domain_name": domain_name,
            "namespace": namespace,
            "tags": _TAGS[first : first + count],
            "status": status,
        }
    )[:-1]


def _rfc3339_nano(second: int, fraction: float) -> str:
    """Return a time as Go's RFC3339Nano: 0 to 9 fractional digits without trailing zeros."""
    day, rest = divmod(second, _DAY_S)
    hour, rest = divmod(rest, 3600)
    minute, second = divmod(rest, 60)
    whole = f"{_DAYS[day]}T{hour:02}:{minute:02}:{second:02}"
    digits = _DIGITS[int(fraction * len(_DIGITS))]
    parts = f"{int(fraction * 10**9 * 7919) % 10**9:09}"[:digits].rstrip("0")
    return f"{whole}.{parts}Z" if parts else f"{whole}Z"
