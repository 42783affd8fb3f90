"""What users, shells, files and services may put into a command: hostile, and small enough to be tried often."""

from typing import Any, Final

import click
import orjson
from hypothesis import strategies as st

from crawler.cli.app import cli
from crawler.config.settings.table import SETTINGS
from crawler.config.settings.variables import CONFIG_VARIABLE, CREDENTIALS_FILE_VARIABLE

# What a text is, as the system gives it: bytes that are no UTF-8 come as lone surrogates.
_ODD: Final = (
    *("", " ", "0", "-1", "1", "2.5", "1e400", "-0", "nan", "inf", "9" * 400, "٣", "true", "None", "null", "[]", "{}"),
    *("*", "a,b", ",", "a" * 5000, "\n", "a\nb", "\x1b[31m", "\udcff", "é", "\u202e", "\U0001f600", "--", "-"),
    *("env:", "env:HOME", "env:NOWHERE", "file:", "profile:", "profile:a.b", "profile:basic.ak", "discover", "latest"),
    *("http://", "https://[", "http://[::1", "http://a:b@c", "http://127.0.0.1:99999", "http://127.0.0.1:0", "x:y"),
    *("json", "text", "off", "on", "auto", "aksk", "token", "password", "metadata", "self", "thirdparty", "error"),
)
# Paths in the folder of the example, which the test fills. None leads out of it: a command may write there, and the
# tests may run as root.
PATHS: Final = (
    *("file", "folder", "folder/none", "none/none", "file/none", "link", "loop", "loop/none", "", ".", "-", "new"),
    *("a" * 300, "\udcff", "a\nb", "new/new", f"folder/{'a' * 250}"),
)


def _stays_inside(text: str) -> bool:
    return not text.startswith(("/", "~")) and ".." not in text


texts: Final = st.sampled_from(_ODD) | st.sampled_from(PATHS) | st.text(max_size=12).filter(_stays_inside)
# Numbers that make a command work for long are no fault of it.
_SMALL: Final = frozenset({"repositories", "namespaces", "max_duration_s", "resume_max_age_s"})


