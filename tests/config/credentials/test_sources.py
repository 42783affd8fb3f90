"""Which sources of credentials a target has, and in which order."""

import pytest

from crawler.config.credentials.sources import own_source, sources
from crawler.config.load import load
from tests.config.loading import tool_files

PROFILE = "[basic]\nak = AK\nsk = SK\n"


@pytest.mark.parametrize(
    ("file_text", "expected"),
    [
        ("", ["HUAWEICLOUD_SDK_AK", "HW_ACCESS_KEY", "file ~/.huaweicloud/credentials"]),
        ('[crawl]\ncredentials_file = "mine"', ["file mine", "HUAWEICLOUD_SDK_AK", "HW_ACCESS_KEY"]),
    ],
)
def test_a_credentials_file_that_a_setting_names_is_before_the_variables_of_other_tools(
    file_text: str, expected: list[str]
) -> None:
    environ = {"HW_ACCESS_KEY": "x", "HUAWEICLOUD_SDK_AK": "x"}
    (target,) = load(
        flags={"endpoint": "https://h"}, environ=environ, file_text=file_text, file_name="crawler.toml"
    ).config.targets
    texts = dict.fromkeys(("mine", "~/.huaweicloud/credentials"), PROFILE)
    found = [
        source.origins["access_key"]
        for source in sources(target, own_source(target), environ, tool_files(texts))
        if "access_key" in source.origins
    ]
    assert [origin.removeprefix("environment ") for origin in found] == expected
