"""Fixtures: a site per test, and one run on real Spark that several tests look at."""

import os
import pathlib
import secrets
import shutil
import signal
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import house  # noqa: E402
import openbao  # noqa: E402
import pod as pods  # noqa: E402
import real_run  # noqa: E402
import terminal  # noqa: E402


def pytest_sessionstart(session):
    if not house.ARRESTOR.exists():
        pytest.exit("build/arrestor is not there: run make", returncode=1)


def pytest_configure(config):
    # What started the tests may ignore these (nohup, a shell's &); a user's shell does not.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    config.addinivalue_line("markers", "unsanitized(why): not in a sanitizer's build, for that reason")
    config.addinivalue_line("markers", "unwatched(why): not under the watcher of make calls, for that reason")


def pytest_addoption(parser):
    parser.addoption("--watched", action="store_true", help="there is a tracer above: make calls")
    parser.addoption("--taken", metavar="DIRECTORY", help="another run works on the same modules; here each says which")
    parser.addoption("--from", dest="end", choices=["first", "last"], default="first", help="which module to begin with")


def take(directory, module):
    """Whether this run has this module; the other one has it if it was there before."""
    try:
        pathlib.Path(directory, f"{module}.{os.getpid()}").touch()
        os.link(pathlib.Path(directory, f"{module}.{os.getpid()}"), pathlib.Path(directory, module))
    except FileExistsError:
        return pathlib.Path(directory, module).samefile(pathlib.Path(directory, f"{module}.{os.getpid()}"))
    return True


def pytest_runtest_protocol(item):
    """None: the test runs; True: it is the other run's."""
    taken = item.config.getoption("--taken")
    return None if taken is None or take(taken, item.path.name) else True


def pytest_collection_modifyitems(config, items):
    if config.getoption("end") == "last":
        modules = list(dict.fromkeys(item.path for item in items))
        items.sort(key=lambda item: -modules.index(item.path))  # stable: a module's own order stays
    modes = {"unsanitized": house.SANITIZED, "unwatched": config.getoption("--watched")}
    for item in items:
        for mode in (mode for mode, is_on in modes.items() if is_on):
            mark = item.get_closest_marker(mode)
            if mark:
                item.add_marker(pytest.mark.skip(reason=f"{mode}: {mark.args[0]}"))


@pytest.fixture(autouse=True)
def nothing_found():
    """What a sanitizer finds in any process of a test fails that test."""
    before = house.findings()
    yield
    assert house.findings() == before, house.findings()[len(before):]


def fill(site, spark_home):
    """Gives a site a strongbox with one password, an arrestor.yaml and a safe configuration."""
    site.environment["SPARK_HOME"] = str(spark_home)
    site.environment["PATH"] = f"{spark_home}/bin:{site.environment['PATH']}"
    site.init_box()
    site.password = secrets.token_hex(16)
    site.set_secret(site.password)
    site.configure()
    site.write_conf(house.SAFE)
    return site


@pytest.fixture
def site(tmp_path):
    """A filled strongbox, an arrestor.yaml and a safe configuration; Spark is the fake one."""
    return fill(house.Site(tmp_path / "site"), house.FAKE_HOME)


@pytest.fixture
def memory():
    """A directory of this test's own on tmpfs."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="weak-", dir="/dev/shm"))
    yield path
    house.remove_tree(path)


@pytest.fixture
def launches():
    """Launches started by a test; what is left of them is ended with the test."""
    started = []
    yield started
    for launch in started:
        launch.kill()


@pytest.fixture
def at_terminal(site, request):
    """Runs `arrestor WORDS…` at a terminal; it is ended with the test."""
    if request.config.getoption("--watched"):
        pytest.skip("what is traced does not stop and go on as a terminal's jobs do")
    opened = []

    def open_one(*words):
        opened.append(terminal.Terminal(site, *words))
        return opened[-1]
    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def user_site():
    """A site of an unprivileged user, in a place that this user can enter."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user; the other tests ran as an ordinary one")
    path = house.open_temporary("arrestor-user-")
    shutil.copytree(house.FAKE_HOME, path / "fake")
    yield fill(house.Site(path / "site", uid=house.ORDINARY), path / "fake")
    house.remove_tree(path)


@pytest.fixture(scope="session")
def spark_run(tmp_path_factory):
    """One job on real Spark with two executors, seen while it ran and afterwards."""
    path = tmp_path_factory.mktemp("spark")
    return real_run.observe(house.Site(path / "site"), path)


# ---- A store over the network


@pytest.fixture(scope="module")
def dev(tmp_path_factory):
    with openbao.start_dev(tmp_path_factory.mktemp("bao-dev")) as server:
        yield server


@pytest.fixture
def pod(dev):
    made = pods.make(dev)
    yield made
    made.remove()


@pytest.fixture
def file_server(tmp_path):
    with openbao.start_file(tmp_path / "bao") as server:
        yield server


@pytest.fixture
def file_pod(file_server):
    made = pods.make(file_server)
    yield made
    made.remove()
