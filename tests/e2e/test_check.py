"""check, effective, why and policy, as people and programs call them."""

import json
import os
import pathlib
import pty
import subprocess

import pytest

import house

ARRESTOR = pathlib.Path(os.environ.get("ARRESTOR", house.ARRESTOR))
CANARY = "can4ry/Wvalue+of0the7tests"
SAFE = "spark.master local[2]\nspark.io.encryption.enabled true\n"
UNSAFE = f"spark.master yarn\n  spark.authenticate = false\nspark.hadoop.fs.s3a.secret.key {CANARY}\n"
PACK = """pack: my-team
title: What our team asks for
rules:
  - id: TEAM-UI-001
    title: The UI is off
    severity: low
    owner: job
    require: {spark.ui.enabled: false}
    because: Nobody looks at it.
    fix: {set: {spark.ui.enabled: "false"}}
    examples: {pass: {spark.ui.enabled: "false"}, fail: {}}
"""


class Desk:
    """A directory with files in it, and a shell in it."""

    def __init__(self, path):
        self.path = path
        self.environment = house.base_environment(path)

    def write(self, name, text, mode=0o600):
        path = self.path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        return name

    def run(self, *words, stdin=b"", stdout=subprocess.PIPE, **environment):
        done = subprocess.run([ARRESTOR, *words], input=stdin, stdout=stdout, stderr=subprocess.PIPE,
                              env={**self.environment, **environment}, cwd=self.path, timeout=60, check=False)
        return house.Result(house.as_status(done.returncode), (done.stdout or b"").decode(), done.stderr.decode())

    def report(self, *words):
        result = self.run(*words, "--format", "json")
        return result.status, json.loads(result.out)


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def rules_of(report):
    return [finding["rule"] for finding in report["findings"]]


# ---- Findings


def test_a_finding_has_file_line_column_reason_and_what_to_write(desk):
    result = desk.run("check", desk.write("job.conf", UNSAFE))
    assert result.status == 1
    assert "job.conf:2:3: refused, critical: SPARK-AUTH-001" in result.out
    assert "job.conf:3:1: refused, critical: PLAINTEXT-S3A-001" in result.out
    assert "\n  why     " in result.out and "\n  fix     spark.authenticate true\n" in result.out
    assert "mode: warn" in result.out.splitlines()[-1]


def test_json_tells_the_same_places(desk):
    status, report = desk.report("check", desk.write("job.conf", UNSAFE))
    origins = {finding["key"]: finding["origin"] for finding in report["findings"]}
    assert status == 1 and report["verdict"] == "refuse" and report["mode"] == "enforce"
    assert report["packs"] == ["spark-baseline", "spark-production"] and report["inputs"] == ["job.conf"]
    assert origins["spark.authenticate"] == {"file": "job.conf", "line": 2, "column": 3}
    assert origins["spark.hadoop.fs.s3a.secret.key"] == {"file": "job.conf", "line": 3, "column": 1}
    assert origins["spark.acls.enable"]["unset"] is True


def test_a_setting_of_the_command_line_is_told_by_its_index(desk):
    words = ["check", "--", "spark-submit", "--master", "yarn", "--conf", "spark.authenticate=false", "a.py"]
    status, report = house_report(desk, words)
    finding = next(row for row in report["findings"] if row["rule"] == "SPARK-AUTH-001")
    assert status == 1 and finding["origin"] == {"argv": 4}


def house_report(desk, words):
    """As Desk.report, where the options stand before --."""
    result = desk.run(words[0], "--format", "json", *words[1:])
    return result.status, json.loads(result.out)


def test_all_named_inputs_make_one_verdict(desk):
    status, report = desk.report("check", desk.write("good.conf", SAFE), desk.write("bad.conf", UNSAFE))
    assert status == 1 and report["inputs"] == ["good.conf", "bad.conf"]
    assert {finding["origin"]["file"] for finding in report["findings"]} == {"bad.conf"}


def test_standard_input_is_judged(desk):
    result = desk.run("check", "-", stdin=UNSAFE.encode())
    assert result.status == 1 and "standard input:2:3: " in result.out
    assert desk.run("check", "-", stdin=SAFE.encode()).status == 0
    assert desk.run("check", "-", stdin=b"").status == 1


# ---- Status


BAD = {
    "empty": (b"", 1),
    "comment": (b"# nothing\n", 1),
    "crlf": (SAFE.replace("\n", "\r\n").encode(), 0),
    "crlf-unsafe": (UNSAFE.replace("\n", "\r\n").encode(), 1),
    "nul": (SAFE.encode() + b"spark.app.name a\0b\n", 3),
    "binary": (bytes(range(256)), 3),
    "escape": (SAFE.encode() + b"spark.app.name \\u00zz\n", 3),
    "invalid-utf-8": (SAFE.encode() + b"spark.app.name \xc3\x28\n", 0),
    "long": (SAFE.encode() + b"spark.app.name " + b"x" * 500_000 + b"\n", 0),
}


