"""Launches made at random, from a seed: every master and deploy mode, options in every
spelling and at every place, properties files with every syntax, defaults, environment,
Java options, missing, conflicting and invalid things. "{d}" is the case's directory."""

from dataclasses import dataclass, field

DEFAULTS = "spark-defaults.conf"


@dataclass
class Launch:
    argv: list
    files: dict = field(default_factory=dict)  # name → text
    env: dict = field(default_factory=dict)


MASTERS = ["local", "local[2]", "local[*]", "local[4,2]", "local-cluster[2,1,1024]", "yarn", "spark://h:7077",
           "spark://a:1,b:2", "k8s://h:443", "k8s://https://h", "k8s://http://h:80"]
ODD_MASTERS = ["k8s://ftp://h", "k8s:h", "mesos://m:5050", "localhost:1", "nowhere", "", "yarn-client", "Yarn",
               "spark", "k8s", "k8s://", "k8s://https://", "k8s://HTTPS://h", "local ", " yarn", "LOCAL", "zk://h"]
MODES, ODD_MODES = ["client", "cluster"], ["Cluster", "", "both", " client"]
SIZES = ["1g", "512m", "2G", "1048576", "3072k", "1tb"]
ODD_SIZES = ["0", "much", "1.5g", "", "1xb", "-1", " 1g ", "1 g", "+1g", "9999999999999g", "0g"]
COUNTS, ODD_COUNTS = ["1", "2", "16", "+3"], ["0", "-1", "x", " 2", "", "1.0", "2147483648", "2147483647"]
BOOLS, ODD_BOOLS = ["true", "false", "TRUE"], ["yes", "", " true", "1"]
NAMES, ODD_NAMES = ["etl", "two words", "é"], ["", " ", "-x", "a,b"]
LISTS = ["a.jar", "/x/b.jar", "b.zip,c.zip", "d.py", "/x/e.py,/y/f.py", "file:/x/g.jar"]
ODD_LISTS = ["", ",", "a.jar,,b.jar", " a.jar ", "a.jar , b.jar", "x#y", "file:/x/z.zip#z"]
TEXTS = ["1", "b=c=d", '"quoted"', "${spark.b}", "${env:X}", "é", "a,b", "-x", "$HOME", "{{x}}"]
ODD_TEXTS = ["", " blank ", "one\ntwo", "cr\r", "tab\t", "\u2028x", "\x1f", "a\\"]
JAVA = ["-Da=b", "-Dspark.q=1", "-Dspark.q=2 -Dspark.r=x", "-XX:+UseG1GC", "-Dspark.r='x y'", "-Dspark.r=\"x \\\" y\"",
        "-Dspark.q", "-Dspark.q=a\\ b", "-Dspark.master=yarn", "-Dspark.app.name=j", "-Dspark.driver.memory=7g",
        "-Dspark.submit.deployMode=cluster", "-Dspark.jars=j.jar", "-Dspark.executor.memory=9g",
        "-Dspark.ui.enabled=false", "-Dspark.driver.host=h", "-Dspark.q='a'\"b\"c", "-Dspark.remote=sc://j"]
ODD_JAVA = ["-Xmx2g", "-Dx=Xmx", "-Dx=-Xmx", "'-Xmx1g'", "-Dspark.q=\"open", "-Da='b", "-Da=b\\", "", " ",
            "-Xms1g", "-D", "-Dspark.", "-Dspark.=x", "-XmxX", "\\-Xmx3g", "-Dspark.q=1\n-Dspark.r=2",
            "-Dspark.q=\u00a0x"]
CLASSES = ["org.example.Main", "Main"]
SPECIAL = ["org.apache.spark.repl.Main", "org.apache.spark.sql.hive.thriftserver.SparkSQLCLIDriver",
           "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2",
           "org.apache.spark.sql.connect.service.SparkConnectServer"]
NEWER_SPECIAL = ["org.apache.spark.sql.application.ConnectRepl"]
REMOTES = ["sc://h", "local", "local[2]", "sc://h:1/;token=x", ""]

