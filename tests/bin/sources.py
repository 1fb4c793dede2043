"""What the checks under tests/bin share: which files there are, and how a breach is told."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = {".git", "build", "__pycache__", ".pytest_cache"}


def all_files():
    """Every file that is or would be committed, as sorted relative paths."""
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True, text=True, check=False)
    if listed.returncode == 0 and (ROOT / ".git").exists():
        names = [pathlib.Path(name) for name in listed.stdout.split("\0") if name]
    else:  # a tarball, or the copy that a test breaks
        names = [path.relative_to(ROOT) for path in ROOT.rglob("*")
                 if not SKIPPED.intersection(path.relative_to(ROOT).parts)]
    return sorted({name for name in names if (ROOT / name).is_file()})


def files(*suffixes, under=("",)):
    """The files with one of these suffixes beneath one of these directories."""
    return [path for path in all_files()
            if path.suffix in suffixes and str(path).startswith(tuple(under))]


def read(path):
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def blank_comments(text):
    """C source with comments, strings and preprocessor lines blanked; line numbers stay."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())
    text = re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", blank, text, flags=re.M)


def statements(text):
    """(first line, last line, text) of each statement outside of all braces."""
    depth, start, line, found, current = 0, None, 1, [], []
    for char in blank_comments(text):
        if char == "}":
            depth -= 1
            if depth == 0 and "(" in "".join(current):  # the end of a function's body
                start, current = None, []
                continue
        if depth == 0:
            if start is None and not char.isspace():
                start = line
            if start is not None:
                current.append(char)
            if char == ";" and start is not None:
                found.append((start, line, "".join(current)))
                start, current = None, []
        if char == "{":
            depth += 1
        if char == "\n":
            line += 1
    return found


def is_prototype(statement):
    """Whether the statement declares a function that other files may call."""
    if re.match(r"(static|typedef|_Static_assert)\b|(struct|union|enum)\s*\w*\s*\{", statement):
        return False
    if "=" in statement:
        return False
    return re.search(r"\w\s*\([^*]|\w\s*\(\s*\)", statement) is not None


def finish(name, breaches, passed):
    """Prints the breaches and ends with 1, or says what was seen to hold."""
    for breach in breaches:
        print(f"{name}: {breach}", file=sys.stderr)
    if breaches:
        sys.exit(1)
    print(f"{name}: {passed}")
