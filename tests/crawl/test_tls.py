"""A crawl over TLS: which authorities it trusts, which certificate it shows, and what it says when either fails."""

import ssl
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as pem

from crawler.cli.console.exit_status import exit_code_of
from crawler.cli.run_command import run_command
from crawler.config.load import load
from crawler.crawl.result import RunResult
from crawler.emulator.inventory.ndjson import synthetic
from crawler.errors import ConfigError, CredentialsError
from tests.support.certificates import LONG_AGO, authority, ca_file, careless_tls, client_files, server_tls
from tests.support.connect_proxy import served_proxy
from tests.support.emulator_fixture import (
    TOKEN,
    QuickClock,
    all_read,
    port_of,
    serve,
)
from tests.support.running import run_crawl
from tests.support.strict_tls_server import strict_tls_server

INVENTORY = synthetic(namespaces=4, repositories=200, seed=7)


def run(endpoint: str, output: Path, environ: Mapping[str, str] | None = None, toml: str = "") -> RunResult:
    given = {"rate_per_s": "unlimited", "endpoint": endpoint, "output": str(output / "out")}
    own = TOKEN | dict(environ or {})
    config = load(flags=given, environ=own, file_text=toml, file_name="test.toml").config
    return run_crawl(config, own, clock=QuickClock())


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
        assert all_read(run(served.endpoint, tmp_path, {variable: str(ca_file(tmp_path))}), INVENTORY)


@pytest.mark.parametrize("is_trusted", [True, False])
def test_what_issues_keys_is_trusted_as_the_service_is_and_else_gets_no_token(
    tmp_path: Path, *, is_trusted: bool
) -> None:
    with serve(INVENTORY, tls=server_tls()) as served, serve(INVENTORY) as plain:
        identity = served.identity
        environ = {
            "SWR_CRAWLER_TOKEN": "",
            "HUAWEICLOUD_OIDC_PROVIDER_URN": identity.provider_urn,
            "HUAWEICLOUD_OIDC_AGENCY_URN": identity.agency_urn,
            "HUAWEICLOUD_OIDC_ID_TOKEN": identity.id_token,
            "HUAWEICLOUD_SDK_STS_ENDPOINT": served.endpoint,
            "HUAWEICLOUD_SDK_PROJECT_ID": identity.project_id,
        }
        if is_trusted:
            trusting = {**environ, "SWR_CRAWLER_CA_FILE": str(ca_file(tmp_path))}
            assert all_read(run(served.endpoint, tmp_path, trusting), INVENTORY)
            return
        words, setting = refusal_of(run(plain.endpoint, tmp_path, environ))
        assert (served.counters()["requests"], plain.counters()["requests"], setting) == (0, 0, "ca_file")
    assert "the certificate of localhost is signed by an authority that is not trusted" in words


def test_folders_of_authorities_are_trusted_by_the_hash_of_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "authorities"
    folder.mkdir()
    certificate = ca_file(tmp_path).read_text()
    for name in hashed_names(tmp_path):
        (folder / name).write_text(certificate)
    with serve(INVENTORY, tls=server_tls()) as served:
        for number, variable in enumerate(("SSL_CERT_DIR", "CURL_CA_BUNDLE")):
            assert all_read(run(served.endpoint, tmp_path / str(number), {variable: str(folder)}), INVENTORY)


def hashed_names(folder: Path) -> list[str]:
    """Return the file name under which OpenSSL looks for the authority: the hash of its subject."""
    import subprocess  # noqa: PLC0415

    line = ["openssl", "x509", "-subject_hash", "-noout", "-in", str(ca_file(folder))]
    try:
        done = subprocess.run(line, capture_output=True, text=True, check=True)  # noqa: S603 - a constant
    except FileNotFoundError:
        pytest.skip("needs the command openssl")
    return [f"{done.stdout.strip()}.0"]


def test_certificates_that_are_written_carelessly_are_trusted_on_every_python_when_their_authority_is_named(
    tmp_path: Path,
) -> None:
    """Python 3.13 and later refuse them by default: https://github.com/python/cpython/issues/138193."""
    tls, authority_file = careless_tls(tmp_path)
    with serve(INVENTORY, tls=tls) as served:
        for number, variable in enumerate(("CURL_CA_BUNDLE", "SSL_CERT_FILE")):
            assert all_read(run(served.endpoint, tmp_path / str(number), {variable: str(authority_file)}), INVENTORY)
        assert refusal_of(run(served.endpoint, tmp_path / "2"))[1] == "ca_file"


