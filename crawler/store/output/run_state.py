"""The state of a run on the disk, `run.json`: what another process must know to resume it."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Final
from zlib import crc32

import msgspec

from crawler.files.atomic import write_synced
from crawler.files.disk_errors import disk_errors
from crawler.files.regular import open_regular
from crawler.files.sync import sync_folder
from crawler.model.caller import CallerRecord
from crawler.model.walk_id import WalkId
from crawler.snapshot.layout import STATE_FILE

_MAX_BYTES: Final = 2**27  # it lists walks, as a manifest does, which has more to say of each


class RunState(msgspec.Struct, frozen=True, kw_only=True):
    """What must be known of a run to resume it. `plan` is the plan's digest, `resumed` how often it was resumed.

    `walks` are those of discovered namespaces, in the order in which the journal numbers them: asked again, a target
    might list other namespaces. `callers` says for each target who read it; None when nothing was read of it. Older
    states have none. `named` says that the user chose the id, `published` that the snapshot stands and `latest` is
    moved: the state of a named run stays for a while, so that the same command finds its snapshot.

    A run that publishes a snapshot without all its targets goes on from there, and publishes another one. `snapshot` is
    the id of the run and of the first of them, `publish_as` that of the next, "" for the first. `gone_on_from` names
    those that were published, or were about to be: `without_unpublished` takes that back for a run that was killed in
    between.
    """

    snapshot: str
    plan: str
    started_at: Annotated[datetime, msgspec.Meta(tz=True)]
    resumed: int = 0
    named: bool = False
    published: bool = False
    publish_as: str = ""
    gone_on_from: tuple[str, ...] = ()
    walks: tuple[WalkId, ...] = ()
    callers: dict[str, CallerRecord | None] = {}

    @property
    def publication(self) -> str:
        """The id of the snapshot that the run publishes next; also of the last one, until it is resumed."""
        return self.publish_as or self.snapshot

    @property
    def goes_on(self) -> bool:
        """Whether the run goes on after it has published `publication`."""
        return not self.published and self.publication in self.gone_on_from

    def after_publication(self) -> "RunState":
        """Return the state of a run that is about to publish and will go on."""
        return msgspec.structs.replace(self, gone_on_from=(*self.gone_on_from, self.publication))

    def without_unpublished(self) -> "RunState":
        """Return the state of a run that was about to publish `publication` and go on, and did not publish it.

        What it publishes under this id may be complete: then the run ends with it.
        """
        gone_on_from = tuple(name for name in self.gone_on_from if name != self.publication)
        return msgspec.structs.replace(self, gone_on_from=gone_on_from)


class _Envelope(msgspec.Struct, frozen=True):
    """A state and the CRC-32 of its JSON: with a flipped bit in its name, another walk would be crawled unnoticed."""

    crc: int
    run: msgspec.Raw


def write_state(folder: Path, state: RunState) -> None:
    """Write the state of the run in `folder`, durably. Raises DiskError."""
    text = msgspec.json.encode(state)
    with disk_errors(folder):
        write_synced(folder / STATE_FILE, msgspec.json.encode(_Envelope(crc32(text), msgspec.Raw(text))))
        sync_folder(folder)  # the journal numbers the walks that are listed here: it must not be older


def read_state(folder: Path) -> RunState | None:
    """Return the state of the run in `folder`, None when it is missing or damaged.

    Raises DiskError, also for a pipe, a device or a link out of the folder.
    """
    try:
        with disk_errors(folder):
            envelope = msgspec.json.decode(_bytes_of(folder / STATE_FILE), type=_Envelope)
            if crc32(envelope.run) != envelope.crc:
                return None
            return msgspec.json.decode(envelope.run, type=RunState)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _bytes_of(path: Path) -> bytes:
    """Return what a state holds, nothing when it is missing or far larger than any."""
    try:
        with open_regular(path, within=path.parent) as file:
            text = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        return b""
    return text if len(text) <= _MAX_BYTES else b""
