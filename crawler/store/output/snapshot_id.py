"""The ids that the program gives to snapshots: the time of the start, and a number when that is taken."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from crawler.store.output.run_folder import is_taken
from crawler.store.publish import Destination

_LONGEST: Final = 64  # characters, as of the ids that users give (config/settings/names.py)


def id_of(moment: datetime) -> str:
    """Return the id of a run that starts at this moment."""
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def free_id(destination: Destination, work: Path, wanted: str) -> str:
    """Return the id `wanted`, with a number behind it when a snapshot or a run has it already. Raises OSError."""
    number, name = 1, wanted
    while os.path.lexists(destination.path_of(name)) or is_taken(work, name):
        number += 1
        suffix = f"-{number}"
        name = wanted[: _LONGEST - len(suffix)] + suffix
    return name
