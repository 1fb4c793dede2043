"""`arrestor ready` and `arrestor status`: what stands, against the clock, whoever still lives."""

import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

import house


def start(site, launches, plan="import time\ntime.sleep(60)\n", **options):
    """A launch whose job waits; (launch, directory of the set)."""
    site.write_plan(plan)
    launch = site.start("spark-submit", "job.py", **options)
    launches.append(launch)
    return launch, pathlib.Path(launch.record()["environment"]["ARRESTOR_DIR"]).parent


def read_status(site, directory):
    done = site.arrestor("status", "--dir", directory, "--format", "json")
    assert done.status == 0, done.err
    return json.loads(done.out)


def write_set(path, **fields):
    """A set as place leaves it, made by hand; fields replace those of its status.json."""
    (path / "g-000004").mkdir(parents=True)
    (path / "current").symlink_to("g-000004")
    now = int(time.time() * 1000)
    status = {"format": 1, "generation": 4, "published_ms": now - 60_000, "checked_ms": now - 5_000,
              "stale_since_ms": 0, "grace_ms": 0, "withdrawn": 0, "error": None,
              "secrets": [{"name": "db", "store": "vault", "version": 7, "fetched_ms": now - 60_000,
                           "expires_ms": 0}], **fields}
    (path / "status.json").write_text(json.dumps(status))
    return path


def expiring(in_ms):
    now = int(time.time() * 1000)
    return [{"name": "db", "store": "vault", "version": 7, "fetched_ms": now - 60_000,
             "expires_ms": now + in_ms}]


# ---- A set that arrestor made


def test_a_running_set_is_ready_and_fresh(site, launches):
    _, directory = start(site, launches)
    ready = site.arrestor("ready", "--dir", directory)
    assert (ready.status, ready.out, ready.err) == (0, "ready: generation 1\n", "")
    told = read_status(site, directory)
    assert (told["state"], told["ready"], told["generation"]) == ("fresh", True, 1)
    assert told["directory"] == str(directory)
    (secret,) = told["secrets"]
    assert (secret["name"], secret["store"], secret["expires_ms"]) == ("db", "strongbox", 0)
    table = site.arrestor("status", "--dir", directory)
    assert table.status == 0
    assert table.out.startswith(f"fresh: generation 1 in {directory}\n")
    assert "db" in table.out and "strongbox" in table.out and "\033" not in table.out
    assert site.password not in table.out + json.dumps(told) + (directory / "status.json").read_text()


def test_the_answer_is_the_same_with_every_process_of_arrestor_dead(site, launches):
    launch, directory = start(site, launches)
    job = launch.record()["pid"]
    processes = [launch.pid, *house.roles_of(launch).values(), job]
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)  # so that nobody wipes while the others die
    for pid in processes:
        house.end_process(pid)
    launch.process.wait()
    try:
        assert site.arrestor("ready", "--dir", directory).status == 0
        assert read_status(site, directory)["state"] == "fresh"
    finally:
        for suffix in ("", ".state", ".launch"):
            house.remove_tree(f"{directory}{suffix}")
    gone = site.arrestor("ready", "--dir", directory)
    assert gone.status == 1
    assert gone.out.startswith(f"not ready: {directory}: ")


def test_a_secret_that_cannot_be_had_makes_the_set_stale_and_no_less_ready(site, launches):
    _, directory = start(site, launches)
    site.arrestor("strongbox", "rm", "orders-db", "--box", site.box, "--key", site.key)
    house.wait_until(lambda: read_status(site, directory)["state"] == "stale", 10, "a round that fails")
    first = read_status(site, directory)
    assert first["error"]["code"] == "secret-missing"
    assert first["error"]["secret"] == "db"
    assert first["ready"] is True
    ready = site.arrestor("ready", "--dir", directory)
    assert ready.status == 0
    assert ready.out.startswith("ready: generation 1, stale for ")
    assert "[secret-missing], secret db" in site.arrestor("status", "--dir", directory).out
    site.set_secret("another-password")
    house.wait_until(lambda: read_status(site, directory)["state"] == "fresh", 10, "the next set")
    second = read_status(site, directory)
    assert (second["generation"], second["error"], second["stale_since_ms"]) == (2, None, 0)


def test_a_rotation_is_told_with_its_version(site, launches):
    _, directory = start(site, launches)
    before = read_status(site, directory)
    site.set_secret("another-password")
    house.wait_until(lambda: read_status(site, directory)["generation"] == 2, 10, "the next set")
    after = read_status(site, directory)
    assert after["secrets"][0]["version"] > before["secrets"][0]["version"]
    assert after["secrets"][0]["fetched_ms"] > before["secrets"][0]["fetched_ms"]


def test_a_job_asks_without_naming_anything(site, launches):
    plan = (f"import subprocess\ndone = subprocess.run([{str(house.ARRESTOR)!r}, 'ready'], cwd='/',"
            " capture_output=True, text=True)\n"
            "open('said.txt', 'w').write(f'{done.returncode} {done.stdout}{done.stderr}')\n")
    launch, _ = start(site, launches, plan)
    assert launch.finish(30).status == 0
    assert (site.path / "said.txt").read_text() == "0 ready: generation 1\n"


def test_the_status_has_the_mode_of_the_set_and_nothing_is_left_beside_it(site, launches):
    _, directory = start(site, launches)
    site.set_secret("another-password")
    house.wait_until(lambda: read_status(site, directory)["generation"] == 2, 10, "the next set")
    modes = {path.stat().st_mode & 0o7777 for path in [directory / "status.json", *(directory / "current").iterdir()]}
    assert len(modes) == 1
    assert {path.name for path in directory.iterdir()} <= {"current", "status.json", "g-000001", "g-000002"}


