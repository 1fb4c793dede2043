"""What arrestor costs by itself: no network, no store but the strongbox."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import time

from bench_table import ARRESTOR, BUILD, NOOP, ROLEWATCH, measure

ROLES = ("monitor", "judge", "fetch", "place", "warden", "sweep")

CONF = """\
spark.app.name                 orders
spark.master                   local-cluster[2,1,512]
spark.executor.memory          512m
spark.executor.cores           1
spark.driver.host              127.0.0.1
spark.driver.bindAddress       127.0.0.1
spark.ui.enabled               false
spark.io.encryption.enabled    true
spark.sql.shuffle.partitions   64
spark.serializer               org.apache.spark.serializer.KryoSerializer
spark.eventLog.enabled         false
spark.network.timeout          300s
"""


class Bench:
    def __init__(self, path, table):
        self.path, self.table = path, table
        self.conf_dir = path / "conf"
        self.conf_dir.mkdir()
        self.conf = self.conf_dir / "spark-defaults.conf"
        self.conf.write_text(CONF)
        (path / "bin").mkdir()
        shutil.copy(NOOP, path / "bin/spark-submit")
        (path / "key").mkdir(mode=0o700)
        self.environment = {"PATH": f"{path}/bin:/usr/bin:/bin", "HOME": str(path), "LANG": "C.UTF-8",
                            "SPARK_CONF_DIR": str(self.conf_dir), "SPARK_HOME": str(path)}
        if "JAVA_HOME" in os.environ:
            self.environment["JAVA_HOME"] = os.environ["JAVA_HOME"]
        self.yaml = path / "arrestor.yaml"
        self.yaml.write_text(
            "version: 1\nstores: {strongbox: {box: secrets.box, key: key/secrets.key}}\n"
            "secrets: {db: {store: strongbox, path: db}}\n"
            "deliver: {files: {jdbc.properties: {properties: {user: etl, password: \"${db}\"}}}}\n")
        self.empty_yaml = path / "empty.yaml"
        self.empty_yaml.write_text("version: 1\n")
        box = ["--box", "secrets.box", "--key", "key/secrets.key"]
        self.call(ARRESTOR, "strongbox", "init", *box)
        self.call(ARRESTOR, "strongbox", "set", "db", *box, input=b"invented-for-the-bench")

    def call(self, *command, **options):
        subprocess.run(command, cwd=self.path, env=self.environment, check=True, stdout=subprocess.DEVNULL, **options)

    def measure(self, runs, status, *command):
        return measure(runs, status, *command, cwd=self.path, env=self.environment)

    # ---- One configuration, cold

    def check_one(self):
        seen = self.measure(300, 0, ARRESTOR, "check", self.conf)
        milliseconds = seen["median_us"] / 1000
        self.table.add("check of one 12-line conf, cold", milliseconds, "ms", 2,
                       f"p10 {seen['p10_us'] / 1000:.2f}, p90 {seen['p90_us'] / 1000:.2f}")
        self.table.add("  its peak memory", seen["peak_kb"] / 1024, "MB", 6)
        self.table.add("  an empty static process beside it", self.measure(300, 0, NOOP)["median_us"] / 1000, "ms")
        self.peers(milliseconds)

    def peers(self, milliseconds):
        """What stands beside it on this machine, and how many times longer it takes."""
        spark = next(iter((BUILD / "venv/lib").glob("python3*/site-packages/pyspark/bin/spark-submit")), None)
        peers = [("spark-submit --version", spark, ["--version"], 3),
                 ("gitleaks dir", shutil.which("gitleaks"), ["dir", "--no-banner", self.conf_dir], 20),
                 ("detect-secrets scan", shutil.which("detect-secrets"), ["scan", self.conf], 5)]
        for name, executable, words, runs in peers:
            if executable is None:
                self.table.add(f"  peer: {name}", None, "ms")
                continue
            environment = dict(self.environment)
            environment.pop("SPARK_HOME")
            seen = measure(runs, 0, executable, *words, cwd=self.path,
                           env={**environment, "SPARK_HOME": str(pathlib.Path(executable).parents[1])})
            self.table.add(f"  peer: {name}", seen["median_us"] / 1000, "ms", None,
                           f"{seen['median_us'] / 1000 / milliseconds:.0f} × arrestor check")

    def check_many(self):
        """As many files as the corpus of the design has, made up here."""
        directory = self.path / "many"
        directory.mkdir()
        files = []
        for number in range(328):
            files.append(directory / f"{number:03d}.conf")
            files[-1].write_text(CONF + "".join(
                f"spark.executorEnv.NAME_{line} value-{number}-{line}\n" for line in range(number % 60)))
        seen = self.measure(20, 0, ARRESTOR, "check", *files)
        self.table.add("check of 328 files (made up, 12 to 71 lines)", seen["median_us"] / 1000, "ms", 60)

    # ---- run

    def run_cost(self):
        bare = self.measure(100, 0, "spark-submit", "job.py")
        for name, config, budget in (("run before Spark starts, nothing to deliver", self.empty_yaml, 10),
                                     ("run before Spark starts, one secret fetched and placed", self.yaml, None)):
            seen = self.measure(50, 0, ARRESTOR, "run", "-c", config, "--", "spark-submit", "job.py")
            self.table.add(name, (seen["until_us"] - bare["until_us"]) / 1000, "ms", budget)
            self.table.add("  and the whole of it, with wiping", (seen["median_us"] - bare["median_us"]) / 1000, "ms")

    # ---- Roles

    def roles_as_they_end(self):
        log = self.path / "roles.json"
        totals = {}
        for _ in range(9):
            self.call(ROLEWATCH, log, ARRESTOR, "run", "-c", self.yaml, "--", "spark-submit", "job.py",
                      stderr=subprocess.DEVNULL)
            for line in log.read_text().splitlines():
                row = json.loads(line)
                totals.setdefault({"run": "monitor"}.get(row["role"], row["role"]), []).append(row)
        for role in ROLES:
            rows = sorted(totals.get(role, []), key=lambda row: row["cpu_us"])
            if not rows:
                self.table.add(f"{role}: time on a processor, start to end", None, "ms")
                continue
            middle = rows[len(rows) // 2]
            self.table.add(f"{role}: time on a processor, start to end", middle["cpu_us"] / 1000, "ms", None,
                           f"peak {middle['peak_kb'] / 1024:.2f} MB RSS, at its end "
                           f"{middle['pss_kb'] / 1024:.2f} MB PSS, {middle['anonymous_kb'] / 1024:.2f} MB anonymous")

    def roles_at_rest(self):
        process = subprocess.Popen([ARRESTOR, "run", "-c", self.yaml, "--", "spark-submit", "job.py"], cwd=self.path,
                                   env={**self.environment, "NOOP_SECONDS": "6"}, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(1)
        sums = {"Rss": 0.0, "Pss": 0.0, "Anonymous": 0.0}
        before = {}
        for role, pid in self.resting(process.pid):
            try:
                text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            except PermissionError:
                self.table.add(f"{role} at rest", None, "MB", None, "only root may look: it is non-dumpable")
                continue
            figures = {name: int(re.search(rf"^{name}:\s+(\d+)", text, flags=re.M).group(1)) / 1024 for name in sums}
            for name, figure in figures.items():
                sums[name] += figure
            self.table.add(f"{role} at rest: RSS", figures["Rss"], "MB", None,
                           f"PSS {figures['Pss']:.2f}, anonymous {figures['Anonymous']:.2f}")
            before[pid] = self.switches(pid)
        for name, budget in (("Rss", 8), ("Pss", 2.5), ("Anonymous", 1)):
            self.table.add(f"all resting processes: {name.upper() if name != 'Anonymous' else 'anonymous'}",
                           sums[name], "MB", budget)
        time.sleep(3)
        woken = {role: self.switches(pid) - before[pid] for role, pid in self.resting(process.pid) if pid in before}
        self.table.add("wake-ups of all in 3 s at rest (the box is polled each 2 s)", sum(woken.values()), "", None,
                       ", ".join(f"{role} {count}" for role, count in woken.items()))
        process.wait()

    @staticmethod
    def switches(pid):
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status, flags=re.M).group(1))

    @staticmethod
    def resting(monitor):
        """(role, pid) of monitor and its children that are arrestor."""
        yield "monitor", monitor
        for pid in pathlib.Path(f"/proc/{monitor}/task/{monitor}/children").read_text().split():
            words = pathlib.Path(f"/proc/{pid}/cmdline").read_text().split("\0")
            if words[:2] == ["arrestor", "role"]:
                yield words[2], int(pid)


def run(path, table):
    """Every figure of this part into the table."""
    bench = Bench(path, table)
    bench.check_one()
    bench.check_many()
    bench.run_cost()
    bench.roles_as_they_end()
    bench.roles_at_rest()
