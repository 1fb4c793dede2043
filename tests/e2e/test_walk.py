"""Directories as inputs: what is read, what is passed over, and what is said about it."""

import json
import os
import pathlib
import random
import socket
import subprocess

import pytest

import house

SAFE = "spark.master local[2]\nspark.io.encryption.enabled true\n"
UNSAFE = "spark.master yarn\nspark.authenticate false\n"
ROUNDS = 5  # trees for the comparison with git


class Tree:
    """A directory of files, and arrestor in it."""

    def __init__(self, path):
        self.path = path
        self.environment = house.base_environment(path)

    def write(self, name, text=SAFE):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def run(self, *words, **options):
        done = subprocess.run([house.ARRESTOR, *words], capture_output=True, env=self.environment, cwd=self.path,
                              timeout=120, check=False, **options)
        return house.Result(house.as_status(done.returncode), done.stdout.decode(), done.stderr.decode())

    def report(self, *words):
        result = self.run(words[0], "--format", "json", *words[1:])
        return result.status, json.loads(result.out)


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


def files_of(report):
    return sorted({finding["origin"]["file"] for finding in report["findings"]})


# ---- Files that a launch beneath the directory names

JOB = ("import os\nfrom pyspark.sql import SparkSession\n"
       "os.environ['AWS_SECRET_ACCESS_KEY'] = 'wJalrXUtnFEMI7MDENGbPxRfiCYzzzzcanary01'\n"
       "spark = SparkSession.builder.config('spark.authenticate', 'false').getOrCreate()\n"
       "spark.read.option('password', 'hunter2canary').load()\n")
CONF = "spark.master yarn\nspark.ssl.keyPassword hunter2canary\n"


def test_files_that_go_along_are_judged_with_the_launch(tree):
    tree.write("run.sh", "spark-submit --master yarn --files metrics.properties,conf/core-site.xml#x,log4j2.properties,"
                         "data.csv,not-here-site.xml app.jar\n")
    tree.write("metrics.properties", "*.sink.graphite.password=hunter2canary\n")
    tree.write("log4j2.properties", "appender.db.password = hunter2canary\n")
    tree.write("data.csv", "password=hunter2canary\n")
    tree.write("conf/core-site.xml", "<configuration><property><name>fs.s3a.secret.key</name>"
                                     "<value>wJalrXUtnFEMI7MDENGbPxRfiCYzzzzcanary01</value></property></configuration>\n")
    status, report = tree.report("check", "--policy", "spark-baseline", "run.sh")
    assert status == 1
    assert files_of(report) == ["conf/core-site.xml", "log4j2.properties", "metrics.properties"]
    assert "canary" not in json.dumps(report)


def findings_in(report, file):
    """Keys of what is set there against a rule."""
    return sorted(finding["key"] for finding in report["findings"]
                  if finding["origin"]["file"] == file and not finding["origin"].get("unset"))


def test_what_a_launch_names_is_judged_with_it_alone(tree):
    tree.write("a.conf", CONF)
    tree.write("job.py", JOB)
    tree.write("z.sh", "#!/bin/sh\nspark-submit --properties-file a.conf job.py\n")
    _, report = tree.report("check", ".")
    assert report["launches"] == 1 and report["kinds"] == {"properties": 1, "pyspark": 1, "shell": 1}
    assert findings_in(report, "a.conf") == ["spark.ssl.keyPassword"]
    assert findings_in(report, "job.py") == ["AWS_SECRET_ACCESS_KEY", "password", "spark.authenticate"]


def test_what_two_launches_name_is_told_once(tree):
    tree.write("a.conf", CONF)
    for name in ("b.sh", "c.sh"):
        tree.write(name, "#!/bin/sh\nspark-submit --properties-file a.conf job.jar\n")
    _, report = tree.report("check", ".")
    assert report["launches"] == 2
    assert findings_in(report, "a.conf") == ["spark.ssl.keyPassword"]


def test_what_no_launch_could_take_is_judged_by_itself(tree):
    tree.write("a.conf", CONF)
    tree.write("b.sh", "#!/bin/sh\nspark-submit --properties-file other.conf --status driver\n")
    tree.write("c.sh", "#!/bin/sh\nspark-submit --properties-file a.conf --conf nothing job.jar\n")  # Spark refuses it
    status, report = tree.report("check", ".")
    assert status == 3 and report["launches"] == 1
    assert findings_in(report, "a.conf") == ["spark.ssl.keyPassword"]


def test_findings_stay_in_the_order_of_files(tree):
    for name in ("a.conf", "c.conf"):
        tree.write(name, UNSAFE)
    for name in ("b.sh", "d.sh"):
        tree.write(name, "#!/bin/sh\nspark-submit --conf spark.authenticate=false --master yarn a.jar\n")
    _, report = tree.report("check", ".")
    found = [finding["origin"]["file"] for finding in report["findings"]]
    assert found == sorted(found) and set(found) == {"a.conf", "b.sh", "c.conf", "d.sh"}
    noted = [note["origin"]["file"] for note in report["notes"] if note["origin"].get("file")]
    assert noted == sorted(noted) and set(noted) == {"b.sh", "d.sh"}


