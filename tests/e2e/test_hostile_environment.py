"""Variables that a caller may have set, by mistake or not: judged, refused, or without a consequence.

What a variable does to a launch is judged, because the environment that bash leaves is
recorded and only that is launched. What would run other code before the verdict is refused.
"""

import ctypes
import os
import pathlib
import re
import resource
import shutil
import subprocess

import pytest

import house

def make_unsafe(site):
    site.write_conf({**house.SAFE, house.UNSAFE_KEY: house.UNSAFE_VALUE})


def leave_trace(site, name="trace"):
    return f"touch {site.path / name}"


def traces(site):
    return sorted(path.name for path in site.path.glob("trace*"))


def assert_judged(site, environment):
    """The safe launch starts and sees the variables; the unsafe one is refused; no trace before that."""
    result = site.run("spark-submit", "job.py", environment=environment)
    assert result.status == 0, result.err
    make_unsafe(site)
    refused = site.run("spark-submit", "job.py", environment=environment)
    assert (refused.status, refused.record) == (77, None), refused.err
    return result


# ---- Code before the verdict


def scripts_commands():
    """Programs that stand where a command stands in the scripts of this Spark, and every builtin of this bash."""
    told = subprocess.run(["bash", "-c", "compgen -b"], capture_output=True, text=True, check=True)
    text = "".join(path.read_text() for place in ("bin", "sbin") for path in (house.SPARK / place).iterdir()
                   if path.suffix in ("", ".sh") and path.is_file())
    text = re.sub(r"(?ms)^ *#.*?$|<<EOF.*?^EOF", "", text)
    words = re.findall(r"(?:^|\$\(|[;|&`(]|\b(?:if|then|else|do|exec|!)\b) *([a-z][a-z0-9]+)(?= |\)|`|$)", text, re.M)
    return sorted(set(told.stdout.split()) | {word for word in words if shutil.which(word)} - {"which"})


def test_a_function_by_the_name_of_any_command_of_sparks_scripts_is_refused(site):
    names = scripts_commands()
    assert {"dirname", "trap", "uname", "stty", "tty", "mkdir", "ps", "["} <= set(names)
    functions = {f"BASH_FUNC_{name}%%": f"() {{ {leave_trace(site)}; }}" for name in [*names, "ps", "mktemp"]}
    result = site.run("spark-submit", "job.py", environment=functions)
    assert (result.status, result.record) == (77, None), result.err
    assert [name for name in functions if name + " is set" not in result.err] == []
    assert traces(site) == []


@pytest.mark.parametrize("name", ["module", "ml", "scl", "which", "_module_raw", "trapper", "tra"])
def test_a_function_of_any_other_name_is_let_through(site, name):
    function = {f"BASH_FUNC_{name}%%": "() {  :\n}"}
    result = site.run("spark-submit", "job.py", environment=function)
    assert result.status == 0, result.err
    assert result.record["environment"] | function == result.record["environment"]


@pytest.mark.parametrize("name", ["dirname", "exec", "[", ".", "source", "trap", "export", "tty", "java"])
def test_an_exported_function_in_place_of_a_command_is_refused(site, name):
    function = {f"BASH_FUNC_{name}%%": f"() {{ {leave_trace(site)}; }}"}
    result = site.run("spark-submit", "job.py", environment=function)
    assert (result.status, result.record) == (77, None), result.err
    assert f"BASH_FUNC_{name}%%" in result.err and f"-> unset -f {name}" in result.err
    assert result.last_line.endswith("ENV-SHELL-001")
    assert traces(site) == []


@pytest.mark.parametrize("name", ["cd", "exec", "[", ".", ":"])
def test_what_is_advised_about_a_function_helps(site, name):
    function = {f"BASH_FUNC_{name}%%": "() {  builtin " + name + " \"$@\"\n}"}
    advice = re.search(r"-> (unset -f \S+?)(, or name it in keep-env:.*)?$",
                       site.run("spark-submit", "job.py", environment=function).err, re.M)
    assert bool(advice[2]) == name.isalnum()
    unset = site.run("spark-submit", "job.py", environment=function,
                     before=["/bin/bash", "-c", f"{advice[1]}; builtin exec \"$@\"", "bash"])
    assert unset.status == 0, unset.err
    if advice[2]:
        site.configure(**{"keep-env": [advice[1].split()[-1]]})
        kept = site.run("spark-submit", "job.py", environment=function)
        assert kept.status == 0, kept.err
        assert kept.record["environment"] | function == kept.record["environment"]


