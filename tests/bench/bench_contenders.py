"""Who brings secrets from the store into files: arrestor, and what stands beside it.

Each contender gets the same site (a server, an AppRole, N secrets) and writes
one properties file for each secret. What one of them cannot do is said in its
`note`: it is measured without it.
"""

import json
import os
import pathlib
import secrets
import shutil
import subprocess
import sys

import openbao
from bench_table import ARRESTOR, BARE_FETCH, BUILD

REFRESH = "60s"


class Site:
    """What every contender finds: secrets in a server, and the right to read them."""

    def __init__(self, path, server, count):
        self.path, self.server, self.ca = path, server, server.ca
        path.mkdir()
        self.passwords = {f"{path.name}-{number:04d}": secrets.token_hex(16) for number in range(count)}
        for name, password in self.passwords.items():
            server.write(name, {"username": "etl", "password": password})
        self.allow(path.name)
        self.role_id, secret_id = server.approle(path.name, [path.name], token_ttl="1h", token_no_default_policy=True)
        self.token = server.make_token([path.name], ttl="1h", no_default_policy=True)
        self.role_id_file, self.secret_id_file = path / "role-id", path / "secret-id"
        for file, text in ((self.role_id_file, self.role_id), (self.secret_id_file, secret_id)):
            file.write_text(text + "\n", encoding="utf-8")
            file.chmod(0o600)

    def allow(self, policy):
        """What a client needs. The policy `default` stays away: it doubles the server's part of a request,
        which is everybody's."""
        rules = {f"secret/data/{policy}-*": "read", "auth/token/lookup-self": "read",
                 "auth/token/renew-self": "update", "auth/token/revoke-self": "update"}
        self.server.call("PUT", f"sys/policies/acl/{policy}", {"policy": json.dumps(
            {"path": {path: {"capabilities": [capability]} for path, capability in rules.items()}})})

    @property
    def names(self):
        return list(self.passwords)


class Contender:
    """One way. `name` is told in the table; command(stay) is None where it has no such way."""

    name = note = ""
    program = None  # None: not on this machine
    ends_by = "TERM"

    def __init__(self, site, folder=None):
        self.site = site
        self.path = site.path / (folder or type(self).__name__.lower())
        self.path.mkdir()
        self.out = self.path / "out"
        self.environment = {"PATH": f"{os.environ['PATH']}:/usr/bin:/bin", "HOME": str(self.path), "LANG": "C.UTF-8"}
        if self.program:
            self.configure()

    def configure(self):
        """Writes what it is told by."""

    def fresh(self):
        """As on its first start."""
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir()

    def command(self, stay=False):
        raise NotImplementedError

    def file(self, secret):
        return self.out / secret

    def has_all(self):
        return all(self.file(secret).exists() for secret in self.site.names)

    def check(self):
        """Every secret stands in its file, or bench ends."""
        for secret, password in self.site.passwords.items():
            file = self.file(secret)
            if not file.exists() or password not in file.read_text(encoding="utf-8"):
                sys.exit(f"bench: {self.name} did not deliver {secret}")

    def try_once(self):
        """One run that is not measured, and a look at what it left."""
        self.fresh()
        words = [str(word) for word in self.command()]
        done = subprocess.run(words, cwd=self.path, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"bench: {self.name} ended with {done.returncode}: {done.stderr[-2000:]}")
        self.check()

    def write_json(self, name, value):
        file = self.path / name
        file.write_text(json.dumps(value), encoding="utf-8")
        return file


class Arrestor(Contender):
    name, program = "arrestor", ARRESTOR

    def configure(self):
        site = self.site
        vault = {"address": site.server.address,
                 "auth": {"approle": {"role-id": site.role_id, "secret-id-file": str(site.secret_id_file)}}}
        if site.ca:
            vault["ca"] = str(site.ca)
        self.yaml = self.write_json("arrestor.yaml", {
            "version": 1, "stores": {"vault": vault},
            "secrets": {name: {"store": "vault", "path": f"secret/data/{name}"} for name in site.names},
            "deliver": {"dir": str(self.out), "state": str(self.path / "state"), "poll": REFRESH,
                        "files": {name: {"properties": {"user": f"${{{name}.username}}",
                                                        "password": f"${{{name}.password}}"}}
                                  for name in site.names}}})

    def fresh(self):
        for directory in (self.out, self.path / "state"):
            shutil.rmtree(directory, ignore_errors=True)

    def command(self, stay=False):
        return [ARRESTOR, "sidecar" if stay else "init", "-c", self.yaml]

    def file(self, secret):
        return self.out / "current" / secret


class BaoAgent(Contender):
    name, program = "bao agent", openbao.find_program()

    def template(self, secret):
        return {"destination": str(self.out / secret), "perms": "0440",
                "contents": f'{{{{ with secret "secret/data/{secret}" }}}}user={{{{ .Data.data.username }}}}\n'
                            "password={{ .Data.data.password }}\n{{ end }}"}

    def configure(self):
        site = self.site
        vault = {"address": site.server.address}
        if site.ca:
            vault["ca_cert"] = str(site.ca)
        self.json = self.write_json("agent.json", {
            "vault": vault,
            "auto_auth": {"method": [{"type": "approle", "config": {
                "role_id_file_path": str(site.role_id_file), "secret_id_file_path": str(site.secret_id_file),
                "remove_secret_id_file_after_reading": False}}]},
            "template_config": {"static_secret_render_interval": REFRESH, "exit_on_retry_failure": True},
            "template": [self.template(secret) for secret in site.names]})

    def command(self, stay=False):
        once = [] if stay else ["-exit-after-auth"]
        return [self.program, "agent", f"-config={self.json}", "-log-level=error", *once]


class ConsulTemplate(Contender):
    name, note = "consul-template", "cannot log in: was given a token"
    program = next((found for found in (BUILD / "go/bin/consul-template", shutil.which("consul-template"))
                    if found and pathlib.Path(found).exists()), None)
    ends_by = "INT"  # it does not end on SIGTERM

    def configure(self):
        site = self.site
        self.environment["VAULT_TOKEN"] = site.token
        vault = {"address": site.server.address, "renew_token": False, "default_lease_duration": REFRESH}
        if site.ca:
            vault["ssl"] = {"enabled": True, "ca_cert": str(site.ca)}
        agent = BaoAgent.template
        self.json = self.write_json("template.json", {
            "vault": vault, "log_level": "err", "template": [agent(self, secret) for secret in site.names]})

    def command(self, stay=False):
        return [self.program, f"-config={self.json}", *([] if stay else ["-once"])]


class Shell(Contender):
    name, note = "shell, two curl, two jq", "no sandbox; the token stands in curl's argv"
    program = all(map(shutil.which, ("sh", "curl", "jq"))) or None
    script = """\
set -eu
read -r secret_id < "$SECRET_ID_FILE"
token=$(curl -sSf -d "{\\"role_id\\":\\"$ROLE_ID\\",\\"secret_id\\":\\"$secret_id\\"}" \\
    "$ADDRESS/v1/auth/approle/login" | jq -r .auth.client_token)
curl -sSf -H "X-Vault-Token: $token" "$ADDRESS/v1/secret/data/$1" |
    jq -r '.data.data | "user=\\(.username)\\npassword=\\(.password)"' > "$2"
"""

    def configure(self):
        site = self.site
        self.environment |= {"ADDRESS": site.server.address, "ROLE_ID": site.role_id,
                             "SECRET_ID_FILE": str(site.secret_id_file)}
        if site.ca:
            self.environment["CURL_CA_BUNDLE"] = str(site.ca)
        (self.path / "fetch.sh").write_text(self.script, encoding="utf-8")

    def command(self, stay=False):
        return ["sh", self.path / "fetch.sh", self.site.names[0], self.file(self.site.names[0])]


class BareFetch(Contender):
    name, note, program = "bare libcurl in C", "no roles, no sandbox", BARE_FETCH

    def command(self, stay=False):
        site = self.site
        return [self.program, site.server.address, site.ca or "", site.role_id, site.secret_id_file,
                f"secret/data/{site.names[0]}", self.file(site.names[0])]


class CurlMany(Contender):
    name, note = "curl -Z --parallel-max 16", "was given a token; leaves the answers as they are"
    program = shutil.which("curl")

    def configure(self):
        site = self.site
        lines = [f'header = "X-Vault-Token: {site.token}"'] + ([f'cacert = "{site.ca}"'] if site.ca else [])
        for name in site.names:
            lines += [f'url = "{site.server.address}/v1/secret/data/{name}"', f'output = "{self.file(name)}"']
        (self.path / "curl.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def command(self, stay=False):
        return [self.program, "-sS", "-f", "-Z", "--parallel-max", "16", "-K", self.path / "curl.conf"]


ONE = (Arrestor, BareFetch, ConsulTemplate, Shell, BaoAgent)
MANY = (Arrestor, CurlMany, ConsulTemplate, BaoAgent)
STAYING = (Arrestor, ConsulTemplate, BaoAgent)
