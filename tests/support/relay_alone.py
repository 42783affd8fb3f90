"""A script for a network namespace without any way out: it runs a command there, and relays one port to a Unix socket.

    unshare -n python tests/support/relay_alone.py SOCKET COMMAND...

Files are the same in all namespaces, so the socket is the only way out. The exit code is that of the command.
"""

import asyncio
import fcntl
import socket
import struct
import sys
from typing import Final

PORT: Final = 3128  # nothing else listens in the namespace
_SIOCSIFFLAGS, _UP_AND_RUNNING = 0x8914, 0x41  # netdevice(7)
_PIECE_BYTES: Final = 2**16


async def main(unix_socket: str, *command: str) -> int:
    """Run a command and return its exit code; what connects to PORT meanwhile reaches `unix_socket`."""
    _raise_loopback()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(unix_socket)
        await asyncio.gather(_pipe(reader, far_writer), _pipe(far_reader, writer))

    async with await asyncio.start_server(relay, "127.0.0.1", PORT):
        return await (await asyncio.create_subprocess_exec(*command)).wait()


def _raise_loopback() -> None:
    """Let 127.0.0.1 work: the loopback device of a new namespace is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _UP_AND_RUNNING))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_PIECE_BYTES):
        writer.write(data)
        await writer.drain()
    writer.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
