"""Scripts mean to arrestor what they mean to bash: random ones are run by it, with a
spark-submit that writes down its words, and read by arrestor."""

import json
import random
import re
import subprocess

import house

READER = house.BUILD / "ref/shell_launches"
SCRIPTS, SEED = 120, 20261121
STUB = """#!/bin/sh
{ for w in "$@"; do printf 'w%s\\0' "$w"; done
  printf 'v%s\\0' ${A+"A=$A"} ${B+"B=$B"} ${C+"C=$C"} ${D+"D=$D"}; printf 'e\\0'; } >> "$LOG"
"""
PLAIN = ["a", "b.c", "x=1", "--k", "spark.a=2", "0", "/p/q", "-v", "é", "k:v", "@", "%", "a,b", "2+3", "local[2]"]
QUOTED = PLAIN + ["a b", " ", "", "  x y ", "a;b", "#c", "a|b", "(c)", "*", "{1,2}", "~", "a&&b", "<d>", "x\ny", "!"]
NAMES = ["A", "B", "C", "D"]


class Script:
    """A random script of the forms that arrestor follows; nothing in it depends on the world."""

    def __init__(self, dice):
        self.dice, self.functions, self.depth = dice, [], 0

    def pick(self, *ways):
        return self.dice.choice(ways)()

    def single(self):
        return "'" + self.dice.choice(QUOTED + ['"', "\\", "$A", "`"]) + "'"

    def double(self):
        parts = [self.pick(lambda: self.dice.choice([q for q in QUOTED if q != "!"]), self.variable,
                           lambda: '\\"', lambda: "\\\\", lambda: "\\$A", lambda: "\\z", lambda: "'", lambda: "\\\n")
                 for _ in range(self.dice.randrange(4))]
        return '"' + "".join(parts) + '"'

    def escaped(self):
        return self.dice.choice(["\\ ", "\\'", '\\"', "\\\\", "\\$", "\\\n", "\\a", "\\;", "$'a\\tb\\x41\\'c'", '$"q r"'])

    def variable(self):
        name = self.dice.choice(NAMES)
        return self.dice.choice([f"${{{name}}}", f"${name}", f"${{{name}:-d e}}", f"${{{name}-f}}", f"${{{name}:+g h}}",
                                 f"${{{name}+'i  j'}}", f"${{{name}%.c}}", f"${{{name}%%b*}}", f"${{{name}#a}}",
                                 f"${{{name}##*/}}", f"${{#{name}}}", f"${{{name}:1}}", f"${{{name}:0:2}}",
                                 f"${{{name}//b/ZZ}}", f"${{{name}/a/}}", f"${{{name}^^}}", f"${{{name},}}",
                                 f"${{{name}:=n m}}", f'${{{name}:-"o  p"}}', f"${{{name}:-$B}}", "${1}", "$#", "$1$2"])

    def listed(self):
        return self.dice.choice(['"${L[@]}"', "${L[@]}", '"${L[*]}"', '"$@"', "$@", '"$*"', '"${L[0]}"', "${#L[@]}",
                                 '"x${L[@]}y"', '"${M[@]}"', "${L[1]}"])

    def substitution(self):
        inner = self.pick(self.word, self.double, self.single)
        return self.dice.choice([f"$(echo {inner})", f'"$(echo {inner})"', f"$(printf '%s\\n' {inner} x)",
                                 "`echo a b`", '"`echo \\"q  r\\"`"', f'"$(cat <<E\n{self.line()}\nE\n)"'])

    def line(self):
        return "".join(self.pick(lambda: self.dice.choice(["a", " b ", '"', "'", "\\$A", "\\\\", "\\a"]), self.variable)
                       for _ in range(self.dice.randrange(4)))

    def word(self):
        pieces = [self.pick(lambda: self.dice.choice(PLAIN), lambda: self.dice.choice(PLAIN), self.single, self.double,
                            self.escaped, self.variable) for _ in range(self.dice.choice([1, 1, 1, 2, 3]))]
        return "".join(pieces)

    def words(self, most=4):
        return " ".join(self.pick(self.word, self.word, self.word, self.listed, self.substitution)
                        for _ in range(self.dice.randrange(most + 1)))

    def assignment(self):
        name = self.dice.choice(NAMES)
        value = self.pick(self.word, self.double, self.single, self.substitution)
        return self.dice.choice([f"{name}={value}", f"{name}+={value}", f"export {name}={value}", f"export {name}",
                                 f"L=({self.words()})", f"L+=({self.words()})", f"M=( # c\n {self.words()}\n)",
                                 f"unset {name}", f"{name}=", f"declare {name}={value}", f"readonly R_{name}={value}",
                                 f"set -- {self.words()}", f"L[0]={value}", f": ${{{name}:=w}}"])

    def submit(self):
        prefix = self.dice.choice(["", "", "", f"A={self.word()} ", f"B={self.double()} C=1 ", "nohup ", "env B=2 ",
                                   "exec_ ", "command "])
        words = self.words(5).replace(" --k", " \\\n  --k")
        return prefix.replace("exec_ ", "") + "spark-submit " + words + self.dice.choice(["", "", " # c", " 2>/dev/null"])

    def block(self):
        self.depth += 1
        body = "\n".join(self.statement() for _ in range(self.dice.randrange(1, 4)))
        self.depth -= 1
        return body

    def function(self):
        if self.depth > 0:
            return self.submit()
        name, head = f"f{len(self.functions)}", self.dice.choice(["local A=$1", "local L=(q r)", "shift", ":", "return"])
        body = self.block()
        self.functions.append(name)
        return self.dice.choice([f"{name}() {{\n{head}\n{body}\n}}", f"function {name} {{ {head}; {body}\n}}"])

    def call(self):
        return f"{self.dice.choice(self.functions)} {self.words(3)}" if self.functions else self.submit()

    def nested(self):
        if self.depth > 2:
            return self.submit()
        body = self.block()
        return self.dice.choice([
            f"( {body}\n)", f"{{ {body}\n}}", f"for A in {self.words(3)}; do\n{body}\ndone",
            f"for B in x 'y z'; do {body}\ndone", f"for D\ndo {body}\ndone",
            f"bash -c {self.quote(body)} n {self.words(2)}", f"eval {self.quote(body)}",
            f"bash <<'EOF'\n{body}\nEOF", f"case b.c in a) spark-submit no;; b.?|q) {body}\n;; *) B=no;; esac",
            f"true && {{ {body}\n}}", f"export D=1 && {body}", f"for C in 1 2; do {body}\ncontinue\nA=no; done",
            f"for C in 1 2; do {body}\nbreak\ndone", f"echo x | {{ {body}\n}}", f"{{ {body}\n}} | cat >/dev/null"])

    def quote(self, text):
        return "'" + text.replace("'", "'\\''") + "'"

    def statement(self):
        return self.pick(self.submit, self.submit, self.assignment, self.assignment, self.assignment, self.call,
                         self.nested, self.function)

    def text(self):
        start = "unset A B C D\nset -- one 'two three'\nL=(l 'm n')\nM=()\nA=1 B='b.c d' C=\n"
        return start + "\n".join(self.statement() for _ in range(self.dice.randrange(2, 9))) + "\n"