def test_an_authority_that_another_one_signed_is_enough_on_every_python(tmp_path: Path) -> None:
    below = authority("one").create_child_ca()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    below.issue_cert("localhost").configure_cert(tls)
    (tmp_path / "below.pem").write_bytes(below.cert_pem.bytes())
    with serve(INVENTORY, tls=tls) as served:
        assert all_read(run(served.endpoint, tmp_path, {"CURL_CA_BUNDLE": str(tmp_path / "below.pem")}), INVENTORY)


def test_the_setting_outranks_the_variables_and_replaces_what_the_system_trusts(tmp_path: Path) -> None:
    right, wrong = ca_file(tmp_path), ca_file(tmp_path, "two")
    with serve(INVENTORY, tls=server_tls()) as served:
        by_file = run(served.endpoint, tmp_path, {"REQUESTS_CA_BUNDLE": "/no"}, f'[crawl]\nca_file = "{right}"')
        assert all_read(by_file, INVENTORY)
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
        trusting = environ | {"CURL_CA_BUNDLE": str(ca_file(tmp_path))}
        assert all_read(run(f"https://{host}", tmp_path / "2", trusting), INVENTORY)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_service_that_asks_for_a_client_certificate_gets_that_of_its_target(
    tmp_path: Path, version: ssl.TLSVersion
) -> None:
    own, other = client_files(tmp_path), client_files(tmp_path, "two")
    tls = server_tls("localhost", clients_of="one", version=version)
    trust = f'[crawl]\nca_file = "{ca_file(tmp_path)}"\n'
    with serve(INVENTORY, tls=tls) as served:
        shown = f'{trust}client_cert = "{own.certificate}"\nclient_key = "{own.key}"'
        assert all_read(run(served.endpoint, tmp_path / "1", toml=shown), INVENTORY)
    with strict_tls_server(tls) as endpoint:
        words, setting = refusal_of(run(endpoint, tmp_path / "2", toml=trust))
        assert words.startswith(
            ("the service asks for a client certificate", "the service ends the TLS handshake: it asks")
        )
        assert setting == "client_cert"
        wrong = f'{trust}client_cert = "{other.certificate}"\nclient_key = "{other.key}"'
        words, setting = refusal_of(run(endpoint, tmp_path / "3", toml=wrong))
        assert words.startswith("the service refuses the client certificate (unknown ca; subject O=")
        assert "; issuer O=test two" in words
        assert words.partition("); ")[2].startswith("set client_cert to one that it knows")
        assert setting == "client_cert"


def test_a_certificate_of_the_older_form_is_shown(tmp_path: Path) -> None:
    own = client_files(tmp_path)
    (tmp_path / "older").write_text(own.certificate.read_text().replace(" CERTIFICATE", " X509 CERTIFICATE"))
    toml = f'[crawl]\nca_file = "{ca_file(tmp_path)}"\nclient_cert = "{tmp_path}/older"\nclient_key = "{own.key}"'
    with serve(INVENTORY, tls=server_tls(clients_of="one")) as served:
        assert all_read(run(served.endpoint, tmp_path, toml=toml), INVENTORY)


def test_a_certificate_and_its_key_may_be_one_file(tmp_path: Path) -> None:
    own = client_files(tmp_path)
    both = tmp_path / "both.pem"
    both.write_bytes(own.key.read_bytes() + own.certificate.read_bytes())
    toml = f'[crawl]\nca_file = "{ca_file(tmp_path)}"\nclient_cert = "{both}"'
    with serve(INVENTORY, tls=server_tls(clients_of="one")) as served:
        assert all_read(run(served.endpoint, tmp_path, toml=toml), INVENTORY)


# ---- files that cannot be used, and keys that are encrypted

PASSWORD = "päss of the key"


