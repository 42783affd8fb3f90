"""Laws of config/crawler.toml and config/demo.toml: they document every setting, and they load."""

import re
from pathlib import Path

import pytest

from crawler.config.load import load
from crawler.config.settings.table import SETTINGS
from tests.docs import documented_file

FOLDER = Path(__file__).parents[2] / "config"
DOCUMENTED = (FOLDER / "crawler.toml").read_text(encoding="utf-8")


def test_the_file_documents_each_setting_with_its_default_unit_range_flag_and_variable() -> None:
    for label, text in {
        "limit": "Unit: items, 1 to 1000. --limit, SWR_CRAWLER_LIMIT.\n#limit = 1000\n",
        "rate_per_s": '0.001 to 100000, or "unlimited". --rate, SWR_CRAWLER_RATE.\n#rate_per_s = 50\n',
        "max_body_bytes": "1024 to 1073741824 (1 GiB).\n# SWR_CRAWLER_MAX_BODY_BYTES.\n#max_body_bytes = 67108864\n",
        "centers": '--center (repeatable), SWR_CRAWLER_CENTER.\n#centers = ["self", "thirdparty"]\n',
        "audit.fail_on": 'One of "error", "warning", "note", "never". --fail-on,',
        "resume": '--resume/--no-resume, SWR_CRAWLER_RESUME.\n#resume = "auto"\n',
    }.items():
        assert text in DOCUMENTED, label
    assert len(re.findall(r"(?m)^#[a-z_]+ = ", DOCUMENTED)) == len(SETTINGS)


def test_every_setting_has_one_mark_in_the_template(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    template = documented_file.TEMPLATE.read_text(encoding="utf-8")
    monkeypatch.setattr(documented_file, "TEMPLATE", tmp_path / "t")
    for text in (template.replace("# <limit>", "# "), template + "# <limit>\n", template + "# <limits>\n"):
        (tmp_path / "t").write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=r"twice: limits?$"):
            documented_file.documented_file()


def test_the_file_loads_to_the_defaults_as_it_is_and_with_every_line_set() -> None:
    every = re.sub(r"(?m)^#(?=[a-z_]+ = )", "", DOCUMENTED)
    nothing = load(flags={}, environ={}, file_text=None, file_name=None)
    for text in (DOCUMENTED, every):
        assert load(flags={}, environ={}, file_text=text, file_name="f").config == nothing.config


def test_the_files_example_of_several_targets_loads() -> None:
    text = re.sub(r"(?m)^#   ", "", DOCUMENTED)
    targets = load(flags={}, environ={}, file_text=text, file_name="f").config.targets
    assert [target.name for target in targets] == ["cn-north-4", "eu-west-101", "eu-de"]
    assert [str(target.token or target.secret_key) for target in targets] == [
        "env:SWR_CRAWLER_TOKEN_CN",
        "file:/run/secrets/eu-west-101",
        "profile:otc.sk",
    ]
    assert targets[2].endpoint == "https://swr-api.eu-de.otc.t-systems.com"


def test_the_demos_file_loads_with_the_emulators_endpoint() -> None:
    text = (FOLDER / "demo.toml").read_text(encoding="utf-8")
    flags = {"endpoint": "http://127.0.0.1:8080"}
    assert load(flags=flags, environ={}, file_text=text, file_name="demo.toml").config.limit == 100
