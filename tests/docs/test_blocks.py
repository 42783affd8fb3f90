"""How a page is taken apart."""

import pytest

from tests.docs.blocks import Example, blocks, console_examples, outside_of_blocks, shell_commands
from tests.docs.session import is_finished

PAGE = """# Title

<!-- file: a.toml -->
```toml
[crawl]
```

1. In a list:

   <!-- not run: runs make -->

   ```sh
   make
   ```
   text

~~~
```
~~~
````console
$ a
```
````
"""


def test_blocks_come_with_their_language_their_mark_and_without_their_indent() -> None:
    found = [(b.line, b.indent, b.language, b.lines, b.file, b.not_run) for b in blocks(PAGE)]
    assert found == [
        (4, "", "toml", ("[crawl]",), "a.toml", ""),
        (12, "   ", "sh", ("make",), "", "runs make"),
        (17, "", "", ("```",), "", ""),
        (20, "", "console", ("$ a", "```"), "", ""),
    ]


def test_a_mark_is_lost_when_there_is_text_after_it() -> None:
    (block,) = blocks("<!-- file: a -->\ntext\n```\n```\n")
    assert block.file == ""


def test_a_fence_that_is_not_closed_is_an_error() -> None:
    with pytest.raises(ValueError, match="line 2"):
        list(blocks("a\n```sh\nb\n"))


def test_what_is_outside_of_blocks_keeps_its_lines() -> None:
    assert outside_of_blocks("a\n```\n# no heading\n```\nb\n") == "a\n\n\n\nb\n"


def test_a_console_block_is_commands_with_their_output() -> None:
    (block,) = blocks("```console\n$ a \\\n>   b\n> is output\n\n$ cat <<E\n> x\n> E\nx\n$ c\n```\n")
    assert list(console_examples(block, is_finished)) == [
        Example("a \\\n  b", ("> is output", ""), 2),
        Example("cat <<E\nx\nE", ("x",), 7),
        Example("c", (), 9),
    ]


def test_output_before_the_first_command_is_an_error() -> None:
    (block,) = blocks("text\n```console\nx\n```\n")
    with pytest.raises(ValueError, match="line 3"):
        list(console_examples(block, is_finished))


def test_an_sh_block_is_commands_that_may_take_several_lines() -> None:
    (block,) = blocks("```sh\n# why\na \\\n  b\n\nfor i in 1 2; do\n  echo $i\ndone\ncat <<'E'\nx\nE\nc 'd\ne'\n```\n")
    assert [example.command for example in shell_commands(block, is_finished)] == [
        "a \\\n  b",
        "for i in 1 2; do\n  echo $i\ndone",
        "cat <<'E'\nx\nE",
        "c 'd\ne'",
    ]
