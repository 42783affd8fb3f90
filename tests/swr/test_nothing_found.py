"""Which refusals say that the list holds nothing, and which say something else."""

from typing import Final

import pytest

from crawler.errors import ErrorDetails
from crawler.swr.error_response import error_details
from crawler.swr.nothing_found import says_nothing_found
from crawler.swr.response import Response

NOTHING: Final = (
    "no repository found",
    "No such records",
    "Nothing found",
    "no shared images were found",
    "repositories do not exist",
    "Repository not found.",
    "The namespace does not exist",
    "No data",
    "records couldn't be found",
    "未找到镜像仓库",
    "没有找到任何共享镜像",
    "镜像不存在",
    "查询结果为空",
)
SOMETHING_ELSE: Final = (
    "",
    "Not Found",
    "404 page not found",
    "The requested resource could not be found",
    "The API does not exist or has not been published in the environment",
    "No permission to access the data",
    "Invalid offset: no such page",
    "no Route matched with those values",
    "project not found",
    "no data center named thirdparty",
    "接口不存在",
    "没有访问镜像仓库的权限",
    "请求的页面未找到",
    "没有找到数据中心",
)


@pytest.mark.parametrize("text", NOTHING)
@pytest.mark.parametrize("status", [400, 404, 416])
def test_a_refusal_that_denies_records_says_that_nothing_is_found(text: str, status: int) -> None:
    assert says_nothing_found(ErrorDetails(status, "SVCSTG.SWR.4040001", text))


@pytest.mark.parametrize("text", SOMETHING_ELSE)
def test_a_refusal_that_denies_something_else_says_nothing_of_records(text: str) -> None:
    assert not says_nothing_found(ErrorDetails(404, "", text))


@pytest.mark.parametrize(("status", "code"), [(404, "APIGW.0101"), (404, "APIG.0101"), (403, ""), (500, ""), (401, "")])
def test_another_status_and_a_missing_interface_say_nothing_of_records(status: int, code: str) -> None:
    assert not says_nothing_found(ErrorDetails(status, code, "no repository found"))


@pytest.mark.parametrize(
    "body",
    [
        b'{"error_code":"SVCSTG.SWR.4040003","error_msg":"no repository found"}',
        b'[{"errorCode":"SVCSTG.SWR.4040003","errorMessage":"no repository found"}]',
        b'{"errors":[{"errorCode":"SVCSTG.SWR.4040003","errorMessage":"no repository found"}]}',
        b'{"error":{"code":404,"message":"no repository found"}}',
    ],
)
def test_nothing_found_is_read_in_every_shape_of_an_error(body: bytes) -> None:
    assert says_nothing_found(error_details(Response(404, {}, body, 0)))
