# SPDX-License-Identifier: Apache-2.0
"""The engine takes shortcuts; on generated logs of every density none of them changes what comes out."""
import ctypes
import json
import pathlib
import shutil
import subprocess
import sys

import pytest
from conftest import BINARY

BENCH = pathlib.Path(__file__).resolve().parents[1] / "bench"
# lines in a thousand that a rule meets, MiB: the shipped sets' filter is built anew for the log after some ten of them
DENSITIES = {"rare": (1, 14), "medium": (50, 6), "heavy": (480, 6)}
PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 65, 1


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """A folder with logs and the benchmark's rules, 100 and 400."""
    if not shutil.which("cc"):
        pytest.skip("no C compiler here to build the generator with")
    d = tmp_path_factory.mktemp("generated")
    subprocess.run([sys.executable, BENCH / "rules.py", d], check=True)
    subprocess.run(["cc", "-O2", "-std=gnu17", "-D_GNU_SOURCE", "-I", BENCH.parents[1] / "src", "-o", d / "gen",
                    BENCH / "gen.c"], check=True)
    for name, (permille, size) in DENSITIES.items():
        with open(d / f"{name}.log", "wb") as f:
            subprocess.run([d / "gen", str(size << 20), str(permille), d / "samples"], stdout=f, check=True)
    return d


def scan(folder, rules, log, *options, env=None, preexec_fn=None):
    """Verdict and events of a scan, without what our own clock says; rules None: the shipped sets, recognised."""
    events = folder / "events.ndjson"
    sets = ["--set", "bench", "--patterns", folder / str(rules)] if rules else []
    r = subprocess.run([BINARY, "scan", "--quiet", *sets, "--json", "-", "--events", events, *options, folder / f"{log}.log"],
                       stdout=subprocess.PIPE, timeout=600, env=env, preexec_fn=preexec_fn)
    doc = json.loads(r.stdout)
    told = [json.loads(line) for line in events.read_text("utf-8").splitlines()]
    for d in (doc, *told):
        for key in ("started", "ended", "seconds", "at"):
            d.pop(key, None)
    return doc, told


@pytest.mark.parametrize("rules", [100, 400, None])
@pytest.mark.parametrize("density", DENSITIES)
@pytest.mark.slow
def test_skimming_tells_what_trying_every_rule_on_every_record_tells(generated, density, rules):
    oracle = scan(generated, rules, density, "--no-prefilter")
    assert len(oracle[1]) > 10
    assert scan(generated, rules, density) == oracle
    assert scan(generated, rules, density, "--threads", "3") == oracle


def test_a_system_that_forbids_to_generate_code_changes_nothing(generated):
    libc = ctypes.CDLL(None, use_errno=True)

    def forbid():
        if libc.prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")

    try:
        subprocess.run(["true"], preexec_fn=forbid, check=True)
    except subprocess.SubprocessError:
        pytest.skip("this kernel cannot forbid it (PR_SET_MDWE)")
    assert scan(generated, 100, "medium", preexec_fn=forbid) == scan(generated, 100, "medium")
