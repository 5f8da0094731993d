"""Raw first bytes of a connection, as four-letter words and garbage are."""

import contextlib
import socket

from support import sanitizers


def exchange(port, data, half_close=False):
    """Everything (bytes) that the server says to `data` until it hangs up."""
    seconds = 15 * sanitizers.patience()
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.sendall(data)
        if half_close:
            with contextlib.suppress(OSError):  # The server may have hung up already.
                connection.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while chunk := connection.recv(65536):
                answer += chunk
        return answer
