"""Who holds an output, and what another run may conclude from it (pure).

The rule. A run that comes to an output first asks the system for its lock, then reads the record of the holder:

| lock                   | record                                  | the holder is | so                                |
|------------------------|-----------------------------------------|---------------|-----------------------------------|
| another process has it | any                                     | alive         | refused at once                   |
| granted or unsupported | none                                    | nobody        | the output is free                |
| granted                | names this very lock, in this very boot | dead          | taken over at once                |
| granted or unsupported | any other, and it changes while watched | alive         | refused                           |
| granted or unsupported | any other, and it does not change       | taken as dead | taken over, its run is moved away |

Why. A system frees the lock of a process only when the process ends, so a lock that we were granted proves that its
last holder is dead, if that was the same lock: the same file of the same mount of the same running system. Between two
hosts a lock may be local to each (NFS, object storage), so it proves nothing; there the holder counts up in its record
every few seconds, and the other watches. Nobody compares clocks: they may differ, and so may those of a file server.

A holder that only seemed dead (suspended, cut off from its disk) may wake up. That is why its run is moved away
(run_folder.py), why it counts in the file that it made and not in the one that replaced it (holder_file.py), and why it
reads the record again before each step that others see.
"""

from typing import Final, Literal

import msgspec

from crawler.text.malformed import MALFORMED

# A record has a fixed size, so that it is rewritten in place and a reader never finds half of it.
RECORD_BYTES: Final = 1024


class HolderRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The run that holds an output.

    `nonce` is drawn by each run anew. `boot` identifies the running system, "" where it does not say. `lock` is the
    device and the inode of the lock file when the system granted the lock, else None. `beats` counts up. `is_moving`
    while runs are moved away that may still be alive: who takes over from such a run moves them, too.
    """

    host: str
    pid: int
    since: str
    nonce: str = ""
    snapshot: str = ""
    boot: str = ""
    lock: tuple[int, int] | None = None
    beats: int = 0
    is_moving: bool = False

    def __str__(self) -> str:
        """Return the run as messages name it."""
        snapshot = f"snapshot {self.snapshot}, " if self.snapshot else ""
        return f"process {self.pid} on {self.host} ({snapshot}since {self.since})"


def to_bytes(record: HolderRecord) -> bytes:
    """Return the text of a record: JSON, filled with spaces to `RECORD_BYTES`."""
    return msgspec.json.encode(record).ljust(RECORD_BYTES - 1) + b"\n"


def from_bytes(text: bytes) -> HolderRecord | None:
    """Return the record of a text, None for a damaged one."""
    try:
        return msgspec.json.decode(text, type=HolderRecord)
    except MALFORMED:
        return None


def judge(found: bytes | None, ours: HolderRecord) -> Literal["nobody", "dead", "watch"]:
    """Return what the table says about the record that was `found`; `ours` is what we would write."""
    if found is None:
        return "nobody"
    record = from_bytes(found)
    if record is None or not ours.boot or ours.lock is None:
        return "watch"
    return "dead" if (record.boot, record.lock) == (ours.boot, ours.lock) else "watch"
