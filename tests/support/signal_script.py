"""The process that forks those of `signal_sweep`: a script of its own, that imports nothing of the program."""

import gc
import json
import mmap
import os
import sys
import tempfile
from typing import BinaryIO


def serve() -> None:
    """Read a shot from each line of standard input, fork it, and answer with how it ended. Returns in the fork, too."""
    stdin, stdout = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    gc.freeze()
    for line in stdin:
        arguments, signals = json.loads(line)
        counter = mmap.mmap(-1, 8)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            pid = os.fork()
            if not pid:
                for descriptor, file in ((0, stdin), (1, out), (2, err)):
                    os.dup2(file.fileno(), descriptor)
                _run(arguments, dict(signals), counter)
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            said = [_text(out), _text(err)]
        stdout.write(json.dumps([status, *said, int.from_bytes(counter, "little")]).encode() + b"\n")
        stdout.flush()


def _text(file: BinaryIO) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def _run(arguments: list[str], signals: dict[int, int], counter: mmap.mmap) -> None:
    """Become the program: what is raised here leaves the process, as from the script of an installation."""
    count, pid, kill = 0, os.getpid(), os.kill
    sent: set[int] = set()

    def hook(_event: str, _arguments: object) -> None:
        nonlocal count
        count += 1
        counter[:8] = count.to_bytes(8, "little")
        number = signals.get(count)
        if number is not None and count not in sent:
            sent.add(count)
            kill(pid, number)

    from crawler.cli.main import main  # noqa: PLC0415 - Python handles the signals until here

    sys.addaudithook(hook)
    main(arguments)
