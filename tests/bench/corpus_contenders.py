"""Who looks over a directory of files: arrestor, and what stands beside it.

Each says what it made of the files: `found` is a list of (what, number) for the table.
"""

import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys

from bench_table import ARRESTOR, BUILD

POLICY = pathlib.Path(__file__).with_name("corpus.rego")
# By which of its parsers conftest is given a file whose name does not tell it.
PARSERS = {".conf": "properties", ".template": "yaml", ".tpl": "yaml"}


def find_peer(name):
    """A program that make-peers has built, or that this machine has; None."""
    built = BUILD / "go/bin" / name
    return str(built) if built.exists() else shutil.which(name)


class Contender:
    """One of them. `program` is None where it is not on this machine."""

    name = note = ""
    program = None

    def __init__(self, directory):
        self.directory = directory
        if self.program:
            self.prepare()

    def prepare(self):
        """What it needs to know before it is measured."""

    def commands(self):
        """What is measured: command lines, with the statuses that each may end with."""
        raise NotImplementedError

    def run(self, command):
        # Nothing here needs a network, and nothing is to reach one.
        return subprocess.run(command, cwd=self.directory, capture_output=True, check=False,
                              env={**os.environ, "https_proxy": "http://127.0.0.1:9", "no_proxy": ""})

    def run_all(self):
        """The outputs of one look at all the files."""
        outputs = []
        for command, statuses in self.commands():
            done = self.run(command)
            if done.returncode not in statuses:
                said = done.stderr.decode(errors="replace")[-2000:]
                sys.exit(f"corpus: {self.name}: status {done.returncode}: {said}")
            outputs.append(json.loads(done.stdout))
        return outputs

    def found(self, outputs):
        raise NotImplementedError


class Arrestor(Contender):
    name, program = "arrestor", str(ARRESTOR)

    def commands(self):
        return [([self.program, "check", "--estate", "--format", "json", "."], {0, 3})]

    def found(self, outputs):
        report, = outputs
        if "kinds" not in report:
            sys.exit(f"corpus: {report['error']['message']}")
        return [("read", sum(report["kinds"].values())), ("nothing about Spark", sum(report["skipped"].values())),
                ("refused with a reason", len(report.get("errors", []))), ("findings", sum(report["owners"].values()))]

    def rules_of(self, file):
        """The rules that it finds broken in one file."""
        report = json.loads(self.run([self.program, "check", "--format", "json", file]).stdout)
        return {finding["rule"] for finding in report.get("findings", [])}


class Conftest(Contender):
    name, note = "conftest", "6 rules in Rego; only files that it parses; one process for each parser"
    program = find_peer("conftest")

    def test(self, parser, files):
        words = ["--parser", parser] if parser else []
        return [self.program, "test", "--policy", str(POLICY), "--output", "json", "--no-fail", *words, *files]

    def prepare(self):
        """Tries each file alone: one that it cannot parse ends a run over many."""
        self.parsed, self.rules, self.unparsed = collections.defaultdict(list), {}, collections.Counter()
        for path in sorted(path for path in self.directory.rglob("*") if path.is_file()):
            file, parser = str(path.relative_to(self.directory)), PARSERS.get(path.suffix)
            done = self.run(self.test(parser, [file]))
            if done.returncode != 0:
                self.unparsed[path.suffix or "no suffix"] += 1
                continue
            self.parsed[parser].append(file)
            self.rules[file] = {failure["msg"] for result in json.loads(done.stdout)
                                for failure in result.get("failures", [])}

    def commands(self):
        return [(self.test(parser, files), {0}) for parser, files in self.parsed.items()]

    def found(self, outputs):
        return [("parsed", sum(map(len, self.parsed.values()))), ("not parsed", sum(self.unparsed.values())),
                ("findings", sum(len(result.get("failures", [])) for output in outputs for result in output))]


class DetectSecrets(Contender):
    name, note = "detect-secrets", "looks for secrets only; asked to verify none"
    program = find_peer("detect-secrets")

    def commands(self):
        return [([self.program, "scan", "--all-files", "--no-verify", "."], {0})]

    def found(self, outputs):
        results = outputs[0]["results"]
        return [("files with a finding", len(results)), ("findings", sum(map(len, results.values())))]


ALL = (Arrestor, Conftest, DetectSecrets)
