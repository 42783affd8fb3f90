"""Records every operation on a folder, and computes what a crash after any of them may leave.

`watched` records what this process does to a folder through `os` and `io.open`; it can make any operation fail. A
`Crash` has the operations before it and returns the trees that may be found afterwards:

- killed: the result of every operation is there;
- power cut: only what was synced is certain. The content of a file is as of its last fsync; of each later write
  nothing, a part, zeros or all of it may be there. The names in a folder are as of its last fsync; a prefix of later
  changes may have survived. Folders are independent of each other, but a rename changes both at once.

That is the worst that POSIX allows with journaled names; ext4 and XFS lose less.
"""

import io
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import RLock
from typing import Any, Final, Literal, NamedTuple

import pytest


class Link(NamedTuple):
    """A symbolic link."""

    to: str


Content = bytes | Link | None  # of a file, a link, a folder
Tree = dict[str, Content]  # by the path below the folder watched


def tree_of(folder: Path) -> Tree:
    """Read everything below a folder."""
    return {str(path.relative_to(folder)): _content(path) for path in sorted(folder.rglob("*"))}


def _content(path: Path) -> Content:
    if path.is_symlink():
        return Link(str(path.readlink()))
    return None if path.is_dir() else path.read_bytes()


def put(tree: Tree, folder: Path) -> None:
    """Write a tree into a folder that does not exist yet."""
    folder.mkdir()
    for path, content in sorted(tree.items()):
        if content is None:
            (folder / path).mkdir()
        elif isinstance(content, Link):
            (folder / path).symlink_to(content.to)
        else:
            (folder / path).write_bytes(content)


class Operation(NamedTuple):
    """One operation on a file or folder, with the path that it had.

    A write is of `data` at the offset `at`, a truncation to the length `at`, a rename to the path `to`; `to` is also
    the target of a symbolic link.
    """

    call: str
    path: str
    node: int = 0
    at: int = 0
    data: bytes = b""
    to: str = ""

    def __str__(self) -> str:
        return f"{self.call} {self.path}"


Refuse = Callable[[str, str], OSError | None]


