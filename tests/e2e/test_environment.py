"""An environment that could put code in front of the judgement is refused before anything runs."""

import pytest


@pytest.mark.parametrize("variable", ["BASH_ENV", "ENV", "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT"])
def test_a_variable_that_runs_code_is_refused(site, variable):
    trap, trace = site.path / "trap.sh", site.path / "trace"
    trap.write_text(f"touch {trace}\n")
    result = site.run("spark-submit", "job.py", environment={variable: str(trap)})
    assert result.status == 77, result.err
    assert variable in result.err
    assert result.record is None
    assert not trace.exists()


def test_a_variable_of_the_same_beginning_is_let_through(site):
    result = site.run("spark-submit", "job.py", environment={"ENVIRONMENT": "production"})
    assert result.status == 0, result.err
    assert result.record["environment"]["ENVIRONMENT"] == "production"