def run_by_bash(path, directory):
    """[(words, environment)] of every spark-submit, or None where bash itself complains."""
    log = directory / "log"
    log.write_bytes(b"")
    ended = subprocess.run(["bash", "-f", path], capture_output=True, cwd=directory, timeout=60, check=False,
                           env={"PATH": f"{directory}:/usr/bin:/bin", "LOG": str(log), "LC_ALL": "C.UTF-8"})
    if re.search(rb"syntax error|bad substitution|unexpected|not a valid|readonly|cannot", ended.stderr):
        return None
    launches = [([], {})]
    for entry in log.read_bytes().decode().split("\0")[:-1]:
        words, environment = launches[-1]
        if entry[0] == "w":
            words.append(entry[1:])
        elif entry[0] == "v" and entry != "v":
            environment.update([entry[1:].split("=", 1)])
        elif entry[0] == "e":
            launches.append(([], {}))
    return launches[:-1]


def pattern(texts):
    """What texts can be as words, each behind a NUL; one that is unknown may be several, or none."""
    whole = re.compile("(?:\ue000[^\ue001]*\ue001)+")
    return "".join("(?:\0.*)?" if whole.fullmatch(text) else
                   "\0" + ".*".join(map(re.escape, whole.split(text))) for text in texts)


def joined(texts):
    return "".join("\0" + text for text in texts)


def is_same(launch, words, environment):
    """Whether what arrestor read can be what bash ran; what it does not know may be anything."""
    texts = [word[0] for word in launch["words"][1:]]
    if launch["open"]:
        known = iter(words)
        same = all(text in known for text in texts if "\ue000" not in text)
    else:
        same = re.fullmatch(pattern(texts), joined(words), re.S)
    read = {name: value for name, value, *_ in launch["environment"] if name in NAMES}
    return same and read.keys() == environment.keys() and re.fullmatch(
        pattern(read.values()), joined(environment[name] for name in read), re.S)


def is_exact(launch):
    return not launch["open"] and not any("\ue000" in word[0] for word in launch["words"])


def test_a_random_script_launches_what_bash_launches(tmp_path):
    stub = tmp_path / "spark-submit"
    stub.write_text(STUB)
    stub.chmod(0o755)
    dice = random.Random(SEED)
    paths = [tmp_path / f"{number}.sh" for number in range(SCRIPTS)]
    for path in paths:
        path.write_text(Script(dice).text())
    read = subprocess.run([READER, *paths], capture_output=True, text=True, check=False)
    compared = exact = 0
    for path, line in zip(paths, read.stdout.splitlines(), strict=True):
        ran = run_by_bash(path, tmp_path)
        if ran is None:
            continue
        seen = json.loads(line)["launches"]
        assert len(seen) == len(ran), path.read_text()
        for launch, (words, environment) in zip(seen, ran, strict=True):
            assert is_same(launch, words, environment), f"{path.read_text()}\n{launch}\n{words}\n{environment}"
        compared += len(seen)
        exact += sum(map(is_exact, seen))
    print(f"{compared} launches, {exact} of them known to the last word")
    assert compared > 2 * SCRIPTS and exact > 0.8 * compared