# Options with a value → (usual values, odd ones).
OPTIONS = {
    "--name": (NAMES, ODD_NAMES), "--jars": (LISTS, ODD_LISTS), "--files": (LISTS, ODD_LISTS),
    "--archives": (LISTS, ODD_LISTS), "--py-files": (["a.py", "b.zip,c.py", "/x/d.egg"], ["", "a.py,,b.py"]),
    "--repositories": (["https://r"], [""]), "--exclude-packages": (["c:d"], [""]),
    "--principal": (["p@R"], [""]), "--keytab": (["/nonexistent-k"], [""]), "--proxy-user": (["bob"], [""]),
    "--queue": (["q"], [""]), "--num-executors": (COUNTS, ODD_COUNTS), "--executor-memory": (SIZES, ODD_SIZES),
    "--executor-cores": (COUNTS, ODD_COUNTS), "--total-executor-cores": (COUNTS, ODD_COUNTS),
    "--driver-cores": (COUNTS, ODD_COUNTS), "--driver-memory": (SIZES, ODD_SIZES),
    "--driver-java-options": (JAVA, ODD_JAVA), "--driver-library-path": (["/l"], [""]),
    "--driver-class-path": (["/c", "/c:/d"], [""]),
}
NEWER = {"--driver-default-class-path": (["/e"], [""])}
SWITCHES = ["--supervise", "--verbose", "-v", "--supervise=false", "--verbose=x"]

# Keys that Spark's own submission looks at → (usual values, odd ones).
KEYS = {
    "spark.master": (MASTERS, ODD_MASTERS), "spark.submit.deployMode": (MODES, ODD_MODES),
    "spark.app.name": (NAMES, ODD_NAMES), "spark.driver.memory": (SIZES, ODD_SIZES),
    "spark.executor.memory": (SIZES, ODD_SIZES), "spark.driver.cores": (COUNTS, ODD_COUNTS),
    "spark.executor.cores": (COUNTS, ODD_COUNTS), "spark.cores.max": (COUNTS, ODD_COUNTS),
    "spark.executor.instances": (COUNTS, ODD_COUNTS), "spark.jars": (LISTS, ODD_LISTS),
    "spark.files": (LISTS, ODD_LISTS), "spark.archives": (LISTS, ODD_LISTS), "spark.submit.pyFiles": (LISTS, ODD_LISTS),
    "spark.yarn.dist.jars": (LISTS, ODD_LISTS), "spark.yarn.dist.files": (LISTS, ODD_LISTS),
    "spark.yarn.dist.archives": (LISTS, ODD_LISTS), "spark.yarn.dist.pyFiles": (LISTS, ODD_LISTS),
    "spark.yarn.queue": (["q2"], [""]), "spark.jars.ivy": (["/i"], [""]),
    "spark.jars.repositories": (["https://s"], [""]),
    "spark.jars.excludes": (["e:f"], [""]), "spark.driver.extraJavaOptions": (JAVA, ODD_JAVA),
    "spark.driver.defaultJavaOptions": (JAVA, ODD_JAVA), "spark.executor.extraJavaOptions": (JAVA, ODD_JAVA),
    "spark.driver.extraClassPath": (["/f"], [""]), "spark.driver.defaultExtraClassPath": (["/g"], [""]),
    "spark.driver.extraLibraryPath": (["/h"], [""]), "spark.driver.supervise": (BOOLS, ODD_BOOLS),
    "spark.driver.host": (["h"], [""]), "spark.driver.port": (["1"], ["x"]), "spark.yarn.principal": (["q@R"], [""]),
    "spark.yarn.keytab": (["/nonexistent-l"], [""]), "spark.kerberos.principal": (["r@R"], [""]),
    "spark.kerberos.keytab": (["/nonexistent-m"], [""]), "spark.master.rest.enabled": (BOOLS, ODD_BOOLS),
    "spark.dynamicAllocation.enabled": (BOOLS, ODD_BOOLS), "spark.local.connect": (["1"], [""]),
    "spark.api.mode": (["classic", "connect"], ["Connect", ""]), "spark.ui.showConsoleProgress": (BOOLS, ODD_BOOLS),
    "spark.pyspark.python": (["/p"], [""]), "spark.pyspark.driver.python": (["/p2"], [""]),
    "spark.app.id": (["x"], [""]), "spark.yarn.jars": (["local:/y"], [""]), "spark.plugins": (["a.B"], [""]),
    "spark.submit.proxyUser.allowCustomClasspathInClusterMode.enabled": (BOOLS, ODD_BOOLS),
    "spark.kubernetes.namespace": (["n"], [""]), "spark.ui.enabled": (BOOLS, ODD_BOOLS),
    "spark.authenticate": (BOOLS, ODD_BOOLS), "spark.ssl.ui.keyStorePassword": (TEXTS, ODD_TEXTS),
    "spark.hadoop.fs.s3a.secret.key": (TEXTS, ODD_TEXTS), "spark.driver.userClassPathFirst": (BOOLS, ODD_BOOLS),
    "spark.yarn.maxAppAttempts": (COUNTS, ODD_COUNTS), "spark.eventLog.dir": (["/e"], [""]),
    "spark.a": (TEXTS, ODD_TEXTS), "spark.b": (TEXTS, ODD_TEXTS), "spark.c": (TEXTS, ODD_TEXTS),
}
ODD_KEYS = ["spark.authenticate ", " spark.a", "Spark.a", "fs.s3a.endpoint", "hive.x", "spark", "spark.", "",
            "spark.é", "sparkling", "spark.a.b"]
