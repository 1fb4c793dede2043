"""A claim that cannot fail proves nothing.

In a copy of the tree every lock is taken out, one line each, and arrestor is
built anew. Each claim must see that its lock is gone.
"""

import json
import os
import re
import shutil
import subprocess

import pytest

import house

pytestmark = [pytest.mark.unsanitized("it builds anew, without a sanitizer"),
              pytest.mark.unwatched("its copies of arrestor lack a lock each")]

# file, what stands there, what takes its place
NO_LOCKS = [
    ("sidecar/confine/filter.c", "result = seccomp_load(filter);", "result = 0;"),
    ("sidecar/confine/landlock.c", "syscall(SYS_landlock_restrict_self, ruleset, 0u) != 0", "false"),
    ("sidecar/confine/confine.c", "prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0", "false"),
    ("sidecar/confine/confine.c", "PR_SET_DUMPABLE, 0,", "PR_SET_DUMPABLE, 1,"),
    ("sidecar/confine/confine.c", "== 0 ? STATE_ON : STATE_DEGRADED", "== 0 ? STATE_ON : STATE_ON"),
    ("sidecar/secret/region.c", "int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);\n    if (fd < 0)",
     "int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);\n    if (fd < 0 || size > 0)"),
    ("sidecar/secret/region.c", "hidden ? REGION_LOCKED", "hidden ? REGION_SECRET"),
    ("sidecar/secret/secret_alloc.c", "    explicit_bzero(memory, malloc_usable_size(memory));\n", ""),
    ("sidecar/strongbox/box.c", "    sodium_memzero(own, sizeof own);\n    if (result == 0)",
     "    result = crypto_stream_xchacha20_xor_ic(plain, bytes + BOX_PRELUDE_BYTES,\n"
     "        prelude->body_bytes - BOX_TAG_BYTES, prelude->nonce, 1, own);\n    if (result == 0)"),
    ("sidecar/place/publish.c", "fill_generation(directory, name, items, count, mode, err) != 0 ||\n"
     "        point_to(directory, name, err) != 0",
     "point_to(directory, name, err) != 0 ||\n"
     "        fill_generation(directory, name, items, count, mode, err) != 0"),
    ("sidecar/place/publish.c", "fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC", "fs.f_type == 0"),
    ("sidecar/base/file.c", "fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0",
     "fcntl(fd, F_GET_SEALS) < 0"),
    ("sidecar/judge/judge_role.c", "if (judging->judgement.verdict == VERDICT_REFUSE)", "if (judging == NULL)"),
    ("sidecar/monitor/run_command.c", "    if (refused)\n", "    if (refused && rules.failed)\n"),
    ("policy/report/report_effective.c", '? "(redacted)" : setting->value', "? setting->value : setting->value"),
    ("sidecar/monitor/environment.c", "return !is_kept(m, entry);", "return false;"),
    ("sidecar/sweep/sweep_role.c", "if (wipe_contents(inside, true) != 0)", "if (inside == -2)"),
    ("sidecar/confine/confine.c", "prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0", "false"),
    ("sidecar/place/place_round.c", "    if (kept->code == ERROR_OK)\n",
     "    if (kept->code != ERROR_OK)\n        unlinkat(placing->directory, \"current\", 0);\n"
     "    if (kept->code == ERROR_OK)\n"),
    ("sidecar/secret/secret_field.c", "if (length == 0)", "if (length == 4096)"),
    ("sidecar/render/render.c", "if (text.length == 0) {", "if (text.length == 4096) {"),
    ("sidecar/monitor/directories.c", "return fchmod(fd, 0700);", "return fchmod(fd, 0755);"),
    ("sidecar/monitor/directories.c", "job_reads ? 02750 : 0700", "job_reads ? 02755 : 0755"),
    ("sidecar/base/file.c", "if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {", "if (st.st_size < 0) {"),
    ("sidecar/monitor/spawn.c", "return file_close_range((unsigned)(SLOT_FIRST + count), ~0u);", "return 0;"),
    ("sidecar/monitor/rounds.c", "    m->set_stands = m->set_stands || outcome->changed != 0;\n",
     "    m->set_stands = m->set_stands || outcome->changed != 0;\n    static char kept[64];\n"
     "    int value = openat(m->directories[DIRECTORY_SET].fd, \"current/value\", O_RDONLY);\n"
     "    read(value, kept, sizeof kept);\n    close(value);\n"),
    ("sidecar/monitor/credentials.c", "\"VAULT_TLS_SERVER_NAME\"};", "\"VAULT_TLS_SERVER_NAME\", \"VAULT_TOKEN\"};"),
    ("sidecar/monitor/verdict.c", "!m->verdict_told || !WIFEXITED", "m->argc == 99 && !WIFEXITED"),
    ("sidecar/monitor/verdict.c", "WEXITSTATUS(m->watched_status) != 0)", "m->argc == 98)"),
    ("Makefile", "-Wl,-z,now", "-Wl,-z,lazy"),
    ("sidecar/monitor/say.c", "if ((m->setup.require & (1u << i)) != 0 ||", "if (m->argc == 99 ||"),
]

