"""One call of fetch_vault, outside of every sandbox, by the driver build/ref/fetch_vault."""

import hashlib
import json
import subprocess

import house

PROGRAM = house.BUILD / "ref/fetch_vault"


def digest(value):
    """As the driver tells it: BLAKE2b-256 of the value as the store writes it."""
    text = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    return hashlib.blake2b(text, digest_size=32).hexdigest()


class Caller:
    """Who asks a store: a configuration, credentials, and the state between rounds."""

    def __init__(self, path, server, secrets=None, auth=None, **vault):
        self.path, self.server = path, server
        self.state = path / "state"
        self.state.mkdir(parents=True)
        self.config = path / "arrestor.yaml"
        self.token, self.role_id, self.secret_id = path / "token", path / "role-id", path / "secret-id"
        self.ca = server.ca
        self.address = server.address
        self.auth, self.vault = auth, vault
        self.configure(secrets or {"db": "secret/data/db"})

    def configure(self, secrets):
        """secrets: {name: path or (path, version)}."""
        listed = {}
        for name, where in secrets.items():
            path, version = where if isinstance(where, tuple) else (where, None)
            listed[name] = {"store": "vault", "path": path, **({"version": version} if version else {})}
        vault = {"address": self.address, **({"auth": self.auth} if self.auth else {}), **self.vault}
        self.config.write_text(json.dumps({"version": 1, "stores": {"vault": vault}, "secrets": listed}),
                               encoding="utf-8")

    def run(self, *flags, sockets=1, before=(), **words):
        """What the driver told, as a dictionary."""
        options = {"state": self.state, "ca": self.ca, "sockets": sockets, "flags": ",".join(flags) or None, **words}
        for name in ("token", "role_id", "secret_id"):
            if getattr(self, name).exists():
                options.setdefault(name.replace("_", "-"), getattr(self, name))
        command = [*before, PROGRAM, self.config]
        for name, value in options.items():
            if value is not None:
                command += [f"--{name}", value]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60,
                              check=False, env={"PATH": "/usr/bin:/bin"})
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @property
    def session(self):
        """The token that stands in state:."""
        return json.loads((self.state / "session").read_text(encoding="utf-8"))["vault"]["token"]


def token_caller(path, server, token, secrets=None, **vault):
    caller = Caller(path, server, secrets, **vault)
    caller.token.write_text(token + "\n", encoding="utf-8")
    return caller


def approle_caller(path, server, role_id, secret_id, secrets=None, **vault):
    caller = Caller(path, server, secrets, {"approle": {"role-id-file": str(path / "role-id"),
                                                        "secret-id-file": str(path / "secret-id"),
                                                        **vault.pop("approle", {})}}, **vault)
    caller.role_id.write_text(role_id, encoding="utf-8")
    caller.secret_id.write_text(secret_id + "\n", encoding="utf-8")
    return caller
