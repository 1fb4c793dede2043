"""Scenes with the strongbox: init, the commands, check, and run."""

import json
import os
import shutil

import house
from failing_scenes import RUN_STATUSES, STATUSES, Scene, SetScene


def words(scene, *words):
    return ["strongbox", *words, "--box", scene.path / "box", "--key", scene.path / "key"]


class Init(SetScene):
    """`arrestor init` where a set stands and the box has a new value."""

    name = "init"
    victims = (("place", 1), ("fetch", 1), ("warden", 1), ("init", 1), ("fork", 1), ("fork", 2), ("fork", 3))

    def fill_store(self):
        self.yaml.write_text(json.dumps({
            "version": 1, "stores": {"strongbox": {"box": str(self.path / "box"), "key": str(self.path / "key")}},
            "secrets": {"db": {"store": "strongbox", "path": "orders-db"}}, "deliver": self.deliver()}))
        assert self.arrestor(*words(self, "init")).status == 0
        assert self.arrestor(*words(self, "set", "orders-db"), stdin=self.old.encode()).status == 0

    def renew_store(self):
        assert self.arrestor(*words(self, "set", "orders-db"), stdin=self.new.encode()).status == 0

    def command(self):
        return ["init", "-c", self.yaml]


class InitFirst(Init):
    """… where none stands yet."""

    name, first = "init-first", True
    victims = (("place", 1), ("init", 1))


# ---- One command, one process


class CommandScene(Scene):
    """What succeeds says what it says when nothing fails; everything else says why."""

    words, input, good = (), b"", 0

    def prepare(self):
        self.reset()
        self.expected = self.act([])
        assert self.expected.status == self.good, self.expected.err

    @property
    def victims(self):
        return ((self.command()[0], 1),)

    def command(self):
        return list(self.words)

    def act(self, before):
        return self.arrestor(*self.command(), before=before, stdin=self.input)

    def check(self, point, told, done):
        if done.status == self.good and done.out != self.expected.out:
            yield f"{self.good}, and says {done.out[:200]!r} instead of {self.expected.out[:200]!r}"
        if done.status != self.good and done.status in (0, 1):
            yield f"ends with {done.status} instead of {self.good}"


class Judging(CommandScene):
    """check, effective, why on a configuration."""

    settings, statuses = house.SAFE, STATUSES | {1}

    def prepare(self):
        self.file = self.path / "spark-defaults.conf"
        self.file.write_text("".join(f"{key} {value}\n" for key, value in self.settings.items()))
        super().prepare()

    def common(self, point, told, done):
        for broken in super().common(point, told, done):
            if "value is said" not in broken:
                yield broken
        if house.UNSAFE_VALUE in done.out + done.err:
            yield "a value is said"


class Check(Judging):
    name = "check"

    def command(self):
        return ["check", self.file]


class CheckUnsafe(Judging):
    name, good, settings = "check-unsafe", 1, {**house.SAFE, house.UNSAFE_KEY: house.UNSAFE_VALUE}

    def command(self):
        return ["check", "--format", "json", self.file]


class CheckDebug(Judging):
    """Options of a JVM are split on the heap: without memory they must not count as unknown, which check lets pass."""

    name, good = "check-debug", 1
    settings = {**house.SAFE, "spark.driver.extraJavaOptions": "-agentlib:jdwp=transport=dt_socket,server=y"}

    def command(self):
        return ["check", self.file]


class Effective(Judging):
    name = "effective"

    def command(self):
        return ["effective", self.file]


class Why(Judging):
    name = "why"

    def command(self):
        return ["why", "spark.master", self.file]


class PolicyTest(CommandScene):
    """A pack of somebody's own: read, checked, and tried on its examples."""

    name = "policy-test"
    words = ("policy", "test", house.ROOT / "policy/data/packs/spark-baseline.yaml")