def test_a_file_that_is_named_is_judged_though_a_launch_names_it(tree):
    tree.write("sub/a.conf", UNSAFE)
    tree.write("sub/b.sh", "#!/bin/sh\nspark-submit --properties-file a.conf job.jar\n")
    _, report = tree.report("check", "sub", "sub/a.conf")
    assert report["launches"] == 2


# ---- What is read


def test_every_file_beneath_is_judged_in_the_order_of_names(tree):
    for name in ("b/z.conf", "b/a.properties", "a.conf", "c/d/e/f.conf"):
        tree.write(name, UNSAFE)
    status, report = tree.report("check", ".")
    assert status == 1 and files_of(report) == ["a.conf", "b/a.properties", "b/z.conf", "c/d/e/f.conf"]
    assert report["kinds"] == {"properties": 4} and report["launches"] == 4 and report["skipped"] == {}
    assert tree.run("check", ".").out == tree.run("check", ".").out
    order = [line.partition(":")[0] for line in tree.run("check", ".").out.splitlines() if "SPARK-AUTH-001" in line]
    assert order == ["a.conf", "b/a.properties", "b/z.conf", "c/d/e/f.conf"]


@pytest.mark.parametrize("named, shown", [("sub", "sub/x.conf"), ("sub/", "sub/x.conf"), ("./sub", "./sub/x.conf"),
                                          ("sub//", "sub/x.conf")])
def test_a_path_is_shown_as_it_was_named(tree, named, shown):
    tree.write("sub/x.conf", UNSAFE)
    assert files_of(tree.report("check", named)[1]) == [shown]


def test_a_root_with_an_absolute_path(tree):
    path = tree.write("sub/x.conf", UNSAFE)
    assert files_of(tree.report("check", str(tree.path))[1]) == [str(path)]


def test_files_and_directories_make_one_verdict_and_nothing_is_judged_twice(tree):
    tree.write("sub/x.conf", UNSAFE)
    tree.write("sub/inner/y.conf", UNSAFE)
    status, report = tree.report("check", "sub/x.conf", "sub", "sub/inner", "./sub/x.conf")
    assert status == 1 and report["launches"] == 3, report["kinds"]
    assert files_of(report) == ["./sub/x.conf", "sub/inner/y.conf", "sub/x.conf"]


def test_what_is_not_about_spark_is_counted_and_no_error(tree):
    tree.write("job.conf")
    tree.write("README.md", "# Jobs\n\nSet spark.master to yarn:\n\n    spark.authenticate true\n")
    tree.write("main.c", "int main(void) { return 0; }\n")
    tree.write("empty", "")
    status, report = tree.report("check", ".")
    assert status == 0 and report["skipped"] == {"not about Spark": 3}


def test_binary_huge_linked_and_special_files_are_passed_over_and_counted(tree):
    tree.write("job.conf")
    tree.write("jar.conf", b"spark.master yarn\n\0\n")
    tree.write("log.conf", b"spark.master yarn\n" * (9 * 2**20 // 18))
    (tree.path / "out.conf").symlink_to("/etc/hostname")
    (tree.path / "up").symlink_to("..")
    os.mkfifo(tree.path / "pipe.conf")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tree.path / "s.conf"))
        status, report = tree.report("check", ".")
    assert status == 0, report
    assert report["skipped"] == {"binary": 1, "huge": 1, "symbolic links": 2, "no files": 2}
    assert "passed over: 1 binary, 1 huge, 2 symbolic links, 2 no files" in tree.run("check", ".").out


def test_a_named_file_is_read_whatever_it_is_called(tree):
    tree.write(".gitignore", "*.conf\n")
    tree.write("job.conf", UNSAFE)
    tree.write("other.properties")
    status, report = tree.report("check", "job.conf", ".")
    assert status == 1 and files_of(report) == ["job.conf"]
    assert report["kinds"] == {"properties": 2} and report["skipped"] == {"not about Spark": 1, "ignored by .gitignore": 1}


def test_a_walk_follows_no_link_out_and_reads_nothing_beside(tree):
    outside = tree.write("outside/secret.conf", UNSAFE)
    tree.write("in/job.conf")
    (tree.path / "in/link.conf").symlink_to(outside)
    (tree.path / "in/directory").symlink_to("../outside")
    status, report = tree.report("check", "in")
    assert status == 0 and report["findings"] == [] and report["skipped"] == {"symbolic links": 2}


