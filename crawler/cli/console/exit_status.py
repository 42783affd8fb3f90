"""The exit codes that no error class declares (pure); `crawler/cli/exit_codes.py` says what all of them mean."""

from typing import Final

SUCCESS: Final = 0
FOUND: Final = 1  # `audit` and `diff --exit-code`: there is something to look at, as grep and git diff say it
INTERNAL_ERROR: Final = 70  # EX_SOFTWARE of BSD's sysexits.h
# 128 + N is the shell's code for a program that signal N ended.
INTERRUPTED: Final = 128 + 2  # SIGINT
BROKEN_PIPE: Final = 128 + 13  # SIGPIPE
TERMINATED: Final = 128 + 15  # SIGTERM