SEEN = {
    "01": "lives after execve",
    "02": "reads /etc/passwd",
    "03": "NoNewPrivs of the role",
    "04": "open to a process of the same user",
    "05": "can be read by uid",
    "06": "changed opens",
    "07": "missing|mix|of two sets|no set",
    "08": "is published into",
    "09": "can be changed by write",
    "10": "in plain text starts",
    "11": "shows a value",
    "12": "a variable of arrestor's: variable ARRESTOR_STRONGBOX",
    "13": "is still there",
    "14": "BASH_ENV ran code before the verdict",
    "16": "does not notice its tracer",
    "18": "has a descriptor that the caller left open",
    "19": "monitor remembers a value as it is",
    "20": "the allocators for secrets leave a value behind",
    "21": "a job starts although the judge fails after its verdict",
    "22": "fetch-net or place is still there",
    "23": "takes the set away",
    "24": "a job starts with an empty field",
    "25": "has mode",
    "26": "arrestor.yaml of run with mode 0620 is taken",
    "27": "goes on without landlock, which is required",
    "28": "arrestor is bound lazily",
    "30": "in a descriptor",
}

STILL_ROOT = [("sidecar/confine/confine.c", "drops && drop_identity(request->uid, request->gid, err) != 0", "false")]
# Landlock would hide that the filter lets it through.
ANY_HOST = [("sidecar/confine/filter_table.c", "{NR(connect), CALLS_DIAL, ANY}", "{NR(connect), BOTH, ANY}")]
CAN_RETURN = [("sidecar/confine/drop.c", "setresuid(uid, uid, uid) != 0", "setresuid(uid, uid, 0) != 0"),
              ("sidecar/confine/drop.c", "saved != uid", "saved == 1"),
              ("sidecar/confine/drop.c", "if (uid != 0 && setresuid(0, 0, 0) == 0)", "if (uid == 1)")]

UNVERIFIED = [("sidecar/fetch/vault/vault_options.c", "{CURLOPT_SSL_VERIFYPEER, 1}", "{CURLOPT_SSL_VERIFYPEER, 0}")]
ANY_NAME = [("sidecar/fetch/vault/vault_options.c", "{CURLOPT_SSL_VERIFYHOST, 2}", "{CURLOPT_SSL_VERIFYHOST, 0}")]
DEAF = [("sidecar/confine/filter_table.c", "    {NR(recvfrom), BOTH, ANY},\n", "")]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The sources with their objects, so that only what is changed is built anew."""
    path = tmp_path_factory.mktemp("broken") / "tree"
    shutil.copytree(house.ROOT, path, symlinks=True, ignore=lambda directory, names: [
        name for name in names if name in (".git", "venv", "demo", "clang", "unit", "cppcheck", "__pycache__")])
    return path


@pytest.fixture
def broken(tree):
    """broken(EDITS, CLAIM…) changes lines of the copy and builds what these claims need: what they
    say then. The lines stand again after the test."""
    kept = {}

    def change(edits, *claims):
        for name, old, new in edits:
            path = tree / name
            text = path.read_text(encoding="utf-8")
            kept.setdefault(path, text)
            assert old in text, f"{name} has no line to take out: {old}"
            path.write_text(text.replace(old, new), encoding="utf-8")
        named = [f"build/selftest/{path.stem}" for path in (tree / "selftest").glob("[0-9]*.c")
                 if path.name[:2] in claims]
        made = subprocess.run(["make", "-s", "-j2", "-C", tree, "WARNINGS=-w", "build/arrestor",
                               "build/arrestor-fetch", *named], capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stdout + made.stderr
        return details(tree / "build/arrestor", *claims)

    yield change
    for path, text in kept.items():
        path.write_text(text, encoding="utf-8")


def alone(command):
    """As root, with a /run and a /dev/shm of its own: another arrestor of this machine, or of
    another test, would wipe what one that has no sweep leaves there."""
    if os.geteuid() != 0:
        return command
    return ["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /run && mount -t tmpfs none /dev/shm && "
            "exec \"$@\"", "sh", *command]


def details(program, *claims):
    done = subprocess.run(alone([program, "selftest", "--format", "json", *claims]), capture_output=True,
                          text=True, timeout=300, check=False)
    assert done.returncode == 7, done.stdout + done.stderr
    return {claim["id"]: (claim["state"], claim["detail"]) for claim in json.loads(done.stdout)["claims"]}


def test_every_claim_sees_that_its_lock_is_gone(broken):
    seen = broken(NO_LOCKS, *SEEN)
    wrong = {number: seen[number] for number, sentence in SEEN.items()
             if seen[number][0] != "off" or not re.search(sentence, seen[number][1])}
    assert wrong == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has an identity to give up")
def test_roles_that_stay_root_or_reach_any_host_are_seen(broken):
    seen = broken(STILL_ROOT + ANY_HOST, "03", "29")
    assert seen["03"][0] == "off" and seen["03"][1].startswith("Uid of the role sweep is 0")
    assert seen["29"] == ("off", "fetch-net reaches another address by connect where the kernel has no Landlock")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has an identity to give up")
def test_a_drop_that_can_be_taken_back_is_seen(broken):
    state, detail = broken(CAN_RETURN, "03")["03"]
    assert state == "off" and ("Uid of the role" in detail or "become root again" in detail)


@pytest.mark.parametrize("edits, sentence", [
    (UNVERIFIED, "takes a certificate of another CA"), (ANY_NAME, "takes a certificate for another name"),
    (DEAF, "cannot speak TLS")])
def test_a_store_that_is_not_verified_or_not_heard_is_seen(broken, edits, sentence):
    state, detail = broken(edits, "17")["17"]
    assert state == "off" and sentence in detail
