"""What render/ writes as a properties file, the real java.util.Properties reads back."""

import base64
import random
import subprocess

import pytest

import house

DRIVER = house.BUILD / "ref/render_properties"
READER = house.ROOT / "tests/ref/PropertiesRead.java"
SPECIAL = " \t\n\r\f\\=:#!'\"$@{}%\x01\x0b\x7f\x80\x85\xa0\xff\u2028\u20ac\ufeff\uffff\U00010000\U0001f525\U0010ffff"
PER_FILE = 64


def render(pairs):
    text = "".join(f"{key}\0{value}\0" for key, value in pairs.items())
    return subprocess.run([DRIVER], input=text.encode(), capture_output=True, check=False)


def read_with_java(paths):
    """{path: {"stream": {key: value}, "reader": {key: value}}}"""
    listed = subprocess.run(["java", READER, *paths], capture_output=True, text=True, check=True)
    found, current = {}, None
    for line in listed.stdout.splitlines():
        words = line.split(" ")
        if words[0] == "file":
            current = found[words[1]] = {"stream": {}, "reader": {}}
        else:
            key, value = (base64.b64decode(word).decode("utf-16-be") for word in words[1:])
            current[words[0]][key] = value
    return found


def random_text(source):
    def character():
        if source.random() < 0.5:
            return source.choice(SPECIAL)
        ceiling = source.choice([0x7F, 0xFF, 0xFFFF, 0x10FFFF])
        point = source.randint(1, ceiling)
        return chr(point) if not 0xD800 <= point <= 0xDFFF else "x"
    return "".join(character() for _ in range(source.randint(1, 24)))


def sets():
    source = random.Random(20240611)
    yield {character + "k": character + "v" + character for character in SPECIAL}
    yield {character: character for character in SPECIAL}
    yield {f"{number:04x}": chr(number) for number in range(1, 65)}
    yield {f"{number:04x}": chr(number) for number in range(65, 129)}
    for _ in range(40):
        yield {random_text(source): random_text(source) for _ in range(PER_FILE)}


def test_java_reads_back_what_was_rendered(tmp_path):
    wanted = {}
    for number, pairs in enumerate(sets()):
        path = tmp_path / f"{number}.properties"
        done = render(pairs)
        assert done.returncode == 0, done.stderr
        assert all(0x20 <= byte <= 0x7E or byte == 0x0A for byte in done.stdout)
        path.write_bytes(done.stdout)
        wanted[str(path)] = {"stream": pairs, "reader": pairs}
    assert read_with_java(list(wanted)) == wanted


@pytest.mark.parametrize("value, name", [(b"", "secret-empty"), (b"\xff", "secret-form"),
                                         (b"\xed\xa0\x80", "secret-form")])
def test_what_java_could_not_read_back_is_refused(value, name):
    done = subprocess.run([DRIVER], input=b"key\0" + value + b"\0", capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.decode().strip()) == (1, b"", name)
