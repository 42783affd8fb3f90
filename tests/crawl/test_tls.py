"""A crawl over TLS: which authorities it trusts, which certificate it shows, and what it says when either fails."""

import ssl
from collections.abc import Mapping
from pathlib import Path

import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.config.load import load
from crawler.crawl.result import RunResult
from crawler.emulator.inventory.ndjson import synthetic
from crawler.errors import ConfigError
from tests.support.certificates import LONG_AGO, ca_file, client_files, server_tls
from tests.support.connect_proxy import served_proxy
from tests.support.emulator_fixture import (
    TOKEN,
    QuickClock,
    inventory_keys,
    port_of,
    published_keys,
    serve,
    snapshot_of,
)
from tests.support.running import run_crawl
from tests.support.strict_tls_server import strict_tls_server

INVENTORY = synthetic(namespaces=4, repositories=200, seed=7)


def run(endpoint: str, output: Path, environ: Mapping[str, str] | None = None, toml: str = "") -> RunResult:
    given = {"rate_per_s": "unlimited", "endpoint": endpoint, "output": str(output / "out")}
    own = TOKEN | dict(environ or {})
    config = load(flags=given, environ=own, file_text=toml, file_name="test.toml").config
    return run_crawl(config, own, clock=QuickClock())


def all_read(result: RunResult) -> bool:
    assert exit_code_of(result) == 0, result.errors
    return set(published_keys(snapshot_of(result))) == inventory_keys(INVENTORY)


def refusal_of(result: RunResult) -> tuple[str, str | None]:
    """Return the words and the setting of the error of a run that could not send anything."""
    assert (exit_code_of(result), result.path) == (78, None)
    error = result.errors["default"]
    assert isinstance(error, ConfigError)
    start = "target default: no request gets through: "
    assert str(error).startswith(start)
    return str(error).removeprefix(start), error.setting