def test_an_exported_function_that_spark_env_wants_is_let_through(site):
    """Environment modules export theirs everywhere."""
    (site.conf / "spark-env.sh").write_text("module load java\n")
    module = {"BASH_FUNC_module%%": "() {  export LOADED=\"$2\"\n}"}
    result = site.run("spark-submit", "job.py", environment=module)
    assert result.status == 0, result.err
    assert result.record["environment"]["LOADED"] == "java"
    assert result.record["environment"]["BASH_FUNC_module%%"] == module["BASH_FUNC_module%%"]


PROMPTS = ["$(touch {0})", "`touch {0}`", "${{X@P}}", "$[A[X]]", "${{A[X]}}", "${{Y:X}}", "${{!X}}", "\\044(touch {0})"]


@pytest.mark.parametrize("options", [["xtrace"], ["errexit:xtrace"], ["braceexpand", "xtrace"]], ids=",".join)
@pytest.mark.parametrize("prompt", PROMPTS)
def test_a_trace_prompt_that_bash_expands_is_refused_where_bash_traces(user_site, prompt, options):
    """Of an ordinary user: to root bash gives its own prompt."""
    site, trace = user_site, user_site.path / "trace"
    other = f"A[$(touch {trace})]" if prompt != "${{X@P}}" else f"$(touch {trace})"
    entries = [f"PS4={prompt.format(trace)}".encode(), f"X={other}".encode(), b"Y=abc",
               *(f"SHELLOPTS={option}".encode() for option in options)]
    run_raw(site, entries, "/bin/bash", "-c", "A=(); :", user=house.ORDINARY)
    assert traces(site) == ["trace"]  # else nothing is shown
    trace.unlink()
    done = run_raw(site, entries, house.ARRESTOR, "run", "-c", site.yaml, "--", "spark-submit", "job.py",
                   user=house.ORDINARY)
    assert done.returncode == 77, done.stderr
    assert b"PS4 is set" in done.stderr and b"unset PS4" in done.stderr
    assert traces(site) == []


@pytest.mark.parametrize("entries", [
    [b"PS4=$(touch trace)"], [b"PS4=+ ${BASH_SOURCE}:${LINENO}: "], [b"PS4=+ ", b"SHELLOPTS=xtrace"],
    [b"PS4=$(touch trace)", b"SHELLOPTS=xtrace", b"SHELLOPTS=braceexpand"],
], ids=["commands, untraced", "expansions, untraced", "bash's own", "traced by another twin"])
def test_any_other_trace_prompt_is_harmless(user_site, entries):
    done = run_raw(user_site, entries, house.ARRESTOR, "run", "-c", user_site.yaml, "--", "spark-submit", "job.py",
                   user=house.ORDINARY)
    assert done.returncode == 0, done.stderr
    assert traces(user_site) == []


def test_a_trace_that_spark_env_turns_on_itself_expands_no_prompt_of_the_caller_s(user_site):
    (user_site.conf / "spark-env.sh").write_text("set -x\n: traced\n")
    done = run_raw(user_site, [f"PS4=$(touch {user_site.path}/trace)".encode()], house.ARRESTOR, "run", "-c",
                   user_site.yaml, "--", "spark-submit", "job.py", user=house.ORDINARY)
    assert done.returncode == 0, done.stderr
    assert b"+ : traced" in done.stderr and traces(user_site) == []


def test_a_directory_of_converters_is_refused(site):
    result = site.run("spark-submit", "job.py", environment={"GCONV_PATH": str(site.path)})
    assert (result.status, result.record) == (77, None)
    assert "unset GCONV_PATH" in result.err


@pytest.mark.parametrize("environment", [
    {"LD_BIND_NOW": "1"}, {"LD_DEBUG": "all"}, {"LD_anything": "1"}, {"LD_": "1"},
], ids=str)
def test_every_variable_of_the_loader_is_refused(site, environment):
    result = site.run("spark-submit", "job.py", environment=environment)
    assert (result.status, result.record) == (77, None)
    assert "ENV-LOADER-001" in result.err


