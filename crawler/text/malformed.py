"""What reading malformed JSON raises (pure)."""

from typing import Final

import msgspec

# msgspec's own error, bytes that are not UTF-8, and nesting deeper than the decoder's stack.
MALFORMED: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
