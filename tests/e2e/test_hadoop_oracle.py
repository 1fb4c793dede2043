"""Site files mean to arrestor what they mean to Hadoop: random and hostile ones are read by both."""

import base64
import json
import random
import subprocess

import house
import pytest
import spark_oracle

SOURCE = house.ROOT / "tests/ref/HadoopRead.java"
FILES, SEED = 400, 20250214
NAMES = ["a", "a.b", "fs.x", " padded ", "\n  lined\n ", "k1", "k2", "é", "", " "]
TEXTS = ["v", " v ", "", "\n v\n", "x&amp;y", "&lt;&#65;&#x20AC;&gt;", "<![CDATA[a<b]]>", "a<![CDATA[&amp;]]>b", "é€😀",
         "a<!-- c -->b", "<?pi x?>v", "${user.home}", "${env.HOME}", "&quot;&apos;", "a\r\nb", "a\rb", "true", " true",
         "&#13;", "&#10;", "<b>in</b>", "]]", "]>", "a]b", "{{ .Values.x }}", "a\tb"]
ATTRIBUTES = ["v", " v ", "", "a&amp;b", "a\nb", "a\tb", "a\r\nb", "&#10;", "&lt;", "'", "é", ">", "]]>", "true", "{{ x }}"]
BETWEEN = ["", "\n", "  ", "<!-- <property><name>no</name><value>x</value></property> -->", "text", "<![CDATA[text]]>",
           "<?pi?>", "<other>o</other>", "<source>s</source>", "<tag>t</tag>"]
HEADS = ["", "<?xml version=\"1.0\"?>", "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n", "\ufeff",
         "<!DOCTYPE configuration>\n", "<?xml version=\"1.0\"?>\n<!DOCTYPE configuration [<!ELEMENT a ANY>]>\n",
         "<?xml-stylesheet type=\"text/xsl\" href=\"configuration.xsl\"?>\n", "<!-- head -->\n"]
BREAKS = ["<", ">", "&", "&nothing;", "&#0;", "&#xD800;", "</x>", "<x>", "<x a>", "<x a=b>", "<x a='<'/>", "<x a='1' a='2'/>",
          "]]>", "\x01", "<!--", "-->", "<!-- -- -->", "<![CDATA[", "</configuration>", "&amp", "<1/>", "< a/>", "</ a>",
          "<x/", "<?x", "<!x>", "&#;", "&#x;", "&;", "\x0c", "<x\n/>", "<x a = '1' />", "</configuration><configuration>"]


def tag(dice, name, text):
    if text == "" and dice.random() < 0.5:
        return f"<{name}/>"
    blank = dice.choice(["", "", " ", "\n"])
    return f"<{name}{blank}>{text}</{name}{blank}>"


def make_property(dice):
    if dice.random() < 0.25:
        pairs = [("name", dice.choice(["a", "k1", " k1", "é"])), ("value", dice.choice(ATTRIBUTES)),
                 ("final", dice.choice(["true", "false", "true "])), ("tag", "T"), ("other", "o")]
        chosen = dice.sample(pairs, dice.randint(0, len(pairs)))
        quoted = [f'{key}="{value}"' if '"' not in value else f"{key}='{value}'" for key, value in chosen]
        inner = dice.choice(["", "", "<value>inner</value>", "<name>k2</name>"])
        return f"<property {dice.choice([' ', chr(10)]).join(quoted)}>{inner}</property>"
    parts = [tag(dice, "name", dice.choice(NAMES)), tag(dice, "value", dice.choice(TEXTS))]
    if dice.random() < 0.3:
        parts.append(tag(dice, "final", dice.choice(["true", "false", " true", "TRUE", ""])))
    if dice.random() < 0.2:
        parts.append(tag(dice, "description", dice.choice(TEXTS)))
    if dice.random() < 0.15:
        dice.shuffle(parts)
    if dice.random() < 0.05:
        parts.append(make_property(dice))
    return "<property>" + "".join(part + dice.choice(BETWEEN) for part in parts) + "</property>"


def make_file(dice, broken):
    parts = [make_property(dice) for _ in range(dice.randint(1, 5))]
    root = dice.choice(["configuration", "configuration", "configuration", 'configuration xmlns:x="urn:x"'])
    head = dice.choice(HEADS)
    text = head + f"<{root}>" + "".join(p + dice.choice(BETWEEN) for p in parts) + "</configuration>"
    text += dice.choice(["", "\n", "<!-- end -->\n", "<?pi end?>"])
    if broken == 1:
        # What a document type declares is passed over: there nothing is broken.
        at = dice.randrange(len(head) if "[" in head else 0, len(text))
        return (text[:at] + dice.choice(BREAKS) + text[at:]).encode()
    if broken == 2:
        return text.encode()[:dice.randrange(len(text.encode()))]
    if broken == 3:
        raw = text.encode()
        at = dice.randrange(len(raw))
        return raw[:at] + dice.choice([b"\x80", b"\xc3", b"\xff", b"\xed\xa0\x80", b"\0"]) + raw[at:]
    return text.encode()


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    directory = tmp_path_factory.mktemp("hadoop")
    subprocess.run([spark_oracle.java("javac"), "-nowarn", "-d", directory, "-cp", f"{spark_oracle.jars()}/*", SOURCE],
                   check=True, capture_output=True)
    return directory


def ask(classes, paths):
    """What Hadoop reads of each: a dictionary, or None where it refuses."""
    run = subprocess.run([spark_oracle.java(), "-XX:TieredStopAtLevel=1", "-Dlog4j2.level=off", "-cp",
                          f"{classes}:{spark_oracle.jars()}/*", "HadoopRead"],
                         input="".join(f"{path}\n" for path in paths), capture_output=True, text=True, check=True)
    answers = []
    for line in run.stdout.splitlines():
        if line == "file":
            answers.append({})
        elif line == "refused":
            answers[-1] = None
        else:
            key, value = (base64.b64decode(part).decode() for part in line.split(" "))
            answers[-1][key] = value
    assert len(answers) == len(paths)
    return answers


def effective(path):
    run = subprocess.run([house.ARRESTOR, "effective", "--as", "hadoop", "--format", "json", path],
                         capture_output=True, text=True, check=False)
    answer = json.loads(run.stdout)
    if "error" in answer:
        return run.returncode, answer["error"]
    return run.returncode, answer["settings"]


def check_places(path, settings):
    """Where a value is said to stand, it or its first bytes do."""
    lines = path.read_bytes().split(b"\n")
    for setting in settings:
        place = setting["origin"]
        key = setting["key"].removeprefix("spark.hadoop.").encode()
        rest = b"\n".join(lines[place["line"] - 1:])[place["column"] - 1:]
        assert rest[:1] == key[:1] or rest[:1] in b"&<", (path, setting)


def test_random_files_mean_the_same(classes, tmp_path):
    dice, paths, refused = random.Random(SEED), [], 0
    for number in range(FILES):
        path = tmp_path / f"{number}.xml"
        path.write_bytes(make_file(dice, 0 if number % 2 else dice.randint(0, 3)))
        paths.append(path)
    for path, real in zip(paths, ask(classes, paths)):
        code, ours = effective(path)
        if real is None:
            assert code == 3, path.read_bytes()
            assert ours["where"] == str(path), path.read_bytes()
            refused += 1
            continue
        assert code == 0, (path.read_bytes(), ours)
        wanted = {f"spark.hadoop.{key}": value for key, value in real.items() if key}
        assert {row["key"]: row["value"] for row in ours} == wanted, path.read_bytes()
        check_places(path, ours)
    assert FILES // 10 < refused < FILES // 2