@pytest.mark.parametrize("script, options", [
    ("exit 0\n", ""), ("exec true\n", ""), ("trap 'exit 0' EXIT\nkill -9 $$\n", ""), ("", "noexec"),
], ids=["exit", "exec", "killed", "noexec"])
def test_a_shell_that_ends_before_it_told_the_environment_refuses(site, script, options):
    """It would leave an empty environment, in which a launch can look safer than it is."""
    (site.conf / "spark-env.sh").write_text(script)
    site.environment["SPARK_CONF_DIR"] = str(site.conf)
    result = site.run("spark-submit", "--conf", "spark.io.encryption.enabled=true", "job.py",
                      environment={"SHELLOPTS": options} if options else {})
    assert (result.status, result.record) == (77, None), result.err
    assert "spark-env.sh" in result.err and result.last_line.endswith("input")


def test_an_option_under_which_sparks_scripts_fail_refuses(site):
    result = site.run("spark-submit", "job.py", environment={"SHELLOPTS": "nounset"})
    assert (result.status, result.record) == (77, None), result.err
    assert "Spark would too" in result.err


# ---- What is found by PATH and the like


def put_foreign(site, *names):
    """Programs of those names that leave a trace and then do what the real ones do."""
    directory = site.path / "foreign"
    directory.mkdir()
    for name in names:
        path = directory / name
        path.write_text(f"#!/bin/sh\n{leave_trace(site, 'trace-' + name)}\nexec {shutil.which(name)} \"$@\"\n")
        path.chmod(0o755)
    return directory


@pytest.mark.parametrize("entry", ["absolute", "relative", "empty"])
def test_a_foreign_program_in_front_of_path_runs_nothing_before_the_verdict(site, entry):
    make_unsafe(site)
    del site.environment["SPARK_HOME"]  # the script has to find it
    directory = put_foreign(site, "bash", "sh", "dirname", "env", "tty", "pwd", "java", "python3")
    first = {"absolute": str(directory), "relative": "foreign", "empty": ""}[entry]
    if entry == "empty":
        for path in directory.iterdir():
            path.rename(site.path / path.name)
    result = site.run("spark-submit", "job.py", environment={"PATH": f"{first}:{site.environment['PATH']}"})
    assert (result.status, result.record) == (77, None), result.err
    assert house.UNSAFE_KEY in result.err
    assert traces(site) == []


@pytest.mark.parametrize("entry", ["bin", "", "."])
def test_a_spark_submit_found_by_a_relative_path_is_started_by_its_absolute_one(site, entry):
    place = site.path / entry
    place.mkdir(exist_ok=True)
    (place / "spark-submit").write_text("#!/bin/sh\necho \"$0\"\n")
    (place / "spark-submit").chmod(0o755)
    path = f"{entry}:{site.environment['PATH']}"
    result = site.run("spark-submit", "job.py", environment={"PATH": path})
    assert result.status == 0, result.err
    assert os.path.isabs(result.out.strip()) and os.path.samefile(result.out.strip(), place / "spark-submit")
    make_unsafe(site)
    assert site.run("spark-submit", "job.py", environment={"PATH": path}).status == 77


def test_without_path_there_is_no_command(site):
    del site.environment["PATH"]
    assert site.run("spark-submit", "job.py").status == 127


def test_a_foreign_java_is_not_started_before_the_verdict(site):
    make_unsafe(site)
    java = put_foreign(site, "java")
    (java / "bin").symlink_to(java)
    assert site.run("spark-submit", "job.py", environment={"JAVA_HOME": str(java)}).status == 77
    assert traces(site) == []


def test_a_spark_home_elsewhere_is_judged_by_its_own_configuration(site):
    home = site.path / "other home"  # with a blank, too
    shutil.copytree(house.FAKE_HOME, home)
    (home / "conf").mkdir()
    del site.environment["SPARK_CONF_DIR"]
    (home / "conf/spark-defaults.conf").write_text(f"{house.UNSAFE_KEY} {house.UNSAFE_VALUE}\n")
    result = site.run("spark-submit", "job.py", environment={"SPARK_HOME": str(home), "IFS": "/ "})
    assert (result.status, result.record) == (77, None), result.err
    assert str(home / "conf/spark-defaults.conf") in result.err


