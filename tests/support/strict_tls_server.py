"""A server that demands a client certificate and says in TLS why it ends a connection, as asyncio's does not."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread


@contextmanager
def strict_tls_server(context: ssl.SSLContext) -> Iterator[str]:
    """Yield the endpoint of a server that makes the handshake, answers each request with an empty list, and closes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=_serve, args=(listener, context), daemon=True)
        thread.start()
        try:
            yield f"https://localhost:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)  # wakes the thread
            thread.join()


def _serve(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        plain = connection.dup()
        with suppress(OSError), plain, context.wrap_socket(connection, True, False) as secured:
            try:
                secured.do_handshake()
                secured.recv(2**16)
                secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
            except ssl.SSLError:
                plain.shutdown(socket.SHUT_WR)
                while plain.recv(2**16):  # a socket that is closed with unread bytes takes back what it sent
                    pass