class BoxScene(CommandScene):
    """A strongbox with one secret; after every misfortune it opens, with the old or the new in it."""

    def prepare(self):
        self.box, self.key, self.kept = self.path / "box", self.path / "key", self.path / "kept"
        self.fill()
        self.kept.mkdir()
        for file in (self.box, self.key):
            shutil.copy2(file, self.kept)
        super().prepare()

    def fill(self):
        assert self.arrestor(*words(self, "init")).status == 0
        assert self.arrestor(*words(self, "set", "orders-db"), stdin=self.old.encode()).status == 0

    def reset(self):
        for file in ("box", "key"):
            shutil.copy2(self.kept / file, self.path)

    def command(self):
        return words(self, *self.words)

    def after(self, done):
        """What get may say; None: nothing."""
        return {self.old}

    def check(self, point, told, done):
        yield from super().check(point, told, done)
        got = self.arrestor(*words(self, "get", "orders-db"))
        said = got.out if got.status == 0 else None if "no such" in got.err or "no secret" in got.err else got.err
        if said not in self.after(done):
            yield f"afterwards the strongbox says {got.status} {got.err[-200:]}"
        left = set(os.listdir(self.path)) - {"box", "key", "kept", "runtime", "bin", "failat.log"}
        if left and point.action != "kill":
            yield f"left: {left}"


class BoxSet(BoxScene):
    name, words = "box-set", ("set", "orders-db")

    @property
    def input(self):
        return self.new.encode()

    def after(self, done):
        return {self.new} if done.status == 0 else {self.old, self.new}


class BoxSetField(BoxScene):
    """One field of a secret that is JSON: the others stay what they are, to the byte."""

    name, words, input = "box-set-field", ("set", "app", "--field", "user"), b"etl"

    def prepare(self):
        self.password = self.mark + "p" * 3000
        super().prepare()

    def fill(self):
        super().fill()
        for field, value in (("user", b"nobody"), ("password", self.password.encode())):
            assert self.arrestor(*words(self, "set", "app", "--field", field), stdin=value).status == 0

    def check(self, point, told, done):
        yield from super().check(point, told, done)
        got = self.arrestor(*words(self, "get", "app"))
        values = json.loads(got.out)
        if values["password"] != self.password or values["user"] not in ({"etl"} if done.status == 0 else {"nobody", "etl"}):
            yield f"another field was changed: {len(values['password'])} bytes, user {values['user']}"


class BoxGet(BoxScene):
    name, words = "box-get", ("get", "orders-db")

    def common(self, point, told, done):
        """The one command whose output is a value: whole, or nothing."""
        done_without = house.Result(done.status, "", done.err)
        yield from super().common(point, told, done_without)


class BoxList(BoxScene):
    name, words = "box-list", ("list",)


class BoxRemove(BoxScene):
    name, words = "box-rm", ("rm", "orders-db")

    def after(self, done):
        return {None} if done.status == 0 else {self.old, None}


class BoxRekey(BoxScene):
    name, words = "box-rekey", ("rekey",)


# ---- run

JOB = """#!/bin/sh
# Puts the new strongbox where the old one was and waits until both files of the set show it.
echo started >>"$TORTURE_PATH/job"
[ -e "$TORTURE_PATH/next-box" ] && mv "$TORTURE_PATH/next-box" "$TORTURE_PATH/box"
new=$(cat "$TORTURE_PATH/new")
tries=0
while [ $tries -lt 1500 ]; do
    tries=$((tries + 1))
    if ! cd -P "$ARRESTOR_DIR" 2>/dev/null || ! { IFS= read -r one <one || [ -n "$one" ]; } 2>/dev/null ||
        ! { IFS= read -r two <two || [ -n "$two" ]; } 2>/dev/null; then
        echo missing >>"$TORTURE_PATH/job"
        exit 41
    fi
    [ "$one" = "$two" ] || { echo mixed >>"$TORTURE_PATH/job"; exit 42; }
    [ "$one" = "$new" ] && { echo new >>"$TORTURE_PATH/job"; exit 0; }
    sleep 0.02
done
echo old >>"$TORTURE_PATH/job"
exit 43
"""


