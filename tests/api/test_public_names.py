"""The public API: its names, their signatures, and what importing it costs."""

import inspect
import subprocess
import sys
from typing import Final

import pytest

import crawler
from crawler.api.running import CrawlResult
from crawler.api.snapshots import Snapshot
from crawler.api.streaming import CrawlStream, StreamedWalk
from crawler.config.config import Config
from tests.docs import python_api
from tests.docs.python_api import signature_text

NAMES: Final = [
    "Change",
    "Config",
    "ConfigError",
    "CrawlResult",
    "CrawlerError",
    "CredentialsError",
    "DiskError",
    "Estimate",
    "Finding",
    "IncompleteError",
    "InterruptedRunError",
    "Observer",
    "Policy",
    "Record",
    "Shortfall",
    "Snapshot",
    "UnavailableError",
    "UsageError",
    "Verdict",
    "crawl",
    "crawl_async",
    "plan",
    "plan_async",
    "stream",
]

# Without the modules of the types, and without `self`.
SIGNATURES: Final = {
    "crawl": "(config: Config, *, observer: Observer | None = None, environ: Mapping[str, str] | None = None)"
    " -> CrawlResult",
    "crawl_async": "(config: Config, *, observer: Observer | None = None, environ: Mapping[str, str] | None = None)"
    " -> CrawlResult",
    "plan": "(config: Config, *, environ: Mapping[str, str] | None = None) -> Estimate",
    "plan_async": "(config: Config, *, environ: Mapping[str, str] | None = None) -> Estimate",
    "stream": "(config: Config, *, observer: Observer | None = None, environ: Mapping[str, str] | None = None)"
    " -> AsyncIterator[CrawlStream]",
    "Config.load": "(path: str | PurePath | None = None, *, environ: Mapping[str, str] | None = None, **settings: Any)"
    " -> Self",
    "CrawlResult.raise_for_status": "() -> None",
    "Snapshot.open": "(name: str | PurePath = 'latest', *, output: str | PurePath = 'output') -> Snapshot",
    "Snapshot.verify": "() -> Report",
    "Snapshot.records": "(*, target: str | None = None, center: Literal['self', 'thirdparty'] | None = None,"
    " namespace: str | None = None) -> Iterator[Record]",
    "Snapshot.diff": "(old: Snapshot, *, ignore: Iterable[str] = (), list_downloads: bool = False) -> SnapshotDiff",
    "Snapshot.audit": "(policy: Policy | None = None, *, previous: Snapshot | None = None) -> SnapshotAudit",
    "emulator.serve": "(*, repositories: int = 1000, namespaces: int = 4, seed: int = 1, faults: tuple[str, ...] = (),"
    " inventory: Inventory | None = None, **settings: Any) -> Iterator[ServedEmulator]",
    "emulator.serve_async": "(*, repositories: int = 1000, namespaces: int = 4, seed: int = 1,"
    " faults: tuple[str, ...] = (), inventory: Inventory | None = None, **settings: Any)"
    " -> AsyncIterator[ServedEmulator]",
}

PROPERTIES: Final = {
    CrawlResult: {"complete", "completeness", "errors", "resumable", "snapshot", "walks"},
    Snapshot: {"complete", "completeness", "folder", "id", "manifest", "walks"},
    StreamedWalk: {"id", "proven"},
    CrawlStream: set[str](),
}


def after(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout.strip()


def test_the_names_are_these_and_no_more() -> None:
    assert crawler.__all__ == NAMES
    assert len(NAMES) <= 25
    assert set(NAMES) <= set(dir(crawler))


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_there_and_documented(name: str) -> None:
    value = getattr(crawler, name)
    assert inspect.getdoc(value) or name == "Verdict"


@pytest.mark.parametrize("path", SIGNATURES)
def test_a_signature_does_not_change_unnoticed(path: str) -> None:
    value = crawler
    for name in path.split("."):
        value = getattr(value, name)
    assert callable(value)
    assert signature_text(value) == SIGNATURES[path]


@pytest.mark.parametrize("kind", PROPERTIES)
def test_the_properties_of_a_class_do_not_change_unnoticed(kind: type) -> None:
    found = {name for name, value in vars(kind).items() if isinstance(value, property)}
    assert found == PROPERTIES[kind]


def test_the_reference_has_every_name() -> None:
    page = "\n".join(python_api.inserts().values())
    assert [name for name in NAMES if f"### `{name}`" not in page] == ["Verdict"]


def test_a_name_that_is_not_public_is_not_there() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Result'"):
        crawler.Result  # noqa: B018
    with pytest.raises(AttributeError, match="has no attribute 'start'"):
        crawler.emulator.start  # noqa: B018


def test_importing_the_package_imports_none_of_its_modules_and_nothing_else() -> None:
    code = "import sys; before = {*sys.modules}; import crawler; print(*sorted({*sys.modules} - before))"
    assert after(code) == "crawler"


@pytest.mark.parametrize("name", ["ConfigError", "Config", "Policy", "Record", "Snapshot"])
def test_a_name_imports_what_it_needs_only(name: str) -> None:
    heavy = {"aiohttp", "anyio", "asyncio", "click", "duckdb", "jinja2", "rich"}
    assert after(f"import sys, crawler; crawler.{name}; print(*sorted({heavy} & {{*sys.modules}}))") == ""


def test_crawl_is_the_function_in_whatever_order_its_folder_is_imported() -> None:
    for first in ("", "import crawler.crawl.run\n", "from crawler.crawl import estimate\n", "import crawler.crawl\n"):
        code = f"{first}import crawler\nimport crawler.crawl.result\nprint(crawler.crawl.__module__)"
        assert after(code) == "crawler.api.running"


def test_a_config_is_loaded_as_the_settings_say() -> None:
    config = crawler.Config.load(environ={}, endpoint="https://swr.example", limit=500)
    assert isinstance(config, Config)
    assert config.limit == 500
