"""Failures of TLS, in words: whose certificate, why it is not trusted, and what to set.

A certificate that is not trusted ends every request before anything is sent, so that nobody else gets the credentials.
"""

import re
import ssl
from typing import Final, NamedTuple

import aiohttp

from crawler.errors import ErrorDetails, RouteError
from crawler.swr.error_response import printable
from crawler.swr.http.network.proxy import Proxy

# OpenSSL's codes of why a certificate is not trusted (x509_vfy.h).
_NOT_YET, _EXPIRED = 9, 10
_OTHER_NAMES: Final = frozenset({62, 64})  # of a host, of an address
_UNKNOWN_ISSUERS: Final = frozenset({2, 18, 19, 20, 21, 27})
# What a server says in TLS of the certificate that it was shown, or wants; OpenSSL's reasons.
_REASON: Final = re.compile(r"\[SSL: (\w+)\]")
_NO_HANDSHAKE: Final = "SSLV3_ALERT_HANDSHAKE_FAILURE"
_WANTS_CERTIFICATE: Final = frozenset({"TLSV13_ALERT_CERTIFICATE_REQUIRED", "PEER_DID_NOT_RETURN_A_CERTIFICATE"})
_REFUSES_CERTIFICATE: Final = frozenset(
    {
        "TLSV1_ALERT_UNKNOWN_CA",
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "SSLV3_ALERT_CERTIFICATE_REVOKED",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        "TLSV1_ALERT_ACCESS_DENIED",
    }
)


class _Reason(NamedTuple):
    """Why a certificate is not trusted, in words; what to do; the setting that it is about."""

    why: str
    advice: str
    setting: str


def untrusted(error: ssl.SSLCertVerificationError, host: str, proxy: Proxy | None, details: str = "") -> RouteError:
    """Return the error of a certificate that is not trusted, of `host`, or of the proxy if that is its host.

    `details` tell whose certificate it is, as far as that is known.
    """
    is_of_proxy = proxy is not None and proxy.host == host
    whose = f"the proxy {proxy.origin}" if proxy is not None and is_of_proxy else host
    reason = _reason(error, proxy=is_of_proxy)
    shown = f" ({details})" if details else ""
    text = f"the certificate of {whose} {reason.why}{shown}; {reason.advice}"
    return RouteError(ErrorDetails(text=text), reason.setting)


def client_certificate_error(error: BaseException, proxy: Proxy | None, details: str = "") -> RouteError | None:
    """Return the error of a server that wants a client certificate or refuses the one shown; None for any other.

    `details` tell whose certificate was shown.
    """
    # aiohttp keeps the text alone of an error that came after the handshake.
    found = _REASON.search(str(error)) if isinstance(error, OSError) else None
    reason = found[1] if found else ""
    through = "" if proxy is None else f", through the proxy {proxy.origin}"
    if reason in _WANTS_CERTIFICATE:
        text = f"the service asks for a client certificate{through}; set client_cert and client_key"
    elif reason == _NO_HANDSHAKE:
        text = (
            f"the service ends the TLS handshake{through}: it asks for a client certificate, or has no version and no"
            " cipher of TLS that this program has; set client_cert and client_key"
        )
    elif reason in _REFUSES_CERTIFICATE:
        said = reason.partition("ALERT_")[2].lower().replace("_", " ")
        said = f"{said}; {details}" if details else said
        text = f"the service refuses the client certificate ({said}){through}; set client_cert to one that it knows"
    else:
        return None
    return RouteError(ErrorDetails(text=text), "client_cert")


def verification_error(error: BaseException) -> ssl.SSLCertVerificationError | None:
    """Return why the certificate of the other side is not trusted, None for any other failure."""
    own = (one for one in _causes(error) if not isinstance(one, aiohttp.ClientError))
    return next((one for one in own if isinstance(one, ssl.SSLCertVerificationError)), None)


def _reason(error: ssl.SSLCertVerificationError, *, proxy: bool) -> _Reason:
    code = error.verify_code
    owner, setting = ("the proxy", "proxy") if proxy else ("the service", "endpoint")
    if code == _EXPIRED:
        return _Reason(
            "has expired", f"check the clock of this machine; if it is right, {owner} needs a new one", setting
        )
    if code == _NOT_YET:
        return _Reason("is not valid yet", "check the clock of this machine", setting)
    if code in _OTHER_NAMES:
        return _Reason("is for other names", f"set {setting} to a name that it is for", setting)
    if code in _UNKNOWN_ISSUERS:
        advice = "set ca_file to the CA certificate (PEM) that signed it: a proxy that opens TLS has one of its own"
        return _Reason("is signed by an authority that is not trusted", advice, "ca_file")
    why = printable(error.verify_message or "", str) or "unknown reason"
    return _Reason(f"is not valid: {why}", f"set ca_file if its CA is missing, or correct {setting}", "ca_file")


def _causes(error: BaseException) -> list[BaseException]:
    """Return an error, and those that it came of; aiohttp keeps OpenSSL's in one of two places."""
    inner = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error.__cause__
    return [error] if not isinstance(inner, BaseException) or inner is error else [error, *_causes(inner)]


def host_of(error: BaseException, host: str) -> str:
    """Return the host that a connection was made to when it failed, `host` when the error does not tell."""
    return error.host if isinstance(error, aiohttp.ClientConnectorCertificateError) else host
