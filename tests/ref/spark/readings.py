"""readings.py DIRECTORY COUNT VERSION… [--seed SEED]: so many configurations made at random,
and what keys say to their readers in them, asked of the Spark in DIRECTORY/VERSION and of
arrestor. What arrestor calls unknown is counted, never taken for equal where all was told."""

import collections
import pathlib
import random
import sys
import tempfile

import report
from benches import BUILD, Oracle, Peer, Spark

TYPED = ["spark.authenticate", "spark.acls.enable", "spark.io.encryption.enabled", "spark.ui.enabled",
         "spark.network.crypto.enabled", "spark.authenticate.enableSaslEncryption", "spark.eventLog.enabled",
         "spark.ui.killEnabled", "spark.shuffle.service.enabled", "spark.dynamicAllocation.enabled"]
NUMBERS = ["spark.authenticate.secretBitLength"]
TEXTS = ["spark.driver.extraJavaOptions", "spark.executor.extraJavaOptions", "spark.driver.extraClassPath",
         "spark.plugins", "spark.kerberos.keytab", "spark.kerberos.principal", "spark.authenticate.secret.file",
         "spark.authenticate.secret.driver.file", "spark.authenticate.secret.executor.file",
         "spark.ui.strictTransportSecurity", "spark.ui.xXssProtection",
         "spark.authenticate.secret", "spark.io.encryption.keygen.algorithm"]
OTHERS = ["spark.driver.defaultJavaOptions", "spark.executor.defaultJavaOptions", "spark.yarn.keytab",
          "spark.yarn.principal", "spark.driver.host", "spark.a", "spark.b", "spark.driver.defaultExtraClassPath",
          "spark.plugins.defaultList", "other"]
TRANSPORT = ["spark.network.crypto.enabled", "spark.network.crypto.saslFallback",
             "spark.authenticate.enableSaslEncryption", "spark.network.sasl.serverAlwaysEncrypt"]
NAMESPACES = ["spark.ssl", "spark.ssl.ui", "spark.ssl.standalone", "spark.ssl.historyServer"]
FIELDS = ["enabled", "needClientAuth", "keyStore", "keyStorePassword", "keyPassword", "keyStoreType", "trustStore",
          "trustStorePassword", "trustStoreType", "protocol", "enabledAlgorithms"]
NEWER_FIELDS = ["privateKey", "certChain", "privateKeyPassword", "openSslEnabled", "trustStoreReloadingEnabled"]
HADOOP = ["fs.s3a.secret.key", "fs.s3a.access.key", "my.a", "my.b", "my.c"]
BOOLS = ["true", "false", "TRUE", " true", "true ", "yes", "", "1", "False"]
NUMERALS = ["1", "128", " 256 ", "+5", "-1", "x", "", "2147483648", "1.5", "0x10"]
PARTS = ["x", "/p", "${env:SET}", "${env:UNSET}", "${spark.a}", "${spark.b}", "${spark.ui.enabled}", "${other}",
         "${", "}", "$", " ", "${spark.authenticate}", "${spark.missing}", "${spark.yarn.keytab}", "${x:y}", "${}",
         "${${spark.a}}", "${spark.kerberos.keytab}", "\\", "$1", "${env:SET }", "${sparkX}", ","]
HADOOP_PARTS = ["x", "${my.a}", "${my.b}", "${env.SET}", "${env.UNSET}", "${env.UNSET-d}", "${env.EMPTY:-e}",
                "${env.EMPTY-f}", "${env.SET:-g}", "${", "}", "$", "${my.c}", "${}"]
ENVIRONMENT = {"SET": "given", "EMPTY": "", "LOOP": "${env:LOOP}"}
ALGORITHMS = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384,TLS_AES_128_GCM_SHA256"]
MANAGER = {"isAuthenticationEnabled": [["spark.authenticate"]], "aclsEnabled": [["spark.acls.enable"]],
           "isEncryptionEnabled": [["spark.network.crypto.enabled"], ["spark.authenticate.enableSaslEncryption"]]}


# What SSLOptions says of a namespace that is not on.
UNREAD = {"needClientAuth": "false", "openSslEnabled": "false", "trustStoreReloadingEnabled": "false",
          "enabledAlgorithms": ""}


class Maker:
    def __init__(self, dice, line):
        self.dice = dice
        self.fields = FIELDS + (NEWER_FIELDS if line >= (4, 0) else [])
        self.namespaces = NAMESPACES + (["spark.ssl.rpc"] if line >= (4, 0) else [])

    def text(self, parts=PARTS):
        return "".join(self.dice.choice(parts) for _ in range(self.dice.randrange(1, 4)))

    def boolean(self):
        return self.text() if self.dice.random() < 0.15 else self.dice.choice(BOOLS[:3] if self.dice.random() < 0.6
                                                                              else BOOLS)

    def field(self, name):
        if name.endswith("nabled") or name == "needClientAuth":
            return self.boolean()
        return self.dice.choice(ALGORITHMS) if name == "enabledAlgorithms" else self.text()

    def settings(self):
        found, dice = {}, self.dice
        for key in dice.sample(TYPED + TRANSPORT, 5):
            found[key] = self.boolean()
        for key in dice.sample(NUMBERS, 1):
            found[key] = dice.choice(NUMERALS)
        for key in dice.sample(TEXTS + OTHERS, 9):
            found[key] = self.text()
        for name in dice.sample(self.fields, 6):
            found[f"spark.ssl.{name}"] = self.field(name)
        if dice.random() < 0.6:
            found["spark.ssl.enabled"] = "true"
        for namespace in self.namespaces:
            for name in dice.sample(self.fields, 3):
                found[f"{namespace}.{name}"] = self.field(name)
            if dice.random() < 0.4:
                found[f"{namespace}.enabled"] = dice.choice(BOOLS[:3])
        for key in dice.sample(HADOOP, 3):
            found[f"spark.hadoop.{key}"] = self.text(HADOOP_PARTS)
        return found

    def questions(self, settings):
        """(asked of Spark, asked of arrestor)"""
        pairs = [(["typed", key], ["typed", key]) for key in TYPED + NUMBERS + TEXTS]
        pairs += [(["transport", key], ["own", key]) for key in TRANSPORT]
        pairs += [(["ssl", f"{namespace}/{name}"], ["own", f"{namespace}.{name}"])
                  for namespace in self.namespaces for name in self.fields]
        pairs += [(["hadoop", key], ["own", f"spark.hadoop.{key}"])
                  for key in HADOOP if f"spark.hadoop.{key}" in settings]
        pairs += [(["security", method], ["typed", keys[0][0]]) for method, keys in MANAGER.items() if len(keys) == 1]
        return pairs


