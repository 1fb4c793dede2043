"""The one run on real Spark: the demo's job, observed while it runs and afterwards."""

import hashlib
import pathlib
import re
import secrets
from dataclasses import dataclass, field

import house

JOB = house.ROOT / "examples/demo/job.py"
SALT = "salt-of-the-tests"


@dataclass
class Observation:
    first: str
    second: str
    output: str = ""
    errors: str = ""
    status: int = -1
    set_dir: pathlib.Path = None
    roles: dict = field(default_factory=dict)
    showing: dict = field(default_factory=dict)  # while it ran: password → [(pid, environ|cmdline)]
    remembering: list = field(default_factory=list)  # roles of ours whose memory holds it
    closed: list = field(default_factory=list)  # roles whose memory the tests' user may not read
    spark_status: list = field(default_factory=list)  # /proc/PID/status of Spark's processes
    executors: int = 0
    on_tmpfs: bool = False
    modes: dict = field(default_factory=dict)
    spread: list = field(default_factory=list)  # files outside of the set, while and after
    events: list = field(default_factory=list)  # event logs that hold a value
    event_logs: int = 0
    control: bool = False  # the searches do find what is there


def digest(password):
    return hashlib.sha256((SALT + password).encode()).hexdigest()[:16]


def look_while_running(seen, launch, started):
    """Everything that can be seen from outside while the job holds the first password."""
    needle = seen.first.encode()
    seen.roles = house.roles_of(launch)
    seen.showing["running"] = house.processes_showing(needle)
    for role, pid in seen.roles.items():
        try:
            if house.memory_holds(pid, needle):
                seen.remembering.append(role)
        except PermissionError:
            seen.closed.append(role)
    sparks = [pid for pid in house.descendants(seen.roles["monitor"]) if pid not in seen.roles.values()]
    seen.executors = sum("CoarseGrainedExecutorBackend" in " ".join(house.words_of(pid)) for pid in sparks)
    seen.spark_status = [house.read_proc(pid, "status").decode() for pid in sparks]
    seen.on_tmpfs = house.is_tmpfs(seen.set_dir)
    seen.modes = {path.name: path.stat().st_mode & 0o7777 for path in seen.set_dir.iterdir()}
    found = house.files_holding(needle, started)
    delivered = house.identities(seen.set_dir.parent)
    seen.control = any(house.identity(name) in delivered for name in found)
    state = house.identities(f"{seen.set_dir.parent}.state")
    seen.spread += [name for name in found if house.identity(name) not in delivered | state]


def look_afterwards(seen, started, logs):
    for password in (seen.first, seen.second):
        needle = password.encode()
        seen.showing["after " + digest(password)] = house.processes_showing(needle)
        seen.spread += house.files_holding(needle, started)
        seen.events += [str(log) for log in logs if needle in log.read_bytes()]
    seen.event_logs = len(logs)


def observe(site, path):
    """Runs the job, changes the password under it, and gives an Observation."""
    seen = Observation(secrets.token_hex(20), secrets.token_hex(20))
    started = path / "started"
    started.touch()
    events = site.path / "events"  # written as a relative path: everybody's /tmp is refused
    events.mkdir()
    home = house.private_spark_home(path / "spark-home")
    site.environment.update(SPARK_HOME=str(home), PATH=f"{home}/bin:{site.environment['PATH']}")
    site.init_box()
    site.set_secret(seen.first)
    site.configure(poll="500ms")
    conf = site.write_conf({**house.SAFE, "spark.eventLog.enabled": "true",
                            "spark.eventLog.dir": "events"}, "job.conf")
    with open(path / "output", "w+b") as output:
        launch = site.start("spark-submit", "--properties-file", str(conf), str(JOB), SALT, stdout=output)
        try:
            watch(seen, launch, site, path, started)
            seen.status, seen.errors = (ended := launch.finish(300)).status, ended.err
        finally:
            launch.kill()
    seen.output = (path / "output").read_text()
    look_afterwards(seen, started, [log for log in events.rglob("*") if log.is_file()])
    return seen


def watch(seen, launch, site, path, started):
    def waiting():
        assert launch.process.poll() is None, launch.text(launch.err_file)
        return "waiting for" in (path / "output").read_text()
    house.wait_until(waiting, 300, "the job on real Spark")
    text = (path / "output").read_text()
    seen.set_dir = pathlib.Path(re.search(r"^the set is +(.*)$", text, flags=re.M).group(1))
    look_while_running(seen, launch, started)
    site.set_secret(seen.second)
