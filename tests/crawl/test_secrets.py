"""No secret that a server repeats is in anything that a run writes or says."""

import base64
import json
import re
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest

from crawler.cli.run_command import run_command
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.http.request import POD_CREDENTIALS
from crawler.emulator.inventory.ndjson import synthetic
from tests.support.emulator_fixture import serve
from tests.support.identity_tokens import POD_CLAIMS, jwt
from tests.support.sweeps import sampled

pytestmark = pytest.mark.unmeasured

INVENTORY: Final = synthetic(namespaces=2, repositories=60, seed=7)
TOKEN: Final = "MIIab+/cd" + "0123456789+/xyzABC" * 40 + "="
PASSWORD: Final = 'Pa$$w0rd "&<1>/\\\\x'
SECRET_KEY: Final = "EmulatorSecretKey7Qm2Xr9Lc4Vt6Hb1Nz8Kd3W"
SECURITY_TOKEN: Final = "gQpjbi1ub3J0+/temporary=="
SPELLED: Final = ("plain", "percent", "html", "base64", "json", "lower", "upper", "cut")


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Return what sets variables."""
    monkeypatch.setenv("SWR_CRAWLER_RATE", "unlimited")
    monkeypatch.setenv("SWR_CRAWLER_MAX_TRIES", "2")
    return monkeypatch


def spellings(secret: str) -> list[bytes]:
    """Return how a secret could be read in a file: as it is, escaped, or encoded; and its first 30 characters."""
    texts = [secret, json.dumps(secret)[1:-1], quote(secret, safe=""), secret[:30], secret.encode().hex()]
    texts += [base64.b64encode(secret.encode()).decode()]
    return [text.encode() for text in texts]


def holders(folder: Path, said: str, secret: str) -> list[str]:
    """Return where a secret can be read: in which files, or in what the command said."""
    found = {str(path): path.read_bytes().lower() for path in folder.rglob("*") if path.is_file()}
    found["said"] = said.encode().lower()
    return [where for where, data in found.items() if any(spelling.lower() in data for spelling in spellings(secret))]


def run(endpoint: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Crawl with the command, and return its exit code and what it said."""
    flags = {"endpoint": endpoint, "output": str(folder / "output"), "limit": "10", "log-format": "json"}
    flags["summary-file"] = str(folder / "summary.json")
    code = run_command(["crawl", *(part for name, value in flags.items() for part in (f"--{name}", value))])
    said = capsys.readouterr()
    return code, said.out + said.err


METHODS: Final[Mapping[str, tuple[dict[str, str], dict[str, str]]]] = {
    "token": ({"SWR_CRAWLER_TOKEN": TOKEN}, {"token": TOKEN}),
    "aksk": (
        {
            "SWR_CRAWLER_ACCESS_KEY": "EMULATORAK0000000000",
            "SWR_CRAWLER_SECRET_KEY": SECRET_KEY,
            "SWR_CRAWLER_SECURITY_TOKEN": SECURITY_TOKEN,
            "SWR_CRAWLER_PROJECT_ID": "0123456789abcdef0123456789abcdef",
        },
        {"sk": SECRET_KEY, "security_token": SECURITY_TOKEN},
    ),
}


# Each place is repeated in some of the spellings, and each spelling in some of the places; all of both are slow.
@pytest.mark.parametrize(
    ("where", "spelled", "method"), sampled(product(["message", "code", "id", "item"], SPELLED, METHODS), 5)
)
def test_a_gateway_that_repeats_the_request_gets_no_secret_written_or_said(
    where: str,
    spelled: str,
    method: str,
    tmp_path: Path,
    environ: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings, secrets = METHODS[method]
    for name, value in settings.items():
        environ.setenv(name, value)
    fault = parse_fault(f"echo-request:every=3,where={where},spelled={spelled}")
    with serve(INVENTORY, faults=(fault,), **secrets) as served:
        code, said = run(served.endpoint, tmp_path, capsys)
        assert sum(served.counters()["faults"]) > 0
    assert code in {0, 3, 75, 77, 78}, said
    assert [holders(tmp_path, said, secret) for secret in secrets.values()] == [[]] * len(secrets)
    assert re.search("Signature=[0-9a-f]{12}", said) is None
    rejects = b"".join(path.read_bytes() for path in tmp_path.rglob("_rejects.ndjson"))
    assert b"***" in (rejects if where == "item" and code in {0, 3} else said.encode())


@pytest.mark.parametrize("spelled", SPELLED)
def test_iam_that_repeats_the_login_gets_no_password_written_or_said(
    spelled: str, tmp_path: Path, environ: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {"USER": "emulator-user", "PASSWORD": PASSWORD, "ACCOUNT": "emulator-domain"}.items():
        environ.setenv(f"SWR_CRAWLER_{name}", value)
    environ.setenv("SWR_CRAWLER_PROJECT", "cn-north-4")
    with serve(INVENTORY, password=PASSWORD, faults=(parse_fault(f"echo-login:spelled={spelled}"),)) as served:
        environ.setenv("SWR_CRAWLER_IAM_ENDPOINT", served.endpoint)
        code, said = run(served.endpoint, tmp_path, capsys)
    assert code == 77, said
    assert holders(tmp_path, said, PASSWORD) == []
    assert "IAM.0011" in said
    assert "***" in said or spelled != "plain"  # what is spelled longer may be cut before it


@pytest.mark.parametrize("method", ["oidc", "idp", "pod-identity"])
@pytest.mark.parametrize("spelled", SPELLED)
def test_what_is_asked_for_keys_and_repeats_the_request_gets_no_token_written_or_said(
    spelled: str, method: str, tmp_path: Path, environ: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    token, file = jwt({**POD_CLAIMS, "jti": "0123456789-abcdef"}), tmp_path / "token"
    file.write_text(token)
    (tmp_path / "work").mkdir()
    fault = parse_fault(f"echo-login:spelled={spelled}")
    with serve(INVENTORY, id_token=token, faults=(fault,)) as served:
        own = served.identity
        variables = {
            "oidc": {
                "HUAWEICLOUD_OIDC_PROVIDER_URN": own.provider_urn,
                "HUAWEICLOUD_OIDC_AGENCY_URN": own.agency_urn,
                "HUAWEICLOUD_OIDC_ID_TOKEN": token,
                "HUAWEICLOUD_SDK_STS_ENDPOINT": served.endpoint,
            },
            "idp": {
                "HUAWEICLOUD_SDK_IDP_ID": own.idp,
                "HUAWEICLOUD_SDK_ID_TOKEN_FILE": str(file),
                "HUAWEICLOUD_SDK_IAM_ENDPOINT": served.endpoint,
            },
            "pod-identity": {
                "HC_CONTAINER_CREDENTIALS_FULL_URI": served.endpoint + POD_CREDENTIALS,
                "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(file),
            },
        }
        for name, value in variables[method].items():
            environ.setenv(name, value)
        code, said = run(served.endpoint, tmp_path / "work", capsys)
    assert code == 77, said
    assert "IAM.0011" in said
    assert holders(tmp_path / "work", said, token) == []