def encrypt(key: Path, encrypted: Path, form: pem.PrivateFormat = pem.PrivateFormat.PKCS8) -> None:
    private = pem.load_pem_private_key(key.read_bytes(), None)
    how = pem.BestAvailableEncryption(PASSWORD.encode())
    encrypted.write_bytes(private.private_bytes(pem.Encoding.PEM, form, how))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a folder with certificates, keys, and files that are neither."""
    for name in ("one", "two"):
        client_files(tmp_path, name)
    client_files(tmp_path, "expired", not_after=LONG_AGO)
    encrypt(tmp_path / "client-one.key", tmp_path / "encrypted.key")
    (tmp_path / "text").write_text("no certificate")
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "damaged").write_text((tmp_path / "client-one.key").read_text().replace("M", "?"))
    key = (tmp_path / "client-one.key").read_text()
    (tmp_path / "broken").write_text(f"-----BEGIN CERTIFICATE-----\nMIIB!\n-----END CERTIFICATE-----\n{key}")
    (tmp_path / "unreadable").symlink_to("unreadable")  # root reads what others may not
    return tmp_path


CANNOT_BE_USED = [
    ({"ca_file": "missing"}, "ca_file: cannot read {}/missing: No such file or directory"),
    ({"ca_file": "unreadable"}, "ca_file: cannot read {}/unreadable: Too many levels of symbolic links"),
    ({"ca_file": "text"}, "ca_file: {}/text holds no CA certificate (PEM); name a file that does"),
    ({"ca_file": "empty"}, "ca_file: {}/empty holds no CA certificate (PEM); name a file that does"),
    ({"ca_file": "folder"}, "ca_file: no file in {0}/folder is named by the hash of an authority; run `openssl rehash"),
    ({"client_cert": "missing"}, "client_cert: cannot read {}/missing: No such file or directory"),
    ({"client_cert": "folder"}, "client_cert: cannot read {}/folder: Is a directory"),
    ({"client_cert": "unreadable"}, "client_cert: cannot read {}/unreadable: Too many levels of symbolic links"),
    ({"client_cert": "text"}, "client_cert: {}/text holds no certificate (PEM); name a file that does"),
    ({"client_cert": "empty"}, "client_cert: {}/empty holds no certificate (PEM); name a file that does"),
    (
        {"client_cert": "client-one.pem"},
        "client_cert: {}/client-one.pem holds no private key (PEM); name a file that does, or set client_key",
    ),
    (
        {"client_cert": "client-expired.pem", "client_key": "client-expired.key"},
        "client_cert: {}/client-expired.pem has expired (subject ",
    ),
    (
        {"client_cert": "broken"},
        "client_cert: {}/broken holds no certificate with its key (PEM) that can be read",
    ),
    ({"client_cert": "client-one.pem", "client_key": "missing"}, "client_key: cannot read {}/missing: No such"),
    ({"client_cert": "client-one.pem", "client_key": "text"}, "client_key: {}/text holds no private key (PEM)"),
    (
        {"client_cert": "client-one.pem", "client_key": "damaged"},
        "client_key: {0}/damaged and {0}/client-one.pem hold no certificate with its key (PEM) that can be read",
    ),
    (
        {"client_cert": "client-one.pem", "client_key": "client-two.key"},
        "client_key: {0}/client-two.key is not the key of {0}/client-one.pem; name the one that is",
    ),
    (
        {"client_cert": "client-one.pem", "client_key": "encrypted.key"},
        (
            "client_key: {0}/encrypted.key is encrypted; set client_key_password to env:NAME or file:PATH of its"
            " password, or name a plain key: openssl pkey -in {0}/encrypted.key -out PLAIN"
        ),
    ),
]


@pytest.mark.parametrize(("settings", "words"), CANNOT_BE_USED)
def test_a_file_that_cannot_be_used_ends_a_crawl_and_a_look_at_the_settings_with_the_same_line(
    files: Path, settings: Mapping[str, str], words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = [f'{name} = "{files / path}"' for name, path in settings.items()]
    toml = "\n".join(["[crawl]", 'endpoint = "https://localhost:1"', 'token = "file:/no/token"', *lines])
    (files / "crawler.toml").write_text(toml)
    with pytest.raises(ConfigError) as caught:
        run("https://localhost:1", files, toml="\n".join(["[crawl]", *lines]))
    assert str(caught.value).startswith(words.format(files))
    assert caught.value.setting == words.partition(":")[0]
    assert run_command(["config", "show", "--config", str(files / "crawler.toml")]) == 78
    shown = capfd.readouterr()
    assert shown.err.startswith(f"swr-crawler: {caught.value}")
    assert "audit.suppress " in shown.out  # the last row


def test_an_expired_certificate_is_named_by_subject_issuer_and_day(files: Path) -> None:
    toml = f'[crawl]\nclient_cert = "{files}/client-expired.pem"\nclient_key = "{files}/client-expired.key"'
    whose = rf"has expired \(subject O=.*; issuer O=test expired.*; valid until {LONG_AGO.date()}\); name one"
    with pytest.raises(ConfigError, match=whose):
        run("https://localhost:1", files, toml=toml)


@pytest.mark.parametrize("form", [pem.PrivateFormat.PKCS8, pem.PrivateFormat.TraditionalOpenSSL], ids=["new", "old"])
@pytest.mark.parametrize("place", ["env:PASSWORD_OF_KEY", "file"])
def test_a_key_that_is_encrypted_is_opened_by_its_password(files: Path, form: pem.PrivateFormat, place: str) -> None:
    encrypt(files / "client-one.key", files / "encrypted.key", form)
    (files / "password").write_text(f"{PASSWORD}\n")
    toml = (
        f'[crawl]\nca_file = "{ca_file(files)}"\nclient_cert = "{files}/client-one.pem"\n'
        f'client_key = "{files}/encrypted.key"\n'
        f'client_key_password = "{place if place != "file" else f"file:{files}/password"}"'
    )
    with serve(INVENTORY, tls=server_tls(clients_of="one")) as served:
        assert all_read(run(served.endpoint, files, {"PASSWORD_OF_KEY": PASSWORD}, toml), INVENTORY)


@pytest.mark.parametrize("password", ["another one", "x" * 2000])
def test_a_password_that_does_not_open_the_key_is_named_by_its_place_and_not_shown(files: Path, password: str) -> None:
    toml = f'[crawl]\nclient_cert = "{files}/client-one.pem"\nclient_key = "{files}/encrypted.key"'
    with pytest.raises(ConfigError) as caught:
        run("https://localhost:1", files, {"SWR_CRAWLER_CLIENT_KEY_PASSWORD": password}, toml)
    assert str(caught.value) == (
        f"client_key: {files}/encrypted.key is encrypted, and env:SWR_CRAWLER_CLIENT_KEY_PASSWORD is not its password;"
        " correct client_key_password"
    )


def test_the_place_of_a_password_that_holds_none_is_named(files: Path) -> None:
    toml = (
        f'[crawl]\nclient_cert = "{files}/client-one.pem"\nclient_key = "{files}/encrypted.key"\n'
        'client_key_password = "file:/no/password"'
    )
    with pytest.raises(CredentialsError, match=r"^file:/no/password: No such file or directory; put the secret there"):
        run("https://localhost:1", files, toml=toml)


# ---- the variables of OpenStack clients


def test_the_certificate_of_openstack_clients_is_shown_with_its_key(files: Path) -> None:
    environ = {
        "OS_CACERT": str(ca_file(files)),
        "OS_CERT": f"{files}/client-one.pem",
        "OS_KEY": f"{files}/client-one.key",
    }
    with serve(INVENTORY, tls=server_tls(clients_of="one")) as served:
        assert all_read(run(served.endpoint, files, environ), INVENTORY)


def test_a_file_that_a_variable_of_openstack_clients_names_is_named_by_the_variable(files: Path) -> None:
    environ = {"OS_CERT": f"{files}/client-one.pem", "OS_KEY": f"{files}/text"}
    with pytest.raises(ConfigError, match=f"^OS_KEY: {files}/text holds no private key"):
        run("https://localhost:1", files, environ)
    with pytest.raises(ConfigError, match=r"^OS_CERT: cannot read /no/cert.pem"):
        run("https://localhost:1", files, {"OS_CERT": "/no/cert.pem"})


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "OS_CACERT", "SSL_CERT_FILE"])
def test_a_variable_that_names_no_file_is_named(tmp_path: Path, variable: str) -> None:
    with pytest.raises(ConfigError, match=f"^{variable}: cannot read /no/ca.pem: No such file or directory$"):
        run("https://localhost:1", tmp_path, {variable: "/no/ca.pem"})


def test_a_key_or_its_password_without_a_certificate_is_an_error(tmp_path: Path) -> None:
    for line in ('client_key = "k.pem"', 'client_key_password = "env:K"'):
        words = f"^target default: {line.split()[0]} has no certificate that it is for; set client_cert, or remove it$"
        with pytest.raises(ConfigError, match=words):
            run("https://localhost:1", tmp_path, toml=f"[crawl]\n{line}")


def test_a_home_folder_that_nothing_knows_is_a_line(tmp_path: Path) -> None:
    for setting in ("ca_file", "client_cert"):
        with pytest.raises(ConfigError, match=f"^{setting}: cannot read ~nobody-of-this-name/a.pem: nothing says"):
            run("https://localhost:1", tmp_path, toml=f'[crawl]\n{setting} = "~nobody-of-this-name/a.pem"')
