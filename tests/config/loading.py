"""Load a configuration in one call, or the error that it is refused with."""

from collections.abc import Mapping

import pytest

from crawler.config.config import Loaded
from crawler.config.credentials.tool_files.documents import ToolFiles
from crawler.config.load import load
from crawler.errors import CrawlerError

SECRET = "MIIhush+Zm9v/YmFy=="
TWO_TARGETS = """
[crawl]
rate_per_s = 7
token = "env:SHARED"
[[target]]
name = "a"
endpoint = "a.example"
token = "env:OWN"
rate_per_s = 5
[[target]]
name = "b"
endpoint = "b.example"
concurrency = 3
"""


def loaded(
    file_text: str | None = None,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, object] | None = None,
) -> Loaded:
    return load(
        flags=flags or {},
        environ=environ or {},
        file_text=file_text,
        file_name=None if file_text is None else "crawler.toml",
    )


def refusal(
    file_text: str | None = None,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, object] | None = None,
) -> CrawlerError:
    with pytest.raises(CrawlerError) as caught:
        loaded(file_text, environ, flags)
    assert "\n" not in str(caught.value)
    assert SECRET not in f"{caught.value!r} {caught.value.__dict__}"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


def tool_files(texts: Mapping[str, str]) -> ToolFiles:
    """Return the files of other tools, by their paths."""
    return ToolFiles(lambda path, _setting: texts.get(path))
