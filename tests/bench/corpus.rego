# Some of arrestor's rules, as conftest would check them: by the files' own text. Each says the
# identifier of the rule that it stands for. Versions, precedence, Spark's readers of booleans,
# shell and Python are beyond it.
package main

import rego.v1

applications := {"SparkApplication", "ScheduledSparkApplication"}

# Where settings stand: {key: value}.
confs contains conf if {
	applications[input.kind]
	input.apiVersion == "sparkoperator.k8s.io/v1beta2"
	spec := object.get(input.spec, "template", input.spec)
	conf := object.union({"spark.master": "k8s://"}, object.get(spec, "sparkConf", {}))
}

confs contains conf if {
	input.kind == "SparkApplication"
	input.apiVersion != "sparkoperator.k8s.io/v1beta2"
	conf := object.union({"spark.master": "k8s://"}, object.get(input.spec, "sparkConf", {}))
}

# A properties file.
confs contains input if {
	some key, _ in input
	startswith(key, "spark.")
}

# Configurations of EMR, wherever they stand.
confs contains conf if {
	[_, value] := walk(input)
	value.Classification == "spark-defaults"
	conf := object.union({"spark.master": "yarn"}, object.get(value, "Properties", {}))
}

is_true(conf, key) if lower(sprintf("%v", [object.get(conf, key, "")])) == "true"

is_off(conf, key) if lower(sprintf("%v", [object.get(conf, key, "")])) == "false"

is_local(conf) if regex.match(`^local(-cluster)?(\[|$)`, object.get(conf, "spark.master", ""))

# Key and the master's part in it, by rule.
must_be_true := {
	"SPARK-AUTH-001": {"key": "spark.authenticate", "local": false},
	"SPARK-CRYPTO-001": {"key": "spark.network.crypto.enabled", "local": false},
	"SPARK-DISK-001": {"key": "spark.io.encryption.enabled", "local": true},
}

deny contains {"msg": rule} if {
	some conf in confs
	some rule, what in must_be_true
	not is_true(conf, what.key)
	not excused(conf, what)
}

excused(conf, what) if {
	not what.local
	is_local(conf)
}

deny contains {"msg": "SPARK-ACL-001"} if {
	some conf in confs
	not is_local(conf)
	not is_true(conf, "spark.acls.enable")
	not is_off(conf, "spark.ui.enabled")
}

deny contains {"msg": "SPARK-TLS-001"} if {
	some conf in confs
	not is_local(conf)
	not is_true(conf, "spark.ssl.ui.enabled")
	not by_inheritance(conf)
	not is_off(conf, "spark.ui.enabled")
}

by_inheritance(conf) if {
	is_true(conf, "spark.ssl.enabled")
	not conf["spark.ssl.ui.enabled"]
}

deny contains {"msg": "PLAINTEXT-S3A-001"} if {
	some conf in confs
	some key, value in conf
	regex.match(`(fs\.s3.*|spark\.sql\.catalog\..*\.s3\.)\.?(secret\.key|access\.key|secret-access-key|session\.token)$`, key)
	not regex.match(`^\$|^\{\{|^<`, sprintf("%v", [value]))
	value != ""
}
