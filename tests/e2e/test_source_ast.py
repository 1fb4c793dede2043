"""Literals of job source are read as Python itself reads them (its ast module)."""

import ast
import json
import random
import subprocess
import warnings

import house

READER = house.BUILD / "ref/source_settings"
LITERALS, SEED = 3000, 20241121
PIECES = ["a", "é", "€", " ", "\\n", "\\t", "\\\\", "\\'", '\\"', "\\x41", "\\101", "\\7", "\\u00e9", "\\U0001f600",
          "\\d", "\\\n", "#", "{", "}", "$", "%s", "'", '"', "=", "(", "]", "\\a", "\\8", "x"]


def random_string(dice):
    quote = dice.choice(["'", '"', "'''", '"""'])
    body = "".join(dice.choice(PIECES) for _ in range(dice.randrange(7)))
    if len(quote) == 3:
        body = body.replace("x", "\n")
    return dice.choice(["", "", "", "r", "u", "R"]) + quote + body + quote


def random_literal(dice):
    """An expression of literals alone that Python accepts."""
    while True:
        text = dice.choice([" ", " + ", "\n  ", " + \\\n "]).join(
            random_string(dice) for _ in range(dice.choice([1, 1, 2, 3])))
        try:
            tree = ast.parse(f"({text})", mode="eval").body
            value = eval(compile(ast.Expression(tree), "", "eval"), {"__builtins__": {}})  # literals alone
        except (SyntaxError, ValueError):
            continue
        if isinstance(value, str) and "\0" not in value:
            return f"({text})", value


def test_literals_are_read_as_python_reads_them():
    warnings.simplefilter("ignore")
    dice = random.Random(SEED)
    cases = [random_literal(dice) for _ in range(LITERALS)]
    source = "b = SparkSession.builder\n" + "".join(
        f"b.config('spark.k{i}', {text})  # ' \"\n" for i, (text, _) in enumerate(cases))
    run = subprocess.run([READER], input=source.encode(), capture_output=True, check=True)
    told = {key: value for _, key, value, _ in map(json.loads, run.stdout.decode().splitlines())}
    assert len(told) == LITERALS
    for i, (text, value) in enumerate(cases):
        assert told[f"spark.k{i}"] == value, text
