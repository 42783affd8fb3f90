"""The names of what lies in a snapshot and beside it (pure)."""

import re
from typing import Final

MANIFEST: Final = "_manifest.json"
REJECTS: Final = "_rejects.ndjson"
SUCCESS: Final = "_SUCCESS"  # written last, and only when the snapshot is complete
# The part files: the target, where there are several, and the center.
PART: Final = re.compile(r"(?:target=([a-z0-9][a-z0-9_-]*)/)?center=(self|thirdparty)/part-[0-9]{5,}\.ndjson")

LATEST: Final = "latest"  # the link to the newest complete snapshot
PREVIOUS: Final = "previous"  # what people call the complete one before that

UNPUBLISHED: Final = "snapshot"  # in a run's working folder: the snapshot before it is published