def test_what_cannot_be_opened_is_an_error_and_the_rest_is_judged(tree):
    tree.write("bad.conf", UNSAFE)
    tree.write("broken.conf", "spark.app.name \\u00zz\n")
    tree.write("a/b.conf")
    deep = tree.path
    for _ in range(70):
        deep = deep / "d"
        deep.mkdir()
    status, report = tree.report("check", ".")
    assert status == 3 and report["verdict"] == "refuse" and files_of(report) == ["bad.conf"]
    assert [error["code"] for error in report["errors"]] == ["spark-refuses", "input"]
    assert report["errors"][0]["where"] == "broken.conf" and report["errors"][0]["line"] == 1
    assert "too deep" in report["errors"][1]["message"] and report["errors"][1]["where"].startswith("d/d/d/")


def test_an_ordinary_user_is_told_what_he_may_not_read(tree):
    if os.geteuid() != 0:
        pytest.skip("needs files of somebody else")
    tree.write("closed/x.conf")
    tree.write("job.conf")
    os.chmod(tree.path / "closed", 0o700)
    for path in (tree.path, *tree.path.parents):
        if path.stat().st_uid == 0 and path.is_relative_to("/tmp") and path != pathlib.Path("/tmp"):
            path.chmod(0o755)
    done = tree.run("check", ".", user=house.ORDINARY, group=house.ORDINARY, extra_groups=[])
    assert done.status == 3 and "closed: cannot open: Permission denied" in done.err
    assert tree.run("check", ".").status == 0  # root reads what root could read


# ---- Nothing passes quietly


def test_nothing_recognised_is_no_pass(tree):
    tree.write("notes.txt", "hello\n")
    tree.write("sub/notes.txt", "hello\n")
    for words in (["notes.txt"], ["sub"], ["notes.txt", "--policy", "spark-baseline"], ["--estate", "sub"]):
        result = tree.run("check", *words)
        assert result.status == 3 and "nothing in it is known to start or configure Spark" in result.err, words
        assert "--as KIND" in result.err and "properties" in result.err
    assert tree.run("effective", "notes.txt").status == 3
    assert tree.run("why", "spark.master", "notes.txt").status == 3
    done = subprocess.run([house.ARRESTOR, "check", "-"], input=b"hello\n", capture_output=True,
                          env=tree.environment, timeout=60, check=False)
    assert done.returncode == 3


def test_as_says_what_an_input_is(tree):
    tree.write("notes.txt", "master yarn\n")
    assert tree.run("check", "--as", "properties", "notes.txt").status == 1
    assert "master yarn" in tree.run("effective", "--as", "properties", "notes.txt").out
    result = tree.run("check", "--as", "propertis", "notes.txt")
    assert result.status == 2 and "did you mean --as properties?" in result.err
    assert tree.run("check", "--as", "properties", "--", "spark-submit", "a.py").status == 2


def test_effective_and_why_take_one_file_of_a_directory(tree):
    tree.write("job.conf")
    for words in (["effective", "."], ["why", "spark.master", "."]):
        result = tree.run(*words)
        assert result.status == 3 and "is a directory" in result.err


def test_spark_version_is_another_name_of_spark(tree):
    tree.write("job.conf", "spark.master yarn\nspark.authenticate true\nspark.ssl.rpc.enabled true\n"
                           "spark.ssl.rpc.trustStore /etc/trust.p12\n")
    for option in ("--spark", "--spark-version"):
        found = {version: {row["rule"] for row in tree.report("check", option, version, ".")[1]["findings"]}
                 for version in ("3.5", "4.0")}
        assert "SPARK-CRYPTO-001" in found["3.5"] - found["4.0"]
    assert tree.run("check", "--spark", "3.5", "--spark-version", "4.0", ".").status == 2
    assert tree.run("check", "--spark-version", "new", ".").status == 2


# ---- The bill


def test_estate_counts_by_rule_and_owner_without_a_verdict(tree):
    for i in range(5):
        tree.write(f"team{i}/spark-defaults.conf", UNSAFE)
    tree.write("team0/keys.conf", "spark.hadoop.fs.s3a.secret.key an/invented+secret/of0this1test23\n")
    status, report = tree.report("check", "--estate", ".")
    rows = {row["rule"]: row for row in report["rules"]}
    assert status == 0 and "verdict" not in report and "findings" not in report
    assert rows["SPARK-AUTH-001"]["findings"] == rows["SPARK-AUTH-001"]["launches"] == 6
    assert rows["PLAINTEXT-S3A-001"]["findings"] == 1 and rows["PLAINTEXT-S3A-001"]["owner"] == "job"
    assert sum(report["owners"].values()) == sum(row["findings"] for row in report["rules"])
    counts = [row["findings"] for row in report["rules"]]
    assert counts == sorted(counts, reverse=True) and report["launches"] == 6
    judged = tree.report("check", ".")[1]["findings"]
    assert len(judged) == sum(counts)
    text = tree.run("check", "--estate", ".")
    assert text.status == 0 and "verdict" not in text.out and "by owner: job" in text.out
    assert "read: 6 launches in 6 properties" in text.out
    tree.write("broken.conf", "spark.app.name \\u00zz\n")
    assert tree.run("check", "--estate", ".").status == 3
    assert tree.run("check", "--estate", "--", "spark-submit", "a.py").status == 2


