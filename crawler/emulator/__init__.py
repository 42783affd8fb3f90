"""An emulator of GET /v2/manage/shared-repositories that can be made to fail: a service for tests and demos.

`serve` and `serve_async` serve it to the tests of other programs.

    request -> server.py           the socket (aiohttp), the clock, the counters
            -> service/service.py  the gateway, then the rate cap: a refusal, or
               latency.py          the wait for the latency, then
            -> service/respond.py  one function a route:
                   http/query.py           query string -> ListQuery, or a refusal
                   service/selection.py    ListQuery -> rows of the inventory
                   http/page.py            rows -> page -> response
                   auth/iam.py             tokens for a password, projects by name
                   auth/metadata.py        temporary keys, after a handshake
            -> delivery.py         sends a response that is not sent immediately and complete

| folder or module | holds | imports |
|---|---|---|
| serving.py | `serve`, `serve_async` | server.py, settings.py |
| server.py | `emulator(settings)`, `RunningEmulator` | all below |
| settings.py | everything that can be configured, checked | service/, faults/, auth/, inventory/, http/ |
| service/ | the service and its state, without a socket | faults/, auth/, inventory/, http/ |
| faults/ | one class a fault, the hooks, the registry | inventory/, http/ |
| auth/ | gateway, tokens, signatures, keys, locks | http/, crawler/swr/auth/ |
| http/ | requests, responses, queries, pages, cache, counters | inventory/center_rows.py |
| inventory/ | rows in memory, from a seed or a file | crawler/model/ |
| delivery.py, latency.py | sending and waiting | http/ |

Imports go downwards in this table. Only serving.py, server.py, delivery.py and latency.py await or touch the socket;
the folders and settings.py are pure. Outside the emulator, only crawler/cli/ and the tests import it.
"""

TYPE_CHECKING = False  # that of `typing` takes long to import
if TYPE_CHECKING:
    from crawler.emulator.serving import ServedEmulator as ServedEmulator
    from crawler.emulator.serving import serve as serve
    from crawler.emulator.serving import serve_async as serve_async

__all__ = ["ServedEmulator", "serve", "serve_async"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'crawler.emulator' has no attribute {name!r}")
    from crawler.emulator import serving  # noqa: PLC0415

    return getattr(serving, name)
