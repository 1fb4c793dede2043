"""What arrestor and Spark say about one launch, side by side. What is deliberately not
modelled stands in the tables here; README.md has the reasons."""

import os
import re
import urllib.parse

# What SparkSubmit adds on its own.
IGNORED = {
    "spark.app.submitTime",   # the clock
    "spark.repl.local.jars",  # copies of --jars for the shell
    "spark.yarn.isPython",    # a mark for YARN's client
}
# Lists of files: Spark makes absolute URIs of them and adds the application.
REWRITTEN = {
    "spark.jars", "spark.files", "spark.archives", "spark.submit.pyFiles", "spark.yarn.dist.jars",
    "spark.yarn.dist.files", "spark.yarn.dist.archives", "spark.yarn.dist.pyFiles",
}
# Outside cluster mode spark-submit resolves these itself; arrestor shows them all the same.
RESOLVED = {"spark.jars.packages": "--packages", "spark.jars.repositories": "--repositories",
            "spark.jars.excludes": "--exclude-packages"}
# Files that Spark looks for on the disk and adds to these lists.
FOUND = ("sparkr.zip", "spark-examples.jar")
# Refusals that need the disk, the network or classes of the job.
BEYOND = [
    ("main class of a jar", r"Failed to get main class in JAR|No main class set in JAR|Cannot load main class"),
    ("key tab on disk", r"Keytab file.*does not exist"),
    ("fragment of a local URI", r"URISyntax"),
]


def names(text, fragments=True):
    """Last components of a list of paths or URIs; blank ones, of which Spark makes the
    directory it runs in, are left out."""
    found = []
    for item in text.split(","):
        path = urllib.parse.unquote(item).removeprefix("file:").rstrip("/ ")
        name = path.rpartition("/")[2].strip()
        name = name.rstrip("#") if fragments else name.partition("#")[0]
        if name and path != os.getcwd() and not name.startswith(FOUND):
            found.append(name)
    return found


def differs(key, mine, real, argv):
    """One key's difference as a readable line, or None."""
    if mine == real:
        return None
    fragments = key != "spark.submit.pyFiles"  # which Python's path has not
    if key in REWRITTEN and names(mine or "", fragments) == names(real or "", fragments):
        return None
    if key in RESOLVED and any(word in (mine, f"{RESOLVED[key]}={mine}") for word in argv):
        return None
    return f"{key}: arrestor {mine!r}, Spark {real!r}"


def of_the_driver(key, conf):
    """Whether -Dkey stands in the options of a driver that runs elsewhere: arrestor shows
    it, and SparkSubmit, which is not that driver, does not know it."""
    options = [conf.get(f"spark.driver.{name}JavaOptions", "") for name in ("default", "extra")]
    return conf.get("spark.submit.deployMode") == "cluster" and any(f"-D{key}" in text for text in options)


def beyond(message):
    for what, pattern in BEYOND:
        if re.search(pattern, message, re.S):
            return what
    return None


def beyond_ours(message, version, argv):
    """An option that a shell of an older Spark is handed as an argument of its own."""
    if version < (4, 2) and "cannot open" in message and any(w.startswith("--extra-properties-file") for w in argv):
        return "newer option for a shell"
    newer = re.search(r"--(load-spark-defaults|driver-default-class-path|extra-properties-file) needs", message)
    return "newer option for a shell" if "does not know" in message or (newer and version < (4, 2)) else None


def differences(ours, theirs, argv=()):
    """What the two answers say differently, as readable lines."""
    if "special" in ours:
        return []
    if ("conf" in ours) != ("conf" in theirs):
        return [f"refused: arrestor {ours.get('refused')!r}, Spark {theirs.get('refused')!r}"]
    if "conf" not in ours:
        return []
    mine, real = ours["conf"], theirs["conf"]
    elsewhere = {key for key in mine if of_the_driver(key, real)}
    lines = [differs(key, mine.get(key), real.get(key), argv)
             for key in sorted((mine.keys() | real.keys()) - IGNORED - elsewhere)]
    return [line for line in lines if line]
