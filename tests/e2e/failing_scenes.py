"""What is being done while something fails, and what must hold afterwards.

Every scene stands in a tmpfs directory of its own. play(point) does its work once
with the misfortune of the point and gives the promises that broke, as sentences.
"""

import os
import pathlib
import secrets
import shutil
import subprocess
import tempfile

import failing
import house

SECONDS = 100  # longer than any deadline of arrestor's own
ROLES_ENDED_BY_PARENT = {9}  # what monitor leaves behind at its end dies with it
STATUSES = {0, 2, 3, 4, 5, 6, 7, 70}
RUN_STATUSES = {0, 77, 125, 126, 127}


class Scene:
    """victims: [(role, how manieth)]; kinds: which of kill, fail and alloc make sense."""

    name, victims, kinds, statuses = "", (), ("kill", "fail", "alloc"), STATUSES

    def __init__(self, starving=False):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix=f"torture-{self.name}-", dir="/dev/shm"))
        self.path.chmod(0o755)
        self.tools = failing.Tools(self.path, starving)
        self.mark = "canary" + secrets.token_hex(8)
        self.old, self.new = self.mark + "-old", self.mark + "-new" + "n" * 3000
        self.environment = {**house.base_environment(self.path), "XDG_RUNTIME_DIR": str(self.path / "runtime")}
        (self.path / "runtime").mkdir()
        self.prepare()

    def prepare(self):
        """What stands before the first point."""

    def reset(self):
        """Before each point everything stands as before the first."""

    def command(self):
        return []

    def check(self, point, told, done):
        """Yields what broke."""
        return []

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)

    # ---- Running

    def arrestor(self, *words, before=(), stdin=b""):
        watch = {"FAILAT_WATCH": str(self.watched())} if before and self.watched() else {}
        done = subprocess.run([*before, str(self.tools.program), *map(str, words)], input=stdin, capture_output=True,
                              env={**self.environment, **watch}, cwd=self.path, timeout=SECONDS, check=False)
        return house.Result(house.as_status(done.returncode), done.stdout.decode(errors="replace"),
                            done.stderr.decode(errors="replace"))

    def act(self, before):
        return self.arrestor(*self.command(), before=before)

    def watched(self):
        """The set that the tool looks at before every call of the victim, or None."""

    def survey(self, kind, role, nth):
        """The points of one victim."""
        point = failing.survey_point(kind, role, nth)
        self.reset()
        self.act(self.tools.strike(point))
        return self.tools.points(kind, role, nth, self.tools.told(point).calls)

    def play(self, point):
        """(whether the point was reached, what broke, the result)."""
        self.reset()
        try:
            done = self.act(self.tools.strike(point))
        except subprocess.TimeoutExpired as slow:
            self.tools.clear()
            return True, [f"it hangs: {(slow.stderr or b'').decode(errors='replace')[-400:]}"], None
        told = self.tools.told(point)
        return told.hit, [*self.common(point, told, done), *self.check(point, told, done)], done

    def common(self, point, told, done):
        """What holds for every command."""
        killed = point.action == "kill"
        victim_is_first = point.role == self.command()[0]
        if killed and victim_is_first and told.hit:
            if done.status != 137:
                yield f"killed, it ended with {done.status}"
        elif done.status not in self.statuses:
            yield f"status {done.status} is not documented"
        silenced = point.call.startswith("write") or victim_is_first and killed
        if done.status > 1 and not silenced and "arrestor: " not in done.err and '"error": {' not in done.out:
            yield f"status {done.status} without a word"
        if self.mark in done.out + done.err:
            yield "a value is said"
        for seen in told.saw:
            yield f"while it ran, a reader saw the set {seen}"
        for role, signal in failing.deaths(told, done.err):
            if not (killed and role == point.role) and signal not in ROLES_ENDED_BY_PARENT:
                yield f"{role} died by signal {signal}"


# ---- A set


def look(directory):
    """The value that a reader sees, None where there is no set, or a sentence that begins with "!"."""
    try:
        fd = os.open(directory / "current", os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    try:
        found = []
        for name in ("one", "two"):
            file = os.open(name, os.O_RDONLY, dir_fd=fd)
            found.append(os.read(file, 65536).decode())
            os.close(file)
    except FileNotFoundError as gone:
        return f"! {gone.filename} is missing"
    finally:
        os.close(fd)
    return found[0] if found[0] == found[1] else "! mixed"


def leftovers(directory, files):
    """Names in a published directory that a round which ended well does not leave."""
    if not directory.exists():
        return []
    current = int(os.readlink(directory / "current")[2:]) if os.path.lexists(directory / "current") else 0
    allowed = {"current", f"g-{current:06d}", f"g-{current - 1:06d}", *files}
    return sorted(set(os.listdir(directory)) - allowed)


class SetScene(Scene):
    """A set stands, and the store has a new value; or none stands yet."""

    first = False
    pristine = None

    def configuration(self):
        return {}

    def prepare(self):
        self.set, self.state = self.path / "set", self.path / "state"
        self.yaml, self.pristine = self.path / "arrestor.yaml", self.path / "pristine"
        self.pristine.mkdir(mode=0o700)
        self.fill_store()
        if not self.first:
            done = self.arrestor("init", "-c", self.yaml)
            assert done.status == 0 and look(self.set) == self.old, done.err
            for directory in (self.set, self.state):
                subprocess.run(["cp", "-a", directory, self.pristine], check=True)
        self.renew_store()

    def deliver(self):
        return {"dir": str(self.set), "state": str(self.state), "wait": "0s",
                "files": {"one": {"raw": "${db}"}, "two": {"raw": "${db}"}}}

    def reset(self):
        for directory in (self.set, self.state):
            shutil.rmtree(directory, ignore_errors=True)
        if not self.first:
            subprocess.run(["cp", "-a", self.pristine / "set", self.pristine / "state", self.path], check=True)

    def watched(self):
        """A first set that fails goes again; one that stood before never does."""
        return None if self.first else self.set

    def check_set(self):
        seen = look(self.set)
        if seen not in (self.new, None if self.first else self.old):
            yield f"a reader sees {seen if seen is None or seen.startswith('!') else 'something else'}"

    def left(self):
        return leftovers(self.set, {"status.json"}) + leftovers(self.state, set())

    def check(self, point, told, done):
        if done.status != 7 or look(self.set):  # what was published without a protection that must be there goes
            yield from self.check_set()
        if done.status == 0 and look(self.set) != self.new:
            yield "0, and the new value is not there"
        strangers = set(os.listdir(self.path)) - self.known
        if strangers:
            yield f"files that are nobody's: {strangers}"
        if done.status != 0 or self.left():
            yield from self.heal()

    known = {"set", "state", "arrestor.yaml", "pristine", "runtime", "bin", "failat.log", "box", "key", "new-box"}

    def heal(self):
        """The next start mends whatever this one has left."""
        done = self.arrestor("init", "-c", self.yaml)
        if done.status != 0 or look(self.set) != self.new:
            yield f"the next start does not heal: {done.status} {done.err[-300:]}"
        if self.left():
            yield f"the next start leaves {self.left()}"
