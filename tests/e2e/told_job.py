"""A job for test_run_equals_judged.py: what its driver was really given, as JSON; its JVM's and Python's own.

TellDriver.java, in tests/ref, is the same for a driver without Python.
"""

import json
import os
import sys

from pyspark import SparkContext

context = SparkContext.getOrCreate()
system = context._jvm.java.lang.System
machine = context._jvm.java.lang.management.ManagementFactory.getRuntimeMXBean()
properties = system.getProperties()
json.dump({
    "environment": dict(system.getenv()),
    "properties": {name: properties.getProperty(name) for name in properties.stringPropertyNames()},
    "options": list(machine.getInputArguments()),
    "conf": dict(context.getConf().getAll()),
    "hadoop": context._jsc.hadoopConfiguration().get("fs.t.site"),
    "python": dict(os.environ),
    "arguments": sys.argv[1:],
}, sys.stdout)
context.stop()