def _values(option: click.Parameter, endpoint: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    if option.name == "endpoint":
        return endpoint
    if option.name == "region":
        return st.sampled_from(["", "x" * 70, "a b", "\udcff"])  # a region that is one would be asked
    if option.name in _SMALL:
        return st.sampled_from(["0", "1", "3", "-1", "x", "", "1e9", "nan", "9" * 400])
    return texts


def arguments(command: click.Command, endpoint: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    """Return lists of flags of a command, with what may follow them."""
    one: list[st.SearchStrategy[list[str]]] = []
    for option in command.params:
        for name in (*option.opts, *option.secondary_opts):
            if not name.startswith("-"):
                one.append(texts.map(lambda text: [text]))
            elif isinstance(option, click.Option) and (option.is_flag or option.count):
                one.append(st.just([name]))
            else:
                one.append(_values(option, endpoint).map(lambda text, name=name: [name, text]))  # type: ignore[misc]
    one.append(texts.filter(lambda text: text != "-").map(lambda text: [text]))
    return st.lists(st.one_of(one), max_size=5).map(lambda lists: [word for words in lists for word in words])


def command(*names: str) -> click.Command:
    """Return the command of that name, of a group if there are two."""
    found: Any = cli
    for name in names:
        found = found.commands[name]
    return found  # type: ignore[no-any-return]


def _is_text_of_environment(text: str) -> bool:
    return "\0" not in text


# What would be asked.
_ENDPOINTS: Final = frozenset({"endpoint", "iam_endpoint", "sts_endpoint", "metadata_endpoint", "region"})
_VARIABLES: Final = tuple(
    setting.variable for label, setting in SETTINGS.items() if setting.variable and label not in _ENDPOINTS
)
environments: Final = st.dictionaries(
    st.sampled_from(
        [*_VARIABLES, CONFIG_VARIABLE, CREDENTIALS_FILE_VARIABLE, "SWR_CRAWLER_TYPO", "HW_ACCESS_KEY", "TERM"]
    ),
    texts.filter(_is_text_of_environment),
    max_size=3,
)

_toml_values: Final = st.one_of(
    texts.map(lambda text: orjson.dumps(text.encode(errors="replace").decode()).decode()),
    st.sampled_from(
        ["1", "-1", "9" * 400, "1e400", "nan", "inf", "true", "[]", "[[]]", "[1, 'a']", "{}", "{a = 1}", "1979-05-27"]
    ),
    st.sampled_from(
        ["12:00:00", "2026-01-01T00:00:00Z", "'''a\n'''", "[" * 200 + "]" * 200, "0x1F", "''", '"\\u0000"']
    ),
)
_keys: Final = st.sampled_from(
    [*(name.rpartition(".")[2] for name in SETTINGS), "name", "suppress", "rule", "a.b", '""']
)
_tables: Final = st.sampled_from(["[crawl]", "[audit]", "[[target]]", "[[audit.suppress]]", "[target]", "[x]", ""])
_tomls: Final = st.lists(st.tuples(_tables, st.lists(st.tuples(_keys, _toml_values), max_size=4)), max_size=3).map(
    lambda tables: "\n".join(
        "\n".join([head, *(f"{key} = {value}" for key, value in lines)]) for head, lines in tables
    ).encode()
)
_inis: Final = st.sampled_from(
    [
        b"[basic]\nak = a\nsk = b\n",
        b"[basic]\nak = %(sk)s\nsk = %(ak)s\n",
        b"[basic]\nak\n",
        b"[basic\n",
        b"ak = a",
        b"[basic]\nak = a\nak = b\n",
        b"[DEFAULT]\nak = \xff\n",
        b"[basic]\niam_ak = \x00\n",
        b"[basic]\nak = a\n[basic]\nsk = b\n",
    ]
)
contents: Final = st.one_of(
    _tomls, _inis, st.binary(max_size=40), texts.map(lambda text: text.encode(errors="replace"))
)


def _dumps(content: Any) -> bytes:  # noqa: ANN401 - any JSON
    import json  # noqa: PLC0415 - it writes NaN and lone surrogates, as a service may

    return json.dumps(content).encode()


_json: Final = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(),
        st.text(max_size=6),
        st.sampled_from(["0001-01-01T00:00:00Z", "2026-01-01T00:00:00.000Z", "\ud800"]),
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["name", "namespace", "domain_name", "size", "total_range", "created", "tags", "repos", "id", "x"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)
_bodies: Final = st.one_of(
    _json.map(_dumps),
    st.lists(_json, max_size=3).map(_dumps),
    st.binary(max_size=30),
    st.sampled_from(
        [b"", b"[", b"[{}]", b"null", b"[" * 5000, b'{"namespaces": []}', b'{"namespaces": [{"name": "a"}]}']
    ),
)
_headers: Final = st.lists(
    st.sampled_from(
        [
            *(
                b"Retry-After: 0",
                b"Retry-After: x",
                b"Content-Range: 0-1/2",
                b"Content-Range: x",
                b"Content-Encoding: gzip",
            ),
            *(
                b"Content-Encoding: x",
                b"Location: /",
                b"Location: http://[",
                b"Date: x",
                b"Age: 1",
                b"X-Request-Id: \xff",
            ),
            *(b"Content-Type: text/html", b"Set-Cookie: a=b", b"Transfer-Encoding: chunked", b"Connection: close"),
        ]
    ),
    max_size=3,
)


def _response(status: int, headers: list[bytes], body: bytes) -> bytes:
    head = b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n" % (status, len(body))
    return head + b"".join(line + b"\r\n" for line in headers) + b"\r\n" + body


responses: Final = st.one_of(
    st.builds(
        _response,
        st.sampled_from([200, 200, 200, 200, 204, 206, 301, 400, 401, 403, 404, 407, 416, 429, 500, 503, 999]),
        _headers,
        _bodies,
    ),
    st.binary(max_size=30),
)