class Readings(Peer):
    def __init__(self):
        super().__init__([str(BUILD / "ref/reading_batch")], {})


def plain(reader, key, answer):
    """An answer as far as both sides tell it."""
    if "invalid" in answer:
        return "invalid"
    name = key.rpartition("/")[2] if reader == "ssl" else ""
    value = answer.get("value", UNREAD.get(name))
    if value is None:
        return None
    if name.endswith("Store"):
        return str(pathlib.PurePosixPath(value)) if value else ""
    if key == "spark.plugins":
        return ",".join(item.strip() for item in value.split(",") if item.strip())
    if name == "enabledAlgorithms":
        return ",".join(sorted(set(item.strip() for item in value.split(",") if item.strip())))
    if reader == "typed" and value.lstrip("+-").isdigit():
        return str(int(value))
    return value


def refused(pairs, answers, side):
    """Namespaces of which a field is invalid: Spark refuses such a one as a whole, and
    its SecurityManager with it where it is spark.ssl itself."""
    return {pair[side][1].rpartition("/" if side == 0 else ".")[0] for pair, answer in zip(pairs, answers)
            if pair[0][0] == "ssl" and "invalid" in answer and "keys not found" not in str(answer["invalid"])}


def compare(pairs, ours, theirs, counts):
    """Lines for what differs."""
    lines, broken, found = [], refused(pairs, theirs, 0), refused(pairs, ours, 1)
    if any("invalid" in answer and pair[0][1] in ("spark.authenticate", "spark.acls.enable")
           for pair, answer in zip(pairs, theirs)):  # no SecurityManager, so no TLS either
        kept = [at for at, pair in enumerate(pairs) if pair[0][0] not in ("ssl", "security")]
        pairs, ours, theirs = ([items[at] for at in kept] for items in (pairs, ours, theirs))
        broken = found = set()
    whole = "spark.ssl" in broken and found & {"spark.ssl", "spark.ssl.rpc"}  # what every manager reads
    lines += [f"{namespace}: Spark refuses it, arrestor finds nothing invalid"
              for namespace in broken - found if not whole]
    lines += [f"{namespace}: arrestor finds it invalid, Spark does not" for namespace in found - broken]
    for ((reader, key), _), mine, real in zip(pairs, ours, theirs):
        if "keys not found" in real.get("invalid", ""):
            counts["RPC without keys"] += 1
        elif key.split("/")[0] in broken or (reader == "security" and "spark.ssl" in broken):
            counts["of a namespace that Spark refuses"] += 1
        elif "unknown" in mine:
            counts["unknown"] += 1
            if reader != "hadoop":
                lines.append(f"{reader} {key}: unknown, Spark {real}")
        elif plain(reader, key, mine) == plain(reader, key, real):
            counts["invalid" if "invalid" in real else "unset" if "unset" in real else "equal"] += 1
        else:
            lines.append(f"{reader} {key}: arrestor {mine}, Spark {real}")
    return lines


def shrink(settings, fails):
    for key in sorted(settings):
        less = {name: value for name, value in settings.items() if name != key}
        if fails(less):
            settings = less
    return settings


class Pair:
    def __init__(self, home, directory):
        self.spark = Spark(home)
        self.oracle, self.ours = Oracle(self.spark, pathlib.Path(directory) / "classes"), Readings()

    def lines(self, maker, settings, counts):
        pairs = maker.questions(settings)
        question = {"read": settings, "env": ENVIRONMENT, "spark": list(self.spark.line)}
        theirs = self.oracle.ask({**question, "ask": [pair[0] for pair in pairs]})["answers"]
        ours = self.ours.ask({**question, "ask": [pair[1] for pair in pairs]})["answers"]
        return compare(pairs, ours, theirs, counts)


def run(home, count, seed):
    """Counts of answers, and what differed by reader and key."""
    counts, seen = collections.Counter(), {}
    with tempfile.TemporaryDirectory() as directory:
        pair = Pair(home, directory)
        for number in range(count):
            maker = Maker(random.Random(f"{seed}-{number}"), pair.spark.line)
            settings = maker.settings()
            for line in pair.lines(maker, settings, counts):
                counts["mismatch"] += 1
                kind = line.split(":")[0]
                if kind not in seen:
                    again = lambda less: any(other.startswith(kind + ":") for other in
                                             pair.lines(maker, less, collections.Counter()))
                    small = shrink(settings, again)
                    told = [other for other in pair.lines(maker, small, collections.Counter())
                            if other.startswith(kind + ":")]
                    seen[kind] = (small, told[0] if told else line)
        pair.oracle.__exit__()
        pair.ours.__exit__()
    return counts, seen


def show(seen):
    for small, line in seen.values():
        print(f"{line}\n  in {small}")


if __name__ == "__main__":
    sys.exit(report.main(__doc__, "configurations", run, show))