@pytest.mark.parametrize("value", ["conf", "./conf/../conf", "{site}/link", "{site}/conf/"])
def test_a_conf_directory_by_any_name_is_judged(site, value):
    (site.path / "link").symlink_to("conf")
    environment = {"SPARK_CONF_DIR": value.format(site=site.path)}
    assert "orders" in assert_judged(site, environment).record["properties"]


@pytest.mark.parametrize("value", ["/nonexistent", "{site}/arrestor.yaml", ""])
def test_a_conf_directory_that_is_none_hides_no_finding(site, value):
    """Then nothing of spark-defaults.conf holds, and what is missing is found missing."""
    result = site.run("spark-submit", "job.py", environment={"SPARK_CONF_DIR": value.format(site=site.path)})
    assert (result.status, result.record) == (77, None), result.err


@pytest.mark.parametrize("value", ["/nonexistent", "{site}/arrestor.yaml", "", "conf"])
def test_a_hadoop_directory_of_any_kind_is_harmless(site, value):
    value = value.format(site=site.path)
    assert_judged(site, {"HADOOP_CONF_DIR": value, "YARN_CONF_DIR": value})


def test_a_loaded_environment_is_judged_without_its_file(site):
    """Spark does not read spark-env.sh then, and neither do we."""
    (site.conf / "spark-env.sh").write_text(f"{leave_trace(site)}\nexport SPARK_CONF_DIR=/nonexistent\n")
    assert_judged(site, {"SPARK_ENV_LOADED": "1"})
    assert traces(site) == []


# ---- Harmless ones


@pytest.mark.parametrize("environment", [
    {"IFS": "/"}, {"CDPATH": "/tmp:/"}, {"PROMPT_COMMAND": "touch trace"}, {"BASHOPTS": "expand_aliases:extdebug"},
    {"SHELLOPTS": "errexit"}, {"SHELLOPTS": "noclobber:noglob:posix"}, {"POSIXLY_CORRECT": "1"},
    {"PYTHONPATH": "{site}/foreign"}, {"PYTHONSTARTUP": "{site}/startup.py"}, {"TMPDIR": "/nonexistent"},
    {"PYSPARK_SUBMIT_ARGS": "--conf spark.authenticate=false pyspark-shell"},
    {"GLIBC_TUNABLES": "glibc.malloc.check=3"},
    {"LANG": "tr_TR.UTF-8", "LC_ALL": "ja_JP.SJIS"}, {"MALLOC_PERTURB_": "165"}, {"HOME": ""}, {"HOME": "/nonexistent"},
    {"XDG_RUNTIME_DIR": "relative"}, {"XDG_RUNTIME_DIR": "/nonexistent"}, {"COLUMNS": "-1", "TERM": "\033[31m"},
    {"BASH_XTRACEFD": "19", "SHELLOPTS": "xtrace"},
], ids=lambda found: ",".join(f"{name}={value}" for name, value in found.items())[:40].replace("/", "|"))
def test_a_variable_that_changes_nothing_of_the_judgement(site, environment):
    (site.path / "startup.py").write_text(f"import pathlib\npathlib.Path({str(site.path / 'trace')!r}).touch()\n")
    environment = {name: value.format(site=site.path) for name, value in environment.items()}
    assert_judged(site, environment)
    assert traces(site) == []


def test_without_a_home_the_paths_that_are_named_suffice(site):
    del site.environment["HOME"]
    assert_judged(site, {})