VARIABLES = {
    "MASTER": (MASTERS, ODD_MASTERS), "DEPLOY_MODE": (MODES, ODD_MODES), "SPARK_MASTER": (MASTERS, []),
    "SPARK_DRIVER_MEMORY": (SIZES, ODD_SIZES), "SPARK_EXECUTOR_MEMORY": (SIZES, ODD_SIZES),
    "SPARK_EXECUTOR_CORES": (COUNTS, ODD_COUNTS), "SPARK_EXECUTOR_INSTANCES": (COUNTS, ODD_COUNTS),
    "SPARK_YARN_APP_NAME": (NAMES, ODD_NAMES), "SPARK_YARN_QUEUE": (["q3"], []), "SPARK_MEM": (SIZES, ODD_SIZES),
    "SPARK_REMOTE": (REMOTES, []), "SPARK_LOCAL_REMOTE": (["1"], [""]), "SPARK_CONNECT_MODE": (["0", "1"], ["", "x"]),
    "SPARK_SUBMIT_OPTS": (JAVA, ODD_JAVA), "SPARK_DAEMON_JAVA_OPTS": (JAVA, ODD_JAVA),
    "PYSPARK_SUBMIT_ARGS": (["--conf spark.a=9 pyspark-shell"], ["--bad"]), "SPARK_ENV_LOADED": (["1"], [""]),
    "SPARK_DAEMON_MEMORY": (SIZES, ODD_SIZES), "PYSPARK_PYTHON": (["/v"], [""]),
    "PYSPARK_DRIVER_PYTHON": (["/w"], [""]),
    "SPARK_CLASSPATH": (["/x"], []), "SPARK_DIST_CLASSPATH": (["/x"], []), "SPARK_API_MODE": (["connect"], []),
    "SPARK_TESTING": ([""], []), "SPARK_DRIVER_CORES": (COUNTS, []), "SPARK_APP_NAME": (NAMES, []),
    "SPARK_PRINT_LAUNCH_COMMAND": (["1"], []),
}
HADOOP = {"HADOOP_CONF_DIR": "/nonexistent"}
SHELLS = ["pyspark", "spark-shell", "spark-sql", "run-example", "start-thriftserver.sh", "start-connect-server.sh"]
RESOURCES = ["app.jar", "app.py", "app.R", "/x/app.jar", "/x/app.py", "file:/x/app.py", "local:/x/app.jar"]
ODD_RESOURCES = ["spark-internal", "spark-shell", "pyspark-shell", "sparkr-shell", "connect-shell", "app.r", "app.PY",
                 "pyspark-shell-main", "run-example", "", "app", "x/", "/x//app.py", "a b.py", "app.py/", "é.py",
                 "sparkr-shell-main"]
