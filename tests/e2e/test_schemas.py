# SPDX-License-Identifier: Apache-2.0
"""The published JSON Schemas: made from the program's own tables, and true of what is shipped."""
import json

import pytest
from conftest import TOP

jsonschema = pytest.importorskip("jsonschema")
yaml = pytest.importorskip("yaml")

FILES = [("set", "patterns/*.yaml"), ("probe", "probes/*.yaml"), ("plan", "samples/*/plan.yaml"), ("plan", "samples/plans/*.yaml"), ("plan", "samples/real/*/plan.yaml")]


@pytest.mark.parametrize("what", ["plan", "set", "probe"])
def test_the_published_schema_is_the_one_that_the_program_makes(gonogo, what):
    assert gonogo("list", "schema", what).out == (TOP / "schemas" / f"{what}.schema.json").read_text()


@pytest.mark.parametrize("what, pattern", FILES)
def test_what_is_shipped_meets_its_schema(what, pattern):
    schema = json.loads((TOP / "schemas" / f"{what}.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    wrong = [f"{path.name}: {list(e.path)}: {e.message[:200]}" for path in sorted(TOP.glob(pattern))
             for e in validator.iter_errors(yaml.safe_load(path.read_text()))]
    assert not wrong


def test_a_schema_refuses_what_the_program_refuses():
    schema = json.loads((TOP / "schemas" / "set.schema.json").read_text())
    assert list(jsonschema.Draft202012Validator(schema).iter_errors({"set": "x", "titel": "y"}))
