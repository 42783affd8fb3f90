"""The names of the files in a snapshot and of the entries beside it (pure).

output/
|-- latest -> snapshot=<id>             the newest complete one
`-- snapshot=<id>/
    |-- _SUCCESS                        written last, and only when the snapshot is complete
    |-- _manifest.json
    |-- _rejects.ndjson
    `-- [target=<name>/]center=<center>/part-00000.ndjson    with the target when there are several
"""

import re
from typing import Final

MANIFEST: Final = "_manifest.json"
REJECTS: Final = "_rejects.ndjson"
SUCCESS: Final = "_SUCCESS"
PART: Final = re.compile(r"(?:target=([a-z0-9][a-z0-9_-]*)/)?center=(self|thirdparty)/part-[0-9]{5,}\.ndjson")

LATEST: Final = "latest"
PREVIOUS: Final = "previous"  # no entry on disk: the word for the complete snapshot before the latest
