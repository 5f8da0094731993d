"""A loopback TCP relay in front of a server that a test can shut, freeze and open again.

It stands for the network between one client and its server: `shut` is a cable pulled (connections
are closed and new ones hung up on), `freeze` is a network that swallows packets while both ends
believe in their connection.
"""

import contextlib
import socket
import threading

CHUNK = 65536


class Gate:
    """Relays 127.0.0.1:`port` to 127.0.0.1:`server_port`; a context manager, open at first."""

    def __init__(self, server_port):
        self._server_port = server_port
        self._passing = threading.Event()
        self._passing.set()
        self._lock = threading.Lock()
        self._is_shut = False
        self._sockets = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self):
        """host:port as clients take it."""
        return f"127.0.0.1:{self.port}"

    def shut(self):
        """Closes every connection and hangs up on new ones until open()."""
        with self._lock:
            self._is_shut = True
            sockets, self._sockets = self._sockets, set()
        for each in sockets:
            _hang_up(each)

    def freeze(self):
        """Holds every byte, both ways, until open(); connections stay."""
        self._passing.clear()

    def open(self):
        """Lets everything through, beginning with what was held."""
        with self._lock:
            self._is_shut = False
        self._passing.set()

    def close(self):
        """Ends the relay and all its connections."""
        with contextlib.suppress(OSError):
            # Wakes the thread that waits in accept(); close() alone does not.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.shut()
        self._passing.set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._server_port), timeout=5)
            except OSError:
                _hang_up(client)  # The server is down, as a direct connection would have found.
                continue
            server.settimeout(None)
            with self._lock:
                if not self._is_shut:
                    self._sockets |= {client, server}
                    pair = (client, server)
                else:
                    pair = None
            if pair is None:
                _hang_up(client)
                _hang_up(server)
                continue
            for source, sink in (pair, pair[::-1]):
                threading.Thread(target=self._relay, args=(source, sink), daemon=True).start()

    def _relay(self, source, sink):
        with contextlib.suppress(OSError):
            while chunk := source.recv(CHUNK):
                self._passing.wait()
                sink.sendall(chunk)
            self._passing.wait()  # An end of stream is held like any packet.
        _hang_up(source)
        _hang_up(sink)
        with self._lock:
            self._sockets -= {source, sink}


def _hang_up(connection):
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
