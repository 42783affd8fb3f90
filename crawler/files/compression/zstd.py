"""Finds the zstd of this Python (pure)."""

from types import ModuleType


class MissingZstdError(Exception):
    """This Python has no zstd; `str()` says what to install."""


def zstd_library() -> ModuleType:
    """Return the module of zstd, which Python has from 3.14 on. Raises MissingZstdError."""
    try:
        from compression import zstd  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - where it is
    except ImportError:
        try:
            from backports import zstd  # type: ignore[no-redef, unused-ignore]  # noqa: PLC0415 - only where it is used
        except ImportError:
            raise MissingZstdError(
                "zstd needs backports.zstd, which is not installed; pip install 'swr-crawler[zstd]'"
            ) from None
    return zstd  # type: ignore[no-any-return, unused-ignore]
