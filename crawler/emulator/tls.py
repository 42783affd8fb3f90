"""A throw-away authority for an emulator that serves https: made when it starts, trusted by nobody else.

It needs trustme, of the extra `tls` (pyproject.toml).
"""

import ssl
from pathlib import Path
from typing import NamedTuple

from crawler.errors import DiskError
from crawler.files.disk_errors import reason_and_advice

HOSTS = ("localhost", "127.0.0.1", "::1")


class ServerTls(NamedTuple):
    """What serves TLS, and the files that a client needs: the authority's certificate, and its own with the key."""

    context: ssl.SSLContext
    ca_file: Path
    client_cert: Path
    client_key: Path

    @property
    def files(self) -> dict[str, Path]:
        """The files by the names of the settings that take them."""
        return {"ca_file": self.ca_file, "client_cert": self.client_cert, "client_key": self.client_key}


def make_server_tls(folder: Path, *, require_client_cert: bool) -> ServerTls:
    """Make an authority, write what a client needs into `folder`, and return what serves with it.

    With `require_client_cert` only a client with a certificate of the authority is served. Raises DiskError when the
    folder cannot be written.
    """
    import trustme  # noqa: PLC0415 - few emulators serve https

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS).configure_cert(context)
    if require_client_cert:
        context.verify_mode = ssl.CERT_REQUIRED
        authority.configure_trust(context)
    client = authority.issue_cert("client@swr-crawler.invalid")
    made = ServerTls(context, folder / "ca.pem", folder / "client.pem", folder / "client.key")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made.client_key.touch(mode=0o600)
        authority.cert_pem.write_to_path(str(made.ca_file))
        client.cert_chain_pems[0].write_to_path(str(made.client_cert))
        client.private_key_pem.write_to_path(str(made.client_key))
    except OSError as error:
        raise DiskError(f"cannot write {folder}: {reason_and_advice(error)}") from error
    return made