@pytest.mark.parametrize("name", BAD)
def test_text_and_json_give_the_same_status(desk, name):
    content, wanted = BAD[name]
    path = desk.write("input.conf", content)
    status, report = desk.report("check", path)
    assert desk.run("check", path).status == status == wanted
    assert report["verdict"] == {0: "pass", 1: "refuse", 3: "unknown"}[status]
    assert ("error" in report) == (status == 3)


def test_a_device_and_a_missing_file_are_told_beside_the_findings_of_others(desk):
    bad = desk.write("bad.conf", UNSAFE)
    result = desk.run("check", "nowhere.conf", "/dev/null", bad)
    assert result.status == 3
    assert "nowhere.conf: " in result.err and "device" in result.err
    assert "SPARK-AUTH-001" in result.out and "2 inputs not read" in result.out
    status, report = desk.report("check", "nowhere.conf", "/dev/null", bad)
    assert status == 3 and report["verdict"] == "refuse"
    assert [error["where"] for error in report["errors"]] == ["nowhere.conf", "/dev/null"]
    assert set(report["error"]) == {"code", "where", "line", "column", "message", "fix"}


def test_a_file_that_spark_would_refuse_has_the_place_of_the_fault(desk):
    status, report = desk.report("check", desk.write("input.conf", BAD["escape"][0]))
    assert status == 3 and report["error"]["line"] == 3 and report["error"]["code"] == "spark-refuses"


@pytest.mark.parametrize("words, wanted", [
    (["check"], "no input"),
    (["check", "--"], "nothing stands after --"),
    (["check", "--fromat", "json", "x"], "did you mean --format?"),
    (["check", "--format", "xml", "x"], "xml"),
    (["check", "--polcy", "x", "y"], "did you mean --policy?"),
    (["check", "--spark", "new", "x"], "3.5"),
    (["check", "x", "--", "spark-submit", "a.py"], "not both"),
    (["check", "x", "x"], "twice"),
    (["check", "--", "spark-submit", "--version"], "launches nothing"),
    (["check", "--", "some-other-program", "a.py"], "some-other-program"),
    (["effective", "x", "y"], "one file"),
    (["why"], "KEY"),
    (["why", "spark.authenticate"], "no input"),
    (["policy"], "subcommand"),
    (["policy", "lsit"], "did you mean arrestor policy list?"),
    (["policy", "explain", "SPARK-AUTH-01"], "did you mean SPARK-AUTH-001?"),
])
def test_wrong_words_are_usage_errors(desk, words, wanted):
    result = desk.run(*words)
    assert result.status == 2 and wanted in result.err and result.out == ""


def test_a_report_that_cannot_be_written_is_no_pass(desk):
    path = desk.write("good.conf", SAFE)
    with open("/dev/full", "wb") as full:
        assert desk.run("check", path, stdout=full).status == 70


def test_the_same_input_gives_the_same_bytes(desk):
    path = desk.write("job.conf", UNSAFE)
    assert desk.run("check", path).out == desk.run("check", path).out
    assert desk.run("check", "--format", "json", path).out == desk.run("check", "--format", "json", path).out


# ---- What is shown


