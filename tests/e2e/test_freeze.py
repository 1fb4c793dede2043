"""What was judged is what is launched: later changes of the originals change nothing."""

import json

import house

# Rewrites every file that was judged; used by a process that starts before Spark does.
REWRITE = """
for file in {files}; do echo '{line}' > "$file"; done
touch {done}
"""
WAIT = """
import os, time
deadline = time.monotonic() + 15
while not os.path.exists({done!r}) and time.monotonic() < deadline:
    time.sleep(0.02)
import json, pathlib
conf = pathlib.Path(os.environ['SPARK_CONF_DIR'])
print(json.dumps({{
    'done': os.path.exists({done!r}),
    'defaults': (conf / 'spark-defaults.conf').read_text(),
    'env': (conf / 'spark-env.sh').read_text(),
    'properties': pathlib.Path(record['argv'][record['argv'].index('--properties-file') + 1]).read_text(),
}}))
"""
POISON = "spark.hadoop.fs.s3a.secret.key changed-after-the-verdict"


def poisoned(site, files, done):
    script = site.path / "rewrite.sh"
    script.write_text(REWRITE.format(files=" ".join(map(str, files)), line=POISON, done=done))
    return script


def check(site, result):
    assert result.status == 0, result.err
    seen = json.loads(result.out)
    assert seen["done"], "the originals were never rewritten: the test proves nothing"
    assert (site.conf / "spark-defaults.conf").read_text() == POISON + "\n"
    for what in ("defaults", "env", "properties"):
        assert "changed-after-the-verdict" not in seen[what], what
    assert "orders" in seen["properties"]


def test_spark_env_that_rewrites_everything_later_changes_nothing(site):
    done, job = site.path / "done", site.write_conf(house.SAFE, "job.conf")
    env = site.conf / "spark-env.sh"
    script = poisoned(site, [site.conf / "spark-defaults.conf", env, job], done)
    env.write_text(f"(sleep 1; exec /bin/sh {script}) </dev/null >/dev/null 2>&1 &\n")
    site.write_plan(WAIT.format(done=str(done)))
    check(site, site.run("spark-submit", "--properties-file", str(job), "job.py"))


def test_a_wrapper_around_spark_submit_that_rewrites_everything_changes_nothing(site):
    done, job = site.path / "done", site.write_conf(house.SAFE, "job.conf")
    env = site.conf / "spark-env.sh"
    env.write_text("export KIND=wrapped\n")
    script = poisoned(site, [site.conf / "spark-defaults.conf", env, job], done)
    wrapper = site.path / "bin/spark-submit"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\n/bin/sh {script}\nexec {house.FAKE_HOME}/bin/spark-submit "$@"\n')
    wrapper.chmod(0o755)
    site.write_plan(WAIT.format(done=str(done)))
    check(site, site.run(str(wrapper), "--properties-file", str(job), "job.py"))


def test_a_properties_file_swapped_for_a_link_changes_nothing(site):
    job = site.write_conf(house.SAFE, "job.conf")
    other = site.path / "other.conf"
    other.write_text(POISON + "\n")
    env = site.conf / "spark-env.sh"
    env.write_text(f"(sleep 0.5; ln -sfn {other} {job}; touch {site.path}/done) </dev/null >/dev/null 2>&1 &\n")
    site.write_plan(WAIT.format(done=str(site.path / "done")))
    result = site.run("spark-submit", "--properties-file", str(job), "job.py")
    assert result.status == 0, result.err
    assert '"done": true' in result.out
    assert "changed-after-the-verdict" not in result.out


def test_what_spark_env_exports_is_judged(site):
    option = f"-D{house.UNSAFE_KEY}={house.UNSAFE_VALUE}"
    (site.conf / "spark-env.sh").write_text(f"export SPARK_SUBMIT_OPTS='{option}'\n")
    result = site.run("spark-submit", "job.py")
    assert result.status == 77, result.err
    assert result.record is None
    assert "SPARK_SUBMIT_OPTS" in result.err and house.UNSAFE_VALUE not in result.err