DEAD = [["--conf", "spark.z=1"], ["--master", "yarn"], ["x"], ["-x"], ["--unknown"], [""], ["--class", "Other"],
        ["--help"], ["a.py"], ["-f", "x.sql"], ["-e", "select 1"]]
SEPARATORS = ["=", " ", ": ", " = ", ":", "\t", "  ", "\\\n =", " :", "=\\\n  "]
ENDS = ["\n", "\n", "\n", "\r\n", "\r", "\n\n", "\n  # note\n", "\n! x\n"]
PARTS = ["a", "B", "9", "=", ":", " ", "\t", "\\", "\\\n  ", "\\\\", "\\u00e9", "é", "#", "!", "'", '"', ",",
         "\\n", "\\r", "\\ ", "\f", "\\u0020", "\u00a0", "\\t"]


class Maker:
    """Makes launches for one Spark line, such as (3, 5)."""

    def __init__(self, dice, line):
        self.dice, self.line = dice, line
        self.odd, self.program = 0.0, ""
        self.options = {**OPTIONS, **(NEWER if line >= (4, 0) else {})}

    def maybe(self, chance):
        return self.dice.random() < chance

    def value(self, pools):
        usual, odd = pools
        return self.dice.choice(odd if odd and self.maybe(self.odd) else usual)

    def setting(self):
        if self.maybe(0.06):
            return self.dice.choice(ODD_KEYS), self.value((TEXTS, ODD_TEXTS))
        key = self.dice.choice(list(KEYS))
        if key == "spark.api.mode" and self.program == "pyspark":  # Python would be a client of Connect
            key = "spark.a"
        return key, self.value(KEYS[key])

    def joined(self, name, value):
        """--name value, or --name=value, which only means the same where there is a value."""
        return [f"{name}={value}"] if self.maybe(0.3) else [name, value]

    def conf(self, key, value):
        if self.maybe(0.04):
            value += self.dice.choice(["\r", " ", "\n"])
        return ["-c", f"{key}={value}"] if self.maybe(0.2) else self.joined("--conf", f"{key}={value}")

    def option(self):
        roll = self.dice.random()
        if roll < 0.55:
            return self.conf(*self.setting())
        if roll < 0.62:
            return [self.dice.choice(SWITCHES)]
        name = self.dice.choice(list(self.options))
        return self.joined(name, self.value(self.options[name]))

    def odd_word(self):
        return self.dice.choice([["--unknown"], ["--conf"], ["--conf", "spark.a"], ["--conf="], ["-c=spark.a=1"],
                                 ["--Master", "yarn"], ["-x"], ["--executor-mem", "1g"], ["--load-spark-defaults"],
                                 ["--extra-properties-file", "{d}/e"], ["--conf", "--master"], ["--conf", "=x"],
                                 ["--driver-default-class-path", "/e"], ["--kill", "x"], ["--"],
                                 ["--conf\r", "spark.a=1"],
                                 ["--remote", "sc://h"], ["--usage-error"], ["--version"], ["--=x"], ["---conf=x"]])

    def place_master(self, launch, options):
        """The master, said in one of the ways there are, or in two."""
        for _ in range(self.dice.choice([0, 1, 1, 1, 1, 2])):
            master = self.value((MASTERS, ODD_MASTERS))
            way = self.dice.randrange(6)
            if way < 3:
                options.append(self.joined("--master", master))
            elif way == 3:
                options.append(self.conf("spark.master", master))
            elif way == 4:
                launch.env["MASTER"] = master
            else:
                launch.files[DEFAULTS] = launch.files.get(DEFAULTS, "") + f"spark.master {master}\n"
        for _ in range(self.dice.choice([0, 0, 1, 1, 2])):
            mode = self.value((MODES, ODD_MODES))
            way = self.dice.randrange(4)
            if way < 2:
                options.append(self.joined("--deploy-mode", mode))
            elif way == 2:
                options.append(self.conf("spark.submit.deployMode", mode))
            else:
                launch.env["DEPLOY_MODE"] = mode

    def text(self):
        return "".join(self.dice.choice(PARTS) for _ in range(self.dice.randrange(8)))

    def file(self):
        lines = []
        for _ in range(self.dice.randrange(7)):
            key, value = (f"spark.k{self.dice.randrange(5)}", self.text()) if self.maybe(0.35) else self.setting()
            if not self.maybe(0.1):  # else as it stands, whatever Java makes of it
                value = value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
            lines.append(self.dice.choice(["", "", "  ", "\t"]) + key + self.dice.choice(SEPARATORS) + value +
                         self.dice.choice(ENDS))
        text = "".join(lines)
        if self.maybe(0.03):
            text = self.dice.choice(["\ufeff" + text, text + "spark.u \\u00\n", text + "\\", text + "spark.x"])
        return text

    def place_files(self, launch, options):
        if self.maybe(0.4):
            launch.files[DEFAULTS] = launch.files.get(DEFAULTS, "") + self.file()
        for name in ("p", "q"):
            if self.maybe(0.2):
                launch.files[name] = self.file()
                options.append(self.joined("--properties-file", "{d}/" + name))
        if self.maybe(0.01):
            options.append(["--properties-file", self.dice.choice(["{d}/missing", "{d}", "", "missing"])])
        if self.line >= (4, 0) and self.maybe(0.2):
            options.append([self.dice.choice(["--load-spark-defaults", "--load-spark-defaults=false"])])
        if self.line >= (4, 2):
            for name in ("e", "f"):
                if self.maybe(0.15):
                    launch.files[name] = self.file()
                    options.append(self.joined("--extra-properties-file", "{d}/" + name))
        if self.maybe(0.05):
            launch.files["java-opts"] = "\n".join(self.value((JAVA, ODD_JAVA)) for _ in range(self.dice.randrange(3)))

    def place_variables(self, launch):
        if self.maybe(0.85):
            launch.env.update(HADOOP)
        for _ in range(self.dice.choice([0, 0, 1, 2])):
            name = self.dice.choice(list(VARIABLES))
            launch.env[name] = self.value(VARIABLES[name])
        if self.program == "pyspark":
            launch.env.pop("SPARK_REMOTE", None)
            launch.env.pop("SPARK_CONNECT_MODE", None)
        if self.maybe(0.02):
            launch.env["SPARK_CONF_DIR"] = self.dice.choice(["", "{d}/nowhere"])

    def application(self, program):
        """The words from --class to the end."""
        if program != "spark-submit":
            return self.dice.choice([[], [], ["x"], ["-e", "select 1"], ["a.R"], ["--hiveconf", "x=y"]])
        resource = self.value((RESOURCES, ODD_RESOURCES))
        words = [resource]
        is_jar = not resource.endswith((".py", ".R", ".r")) and not resource.startswith("pyspark")
        if (is_jar and not self.maybe(0.03)) or self.maybe(0.05):
            name = self.dice.choice(SPECIAL + NEWER_SPECIAL[:self.line >= (4, 0)] if self.maybe(0.15) else CLASSES)
            words = self.joined("--class", name) + words
        for _ in range(self.dice.choice([0, 0, 0, 1, 2])):
            words += self.dice.choice(DEAD)
        return [] if self.maybe(0.01) else words

    def launch(self):
        self.odd = self.dice.choice([0, 0, 0, 0.05, 0.3])
        program = "spark-submit" if self.maybe(0.82) else self.dice.choice(SHELLS)
        self.program = program
        launch, options = Launch([]), []
        self.place_master(launch, options)
        self.place_files(launch, options)
        options += [self.option() for _ in range(self.dice.choice([0, 1, 2, 3, 5, 8]))]
        if program != "pyspark" and self.maybe(0.03):  # a Python client of Connect starts no JVM
            options.append(self.joined("--remote", self.dice.choice(REMOTES)))
        if self.maybe(self.odd / 4):
            options.append(self.odd_word())
        self.dice.shuffle(options)
        self.place_variables(launch)
        launch.argv = [program, *(word for option in options for word in option), *self.application(program)]
        return launch
