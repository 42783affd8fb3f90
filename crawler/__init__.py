"""swr-crawler reads the complete list of shared images of a container registry service (SWR) and writes it to disk.

Every record is on disk once, or the run says exactly what is missing.

    import crawler

    config = crawler.Config.load("crawler.toml", limit=500)
    result = crawler.crawl(config)
    result.raise_for_status()

What is in `__all__` is the public API: docs/reference/python-api.md. Each name is imported when it is first used. All
other modules may change.

The layers, from the top down; a folder imports from its own layer and those below (tests/layers.py):

    cli                          flags, output for people, exit codes
    api                          the functions and classes of the public API
    report  audit  diff  query   what is made of a snapshot
    crawl                        plans walks, fetches their windows, publishes a snapshot
    store                        the files of a run: spool, journal, part files, workspace
    snapshot                     the files of a published snapshot: layout, manifest, reader
    config                       settings, their sources, credentials of each target
    walk                         which window is next, and what the pages prove
    swr                          the service: requests, responses, authentication, HTTP
    model                        the nouns that all layers share
    files  text  errors          the ground floor
    emulator                     beside them: serves the same API, for tests and demos

Start with walk/walk.py: its first lines are the laws of the whole project. docs/explanation/architecture.md shows how
the data flows.
"""

import sys

TYPE_CHECKING = False  # that of `typing` takes long to import
if TYPE_CHECKING:
    from crawler import emulator as emulator
    from crawler.api.running import CrawlResult as CrawlResult
    from crawler.api.running import crawl as crawl
    from crawler.api.running import crawl_async as crawl_async
    from crawler.api.running import plan as plan
    from crawler.api.running import plan_async as plan_async
    from crawler.api.snapshots import Snapshot as Snapshot
    from crawler.api.streaming import stream as stream
    from crawler.audit.finding import Finding as Finding
    from crawler.config.audit_policy import Policy as Policy
    from crawler.config.config import Config as Config
    from crawler.crawl.estimate import Estimate as Estimate
    from crawler.crawl.observing.observer import Observer as Observer
    from crawler.diff.change import Change as Change
    from crawler.errors import ConfigError as ConfigError
    from crawler.errors import CrawlerError as CrawlerError
    from crawler.errors import CredentialsError as CredentialsError
    from crawler.errors import DiskError as DiskError
    from crawler.errors import IncompleteError as IncompleteError
    from crawler.errors import InterruptedRunError as InterruptedRunError
    from crawler.errors import UnavailableError as UnavailableError
    from crawler.errors import UsageError as UsageError
    from crawler.model.record import Record as Record
    from crawler.model.verdict import Verdict as Verdict
    from crawler.snapshot.completeness import Shortfall as Shortfall

__version__ = "0.1.0"

_MODULES = {
    "Change": "diff.change",
    "Config": "config.config",
    "ConfigError": "errors",
    "CrawlResult": "api.running",
    "CrawlerError": "errors",
    "CredentialsError": "errors",
    "DiskError": "errors",
    "Estimate": "crawl.estimate",
    "Finding": "audit.finding",
    "IncompleteError": "errors",
    "InterruptedRunError": "errors",
    "Observer": "crawl.observing.observer",
    "Policy": "config.audit_policy",
    "Record": "model.record",
    "Shortfall": "snapshot.completeness",
    "Snapshot": "api.snapshots",
    "UnavailableError": "errors",
    "UsageError": "errors",
    "Verdict": "model.verdict",
    "crawl": "api.running",
    "crawl_async": "api.running",
    "plan": "api.running",
    "plan_async": "api.running",
    "stream": "api.streaming",
}

__all__ = [*_MODULES]  # noqa: PLE0604 - strings; tests/api/test_public_names.py has the list


def __getattr__(name: str) -> object:
    if name == "emulator":
        return _imported(name)
    if name not in _MODULES:
        raise AttributeError(f"module 'crawler' has no attribute {name!r}")
    return getattr(_imported(_MODULES[name]), name)


def _imported(module: str) -> object:
    if sys.platform == "win32" and module != "errors":
        from crawler.errors import NOT_ON_WINDOWS  # noqa: PLC0415 - few need it

        raise ImportError(NOT_ON_WINDOWS)
    __import__(f"crawler.{module}")  # `importlib` takes longer to import than all of this
    return sys.modules[f"crawler.{module}"]


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES, "emulator"})


class _Package(type(sys)):  # type: ignore[misc] # `types` has a name for it, and takes as long
    """The type of this module: `crawl` is the function, whatever module of the folder `crawl/` was imported before."""

    @property
    def crawl(self) -> object:
        return __getattr__("crawl")

    @crawl.setter
    def crawl(self, folder: object) -> None:
        """Leave the name as it is: Python gives a module the names of its folders when they are imported."""


sys.modules[__name__].__class__ = _Package