def test_findings_beyond_the_list_are_counted_and_still_refuse(tree):
    for i in range(900):
        tree.write(f"{i:03}.conf", UNSAFE)
    status, report = tree.report("check", ".")
    assert status == 1 and len(report["findings"]) == 4096 and report["unlisted"] > 0
    bill = tree.report("check", "--estate", ".")[1]
    assert sum(bill["owners"].values()) == 4096 + report["unlisted"]
    assert f"{report['unlisted']} more are counted and not listed" in tree.run("check", ".").out


# ---- Properties that Java reads back


def test_effective_prints_properties_that_give_the_same_settings(tree):
    odd = "spark.app.name a\\u00e9\\ =:#!\\n x\\\\\nspark.key\\ with\\:odd value\n"
    tree.write("job.conf", odd)
    once = tree.run("effective", "--format", "properties", "job.conf")
    tree.write("again.conf", once.out)
    twice = tree.run("effective", "--format", "properties", "again.conf")
    assert once.status == 0 and once.out == twice.out and once.out.count("\n") == 2
    both = [json.loads(tree.run("effective", "--format", "json", name).out) for name in ("job.conf", "again.conf")]
    assert [[(row["key"], row["value"]) for row in shown["settings"]] for shown in both][0] == [
        (row["key"], row["value"]) for row in both[1]["settings"]]
    assert tree.run("check", "--format", "properties", "job.conf").status == 2


# ---- .gitignore, against git itself


PARTS = ["a", "b", "ab", "a.conf", "b.conf", "foo", "foo.bar", "x y", "[z]", "build", "a!b", "#c", "é"]
PIECES = ["*", "**", "?", "a", "b", "/", "foo", ".conf", "[ab]", "[!a]", "[^b]", "[a-c]", "\\*", "\\#", "\\!", "!",
          " ", "\\ ", "[[:alpha:]]", "[]a]", "[", "build", "x y", "é", "**/", "/**", "/**/", ".", "bar", "\r", "#"]


def make_pattern(dice):
    """One line of a .gitignore: half of them look like those that people write."""
    if dice.random() < 0.5:
        base = dice.choice(PARTS + ["*.conf", "*.bar", "a*", "?oo", "*", "**"])
        shape = dice.choice(["{}", "/{}", "{}/", "!{}", "!/{}", "**/{}", "{}/**", "a/{}", "!{}/", "/a/{}/", "a/**/{}", "{}/*"])
        return shape.format(base)
    return "".join(dice.choice(PIECES) for _ in range(dice.randint(1, 5)))


def grow(dice, directory, depth):
    """Files and directories, some with a .gitignore."""
    if dice.random() < 0.6:
        lines = [make_pattern(dice) for _ in range(dice.randint(1, 6))]
        ends = dice.choice(["\n", "\r\n", "\n"])
        (directory / ".gitignore").write_bytes(ends.join(lines).encode() + dice.choice([b"", b"\n"]))
    for part in dice.sample(PARTS, dice.randint(2, 7)):
        if depth > 0 and dice.random() < 0.5:
            (directory / part).mkdir()
            grow(dice, directory / part, depth - 1)
        else:
            (directory / part).write_bytes(UNSAFE.encode())


def kept_by_git(path):
    """Files that git would add, as it lists them."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(path), "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8"}
    subprocess.run(["git", "init", "-q", path], check=True, env=environment)
    (path / ".git/info/exclude").write_text("")
    out = subprocess.run(["git", "-c", "core.quotePath=false", "ls-files", "--others", "--exclude-standard", "-z"],
                         cwd=path, env=environment, check=True, capture_output=True).stdout
    return sorted(name for name in out.decode().split("\0") if name)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_ignored_is_what_git_ignores(tree, seed):
    dice = random.Random(seed)
    for i in range(12):
        part = Tree(tree.path / str(i))
        part.path.mkdir()
        grow(dice, part.path, 3)
        wanted = [name for name in kept_by_git(part.path) if not name.endswith(".gitignore")]
        report = json.loads(part.run("check", "--format", "json", "--as", "properties", "--policy", "spark-baseline,spark-production", ".").out)
        found = sorted(row["origin"]["file"] for row in report["findings"] if row["rule"] == "SPARK-AUTH-001"
                       and not row["origin"]["file"].endswith(".gitignore"))
        assert found == wanted, (part.path, set(found) ^ set(wanted))
