"""A command of arrestor at a terminal of its own, as a shell runs it."""

import contextlib
import os
import pty
import re
import subprocess
import sys
import termios
import time

import house

# Leads a session with a job in it, as a shell does: a process stops at ^Z only
# where somebody in its session could let it go on. Tells how the job fares, and
# lets a stopped one go on at SIGUSR1.
LEADER = """
import fcntl, os, signal, sys, termios
tell = int(sys.argv[1])
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
job = os.fork()
if job == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    os.close(tell)
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
    os.execv(sys.argv[2], sys.argv[2:])
os.write(tell, b"job %d\\n" % job)
while os.WIFSTOPPED(status := os.waitpid(job, os.WUNTRACED)[1]):
    os.write(tell, b"stopped\\n")
    signal.sigwait({signal.SIGUSR1})
    os.killpg(job, signal.SIGCONT)
code = os.WTERMSIG(status) + 128 if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
os.write(tell, b"ended %d\\n" % code)
"""


class Terminal:
    """A command at a terminal of its own."""

    def __init__(self, site, *words):
        self.master, self.slave = pty.openpty()
        self.shown = b""
        told, tell = os.pipe()
        self.leader = subprocess.Popen(
            [sys.executable, "-c", LEADER, str(tell), *site.as_user([house.ARRESTOR, *words])],
            stdin=self.slave, stdout=self.slave, stderr=self.slave, pass_fds=[tell],
            env=site.environment, cwd=site.path)
        os.close(tell)
        self.told = os.fdopen(told, "r")
        self.job = int(self.expect_told("job (\\d+)")[1])

    def expect_told(self, pattern):
        line = self.told.readline()
        match = re.fullmatch(pattern, line.strip())
        assert match, f"{line!r} instead of {pattern}; shown: {self.shown!r}"
        return match

    def expect(self, text, timeout=10):
        """Reads what is shown until text comes."""
        deadline = time.monotonic() + timeout
        os.set_blocking(self.master, False)
        while text not in self.shown:
            assert time.monotonic() < deadline, f"waited for {text!r}, shown: {self.shown!r}"
            with contextlib.suppress(BlockingIOError):
                self.shown += os.read(self.master, 65536)
            time.sleep(0.005)
        before, _, self.shown = self.shown.partition(text)
        return before + text

    def type(self, text):
        os.set_blocking(self.master, True)
        os.write(self.master, text)

    @property
    def echoes(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def wait_echo(self, wanted):
        house.wait_until(lambda: self.echoes == wanted, 10, f"echo {wanted}")

    def end(self):
        """Status of the command, and all that was shown since the last text."""
        status = int(self.expect_told("ended (\\d+)")[1])
        self.leader.wait(10)
        os.set_blocking(self.master, False)
        with contextlib.suppress(BlockingIOError, OSError):
            while chunk := os.read(self.master, 65536):
                self.shown += chunk
        return status, self.shown.decode()

    def close(self):
        if self.leader.poll() is None:
            house.end_process(self.job)
            self.leader.kill()
            self.leader.wait()
        for descriptor in (self.master, self.slave):
            os.close(descriptor)
        self.told.close()
