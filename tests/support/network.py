"""Servers that misbehave on purpose: closed, silent, cut, frozen. All on 127.0.0.1; use them in with statements."""

import contextlib
import socket
import threading


@contextlib.contextmanager
def closed_port():
    """A port that refuses connections, and that nobody else can take meanwhile."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


class BlackHole:
    """A server that accepts connections, swallows what it gets, and never answers."""

    def __init__(self):
        self._proxy = TcpProxy(0, None)
        self.port = self._proxy.port

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._proxy.close()


class TcpProxy:
    """Passes connections to 127.0.0.1:`port` on to 127.0.0.1:`upstream`, until told otherwise.

    cut(): the connections break, new ones are refused. freeze(): they stay open and nothing passes, as when a network
    is lost. restore(): new connections work again; frozen ones go on where they were.
    An `upstream` of None leads nowhere.
    """

    def __init__(self, port, upstream):
        self._upstream = upstream
        self._lock = threading.Lock()
        self._flowing = threading.Event()
        self._flowing.set()
        self._sockets = set()
        self._listener = None
        self.port = port
        self._listen()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def cut(self):
        with self._lock:
            # shutdown wakes the thread that waits in accept; close alone would leave it there.
            if self._listener:
                self._listener.shutdown(socket.SHUT_RDWR)
                self._listener.close()
                self._listener = None
            for one in self._sockets:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def freeze(self):
        self._flowing.clear()

    def restore(self):
        self._flowing.set()
        if not self._listener:
            self._listen()

    def close(self):
        self.cut()
        self._flowing.set()

    def _listen(self):
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener):
        while True:
            try:
                client = listener.accept()[0]
            except OSError:
                return  # cut
            threading.Thread(target=self._serve, args=(client, listener), daemon=True).start()

    def _serve(self, client, listener):
        server = None
        try:
            if self._upstream is not None:
                server = socket.create_connection(("127.0.0.1", self._upstream))
        except OSError:
            client.close()
            return
        ends = [one for one in (client, server) if one]
        with self._lock:
            self._sockets.update(ends)
            gone = self._listener is not listener
        if gone:  # cut while the connection was being made
            client.shutdown(socket.SHUT_RDWR)
        back = None
        if server:
            back = threading.Thread(target=self._pump, args=(server, client), daemon=True)
            back.start()
        self._pump(client, server)
        if back:
            back.join()
        with self._lock:
            self._sockets.difference_update(ends)
        for one in ends:
            one.close()

    def _pump(self, source, sink):
        try:
            while data := source.recv(65536):
                self._flowing.wait()
                if sink:
                    sink.sendall(data)
        except OSError:
            pass
        for one in (source, sink):
            if one:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