class Recording:
    """The operations below `root` so far; `before` is the content at the beginning.

    `refuse` is called before each operation, with its call and path; it may return the error to fail with.
    """

    def __init__(self, root: Path, refuse: Refuse) -> None:
        self.root = root
        self.before = _Disk.read(root)
        self.operations: list[Operation] = []
        self._refuse = refuse
        self._nodes: dict[int, int] = {}  # by the inode: a system reuses it for a new file as soon as it is free
        self._lock = RLock()  # threads write concurrently: the record has the order of the operations

    def crashes(self, seed: int, kinds: Collection[str] = ()) -> Iterator[tuple[str, int, Tree]]:
        """Yield every tree that a crash may leave: what happened, after how many operations, and the tree.

        Each tree comes once, for the last crash that leaves it: that one promises most. `kinds` are those of
        `Crash.leaves`, by default all.
        """
        found: dict[frozenset[tuple[str, Content]], tuple[str, int, Tree]] = {}
        for after in range(len(self.operations) + 1):
            last = self.operations[after - 1] if after else "the beginning"
            for kind, tree in self.crash(after).leaves(Random(f"{seed} {after}")).items():  # noqa: S311 - repeatable
                if not kinds or kind in kinds:
                    found[frozenset(tree.items())] = f"{kind} after {last} ({after})", after, tree
        yield from found.values()

    def crash(self, after: int) -> "Crash":
        """Return the crash after `after` operations."""
        return Crash(self.before, self.operations[:after])

    def patch(self, patches: pytest.MonkeyPatch) -> None:
        """Patch the system calls so that they are recorded."""
        named = ("mkdir", "rmdir", "unlink", "remove", "rename", "replace", "symlink", "link")
        for name in named:
            patches.setattr(os, name, self._on_names(name, getattr(os, name)))
        for name in ("write", "ftruncate", "fsync", "fdatasync"):
            patches.setattr(os, name, self._on_descriptor(name, getattr(os, name)))
        patches.setattr(os, "open", self._opening(os.open))
        patches.setattr(io, "open", self._opening_buffered(io.open))

    def _below(self, path: Any, base: int | None = None) -> str | None:  # noqa: ANN401 - whatever names a file
        above = f"/proc/self/fd/{base}" if base is not None else "."
        full = os.path.normpath(os.path.join(os.path.realpath(above), os.fspath(path)))  # noqa: PTH118 - Path would resolve it
        return os.path.relpath(full, self.root) if f"{full}/".startswith(f"{self.root}/") else None

    def _of(self, descriptor: int) -> str | None:
        return self._below(os.readlink(f"/proc/self/fd/{descriptor}"))  # noqa: PTH115 - Path is slower by far

    def _node(self, inode: int, *, new: bool = False) -> int:
        if new:
            self._nodes[inode] = -1 - len(self.operations)
        return self._nodes.get(inode, inode)

    def _check_refusal(self, call: str, path: str, *, named: bool = True) -> None:
        error = self._refuse(call, path)
        if error is not None:
            error.filename = str(self.root / path) if named else None  # like the system does
            raise error

    def _on_names(self, call: str, real: Callable[..., None]) -> Callable[..., None]:
        def named(first: Any, *rest: Any, **where: Any) -> None:  # noqa: ANN401 - as the system's call
            with self._lock:
                named_path, base = (rest[0], where.get("dst_dir_fd")) if call in {"symlink", "link"} else (first, None)
                path = self._below(named_path, where.get("dir_fd", where.get("src_dir_fd", base)))
                if path is None:
                    return real(first, *rest, **where)
                to = ""
                if call in {"rename", "replace"}:
                    to = self._below(rest[0], where.get("dst_dir_fd")) or ""
                elif call == "symlink":
                    to = os.fspath(first)
                elif call == "link":
                    to = self._below(first, where.get("src_dir_fd")) or ""
                if not (call == "mkdir" and (self.root / path).exists()):  # fails on every system, and is expected
                    self._check_refusal(call, path)
                real(first, *rest, **where)
                made = call in {"mkdir", "symlink"}
                node = self._node((self.root / path).lstat().st_ino, new=True) if made else 0
                self.operations.append(Operation(call, path, node, to=to))
                return None

        return named

    def _on_descriptor(self, call: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def described(descriptor: int, *rest: Any) -> Any:  # noqa: ANN401 - as the system's call
            with self._lock:
                path = self._of(descriptor)
                if path is None:
                    return real(descriptor, *rest)
                self._check_refusal(call, path, named=False)
                result = real(descriptor, *rest)
                node = self._node(os.fstat(descriptor).st_ino)
                if call == "write":
                    at = os.lseek(descriptor, 0, os.SEEK_CUR) - result
                    self.operations.append(Operation(call, path, node, at, bytes(rest[0][:result])))
                else:
                    self.operations.append(Operation(call, path, node, *rest))
                return result

        return described

    def _opening(self, real: Callable[..., int]) -> Callable[..., int]:
        def opened(path: Any, flags: int, *mode: int, dir_fd: int | None = None) -> int:  # noqa: ANN401 - as os.open
            with self._lock:
                below = self._below(path, dir_fd)
                there = below is not None and os.path.lexists(self.root / below)
                new = below is not None and bool(flags & os.O_CREAT) and not there
                if new:
                    self._check_refusal("create", str(below))
                descriptor = real(path, flags, *mode, dir_fd=dir_fd)
                node = self._node(os.fstat(descriptor).st_ino, new=new)
                if new:
                    self.operations.append(Operation("create", str(below), node))
                elif there and flags & os.O_TRUNC:
                    self.operations.append(Operation("ftruncate", str(below), node))
                return descriptor

        return opened

    def _opening_buffered(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def opened(path: Any, mode: str = "r", buffering: int = -1, *rest: Any, **more: Any) -> Any:  # noqa: ANN401 - as open
            if isinstance(path, int) or set(mode) <= set("rbt") or self._below(path) is None:
                return real(path, mode, buffering, *rest, **more)
            if "b" not in mode:
                raise NotImplementedError(f"{path}: only binary files are watched")
            raw = _WatchedFile(path, mode.replace("b", ""), opener=lambda name, flags: os.open(name, flags, 0o666))
            if not buffering:
                return raw
            return io.BufferedWriter(raw, buffering if buffering > 0 else io.DEFAULT_BUFFER_SIZE)

        return opened


class _WatchedFile(io.FileIO):
    def write(self, data: Any, /) -> int:  # noqa: ANN401 - any buffer
        return os.write(self.fileno(), data)

    def truncate(self, size: int | None = None, /) -> int:
        length = self.tell() if size is None else size
        os.ftruncate(self.fileno(), length)
        return length


def _refuse_nothing(_call: str, _path: str) -> None:
    return None


@contextmanager
def unsynced() -> Iterator[None]:
    """Skip the real sync of the disk: a test cuts no power."""
    with pytest.MonkeyPatch.context() as patches:
        for name in ("fsync", "fdatasync"):
            patches.setattr(os, name, os.fstat)  # fails for a bad descriptor, too
        yield


@contextmanager
def watched(root: Path, refuse: Refuse = _refuse_nothing) -> Iterator[Recording]:
    """Record the operations below `root`, which must exist, while the context lasts."""
    recording = Recording(root.resolve(), refuse)
    with pytest.MonkeyPatch.context() as patches:
        recording.patch(patches)
        yield recording


# ---- what a crash leaves

_ROOT: Final = 0
_Name = tuple[int, str]  # of a folder, in it
Unsynced = Literal["nothing", "all", "zeros", "torn"]


@dataclass
class _Disk:
    """Files and folders by their inode, and their names; the watched folder has the inode 0."""

    names: dict[_Name, int] = field(default_factory=dict)
    contents: dict[int, Content] = field(default_factory=dict)

    @classmethod
    def read(cls, root: Path) -> "_Disk":
        disk = cls()
        for path in sorted(root.rglob("*")):
            node = path.lstat().st_ino
            disk.names[disk.find(str(path.parent.relative_to(root))), path.name] = node
            disk.contents[node] = _content(path)
        return disk

    def find(self, path: str) -> int:
        node = _ROOT
        for name in Path(path).parts:
            node = self.names[node, name]
        return node

    def place(self, path: str) -> _Name:
        return self.find(str(Path(path).parent)), Path(path).name

    def tree(self) -> Tree:
        below: dict[int, list[tuple[str, int]]] = {}
        for (folder, name), node in self.names.items():
            below.setdefault(folder, []).append((name, node))
        found: Tree = {}
        to_do = [("", _ROOT)]
        while to_do:
            above, folder = to_do.pop()
            for name, node in below.get(folder, ()):
                path = f"{above}{name}"
                found[path] = self.contents[node]
                if found[path] is None:
                    to_do.append((f"{path}/", node))
        return dict(sorted(found.items()))


@dataclass
class _Change:
    """A change of names: the old one, the new one, and whether that is certainly on the disk."""

    old_name: _Name | None
    new_name: _Name | None
    node: int
    synced: bool = False

    @property
    def folders(self) -> set[int]:
        return {name[0] for name in (self.old_name, self.new_name) if name is not None}

    def apply(self, names: dict[_Name, int]) -> None:
        if self.old_name is not None:
            names.pop(self.old_name, None)
        if self.new_name is not None:
            names[self.new_name] = self.node


@dataclass
class _Data:
    """The content of a file when it was last synced, and the operations since."""

    synced: bytes
    since: list[Operation] = field(default_factory=list)

    def after(self, unsynced: Unsynced, chance: Random) -> bytes:
        content = self.synced
        if unsynced != "nothing":
            for operation in self.since:
                content = _survived(content, operation, unsynced, chance)
        return content


def _survived(content: bytes, operation: Operation, unsynced: Unsynced, chance: Random) -> bytes:
    how = chance.choice(["all", "part", "zeros", "nothing"]) if unsynced == "torn" else unsynced
    if how == "nothing":
        return content
    if operation.call == "ftruncate":
        return content[: operation.at].ljust(operation.at, b"\0")
    data = operation.data
    if how == "part":
        data = data[: chance.randint(0, len(data))]
    elif how == "zeros":
        data = bytes(len(data))
    return content[: operation.at].ljust(operation.at, b"\0") + data + content[operation.at + len(data) :]


class Crash:
    """A crash after these operations, on a disk that was completely synced before them."""

    def __init__(self, before: _Disk, operations: Sequence[Operation]) -> None:
        self._before = before
        self._disk = _Disk(dict(before.names), dict(before.contents))
        self._changes: list[_Change] = []
        self._data = {node: _Data(data) for node, data in before.contents.items() if isinstance(data, bytes)}
        for operation in operations:
            self._do(operation)

    def _do(self, operation: Operation) -> None:
        match operation.call:
            case "write" | "ftruncate":
                self._data[operation.node].since.append(operation)
            case "fsync" | "fdatasync":
                self._sync(operation)
            case "create" | "mkdir" | "symlink":
                self._new(operation)
            case "rename" | "replace":
                old_name = self._disk.place(operation.path)
                self._change(_Change(old_name, self._disk.place(operation.to), self._disk.names[old_name]))
            case "link":
                self._change(_Change(None, self._disk.place(operation.path), self._disk.find(operation.to)))
            case "unlink" | "remove" | "rmdir":
                self._change(_Change(self._disk.place(operation.path), None, 0))
            case call:
                raise NotImplementedError(call)

    def _new(self, operation: Operation) -> None:
        kinds: dict[str, Content] = {"create": b"", "mkdir": None, "symlink": Link(operation.to)}
        content = self._disk.contents[operation.node] = kinds[operation.call]
        if isinstance(content, bytes):
            self._data[operation.node] = _Data(content)
        self._change(_Change(None, self._disk.place(operation.path), operation.node))

    def _change(self, change: _Change) -> None:
        self._changes.append(change)
        change.apply(self._disk.names)

    def _sync(self, operation: Operation) -> None:
        data = self._data.get(operation.node)
        if data is not None and self._disk.contents.get(operation.node) is not None:
            data.synced, data.since = data.after("all", Random(0)), []  # noqa: S311 - nothing is drawn
            return
        folder = _ROOT if operation.path == "." else operation.node
        synced = {folder}
        for change in reversed(self._changes):
            if change.synced or change.folders & synced:
                change.synced = True
                synced |= change.folders  # earlier changes of its other folder are on the disk as well

    def killed(self) -> Tree:
        """Return what a killed process leaves."""
        return self._tree("all", "all", Random(0))  # noqa: S311 - nothing is drawn

    def lost(self) -> Tree:
        """Return what a power cut leaves at worst: only synced data."""
        return self._tree("nothing", "nothing", Random(0))  # noqa: S311 - nothing is drawn

    def leaves(self, chance: Random) -> dict[str, Tree]:
        """Return trees that a crash here may leave, by the name of what happened."""
        return {
            "killed": self.killed(),
            "power cut": self.lost(),
            "power cut, names kept": self._tree("all", "nothing", chance),
            "power cut, data kept": self._tree("nothing", "all", chance),
            "power cut, zeros": self._tree("all", "zeros", chance),
            "power cut, torn": self._tree("torn", "torn", chance),
        }

    def _tree(self, names: Literal["all", "nothing", "torn"], unsynced: Unsynced, chance: Random) -> Tree:
        contents = dict(self._disk.contents)
        contents.update((node, data.after(unsynced, chance)) for node, data in self._data.items())
        disk = _Disk(dict(self._before.names), contents)
        left: dict[int, int] = {}  # how many more unsynced changes of a folder survive
        for change in self._changes:
            survives = change.synced
            if not survives:
                for folder in change.folders:
                    pending = sum(folder in other.folders for other in self._changes if not other.synced)
                    drawn = chance.randint(0, pending) if names == "torn" else pending if names == "all" else 0
                    left.setdefault(folder, drawn)
                survives = all(left[folder] > 0 for folder in change.folders)
                for folder in change.folders:
                    left[folder] = left[folder] - 1 if survives else 0
            if survives:
                change.apply(disk.names)
        return disk.tree()
