"""Laws of the list of regions: the official client's own endpoints, and no endpoint for an unknown name."""

import pytest
from huaweicloudsdkcore.auth.endpoint import get_iam_endpoint_by_id, get_sts_endpoint_by_id
from huaweicloudsdkswr.v2.region.swr_region import SwrRegion
from hypothesis import given
from hypothesis import strategies as st

from crawler.config.settings.names import target_name
from crawler.config.settings.origin import origin
from crawler.config.settings.regions import (
    REGIONS,
    endpoint_of,
    iam_endpoint_of,
    region,
    region_of,
    sts_endpoint_of,
)

OPEN_TELEKOM_CLOUD = {"eu-de", "eu-nl"}


def test_the_regions_are_those_of_the_official_client_and_of_open_telekom_cloud() -> None:
    assert set(REGIONS) == {*SwrRegion.static_fields, *OPEN_TELEKOM_CLOUD}
    assert len(REGIONS) == len(set(REGIONS))


@pytest.mark.parametrize("name", sorted(SwrRegion.static_fields))
def test_an_endpoint_is_the_official_clients(name: str) -> None:
    assert [endpoint_of(name)] == SwrRegion.static_fields[name].endpoints
    assert iam_endpoint_of(name) == get_iam_endpoint_by_id(name, iam_endpoint_of(name))


@pytest.mark.parametrize("name", REGIONS)
def test_a_region_has_the_sts_that_the_official_client_knows_for_it_and_no_other(name: str) -> None:
    assert sts_endpoint_of(name) == get_sts_endpoint_by_id(name)


def test_the_exceptions_are_in_other_domains() -> None:
    assert endpoint_of("eu-west-101") == "https://swr-api.eu-west-101.myhuaweicloud.eu"
    assert iam_endpoint_of("eu-west-101") == "https://iam.eu-west-101.myhuaweicloud.eu"
    assert endpoint_of("eu-de") == "https://swr-api.eu-de.otc.t-systems.com"
    assert iam_endpoint_of("eu-nl") == "https://iam.eu-nl.otc.t-systems.com"


def test_every_region_can_name_a_target_and_its_endpoints_are_origins() -> None:
    for name in REGIONS:
        assert region(name) == target_name(name) == name
        assert region_of(endpoint_of(name) or "") == name
        for endpoint in (endpoint_of(name), iam_endpoint_of(name)):
            assert endpoint is not None
            assert origin(endpoint) == endpoint


@given(st.text(alphabet="abcn-north4.:/@0", max_size=20).filter(lambda text: text not in REGIONS))
def test_an_unknown_region_has_no_endpoint(text: str) -> None:
    assert endpoint_of(text) is None
    assert iam_endpoint_of(text) is None
    assert sts_endpoint_of(text) is None
    assert region_of(text) is None


@pytest.mark.parametrize(
    "text", ["", "cn", "cn-", "-cn", "cn--north", "CN-north-1", "cn_north-1", "a-b\n", "a.b-c", "1-a"]
)
def test_a_name_of_a_region_is_words_between_hyphens(text: str) -> None:
    assert region(text) is None
