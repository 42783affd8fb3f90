"""The thread that counts in the record of the run that holds an output, as long as the run lives.

A thread and no task: publishing, which takes long on a slow disk, blocks the event loop or runs after it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread


@contextmanager
def heartbeat(beat: Callable[[], None], every_s: float) -> Iterator[None]:
    """Call `beat` every so many seconds while the context lasts; it must not raise."""
    ended = Event()

    def run() -> None:
        while not ended.wait(every_s):
            beat()

    thread = Thread(target=run, name="swr-crawler-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
