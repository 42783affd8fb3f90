"""The record changes hands at most once at a time, and a run that lost it harms nothing and knows it."""

import errno
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Final

import msgspec
import pytest

from crawler.errors import DiskError, UnavailableError
from crawler.store.output import holder_file
from crawler.store.output.heartbeat import heartbeat
from crawler.store.output.holder_file import (
    HolderFile,
    boot_id,
    our_record,
    read_record,
    remove_temporary_files,
)
from crawler.store.output.holder_record import HolderRecord, from_bytes
from tests.store.output.builders import files_in

SINCE: Final = "2026-11-23T12:00:00Z"


class Waited:
    """Counts seconds that were waited, and calls `meanwhile` each time."""

    def __init__(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.waited_s = 0.0
        self._meanwhile = meanwhile

    def __call__(self, seconds: float) -> None:
        self.waited_s += seconds
        self._meanwhile()


def holder(folder: Path, host: str = "one") -> HolderFile:
    record = msgspec.structs.replace(our_record(SINCE, (1, 2)), host=host)
    return HolderFile(folder / ".work" / ".holder.json", record)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    (tmp_path / ".work").mkdir()
    return tmp_path


def record_in(output: Path) -> HolderRecord:
    text = read_record(output / ".work" / ".holder.json")
    assert text is not None
    record = from_bytes(text)
    assert record is not None
    return record


def no_links(monkeypatch: pytest.MonkeyPatch, number: int = errno.EPERM) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refuse)


# ---- creating


def test_of_two_runs_that_begin_at_once_one_creates_the_record(output: Path) -> None:
    one, two, waited = holder(output), holder(output, "two"), Waited()
    assert one.create(waited, 2.0)
    assert not two.create(waited, 2.0)
    assert record_in(output).host == "one"
    assert waited.waited_s == 0.0  # a hard link needs no second look
    assert list(files_in(output / ".work")) == [".holder.json"]


def test_a_link_that_a_file_server_made_and_then_denied_counts(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.link

    def twice(first: Path, second: Path) -> None:
        real(first, second)
        real(first, second)

    monkeypatch.setattr(os, "link", twice)
    assert holder(output).create(Waited(), 2.0)


def test_a_run_whose_temporary_file_the_holder_removed_did_not_create_it(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.link

    def late(first: Path, second: Path) -> None:
        remove_temporary_files(output / ".work")
        real(first, second)

    monkeypatch.setattr(os, "link", late)
    assert not holder(output).create(Waited(), 2.0)
    assert files_in(output / ".work") == {}


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK])
def test_without_hard_links_the_record_is_created_exclusively_and_read_again_a_moment_later(
    output: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    no_links(monkeypatch, number)
    one, two, waited = holder(output), holder(output, "two"), Waited()
    assert one.create(waited, 2.0)
    assert waited.waited_s == 2.0
    assert not two.create(waited, 2.0)
    assert record_in(output).host == "one"


def test_where_a_file_can_be_created_twice_the_later_run_holds_the_output(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_links(monkeypatch)
    path = output / ".work" / ".holder.json"
    two = holder(output, "two")

    def created_again() -> None:
        path.unlink()
        assert two.create(Waited(), 0.0)

    assert not holder(output).create(Waited(created_again), 2.0)
    two.verify()


def test_another_error_of_the_disk_is_one(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_links(monkeypatch, errno.ENOSPC)
    with pytest.raises(OSError, match="No space left"):
        holder(output).create(Waited(), 2.0)
    assert files_in(output / ".work") == {}


# ---- taking over


def test_of_two_runs_that_replace_the_record_at_once_the_later_one_holds_the_output(output: Path) -> None:
    assert holder(output, "dead").create(Waited(), 0.0)
    one, two = holder(output), holder(output, "two")
    assert not one.replace(Waited(lambda: two.replace(Waited(), 0.0)), 2.0)
    two.verify()
    with pytest.raises(UnavailableError, match=f"^{output} was taken over by process {os.getpid()} on two "):
        one.verify()


def test_a_run_that_was_suspended_before_it_counted_changes_no_other_record(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = holder(output), holder(output, "two")
    one.create(Waited(), 0.0)
    real = os.read

    def suspended(descriptor: int, size: int) -> bytes:
        text = real(descriptor, size)
        monkeypatch.setattr(os, "read", real)
        assert two.replace(Waited(), 0.0)
        return text

    monkeypatch.setattr(os, "read", suspended)
    one.beat()
    assert (record_in(output).host, record_in(output).beats) == ("two", 0)


def test_a_run_that_lost_the_output_counts_and_removes_nothing(output: Path) -> None:
    one, two = holder(output), holder(output, "two")
    one.create(Waited(), 0.0)
    two.replace(Waited(), 0.0)
    before = files_in(output)
    one.beat()
    with pytest.raises(UnavailableError, match="this run stops; rerun the command when the other one has ended"):
        one.name_snapshot("s1")
    one.release()
    assert files_in(output) == before
    two.release()
    assert files_in(output / ".work") == {}


# ---- while a run lives


def test_each_beat_changes_the_record_in_place(output: Path) -> None:
    one = holder(output)
    one.create(Waited(), 0.0)
    inode = (output / ".work" / ".holder.json").stat().st_ino
    seen = []
    for _ in range(3):
        one.beat()
        seen.append(record_in(output).beats)
    one.name_snapshot("s1")
    assert seen == [1, 2, 3]
    assert record_in(output).snapshot == "s1"
    assert (output / ".work" / ".holder.json").stat().st_ino == inode


def test_a_beat_that_the_disk_refuses_is_left_to_the_next_one(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = holder(output)
    one.create(Waited(), 0.0)
    with monkeypatch.context() as patches:
        patches.setattr(os, "lseek", lambda *_: (_ for _ in ()).throw(OSError(errno.EIO, "Input/output error")))
        one.beat()
    assert record_in(output).beats == 0
    one.beat()
    assert record_in(output).beats == 2


def test_a_record_that_is_gone_or_damaged_is_not_ours(output: Path) -> None:
    one, path = holder(output), output / ".work" / ".holder.json"
    one.create(Waited(), 0.0)
    one.verify()
    path.write_bytes(b"{")
    with pytest.raises(UnavailableError, match="was taken over by another run"):
        one.verify()
    path.unlink()
    with pytest.raises(DiskError, match=r"holder\.json has vanished: .*; this run stops; rerun the command"):
        one.verify()
    one.release()


def test_the_quick_check_reads_the_record_once_a_second(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now_s[0])
    one, two = holder(output), holder(output, "two")
    one.create(Waited(), 0.0)
    one.check()
    two.replace(Waited(), 0.0)
    now_s[0] = 100.9
    one.check()
    now_s[0] = 101.0
    with pytest.raises(UnavailableError):
        one.check()


def test_the_heart_beats_until_the_context_ends() -> None:
    three = Event()
    counted: list[None] = []

    def beat() -> None:
        counted.append(None)
        if len(counted) >= 3:
            three.set()

    with heartbeat(beat, 0.0):
        assert three.wait(60.0)
    assert "swr-crawler-heartbeat" not in {thread.name for thread in threading.enumerate()}


def test_a_system_that_does_not_say_which_boot_it_is_names_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(boot_id()) > 0

    def missing(_path: Path) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", missing)
    assert boot_id() == ""
    assert holder_file.our_record(SINCE, None).boot == ""
