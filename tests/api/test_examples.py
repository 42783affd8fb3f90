"""The examples of the documentation as a user's type checker sees them; tests/docs runs them."""

from pathlib import Path
from typing import Final

import pytest
from mypy import api

from tests.docs.blocks import blocks
from tests.docs.session import ROOT

pytestmark = pytest.mark.unmeasured

PAGES: Final = ("docs/how-to/embed.md", "docs/reference/python-api.md")


def test_every_example_passes_a_strict_type_checker(tmp_path: Path) -> None:
    programs = []
    for page in PAGES:
        for block in blocks((ROOT / page).read_text(encoding="utf-8")):
            if block.language == "python":
                programs.append(tmp_path / f"{Path(page).stem.replace('-', '_')}_{block.line}.py")
                programs[-1].write_text("\n".join(block.lines) + "\n", encoding="utf-8")
    assert len(programs) > 8
    # With the settings of `make lint`, and so with what it has found of the package.
    options = ["--strict", f"--config-file={ROOT / 'pyproject.toml'}", f"--cache-dir={ROOT / '.mypy_cache'}"]
    output, errors, _ = api.run([*options, "--no-error-summary", *map(str, programs)])
    assert (output, errors) == ("", "")