@pytest.mark.parametrize(
    "variable",
    ["SWR_CRAWLER_CA_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "OS_CACERT", "SSL_CERT_FILE"],
)
def test_an_authority_that_a_variable_names_is_trusted(tmp_path: Path, variable: str) -> None:
    with serve(INVENTORY, tls=server_tls()) as served:
        assert all_read(run(served.endpoint, tmp_path, {variable: str(ca_file(tmp_path))}))


def test_folders_of_authorities_are_trusted_by_the_hash_of_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "authorities"
    folder.mkdir()
    certificate = ca_file(tmp_path).read_text()
    for name in hashed_names(tmp_path):
        (folder / name).write_text(certificate)
    with serve(INVENTORY, tls=server_tls()) as served:
        for number, variable in enumerate(("SSL_CERT_DIR", "CURL_CA_BUNDLE")):
            assert all_read(run(served.endpoint, tmp_path / str(number), {variable: str(folder)}))


def hashed_names(folder: Path) -> list[str]:
    """Return the file name under which OpenSSL looks for the authority: the hash of its subject."""
    import subprocess  # noqa: PLC0415

    line = ["openssl", "x509", "-subject_hash", "-noout", "-in", str(ca_file(folder))]
    try:
        done = subprocess.run(line, capture_output=True, text=True, check=True)  # noqa: S603 - a constant
    except FileNotFoundError:
        pytest.skip("needs the command openssl")
    return [f"{done.stdout.strip()}.0"]


def test_the_setting_outranks_the_variables_and_replaces_what_the_system_trusts(tmp_path: Path) -> None:
    right, wrong = ca_file(tmp_path), ca_file(tmp_path, "two")
    with serve(INVENTORY, tls=server_tls()) as served:
        by_file = run(served.endpoint, tmp_path, {"REQUESTS_CA_BUNDLE": "/no"}, f'[crawl]\nca_file = "{right}"')
        assert all_read(by_file)
        other = run(served.endpoint, tmp_path / "2", {"SSL_CERT_FILE": str(right)}, f'[crawl]\nca_file = "{wrong}"')
    assert refusal_of(other)[1] == "ca_file"


def test_an_authority_that_is_not_trusted_ends_the_run_before_anything_is_sent(tmp_path: Path) -> None:
    with serve(INVENTORY, tls=server_tls()) as served:
        words, setting = refusal_of(run(served.endpoint, tmp_path))
        assert served.counters()["requests"] == 0
    assert words.startswith("the certificate of localhost is signed by an authority that is not trusted")
    assert "(subject O=" in words
    assert "; issuer O=test one" in words
    assert "; for localhost); set ca_file to the CA certificate (PEM) that signed it" in words
    assert setting == "ca_file"


def test_a_certificate_for_other_names_and_one_that_has_expired_are_told_apart(tmp_path: Path) -> None:
    trusting = {"OS_CACERT": str(ca_file(tmp_path))}
    with serve(INVENTORY, tls=server_tls("other.example.test")) as served:
        words, setting = refusal_of(run(served.endpoint, tmp_path, trusting))
    assert words.startswith("the certificate of localhost is for other names (subject ")
    assert "; for other.example.test); set endpoint" in words
    assert setting == "endpoint"
    with serve(INVENTORY, tls=server_tls(expired=True)) as served:
        words, setting = refusal_of(run(served.endpoint, tmp_path / "2", trusting))
    assert words.startswith("the certificate of localhost has expired (subject ")
    assert f"; valid until {LONG_AGO.date()}; for localhost)" in words
    assert "check the clock of this machine" in words


def test_a_proxy_with_a_certificate_that_is_not_trusted_is_told_from_the_service(tmp_path: Path) -> None:
    with served_proxy({}, tls=server_tls()) as proxy:
        words, _ = refusal_of(run("https://swr.example.test", tmp_path, {"HTTPS_PROXY": proxy.endpoint}))
    assert words.startswith(f"the certificate of the proxy {proxy.endpoint} is signed by an authority")


def test_a_proxy_that_opens_tls_is_trusted_by_its_own_authority(tmp_path: Path) -> None:
    host = "swr.example.test"
    with serve(INVENTORY, tls=server_tls(host)) as opened, served_proxy({host: port_of(opened)}) as proxy:
        environ = {"HTTPS_PROXY": proxy.endpoint}
        words, _ = refusal_of(run(f"https://{host}", tmp_path, environ))
        assert words.startswith(f"the certificate of {host} is signed by an authority that is not trusted (subject ")
        assert "; issuer O=test one" in words
        assert all_read(run(f"https://{host}", tmp_path / "2", environ | {"CURL_CA_BUNDLE": str(ca_file(tmp_path))}))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_service_that_asks_for_a_client_certificate_gets_that_of_its_target(
    tmp_path: Path, version: ssl.TLSVersion
) -> None:
    own, other = client_files(tmp_path), client_files(tmp_path, "two")
    tls = server_tls("localhost", clients_of="one", version=version)
    trust = f'[crawl]\nca_file = "{ca_file(tmp_path)}"\n'
    with serve(INVENTORY, tls=tls) as served:
        shown = f'{trust}client_cert = "{own.certificate}"\nclient_key = "{own.key}"'
        assert all_read(run(served.endpoint, tmp_path / "1", toml=shown))
    with strict_tls_server(tls) as endpoint:
        words, setting = refusal_of(run(endpoint, tmp_path / "2", toml=trust))
        assert words.startswith(
            ("the service asks for a client certificate", "the service ends the TLS handshake: it asks")
        )
        assert setting == "client_cert"
        wrong = f'{trust}client_cert = "{other.certificate}"\nclient_key = "{other.key}"'
        words, setting = refusal_of(run(endpoint, tmp_path / "3", toml=wrong))
        assert words.startswith("the service refuses the client certificate (unknown ca); set client_cert")
        assert setting == "client_cert"


def test_a_certificate_and_its_key_may_be_one_file(tmp_path: Path) -> None:
    own = client_files(tmp_path)
    both = tmp_path / "both.pem"
    both.write_bytes(own.key.read_bytes() + own.certificate.read_bytes())
    toml = f'[crawl]\nca_file = "{ca_file(tmp_path)}"\nclient_cert = "{both}"'
    with serve(INVENTORY, tls=server_tls(clients_of="one")) as served:
        assert all_read(run(served.endpoint, tmp_path, toml=toml))


ENCRYPTED = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n{}\n-----END ENCRYPTED PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"ca_file": "missing"}, "ca_file: cannot read {}/missing: No such file"),
        ({"ca_file": "text"}, "ca_file: {}/text holds no CA certificate (PEM)"),
        ({"client_cert": "missing"}, "client_cert: cannot read {}/missing: No such file"),
        ({"client_cert": "text"}, "client_cert: {0}/text and {0}/text hold no certificate with its key"),
        ({"client_cert": "client-one.pem", "client_key": "missing"}, "client_key: cannot read {}/missing: No such"),
        (
            {"client_cert": "client-one.pem", "client_key": "client-two.key"},
            "client_key: {0}/client-two.key is not the key of {0}/client-one.pem",
        ),
        (
            {"client_cert": "client-one.pem", "client_key": "encrypted.key"},
            "client_key: {}/encrypted.key is encrypted, which is not supported",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_named_before_the_first_request(
    tmp_path: Path, settings: Mapping[str, str], words: str
) -> None:
    (tmp_path / "text").write_text("no certificate")
    for name in ("one", "two"):
        client_files(tmp_path, name)
    encrypt(tmp_path / "client-one.key", tmp_path / "encrypted.key")
    lines = [f'{name} = "{tmp_path / path}"' for name, path in settings.items()]
    with pytest.raises(ConfigError) as caught:
        run("https://localhost:1", tmp_path, toml="\n".join(["[crawl]", *lines]))
    assert str(caught.value).startswith(words.format(tmp_path))
    assert caught.value.setting == words.partition(":")[0]


def encrypt(key: Path, encrypted: Path) -> None:
    from cryptography.hazmat.primitives import serialization as pem  # noqa: PLC0415

    private = pem.load_pem_private_key(key.read_bytes(), None)
    how = pem.BestAvailableEncryption(b"a password")
    encrypted.write_bytes(private.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, how))


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "OS_CACERT", "SSL_CERT_FILE"])
def test_a_variable_that_names_no_file_is_named(tmp_path: Path, variable: str) -> None:
    with pytest.raises(ConfigError, match=f"^{variable}: cannot read /no/ca.pem: No such file or directory$"):
        run("https://localhost:1", tmp_path, {variable: "/no/ca.pem"})


def test_a_key_without_a_certificate_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="client_key has no certificate that it is for; set client_cert"):
        run("https://localhost:1", tmp_path, toml='[crawl]\nclient_key = "k.pem"')


def test_a_home_folder_that_nothing_knows_is_a_line(tmp_path: Path) -> None:
    for setting in ("ca_file", "client_cert"):
        with pytest.raises(ConfigError, match=f"^{setting}: cannot read ~nobody-of-this-name/a.pem: nothing says"):
            run("https://localhost:1", tmp_path, toml=f'[crawl]\n{setting} = "~nobody-of-this-name/a.pem"')
