"""A proxy as hospitals have it: knows two names, tunnels TLS to them, counts, and can be told to refuse."""
import socket
import threading


class ConnectProxy:
    """`known`: name -> port on this machine. What else is asked for is refused and kept in `refused`."""

    def __init__(self, known):
        self.known, self.refuses = known, False
        self.tunnels = {name: 0 for name in known}
        self.bytes = {name: 0 for name in known}
        self.refused, self.turned_away = [], 0
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            with client:
                self._tunnel(client)
        except OSError:
            pass

    @staticmethod
    def _head(client):
        head = b""
        while b"\r\n\r\n" not in head and len(head) < 65536:
            piece = client.recv(4096)
            if not piece:
                break
            head += piece
        return head.split(b"\r\n")[0].decode(errors="replace")

    def _tunnel(self, client):
        words = self._head(client).split(" ")
        name, _, port = (words[1] if len(words) > 1 else "").rpartition(":")
        if self.refuses:
            self.turned_away += 1
            client.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
            return
        if words[0] != "CONNECT" or self.known.get(name) != int(port):
            self.refused.append(" ".join(words))
            client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", self.known[name]), timeout=60) as server:
            server.settimeout(None)
            with self.lock:
                self.tunnels[name] += 1
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=self._copy, args=(server, client, name), daemon=True)
            back.start()
            self._copy(client, server, name)
            back.join()

    def _copy(self, source, target, name):
        try:
            while piece := source.recv(65536):
                target.sendall(piece)
                with self.lock:
                    self.bytes[name] += len(piece)
        except OSError:
            pass
        try:
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass
