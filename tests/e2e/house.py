"""Helpers of the end-to-end tests: a site, a launch, and eyes on what it left.

A Site is what one user has: a strongbox with its key, an arrestor.yaml, a Spark
configuration. Nothing here knows how arrestor works inside; what the tests see
is what anybody sees from outside.
"""

import json
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sysconfig
import tempfile
import time
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("ARRESTOR_BUILD", ROOT / "build"))
ARRESTOR = BUILD / "arrestor"
KILLAT = BUILD / "killat"
SANITIZED = (BUILD / "o/tests/bin/sanitizer.o").exists()  # make sanitize
FINDINGS = BUILD / "findings"  # what the sanitizers' runtime found, in any process
FAKE_HOME = ROOT / "tests/e2e/fake_spark_submit"
SPARK = pathlib.Path(sysconfig.get_paths()["purelib"]) / "pyspark"
VENV = ROOT / "build/venv"
PYTHON = VENV / "bin/python3"

# Two users that every Debian has and nothing runs as; Hadoop wants a name for the uid.
ORDINARY, STRANGER = (pwd.getpwnam(name).pw_uid for name in ("games", "news"))

# A configuration that passes, and one line that does not.
SAFE = {
    "spark.app.name": "orders",
    "spark.master": "local-cluster[2,1,512]",
    "spark.executor.memory": "512m",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.io.encryption.enabled": "true",
}
UNSAFE_KEY = "spark.hadoop.fs.s3a.secret.key"
UNSAFE_VALUE = "invented/secret+key/for+the+tests/012345"


def base_environment(home):
    """What every launch gets; nothing of the caller's environment leaks in."""
    variables = {
        "PATH": f"{VENV / 'bin'}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": str(PYTHON),
    }
    if "JAVA_HOME" in os.environ:
        variables["JAVA_HOME"] = os.environ["JAVA_HOME"]
    return variables


@dataclass
class Result:
    """A launch that has ended."""
    status: int  # as a shell tells it: 128+n for a signal
    out: str
    err: str
    record: dict | None = None

    @property
    def last_line(self):
        return self.err.rstrip("\n").rpartition("\n")[2]


@dataclass
class Site:
    path: pathlib.Path
    uid: int | None = None  # who runs the commands; None: the tests' own user
    environment: dict = field(default_factory=dict)

    def __post_init__(self):
        self.box, self.key = self.path / "secrets.box", self.path / "key/secrets.key"
        self.yaml, self.conf = self.path / "arrestor.yaml", self.path / "conf"
        self.record_path, self.plan_path = self.path / "record.json", self.path / "plan.py"
        for directory in (self.path, self.conf, self.key.parent):
            directory.mkdir(mode=0o700)
        self.environment = {**base_environment(self.path), "SPARK_CONF_DIR": str(self.conf),
                            **self.environment}
        self.own()

    def own(self):
        """Gives everything in the site to its user."""
        if self.uid is None:
            return
        for path in [self.path, *self.path.rglob("*")]:
            os.chown(path, self.uid, self.uid, follow_symlinks=False)

    def as_user(self, command):
        words = [str(word) for word in command]
        if self.uid is None:
            return words
        return ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups",
                "--", *words]

    # ---- What the user writes

    def configure(self, files=None, poll="100ms", deliver=None, **top):
        """Writes arrestor.yaml, as JSON, which is YAML. files: {name: form}."""
        text = {
            "version": 1,
            "stores": {"strongbox": {"box": str(self.box), "key": str(self.key)}},
            "secrets": {"db": {"store": "strongbox", "path": "orders-db"}},
            "deliver": {"poll": poll, "files": files or {
                "jdbc.properties": {"properties": {"user": "etl", "password": "${db}"}}}, **(deliver or {})},
            **top,
        }
        self.yaml.write_text(json.dumps(text, indent=1), encoding="utf-8")
        self.own()

    def write_conf(self, settings, name="spark-defaults.conf"):
        target = self.conf / name
        target.write_text("".join(f"{key} {value}\n" for key, value in settings.items()), encoding="utf-8")
        self.own()
        return target

    def write_plan(self, text):
        self.plan_path.write_text(text, encoding="utf-8")
        self.own()

    # ---- What the user runs

    def arrestor(self, *words, stdin=None, timeout=60, environment=None):
        """Runs `arrestor WORDS…` to its end."""
        done = subprocess.run(self.as_user([ARRESTOR, *words]), input=stdin, capture_output=True,
                              env={**self.environment, **(environment or {})}, cwd=self.path,
                              timeout=timeout, check=False)
        return Result(as_status(done.returncode), done.stdout.decode(errors="replace"),
                      done.stderr.decode(errors="replace"))

    def init_box(self):
        made = self.arrestor("strongbox", "init", "--box", self.box, "--key", self.key)
        assert made.status == 0, made.err

    def set_secret(self, value, name="orders-db", field_name=None):
        words = ["strongbox", "set", name, "--box", self.box, "--key", self.key]
        words += ["--field", field_name] if field_name else []
        done = self.arrestor(*words, stdin=value.encode())
        assert done.status == 0, done.err

    def launch_command(self, *words, before=()):
        return self.as_user([*before, ARRESTOR, "run", "-c", self.yaml, "--", *words])

    def start(self, *words, environment=None, before=(), stdout=None, **options):
        """Starts `arrestor run -- WORDS…` and gives its Launch."""
        self.record_path.unlink(missing_ok=True)
        environment = {**self.environment, "FAKE_RECORD": str(self.record_path), **(environment or {})}
        if self.plan_path.exists():
            environment["FAKE_PLAN"] = str(self.plan_path)
        out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        process = subprocess.Popen(self.launch_command(*words, before=before), env=environment, cwd=self.path,
                                   stdin=subprocess.DEVNULL, stdout=stdout or out, stderr=err, **options)
        return Launch(self, process, out, err)

    def run(self, *words, timeout=60, **options):
        return self.start(*words, **options).finish(timeout)


class Launch:
    """`arrestor run` while it runs."""

    def __init__(self, site, process, out, err):
        self.site, self.process, self.out_file, self.err_file = site, process, out, err

    @property
    def pid(self):
        return self.process.pid

    def text(self, file):
        file.seek(0)
        return file.read().decode(errors="replace")

    def record(self, timeout=30):
        """What the fake Spark recorded, as soon as it has."""
        def ready():
            return self.site.record_path.exists() or self.process.poll() is not None
        wait_until(ready, timeout, "the fake Spark to start")
        assert self.site.record_path.exists(), f"it ended before Spark started: {self.text(self.err_file)}"
        return json.loads(self.site.record_path.read_text(encoding="utf-8"))

    def finish(self, timeout=60):
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"did not end within {timeout} s: {self.text(self.err_file)}") from None
        path = self.site.record_path
        record = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
        return Result(as_status(status), self.text(self.out_file), self.text(self.err_file), record)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def findings():
    """What a sanitizer has found so far."""
    return FINDINGS.read_text(encoding="utf-8", errors="replace") if FINDINGS.exists() else ""


def as_status(returncode):
    return returncode if returncode >= 0 else 128 - returncode


def wait_until(condition, timeout, what):
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout} s for {what}")
        time.sleep(0.02)


# ---- Eyes on processes


def read_proc(pid, name):
    try:
        return pathlib.Path(f"/proc/{pid}/{name}").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return b""


def all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def parent_of(pid):
    stat = read_proc(pid, "stat").decode(errors="replace")
    return int(stat.rpartition(")")[2].split()[1]) if stat else 0


def words_of(pid):
    return read_proc(pid, "cmdline").decode(errors="replace").rstrip("\0").split("\0")


def descendants(pid):
    parents = {child: parent_of(child) for child in all_pids()}
    found, front = [], [pid]
    while front:
        front = [child for child, parent in parents.items() if parent in front]
        found += front
    return found


def find_monitor(launch):
    """The process of `arrestor run` itself; there may be a tracer or setpriv above it."""
    for pid in [launch.pid, *descendants(launch.pid)]:
        words = words_of(pid)
        if len(words) > 1 and words[0].endswith("arrestor") and words[1] == "run":
            return pid
    raise AssertionError("no monitor")


def roles_of(launch):
    """{role: pid} of arrestor's own processes beneath a launch, monitor included."""
    monitor = find_monitor(launch)
    roles = {"monitor": monitor}
    for pid in descendants(monitor):
        words = words_of(pid)
        if words[:2] == ["arrestor", "role"]:
            roles[words[2]] = pid
    return roles


def memory_holds(pid, needle):
    """Whether any readable mapping of a process holds these bytes."""
    maps = read_proc(pid, "maps").decode(errors="replace")
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps.splitlines():
            span, rights = line.split()[:2]
            if not rights.startswith("r") or line.endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                continue
            begin, end = (int(number, 16) for number in span.split("-"))
            if SANITIZED and end - begin > 2**30:  # its shadow: terabytes, of which nothing is a value
                continue
            try:
                if needle in os.pread(memory.fileno(), end - begin, begin):
                    return True
            except OSError:  # device memory, or secret memory: not even root can read it
                continue
    return False


def processes_showing(needle):
    """Every process that has the bytes in its environment or on its command line."""
    return [(pid, name) for pid in all_pids() for name in ("environ", "cmdline")
            if needle in read_proc(pid, name)]


# ---- Eyes on files


def files_holding(needle, newer_than, places=None):
    """Every readable file of this machine, or beneath some places, newer than a file, that holds the bytes."""
    kinds = ("ext", "xfs", "btrfs", "overlay", "tmpfs", "zfs", "f2fs")
    mounts = {"/"} | {line.split()[1] for line in pathlib.Path("/proc/mounts").read_text().splitlines()
              if line.split()[2].startswith(kinds)}
    listed = subprocess.run(["find", *(places or sorted(mounts)), "-xdev", "-newer", newer_than, "-type", "f", "-print0"],
                            capture_output=True, check=False).stdout.split(b"\0")
    found = []
    for name in listed:
        try:
            with open(name, "rb") as file:
                if name and needle in file.read():
                    found.append(name.decode(errors="replace"))
        except OSError:
            continue
    return found


def is_tmpfs(path):
    kind = subprocess.run(["stat", "-f", "-c", "%T", path], capture_output=True, text=True, check=True)
    return kind.stdout.strip() in ("tmpfs", "ramfs")


def identity(path):
    """What stays the same when a file is seen through another mount."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def identities(directory):
    return {identity(path) for path in pathlib.Path(directory).rglob("*")}


def tmpfs_directories():
    """Delivery directories of arrestor that stand on this machine now."""
    places = [pathlib.Path("/run/arrestor"), pathlib.Path("/dev/shm")]
    if os.environ.get("XDG_RUNTIME_DIR"):
        places.append(pathlib.Path(os.environ["XDG_RUNTIME_DIR"]) / "arrestor")
    return {str(path) for place in places if place.is_dir() for path in place.iterdir()
            if place.name == "arrestor" or path.name.startswith("arrestor")}


def private_spark_home(path):
    """A SPARK_HOME of links to the real one, so that executors' logs land in `path`."""
    path.mkdir()
    for part in SPARK.iterdir():
        if part.name != "work":
            (path / part.name).symlink_to(part)
    return path


def open_temporary(prefix):
    """A directory under /tmp that another user may enter."""
    path = pathlib.Path(tempfile.mkdtemp(prefix=prefix))
    path.chmod(0o755)
    return path


def remove_tree(path):
    shutil.rmtree(path, ignore_errors=True)


def end_process(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
