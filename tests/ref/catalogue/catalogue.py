#!/usr/bin/env python3
"""The catalogue of Spark's keys, from real Sparks: policy/data/catalogue/catalogue.tsv.

    catalogue.py write SPARK_HOME…     asks one Spark of each supported version and writes the file
    catalogue.py compare SPARK_HOME…   asks again and says where the file is not what Spark says
    catalogue.py versions              the versions that the file was made with

One row a key, sorted; one column a fact. A cell that changed from a version on is
"FACT | 4.0: FACT"; a dash is no fact. In the column of defaults a value begins with
"=", and "computed" is one that Spark works out when it runs.
"""

import functools
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).resolve().parent
FILE = HERE.parents[2] / "policy/data/catalogue/catalogue.tsv"
KEPT = FILE.parent / "kept.txt"
SOURCE = HERE / "KeyCatalogue.java"
FACTS = ("kind", "type", "unit", "values", "folds", "since", "default", "older", "prepended", "fallback",
         "warned", "removed", "jar")
COLUMNS = ("key", "versions", *FACTS)
# What a default could depend on is the same everywhere; so is the environment.
SAME = ("-XX:ActiveProcessorCount=2", "-Xmx512m", "-Duser.timezone=UTC", "-Duser.language=en", "-Duser.country=US")
NONE, CHANGE = "-", " | "
UNESCAPED = {"\\": "\\", "t": "\t", "n": "\n", "r": "\r"}


@functools.cache
def java():
    home = os.environ.get("JAVA_HOME")
    return f"{home}/bin/java" if home else "java"


def version_of(home):
    """"3.5.7", from the name of a jar."""
    name = next((pathlib.Path(home) / "jars").glob("spark-core_*.jar")).name
    return re.fullmatch(r"spark-core_[\d.]+-(.+)\.jar", name).group(1)


def line_of(version):
    """"3.5" of "3.5.7"."""
    return ".".join(version.split(".")[:2])


def ask(home):
    """Lines of KeyCatalogue's answer, as lists of fields."""
    jars = pathlib.Path(home).resolve() / "jars"
    with tempfile.TemporaryDirectory() as classes:
        subprocess.run([f"{java()}c", "-proc:none", "-nowarn", "-d", classes, "-cp", f"{jars}/*", SOURCE],
                       check=True, capture_output=True, text=True)
        run = subprocess.run(
            [java(), "-XX:TieredStopAtLevel=1", "-Dlog4j2.level=off", *SAME, "-cp", f"{classes}:{jars}/*",
             "KeyCatalogue", jars], cwd=classes, check=True, stdout=subprocess.PIPE, text=True,
            env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "SPARK_LOCAL_IP": "127.0.0.1"})
    lines = [line.split("\t") for line in run.stdout.splitlines()]
    lost = [line[1:] for line in lines if line[0] == "lost"]
    if lost:
        sys.exit(f"{home}: could not ask {lost}")
    return [[re.sub(r"\\(.)", lambda found: UNESCAPED[found.group(1)], field) for field in line]
            for line in lines]


def one_line(text):
    return " ".join(text.split())


def entry_facts(fields):
    kind, since, kind_of_value, unit, folds, values, how, default, prepended, separator, fallback = fields
    known = {"value": "=" + default, "computed": "computed"}
    return {"kind": kind, "type": kind_of_value, "unit": unit, "values": " ".join(sorted(values.split())),
            "folds": folds, "since": since, "default": known.get(how, ""), "fallback": fallback,
            "prepended": f'{prepended} "{separator}"' if prepended else ""}


def older_name(name, ten):
    """The name, and by what a bare number under it counts: "10" became ten."""
    return name if ten == "10" else f"{name}*{int(ten.rstrip('smhdkgt')) // 10}{ten.lstrip('0123456789')}"


def facts_of(lines):
    """{key: {fact: text}} of one Spark; a fact that is not there is missing."""
    table, replaced = {}, {}
    for word, *fields in lines:
        if word == "entry":
            table[fields[0]] = entry_facts(fields[1:])
    for word, *fields in lines:
        if word == "text":
            table.setdefault(fields[0], {"kind": "text"})["jar"] = fields[1]
    # SparkConf's own names come before those of the entry, as ConfigEntry reads them.
    for key, name, ten, since in sorted((line[1:] for line in lines if line[0] == "older"),
                                        key=lambda fields: fields[3] == ""):
        names = replaced.setdefault(key, {})
        names.setdefault(name, older_name(name, ten))
        if since:
            table.setdefault(name, {"kind": "text"})["warned"] = f"{since}: Please use {key} instead."
    for key, names in replaced.items():
        table[key]["older"] = " ".join(names.values())
    for word, *fields in lines:
        if word == "warns":
            table.setdefault(fields[0], {"kind": "text"})["warned"] = f"{fields[1]}: {one_line(fields[2])}"
        elif word == "gone":
            table.setdefault(fields[0], {"kind": "text"})["removed"] = f"={fields[2]}"
    return {key: {fact: text for fact, text in facts.items() if text} for key, facts in table.items()}


