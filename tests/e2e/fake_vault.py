"""A server that answers as a test tells it to: what a real store does not do on demand.

    with FakeVault() as fake:
        fake.on("GET", "secret/data/db", answer(200, kv({"password": "x"})))
        fake.on("POST", "auth/approle/login", lost(), answer(200, login("s.new")))

Answers to one request are given in order; the last one stays. Every request that
came is in fake.requests, with its headers and its body.
"""

import json
import socket
import ssl
import threading
from dataclasses import dataclass, field


@dataclass
class Request:
    method: str
    path: str  # behind /v1/
    headers: dict
    body: bytes


@dataclass
class Answer:
    chunks: list  # bytes, or seconds to wait
    close: bool = False
    request: Request = field(default=None)


def head(status, length, headers):
    lines = [f"HTTP/1.1 {status} Said"] + [f"{name}: {value}" for name, value in headers.items()]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def answer(status, body=b"", close=False, **headers):
    """A whole answer; a body that is no bytes is written as JSON. Header names: Retry_After is Retry-After."""
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    if close:
        named["Connection"] = "close"
    return Answer([head(status, len(body), named) + body], close)


def raw(*chunks):
    """Exactly these bytes (numbers are pauses in seconds), and the connection ends."""
    return Answer(list(chunks), close=True)


def wait_then(seconds, said):
    """The same answer, later."""
    return Answer([seconds, *said.chunks], said.close)


def lost():
    """The request is read, the answer is lost with the connection."""
    return Answer([], close=True)


def kv(data, version=1, deletion_time="", destroyed=False):
    return {"request_id": "r", "lease_id": "", "renewable": False, "lease_duration": 0, "auth": None,
            "data": {"data": data, "metadata": {"created_time": "2026-01-01T00:00:00Z", "custom_metadata": None,
                                                "deletion_time": deletion_time, "destroyed": destroyed,
                                                "version": version}}}


def login(token, seconds=60, renewable=True, **more):
    return {"auth": {"client_token": token, "lease_duration": seconds, "renewable": renewable, "num_uses": 0,
                     "token_type": "service", **more}, "data": None}


def lookup(seconds=60, renewable=True, **more):
    return {"auth": None, "data": {"ttl": seconds, "renewable": renewable, "num_uses": 0, "type": "service", **more}}


class FakeVault:
    def __init__(self, certificate=None):
        """Over TLS where a certificate is given, an openbao.Certificate for localhost."""
        self.rules, self.requests, self.connections = {}, [], 0
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.address = f"https://localhost:{self.port}" if certificate else f"http://127.0.0.1:{self.port}"
        self.ca, self.tls = certificate and certificate.ca, None
        if certificate:
            self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self.tls.load_cert_chain(certificate.certificate, certificate.key)
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.listener.close()

    def on(self, method, path, *answers):
        self.rules[method, path] = list(answers)
        return self

    def paths(self, method=None):
        """Paths that were asked for, in order."""
        with self.lock:
            return [request.path for request in self.requests if method in (None, request.method)]

    # -- the wire

    def accept(self):
        while not self.ended.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as stream:
                while self.answer_one(connection, stream):
                    pass
        except OSError:  # the client has hung up
            pass

    def answer_one(self, connection, stream):
        """False: the connection ends."""
        request = read_request(stream)
        if request is None:
            return False
        with self.lock:
            self.requests.append(request)
            answers = self.rules.get((request.method, request.path)) or [answer(404, {"errors": []})]
            said = answers.pop(0) if len(answers) > 1 else answers[0]
        for chunk in said.chunks:
            if isinstance(chunk, bytes):
                connection.sendall(chunk)
            elif self.ended.wait(chunk):
                return False
        return not said.close


def read_request(stream):
    line = stream.readline().decode("latin-1").split()
    if len(line) != 3:
        return None
    headers = {}
    for text in iter(stream.readline, b"\r\n"):
        if not text:
            return None
        name, _, value = text.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))
    return Request(line[0], line[1].removeprefix("/v1/"), headers, body)