class Run(Scene):
    """`arrestor run`: judged, launched, one rotation, the end."""

    name, statuses = "run", RUN_STATUSES
    victims = (("run", 1), ("judge", 1), ("sweep", 1), ("warden", 1), ("place", 1), ("place", 2), ("fetch", 2),
               ("fork", 3), ("fork", 4))
    settings = house.SAFE

    def prepare(self):
        self.home, self.conf, self.box = self.path / "spark", self.path / "conf", self.path / "box"
        for directory in (self.home / "bin", self.conf):
            directory.mkdir(parents=True)
        program = self.home / "bin/spark-submit"
        program.write_text(JOB)
        program.chmod(0o755)
        (self.conf / "spark-defaults.conf").write_text(
            "".join(f"{key} {value}\n" for key, value in self.settings.items()))
        self.yaml = self.path / "arrestor.yaml"
        self.yaml.write_text(json.dumps({
            "version": 1, "stores": {"strongbox": {"box": str(self.box), "key": str(self.path / "key")}},
            "secrets": {"db": {"store": "strongbox", "path": "orders-db"}},
            "deliver": {"poll": "100ms", "wait": "0s",
                        "files": {"one": {"raw": "${db}"}, "two": {"raw": "${db}"}}}}))
        (self.path / "new").write_text(self.new)
        self.environment |= {"SPARK_HOME": str(self.home), "SPARK_CONF_DIR": str(self.conf),
                             "TORTURE_PATH": str(self.path)}
        self.kept = self.path / "kept"
        self.kept.mkdir()
        assert self.arrestor(*words(self, "init")).status == 0
        for name, value in (("box", self.old), ("next-box", self.new)):
            assert self.arrestor(*words(self, "set", "orders-db"), stdin=value.encode()).status == 0
            shutil.copy2(self.box, self.kept / name)

    def reset(self):
        (self.path / "job").unlink(missing_ok=True)
        for name in ("box", "next-box"):
            shutil.copy2(self.kept / name, self.path)
        self.before = set() if self.is_private() else house.tmpfs_directories()

    def is_private(self):
        """Whether sets lie in our own XDG_RUNTIME_DIR."""
        return not house.is_tmpfs("/run")

    def left(self):
        if not self.is_private():
            return house.tmpfs_directories() - self.before
        runtime = self.path / "runtime/arrestor"
        return os.listdir(runtime) if runtime.exists() else []

    def command(self):
        return ["run", "-c", self.yaml, "--", self.home / "bin/spark-submit", "job.py"]

    def job(self):
        file = self.path / "job"
        return file.read_text().split() if file.exists() else []

    def check(self, point, told, done):
        job = self.job()
        orphaned = done.status in (125, 137)  # monitor has failed: sweep wipes under a job that is being ended
        if job.count("started") > 1:
            yield "the job was started twice"
        if "mixed" in job or ("missing" in job and not orphaned) or "old" in job:
            yield f"the job saw {job}"
        if done.status == 0 and job != ["started", "new"]:
            yield f"0, and the job saw {job}"
        if done.status in (77, 126, 127) and job:
            yield f"{done.status}, and the job was started"
        if self.left():
            again = self.arrestor("run", "-c", self.yaml, "--", "/bin/true")
            if self.left():
                yield f"left, also by the next start: {self.left()} {again.err[-200:]}"


class Refused(Run):
    """A launch that the policy refuses: whatever fails, the job is never started and nothing is fetched."""

    name = "refused"
    victims = (("judge", 1), ("run", 1), ("warden", 1), ("sweep", 1), ("fork", 3), ("fork", 4))
    settings = {**house.SAFE, house.UNSAFE_KEY: house.UNSAFE_VALUE}

    def check(self, point, told, done):
        if self.job():
            yield f"REFUSED, AND STARTED: status {done.status}"
        if done.status == 0:
            yield "0 for a launch that is refused"
        for role in ("fetch", "place"):
            if told.started(role):
                yield f"{role} was started before the verdict"
        yield from super().check(point, told, done)


SCENES = [Init, InitFirst, Refused, Run, Check, CheckUnsafe, CheckDebug, Effective, Why, PolicyTest, BoxSet, BoxSetField, BoxGet, BoxList,
          BoxRemove, BoxRekey]
assert all(scene.statuses <= STATUSES | RUN_STATUSES | {1} for scene in SCENES)