@pytest.mark.parametrize("command", ["init", "sidecar"])
def test_a_sidecar_under_hostile_variables_ends_as_ever(site, command):
    """It starts no shell, so that only the loader's variables would matter, and roles get none at all."""
    site.configure(deliver={"dir": str(pathlib.Path("/dev/shm") / f"arrestor-test-{os.getpid()}")},
                   secrets={"db": {"store": "strongbox", "path": "not-there"}})
    environment = {**site.environment, "BASH_ENV": "/nonexistent", "LD_DEBUG": "statistics", "IFS": "/",
                   "BASH_FUNC_exec%%": "() { touch trace; }", "JAVA_TOOL_OPTIONS": "-Dspark.x=y"}
    done = subprocess.run([house.ARRESTOR, command, "-c", site.yaml], env=environment, cwd=site.path,
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 6, done.stderr
    assert traces(site) == []
    assert "role" not in done.stderr.replace("own-identity", "")


# ---- Entries that are none, twice there, or many


def run_raw(site, entries, *words, user=None):
    """Runs with exactly these entries (bytes), which no dictionary can hold."""
    fixed = [f"{name}={value}".encode() for name, value in site.environment.items()]
    everything = fixed + entries
    array = (ctypes.c_char_p * (len(everything) + 1))(*everything, None)
    command = [os.fsencode(word) for word in words]
    argv = (ctypes.c_char_p * (len(command) + 1))(*command, None)
    exec_raw = ctypes.CDLL(None).execve

    def replace():
        exec_raw(command[0], argv, array)
    return subprocess.run(["/nonexistent"], executable="/bin/false", preexec_fn=replace, cwd=site.path,
                          user=user, group=user, extra_groups=[] if user else None, capture_output=True, check=False)


@pytest.mark.parametrize("order", ["safe first", "safe last"])
def test_of_a_variable_that_is_twice_there_the_one_is_judged_that_spark_sees(site, order):
    other = site.path / "other"
    other.mkdir()
    (other / "spark-defaults.conf").write_text("spark.app.name unsafe\n")
    del site.environment["SPARK_CONF_DIR"]
    entries = [b"SPARK_CONF_DIR=" + os.fsencode(place) for place in (site.conf, other)]
    if order == "safe last":
        entries.reverse()
    bash = run_raw(site, entries, "/bin/bash", "-c", 'cat "$SPARK_CONF_DIR/spark-defaults.conf"').stdout
    safe = b"unsafe" not in bash
    record = b"FAKE_RECORD=" + os.fsencode(site.record_path)
    done = run_raw(site, [*entries, record], house.ARRESTOR, "run", "-c", site.yaml, "--", "spark-submit", "job.py")
    assert done.returncode == (0 if safe else 77), done.stderr
    assert site.record_path.exists() == safe
    checked = run_raw(site, entries, house.ARRESTOR, "check", "--", "spark-submit", "job.py")
    assert checked.returncode == (0 if safe else 1), checked.stdout


def test_a_refused_variable_is_found_behind_a_harmless_twin(site):
    entries = [b"ENV=prod", b"ENV=" + os.fsencode(site.yaml)]
    done = run_raw(site, entries, house.ARRESTOR, "run", "-c", site.yaml, "--", "spark-submit", "job.py")
    assert done.returncode == 77 and b"ENV-SHELL-001" in done.stderr


def test_entries_that_are_no_variables_change_nothing(site):
    entries = [b"", b"=", b"=x", b"NOEQUALS", b"1=2", b"A B=c", b"\xff\xfe=\xc0\x80", b"X=\xff\xfe", b"LD_PRELOAD",
               b"BASH_ENV", b"FAKE_RECORD=" + os.fsencode(site.record_path)]
    done = run_raw(site, entries, house.ARRESTOR, "run", "-c", site.yaml, "--", "spark-submit", "job.py")
    assert done.returncode == 0, done.stderr
    assert site.record_path.exists()
    make_unsafe(site)
    for words in (["run", "-c", site.yaml, "--", "spark-submit", "job.py"], ["check", "--", "spark-submit", "job.py"]):
        assert run_raw(site, entries, house.ARRESTOR, *words).returncode in (1, 77)


@pytest.mark.parametrize("count, status", [(17, 0), (30, 77)])
def test_megabytes_of_environment_are_judged_or_refused(site, count, status):
    def allow_more():
        resource.setrlimit(resource.RLIMIT_STACK, (64 << 20, resource.getrlimit(resource.RLIMIT_STACK)[1]))
    many = {f"V{number}": "x" * 100_000 for number in range(count)}
    result = site.run("spark-submit", "job.py", environment=many, preexec_fn=allow_more)
    assert result.status == status, result.err[-500:]
    assert (result.record is not None) == (status == 0)
    if status:
        assert "environment" in result.err and "is larger than 2097152 bytes" in result.err