def test_colour_is_for_terminals_that_want_it(desk):
    path = desk.write("job.conf", UNSAFE)
    for environment, coloured in (({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False),
                                  ({"TERM": "xterm", "NO_COLOR": "1"}, False)):
        ours, theirs = pty.openpty()
        with open(theirs, "wb") as terminal:
            assert desk.run("check", "--policy", "spark-baseline", path, stdout=terminal, **environment).status == 1
        shown = b""
        while b"New to this" not in shown:
            shown += os.read(ours, 65536)
        os.close(ours)
        assert (b"\033[" in shown) == coloured, environment
    assert "\033[" not in desk.run("check", path, TERM="xterm").out


HOSTILE = f"""spark.hadoop.fs.s3a.secret.key {CANARY}
spark.hadoop.fs.s3a.secret.key {CANARY}-again
spark.hadoop.fs.s3a.sercet.key {CANARY}
fs.s3a.secret.key {CANARY}
spark.app.url jdbc:postgresql://h/d?user=u&password={CANARY}
spark.driver.extraJavaOptions -Dapp.password={CANARY} -agentlib:jdwp=address=*:1
spark.executorEnv.DB_PASSWORD {CANARY}
spark.authenticate.secret {CANARY}
"""


@pytest.mark.parametrize("more", ["", "spark.app.name \\u00zz\n", f"spark.app.secret {CANARY}\\u00zz\n",
                                  f"spark.app.secret {CANARY}\0\n"])
def test_a_value_is_shown_nowhere(desk, more):
    path = desk.write("job.conf", HOSTILE + more)
    keys = [line.split(" ")[0] for line in HOSTILE.splitlines()]
    calls = [["check"], ["check", "--policy", "spark-baseline"], ["effective"], *(["why", key] for key in keys)]
    for words in calls:
        for form in ("text", "json"):
            result = desk.run(*words, "--format", form, path)
            assert "can4ry" not in result.out + result.err, words
    result = desk.run("check", "--", "spark-submit", "--properties-file", path, "--conf",
                      f"spark.app.password={CANARY}", "a.py")
    assert "can4ry" not in result.out + result.err


def test_effective_tells_what_beats_what(desk):
    path = desk.write("job.conf", "spark.ui.enabled true\nspark.app.name a\n")
    status, shown = house_report(desk, ["effective", "--", "spark-submit", "--properties-file", path,
                                        "--conf", "spark.ui.enabled=false", "a.py"])
    rows = {row["key"]: row for row in shown["settings"]}
    assert status == 0 and rows["spark.ui.enabled"]["value"] == "false"
    assert rows["spark.ui.enabled"]["origin"] == {"argv": 4}
    assert rows["spark.ui.enabled"]["overrides"] == [
        {"value": "true", "origin": {"file": path, "line": 1, "column": 1}}]


def test_why_tells_the_chain_the_default_and_the_nearest(desk):
    path = desk.write("job.conf", "spark.authenticate false\nspark.authenticate true\n")
    result = desk.run("why", "spark.authenticate", path)
    assert result.status == 0
    assert result.out == ("spark.authenticate is true\n  set at      job.conf:2:1\n"
                          "  overrides   job.conf:1:1, false\n  default     false\n")
    assert "default is true" in desk.run("why", "spark.ui.enabled", path).out
    assert "did you mean spark.authenticate?" in desk.run("why", "spark.authentcate", path).out
    status, shown = desk.report("why", "spark.authentcate", path)
    assert status == 0 and shown["nearest"] == "spark.authenticate" and shown["set"] is False


# ---- Launches


def test_a_launch_is_judged_with_the_files_it_reads(desk):
    (desk.path / "conf").mkdir()
    desk.write("conf/spark-defaults.conf", UNSAFE)
    result = desk.run("check", "--", "spark-submit", "a.py", SPARK_CONF_DIR=str(desk.path / "conf"))
    assert result.status == 1 and "spark-defaults.conf:2:3" in result.out
    own = desk.write("own.conf", SAFE)
    result = desk.run("check", "--spark", "3.5", "--", "spark-submit", "--properties-file", own, "a.py",
                      SPARK_CONF_DIR=str(desk.path / "conf"))
    assert result.status == 0, result.out


def test_a_launch_without_a_master_is_local(desk):
    result = desk.run("check", "--", "spark-submit", "--conf", "spark.io.encryption.enabled=true", "a.py")
    assert result.status == 0, result.out


def test_a_missing_properties_file_is_an_error(desk):
    words = ["check", "--", "spark-submit", "--properties-file", "nowhere.conf", "a.py"]
    assert desk.run(*words).status == 3
    status, report = house_report(desk, words)
    assert status == 3 and report["error"]["where"] == "nowhere.conf"


def test_the_version_of_spark_counts(desk):
    tls = ("spark.master yarn\nspark.authenticate true\nspark.ssl.rpc.enabled true\n"
           "spark.ssl.rpc.trustStore /etc/trust.p12\n")
    path = desk.write("job.conf", tls)
    assert "SPARK-CRYPTO-001" in rules_of(desk.report("check", "--spark", "3.5", path)[1])
    assert "SPARK-CRYPTO-001" not in rules_of(desk.report("check", "--spark", "4.0", path)[1])
    assert "SPARK-CRYPTO-001" in rules_of(desk.report("check", path)[1])


# ---- Packs and configuration


def test_a_pack_of_ones_own_is_named_by_its_path(desk):
    path = desk.write("team.yaml", PACK)
    conf = desk.write("job.conf", "spark.authenticate true\n")
    assert rules_of(desk.report("check", "--policy", path, conf)[1]) == ["TEAM-UI-001"]
    assert desk.report("check", "--policy", f"spark-baseline,{path}", conf)[1]["packs"] == [
        "spark-baseline", "my-team"]
    assert desk.run("policy", "lint", path).status == 0
    assert desk.run("policy", "test", path).status == 0
    assert "The UI is off" in desk.run("policy", "explain", "--policy", path, "TEAM-UI-001").out


@pytest.mark.parametrize("text, wanted", [
    ("", "would pass everything"),
    ("pack: a\ntitle: A\nrules: []\n", "no rules"),
    (PACK.replace("spark.ui.enabled: false}", "spark.ui.enabld: false}"), ":8:15: spark.ui.enabld"),
    (PACK.replace("require:", "requires:"), "did you mean \"require\"?"),
    (PACK + PACK[PACK.index("  - id"):], "is the id of two rules"),
    (PACK.replace("title: What", "includes: [spark-basline]\ntitle: What"), "did you mean spark-baseline?"),
    ("rules: [", "team.yaml:"),
])
def test_a_wrong_pack_has_status_4_and_a_place(desk, text, wanted):
    path, conf = desk.write("team.yaml", text), desk.write("job.conf", SAFE)
    result = desk.run("check", "--policy", path, conf)
    assert result.status == 4 and wanted in result.err and "pass" not in result.out
    result = desk.run("check", "--policy", path, "--format", "json", conf)
    assert result.status == 4 and json.loads(result.out)["error"]["code"] == "policy"


def test_a_pack_that_others_can_write_is_not_taken(desk):
    conf = desk.write("job.conf", SAFE)
    assert desk.run("check", "--policy", desk.write("team.yaml", PACK, 0o666), conf).status == 4
    assert desk.run("check", "--policy", "nowhere.yaml", conf).status == 4
    assert desk.run("check", "--policy", "nobodys-pack", conf).status == 4


def test_an_example_that_notices_nothing_fails_the_test(desk):
    path = desk.write("team.yaml", PACK.replace("fail: {}", 'fail: {spark.ui.enabled: "false"}'))
    result = desk.run("policy", "test", path)
    assert result.status == 4 and "fail example 1 passes" in result.out
    status, shown = desk.report("policy", "test", path)
    assert status == 4 and shown["faults"][0]["rule"] == "TEAM-UI-001"


def test_the_built_in_packs_pass_their_own_tests(desk):
    result = desk.run("policy", "test")
    assert result.status == 0 and result.out.rstrip().endswith("0 faults")
    status, shown = desk.report("policy", "list")
    for pack in shown["packs"]:
        for rule in pack["rules"]:
            assert rule["title"] in desk.run("policy", "explain", rule["rule"]).out


def test_mode_warn_of_the_configuration_refuses_nothing_and_says_so(desk):
    config, conf = desk.write("arrestor.yaml", "version: 1\nmode: warn\n"), desk.write("job.conf", UNSAFE)
    result = desk.run("check", "-c", config, conf)
    assert result.status == 0 and "mode: warn, nothing refuses" in result.out and "SPARK-AUTH-001" in result.out
    status, report = desk.report("check", "-c", config, conf)
    assert status == 0 and report["mode"] == "warn"
    assert {finding["effect"] for finding in report["findings"]} == {"warn"}


def test_the_configuration_names_the_packs(desk):
    config = desk.write("arrestor.yaml", "version: 1\npolicy: {packs: [spark-baseline]}\n")
    conf = desk.write("job.conf", "spark.master yarn\n")
    assert desk.report("check", "-c", config, conf)[1]["packs"] == ["spark-baseline"]
    assert desk.run("check", "-c", config, conf).status == 0
    assert desk.run("check", "-c", config, "--policy", "spark-production", conf).status == 1


def test_a_wrong_configuration_has_status_3(desk):
    config, conf = desk.write("arrestor.yaml", "version: 1\nmoed: warn\n"), desk.write("job.conf", SAFE)
    result = desk.run("check", "-c", config, conf)
    assert result.status == 3 and "mode" in result.err and "arrestor.yaml:2:1" in result.err


@pytest.mark.parametrize("name", ["hardened", "hardened-ui"])
@pytest.mark.parametrize("master", ["yarn", "spark://h:7077", "k8s://https://h:6443", "local-cluster[2,1,512]"])
def test_the_hardened_examples_pass(desk, name, master):
    path = house.ROOT / f"examples/spark-defaults-{name}.conf"
    assert desk.run("check", path).status == 0
    result = desk.run("check", "--", "spark-submit", "--master", master, "--properties-file", path, "a.py")
    assert result.status == 0, result.out


def test_help_names_options_and_examples(desk):
    for command in ("check", "effective", "why", "policy"):
        result = desk.run(command, "--help")
        assert result.status == 0 and "Options:" in result.out and f"arrestor {command} " in result.out