def ranges(lines, present):
    """"3.4-4.0" or "4.0-" of the versions that have a key, among all."""
    found, start = [], None
    for number, line in enumerate(lines):
        if line in present and start is None:
            start = line
        if line in present and (number + 1 == len(lines) or lines[number + 1] not in present):
            found.append(f"{start}-" if number + 1 == len(lines) else f"{start}-{line}")
            start = None
    return " ".join(found)


def cell(texts):
    """One cell of [(version, text)], oldest first."""
    written, last = "", None
    for line, text in texts:
        assert CHANGE not in text and "\t" not in text and "\n" not in text, text
        if last is None:
            written = text
        elif text != last:
            written += f"{CHANGE}{line}: {text}"
        last = text
    return written


def write_table(tables):
    """The file's text, from {version: facts_of}."""
    versions = sorted(tables, key=lambda version: [int(part) for part in version.split(".")])
    lines = [line_of(version) for version in versions]
    rows = ["# Spark " + " ".join(versions) + "; written by tests/ref/catalogue, not by hand", "\t".join(COLUMNS)]
    for key in sorted(set().union(*tables.values())):
        present = [(line_of(version), tables[version][key]) for version in versions if key in tables[version]]
        cells = [cell([(line, facts.get(fact, NONE)) for line, facts in present]) for fact in FACTS]
        rows.append("\t".join([key, ranges(lines, {line for line, _ in present}), *cells]))
    return "\n".join(rows) + "\n"


def covers(written, line):
    """Whether ranges such as "3.4-4.0 4.2-" have this version."""
    number = [int(part) for part in line.split(".")]
    for part in written.split():
        first, last = part.split("-")
        if [int(n) for n in first.split(".")] <= number and (
                not last or number <= [int(n) for n in last.split(".")]):
            return True
    return False


def in_version(written, line):
    """What a cell says of one version."""
    first, *changes = written.split(CHANGE)
    number, text = [int(part) for part in line.split(".")], first
    for change in changes:
        since, changed = change.split(": ", 1)
        if [int(part) for part in since.split(".")] <= number:
            text = changed
    return text


def read_table(version, text=None):
    """facts_of that version, as the file has it."""
    header, columns, *rows = (FILE.read_text() if text is None else text).splitlines()
    if version not in header.split(";")[0].split():
        sys.exit(f"{FILE.name} was not made with Spark {version}: {header}")
    assert columns.split("\t") == list(COLUMNS)
    table, line = {}, line_of(version)
    for row in rows:
        key, versions, *cells = row.split("\t")
        if covers(versions, line):
            facts = {fact: in_version(written, line) for fact, written in zip(FACTS, cells, strict=True)}
            table[key] = {fact: found for fact, found in facts.items() if found != NONE}
    return table


def compare(version, asked, kept):
    """What Spark says and the file does not, or the other way round, one line each."""
    for key in sorted(asked.keys() | kept.keys()):
        for fact in FACTS:
            real, ours = asked.get(key, {}).get(fact, NONE), kept.get(key, {}).get(fact, NONE)
            if real != ours:
                yield f"Spark {version}: {key}: {fact} is {real}, the catalogue has {ours}"


def expanded(pattern):
    """The keys of a{b,c}d, as a shell has them."""
    found = re.search(r"{([^}]*)}", pattern)
    if found is None:
        return [pattern]
    return [key for word in found[1].split(",")
            for key in expanded(pattern[:found.start()] + word + pattern[found.end():])]


def kept_tls(line):
    """{field: resolved or literal} of spark.ssl.ui in one version, as kept.txt has it."""
    fields = {}
    for pattern, *words in (row.split() for row in KEPT.read_text().splitlines() if row.startswith("spark.ssl")):
        written = next((word.removeprefix("versions=") for word in words if word.startswith("versions=")), "")
        for key in expanded(pattern) if written and covers(written, line) else ():
            namespace, _, field = key.rpartition(".")
            if namespace == "spark.ssl.ui":
                fields[field] = "resolved" if "substitutes" in words else "literal"
    return fields


def compare_tls(version, lines):
    """Where what is kept by hand of TLS is not what SSLOptions does."""
    asked, kept = {field: how for _, field, how in filter(tls_line, lines)}, kept_tls(line_of(version))
    for field in sorted(asked.keys() | kept.keys()):
        if asked.get(field) != kept.get(field):
            yield (f"Spark {version}: spark.ssl.ui.{field} is {asked.get(field, NONE)}, "
                   f"kept.txt has {kept.get(field, NONE)}")


def tls_line(line):
    return line[0] == "tls"


def differences(home):
    version, lines = version_of(home), ask(home)
    return [*compare(version, facts_of(lines), read_table(version)), *compare_tls(version, lines)]


def main(arguments):
    what, homes = arguments[:1], arguments[1:]
    if arguments == ["versions"]:
        print(FILE.read_text().splitlines()[0].split(";")[0].removeprefix("# Spark "))
        return 0
    if what not in (["write"], ["compare"]) or not homes:
        sys.exit(__doc__)
    with ThreadPoolExecutor(2) as pool:
        if what == ["write"]:
            answers = pool.map(lambda home: (version_of(home), facts_of(ask(home))), homes)
            FILE.write_text(write_table(dict(answers)))
            return 0
        found = [line for lines in pool.map(differences, homes) for line in lines]
    for home in homes:
        print(f"Spark {version_of(home)}: {len(read_table(version_of(home)))} keys compared")
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
