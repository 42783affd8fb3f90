"""Files and names are made durable by the strongest call that the system and the file system have."""

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from crawler.files import sync
from crawler.files.sync import sync_data, sync_file, sync_folder

FULL = 51  # F_FULLFSYNC of macOS


class Calls:
    """Stands in for the calls of the system; `fail` has the errno for each that fails."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[str] = []
        self.fail: dict[str, int] = {}
        monkeypatch.setattr(os, "fsync", self.call("fsync"))
        monkeypatch.setattr(os, "fdatasync", self.call("fdatasync"))
        monkeypatch.setattr(fcntl, "fcntl", self.call("full"))

    def call(self, name: str) -> Callable[..., None]:
        def call(_descriptor: int, *_arguments: int) -> None:
            self.made.append(name)
            if name in self.fail:
                raise OSError(self.fail[name], os.strerror(self.fail[name]))

        return call


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    return Calls(monkeypatch)


@pytest.fixture
def macos(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> Calls:
    monkeypatch.setattr(sync, "_FULL_SYNC", FULL)
    monkeypatch.delattr(os, "fdatasync")
    return calls


def test_linux_syncs_data_alone_where_that_is_enough(calls: Calls, tmp_path: Path) -> None:
    assert (sync_data(0), sync_file(0), sync_folder(tmp_path)) == ("", "", "")
    assert calls.made == ["fdatasync", "fsync", "fsync"]


def test_macos_syncs_to_the_disk_and_not_only_to_the_drive(macos: Calls, tmp_path: Path) -> None:
    assert (sync_data(0), sync_file(0), sync_folder(tmp_path)) == ("", "", "")
    assert macos.made == ["full", "full", "full"]


@pytest.mark.parametrize("number", [errno.ENOTSUP, errno.EINVAL, errno.ENOTTY])
def test_a_file_system_of_macos_that_cannot_do_that_is_synced_as_any_other(macos: Calls, number: int) -> None:
    macos.fail = {"full": number}
    assert sync_data(0) == ""
    assert macos.made == ["full", "fsync"]


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("call", ["full", "fsync", "fdatasync"])
def test_what_the_disk_refuses_is_an_error(
    calls: Calls, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    if call == "full":
        monkeypatch.setattr(sync, "_FULL_SYNC", FULL)
    calls.fail = {call: number}
    with pytest.raises(OSError, match=os.strerror(number)):
        _ = sync_data(0) if call == "fdatasync" else sync_file(0)
    assert calls.made == [call]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS, errno.ENOTSUP])
def test_what_a_file_system_cannot_sync_is_no_error_but_a_reason(calls: Calls, tmp_path: Path, number: int) -> None:
    calls.fail = {"fsync": number, "fdatasync": number}
    reason = os.strerror(number)
    assert (sync_data(0), sync_file(0), sync_folder(tmp_path)) == (reason, reason, reason)


@pytest.mark.parametrize("number", [errno.EBADF, errno.EISDIR])
def test_some_systems_refuse_to_sync_a_folder_in_other_words(calls: Calls, tmp_path: Path, number: int) -> None:
    calls.fail = {"fsync": number}
    assert sync_folder(tmp_path) == os.strerror(number)
    with pytest.raises(OSError, match=os.strerror(number)):
        sync_file(0)


def test_a_folder_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sync_folder(tmp_path / "gone")
