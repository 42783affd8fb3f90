"""A crawl on a network whose only way out is a proxy: no name is resolved there, and nothing else is reached."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

from crawler.emulator.inventory.ndjson import synthetic
from crawler.emulator.server import RunningEmulator
from tests.support import relay_alone
from tests.support.certificates import ca_file, server_tls
from tests.support.emulator_fixture import port_of, serve
from tests.support.other_system import Ended
from tests.support.public_proxy import public_proxy

pytestmark = pytest.mark.unmeasured

SWR: Final = "swr.example.test"  # a name that the proxy alone resolves


@pytest.fixture
def socket_path() -> Iterator[Path]:
    """Yield a path that is short enough for a Unix socket, which that of a test may not be."""
    with TemporaryDirectory() as folder:
        yield Path(folder) / "proxy"


def crawl_alone(folder: Path, unix_socket: Path, environ: dict[str, str]) -> Ended:
    """Crawl in a network namespace that has nothing but the proxy at `unix_socket`; skip where no user can make one."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("there is no unshare: network namespaces are Linux's")
    namespace = [unshare, "--net"] if os.geteuid() == 0 else [unshare, "--net", "--map-root-user"]
    if subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode:  # noqa: S603 - a constant
        pytest.skip("this user may not make a network namespace")
    crawl = [sys.executable, "-m", "crawler", "crawl", "--rate", "unlimited"]
    line = [*namespace, sys.executable, relay_alone.__file__, str(unix_socket), *crawl]
    done = subprocess.run(line, cwd=folder, env=environ, capture_output=True, text=True, check=False)  # noqa: S603 - ourselves
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def served() -> Iterator[RunningEmulator]:
    with serve(synthetic(namespaces=2, repositories=20, seed=3), tls=server_tls(SWR)) as running:
        yield running


def own_settings(served: RunningEmulator, folder: Path, host: str = SWR) -> dict[str, str]:
    trusting = {"SWR_CRAWLER_TOKEN": served.identity.token, "SWR_CRAWLER_CA_FILE": str(ca_file(folder))}
    return trusting | {"SWR_CRAWLER_MAX_TRIES": "1", "SWR_CRAWLER_ENDPOINT": f"https://{host}:{port_of(served)}"}


@pytest.mark.parametrize(
    ("host", "words"), [(SWR, "cannot resolve the host name ("), ("192.0.2.1", "cannot connect (")]
)
def test_without_the_proxy_a_line_says_what_failed_and_what_to_set(
    tmp_path: Path, served: RunningEmulator, socket_path: Path, host: str, words: str
) -> None:
    done = crawl_alone(tmp_path, socket_path, own_settings(served, tmp_path, host))
    (why,) = (line for line in done.err.splitlines() if line.startswith("  why "))
    assert done.code == 75
    assert f"rerun the command later: {words}" in why
    assert why.endswith("; if only a proxy leads out of this network, set proxy or HTTPS_PROXY")


def test_with_the_proxy_all_is_read_and_only_the_proxy_resolves_names(
    tmp_path: Path, served: RunningEmulator, socket_path: Path
) -> None:
    with public_proxy(tmp_path, unix_socket=socket_path) as proxy:
        environ = own_settings(served, tmp_path) | {"HTTPS_PROXY": f"http://127.0.0.1:{relay_alone.PORT}"}
        done = crawl_alone(tmp_path, socket_path, environ)
        assert (done.code, done.err.partition(" declared")[0]) == (0, "complete: 20 of 20"), done.err
        assert set(proxy.asked(port_of(served))) == {f"CONNECT {SWR}"}