# ---- The clock


def test_ready_turns_false_at_the_expiry_and_its_grace(site, tmp_path):
    for name, fields, ready in (
            ("later", {"secrets": expiring(60_000)}, True),
            ("past", {"secrets": expiring(-60_000)}, False),
            ("grace", {"secrets": expiring(-60_000), "grace_ms": 120_000}, True),
            ("withdrawn", {"withdrawn": 1}, False)):
        directory = write_set(tmp_path / name, **fields)
        done = site.arrestor("ready", "--dir", directory)
        assert (done.status == 0) is ready, (name, done)
        told = read_status(site, directory)
        assert (told["ready"], told["state"]) == (ready, "fresh" if ready else "expired")
    assert "db expired 1m ago" in site.arrestor("ready", "--dir", tmp_path / "past").out
    soon = write_set(tmp_path / "soon", secrets=expiring(700))
    assert site.arrestor("ready", "--dir", soon).status == 0
    time.sleep(0.8)
    assert site.arrestor("ready", "--dir", soon).status == 1


# ---- Which set


def test_the_directory_is_found_by_option_then_configuration_then_environment(site, tmp_path):
    one, two, three = (write_set(tmp_path / name) for name in ("one", "two", "three"))
    site.configure(deliver={"dir": str(two)})
    above = {"ARRESTOR_DIR": str(three / "current")}

    def found(*words, **environment):
        done = site.arrestor("status", *words, "--format", "json", environment=environment)
        assert done.status == 0, done.err
        return json.loads(done.out)["directory"]

    assert found("--dir", one, "-c", site.yaml, **above) == str(one)
    assert found("-c", site.yaml, **above) == str(two)
    assert found(**above) == str(two)  # ./arrestor.yaml
    site.configure()
    assert found(**above) == str(three)
    assert found(ARRESTOR_CONFIG=str(site.yaml), **above) == str(three)
    site.yaml.unlink()
    assert found(**above) == str(three)


def test_nothing_that_names_a_set_is_a_usage_error(site):
    for command in ("ready", "status"):
        unnamed = site.arrestor(command)  # ./arrestor.yaml has no deliver.dir
        assert (unnamed.status, unnamed.out) == (2, "")
        assert "deliver.dir" in unnamed.err
        assert site.arrestor(command, "somewhere").status == 2
        assert site.arrestor(command, "--directory", "x").status == 2
        site.yaml.write_text("version: 1\ndelivr: {}\n")
        wrong = site.arrestor(command)
        assert (wrong.status, wrong.out) == (3, "")
        assert "deliver" in wrong.err
        assert site.arrestor(command, "-c", site.path / "missing.yaml").status == 3
        site.yaml.unlink()
        assert site.arrestor(command).status == 2
        site.configure()


# ---- What is not believed


def assert_not_read(site, directory, part):
    ready = site.arrestor("ready", "--dir", directory)
    assert ready.status == 1, ready
    assert ready.out.startswith("not ready: ") and ready.out.count("\n") == 1
    assert part in ready.out
    status = site.arrestor("status", "--dir", directory)
    assert (status.status, status.out) == (3, "")
    assert part in status.err


def test_a_set_that_is_not_there_is_not_ready(site, tmp_path):
    assert_not_read(site, tmp_path / "missing", "No such file")
    (tmp_path / "empty").mkdir()
    assert_not_read(site, tmp_path / "empty", "no set stands here")
    without = write_set(tmp_path / "without")
    (without / "status.json").unlink()
    assert_not_read(site, without, "No such file")
    removed = write_set(tmp_path / "removed")
    (removed / "g-000004").rmdir()
    assert_not_read(site, removed, "no set stands here")


def test_a_status_that_place_did_not_write_is_refused(site, tmp_path):
    linked = write_set(tmp_path / "linked")
    (linked / "status.json").rename(tmp_path / "elsewhere")
    (linked / "status.json").symlink_to(tmp_path / "elsewhere")
    assert_not_read(site, linked, "is a link")
    huge = write_set(tmp_path / "huge")
    (huge / "status.json").write_text(" " * (1024 * 1024 + 1))
    assert_not_read(site, huge, "larger than")
    broken = write_set(tmp_path / "broken")
    (broken / "status.json").write_text('{"format": 1')
    assert_not_read(site, broken, "status.json")
    pipe = write_set(tmp_path / "pipe")
    (pipe / "status.json").unlink()
    os.mkfifo(pipe / "status.json")
    assert_not_read(site, pipe, "is no file")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_status_of_somebody_else_is_refused(site, tmp_path):
    directory = write_set(tmp_path / "set")
    os.chown(directory / "status.json", house.STRANGER, -1)
    assert_not_read(site, directory, f"uid {house.STRANGER}")
    os.chown(directory / "g-000004", house.STRANGER, -1)  # a shared mount: who has published tells
    assert site.arrestor("ready", "--dir", directory).status == 0


def test_colour_is_for_terminals(site, tmp_path):
    directory = write_set(tmp_path / "set", secrets=expiring(-1))
    command = f"{house.ARRESTOR} status --dir {directory}"
    shown = subprocess.run(["script", "-qec", command, "/dev/null"], capture_output=True, text=True,
                           env={**site.environment, "TERM": "xterm"}, check=False).stdout
    assert "\033[31mexpired\033[0m" in shown
    plain = subprocess.run(["script", "-qec", command, "/dev/null"], capture_output=True, text=True,
                           env={**site.environment, "TERM": "xterm", "NO_COLOR": "1"}, check=False).stdout
    assert "\033" not in plain and "expired" in plain
