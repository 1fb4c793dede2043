"""Properties files mean to arrestor what they mean to Spark: random and hostile files
are read by both, and what arrestor writes again, Spark reads as the same."""

import json
import random
import subprocess
import zipfile

import house
import pytest
import spark_oracle

REWRITER = house.BUILD / "ref/rewrite_properties"
FILES, SEED = 250, 20240612
PARTS = [b"a", b"B", b"=", b":", b" ", b"\t", b"\f", b"\\", b"\\\n", b"\\\r\n  ", b"\n", b"\r", b"\r\n",
         b"\nspark.", b"\n spark.k = ", b"#", b"!", b"\n#", b"\\u0041", b"\\u00e9", b"\\t", b"\\n", b"\\:", b"\\ ",
         b"\xc3\xa9", b"\xe2\x82\xac", b"\xf0\x9f\x98\x80", b"\xef\xbb\xbf", b"\x01", b"\x85", b'"', b"'"]
HOSTILE = [b"\\u00", b"\\uzzzz", b"\x80", b"\xc3", b"\xe2\x82", b"\xf0\x9f", b"\xed\xa0\x80", b"\xc0\xaf", b"\xff",
           b"\xf4\x90\x80\x80", b"\xe0\x80\x80", b"\xf8\x88"]


def random_files(directory):
    dice = random.Random(SEED)
    for number in range(FILES):
        parts = PARTS + (HOSTILE if number % 3 == 0 else [])
        body = b"".join(dice.choice(parts) for _ in range(dice.randrange(40)))
        path = directory / f"{number}.conf"
        path.write_bytes(b"spark.k1 " + body)
        yield path


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    return spark_oracle.compile_classes(tmp_path_factory.mktemp("oracle"))


def effective(path):
    run = subprocess.run([house.ARRESTOR, "effective", "--format", "json", path], capture_output=True,
                         text=True, check=False)
    answer = json.loads(run.stdout)
    return run.returncode, {s["key"]: s["value"] for s in answer.get("settings", [])}


def test_random_files_mean_the_same(classes, tmp_path):
    paths, copies = list(random_files(tmp_path)), []
    for path in paths:
        run = subprocess.run([REWRITER], input=path.read_bytes(), capture_output=True, check=False)
        copies.append((run.returncode, path.with_suffix(".again")))
        copies[-1][1].write_bytes(run.stdout)
    answers = spark_oracle.ask(classes, [{"properties": str(p)} for p in paths + [copy for _, copy in copies]])
    refused = 0
    for path, (status, _), real, again in zip(paths, copies, answers[:FILES], answers[FILES:]):
        code, ours = effective(path)
        if "refused" in real:
            assert (code, status) == (3, 3), path.read_bytes()
            refused += 1
            continue
        wanted = {key: value for key, value in real["conf"].items() if key.startswith("spark.")}
        assert (code, ours) == (0, wanted), path.read_bytes()
        # Java makes an empty pair of a backslash at the very end; no setting has an empty key.
        for answer in (real, again):
            answer["conf"].pop("", None)
        assert again["conf"] == real["conf"], path.read_bytes()
    assert 0 < refused < FILES // 2


def string_constants(code):
    """The UTF-8 entries of a class file's constant pool that look like a key of Spark's."""
    start = 0
    while (start := code.find(b"spark.", start)) >= 0:
        length = int.from_bytes(code[start - 2:start], "big") if start >= 3 and code[start - 3] == 1 else 0
        text = code[start:start + length]
        start += 6
        if text and all(chr(c).isalnum() or c in b"._-" for c in text) and not text.endswith(b"."):
            yield text.decode("ascii", "ignore")


def test_no_key_of_spark_s_own_is_taken_for_a_misspelt_one(tmp_path):
    keys = set()
    for jar in (house.SPARK / "jars").glob("spark-*.jar"):
        with zipfile.ZipFile(jar) as archive:
            for name in archive.namelist():
                if name.endswith(".class"):
                    keys.update(string_constants(archive.read(name)))
    assert len(keys) > 1000
    path = tmp_path / "all.conf"
    path.write_text("".join(f"{key} 1\n" for key in sorted(keys)) + "spark.autenticate true\n")
    run = subprocess.run([house.ARRESTOR, "check", "--format", "json", path], capture_output=True, text=True,
                         check=False)
    misspelt = [f["key"] for f in json.loads(run.stdout)["findings"] if f["rule"] == "SPARK-TYPO-001"]
    assert misspelt == ["spark.autenticate"]
