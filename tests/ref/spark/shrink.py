"""Makes a launch smaller while it still fails in the same way."""

from launches import Launch


def smaller_words(words):
    for size in (4, 2, 1):
        for at in range(1, len(words) - size + 1):
            yield words[:at] + words[at + size:]


def smaller_text(text):
    lines = text.splitlines(keepends=True)
    for at in range(len(lines)):
        yield "".join(lines[:at] + lines[at + 1:])
    for size in (8, 1):
        if len(text) <= 120:
            for at in range(0, len(text), size):
                yield text[:at] + text[at + size:]


def smaller(launch):
    """Launches with a little less in them, the largest steps first."""
    for name in launch.files:
        yield Launch(launch.argv, {n: t for n, t in launch.files.items() if n != name}, launch.env)
    for name in launch.env:
        yield Launch(launch.argv, launch.files, {n: t for n, t in launch.env.items() if n != name})
    for words in smaller_words(launch.argv):
        yield Launch(words, launch.files, launch.env)
    for name, text in launch.files.items():
        for less in smaller_text(text):
            yield Launch(launch.argv, {**launch.files, name: less}, launch.env)
    for at, word in enumerate(launch.argv[1:], 1):
        key, sign, value = word.partition("=")
        for less in ("1", "x", ""):
            if sign and len(less) < len(value):
                yield Launch(launch.argv[:at] + [f"{key}={less}"] + launch.argv[at + 1:], launch.files, launch.env)


def shrink(launch, fails, attempts=400):
    """The smallest one found for which fails(launch) holds."""
    found = True
    while found and attempts > 0:
        found = False
        for less in smaller(launch):
            attempts -= 1
            if fails(less):
                launch, found = less, True
                break
            if attempts <= 0:
                break
    return launch
