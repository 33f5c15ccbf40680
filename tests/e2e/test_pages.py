# SPDX-License-Identifier: Apache-2.0
"""docs/sets/: pages that the program makes of its sets."""
import re

import pytest
from conftest import TOP

yaml = pytest.importorskip("yaml")

PAGES = TOP / "docs" / "sets"
SETS = sorted(path.stem for path in (TOP / "patterns").glob("*.yaml"))


def test_there_is_a_page_for_every_set_and_none_beside():
    assert sorted(path.stem for path in PAGES.glob("*.md")) == sorted(SETS + ["README"])


@pytest.mark.parametrize("name", SETS)
def test_the_page_in_the_tree_is_the_one_that_the_program_makes(gonogo, name):
    assert gonogo("list", "page", name).out == (PAGES / f"{name}.md").read_text(encoding="utf-8"), "run docs/make"


def test_the_index_in_the_tree_is_the_one_that_the_program_makes_and_names_every_set(gonogo):
    index = gonogo("list", "page").out
    assert index == (PAGES / "README.md").read_text(encoding="utf-8"), "run docs/make"
    assert re.findall(r"^\| \[[\w-]+\]\(([\w-]+)\.md\)", index, re.M) == SETS


@pytest.mark.parametrize("name", SETS)
def test_a_page_tells_all_that_its_set_knows(gonogo, name):
    doc = yaml.safe_load((TOP / "patterns" / f"{name}.yaml").read_text(encoding="utf-8"))
    page = gonogo("list", "page", name).out
    rows = dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", page, re.M))
    for rule in doc["rules"]:
        row = rows[rule["id"]]
        assert rule["effect"] == "ignore" or row.startswith(rule["effect"]), rule["id"]
        assert ("point of no return" in row) == bool(rule.get("point_of_no_return")), rule["id"]
        for failure in [rule.get("explains", [])] if isinstance(rule.get("explains"), str) else rule.get("explains", []):
            assert f"`{failure if '/' in failure else name + '/' + failure}`" in row
        for fact in rule.get("facts", {}):
            assert f"`{rule['id']}`" in rows[fact]
    for i, step in enumerate(doc.get("restore", []), 1):
        assert re.search(rf"^{i}\. .*{re.escape(step.split()[0])}", page, re.M)
    for used in doc.get("uses", []):
        assert f"[{used}]({used}.md)" in page
    for log in (TOP / "samples" / name).glob("*.log"):
        verdict = log.with_suffix(".expect").read_text().split()[0]
        assert f"| `{log.name}` | {verdict} |" in page
    cells = [len(re.findall(r"(?<!\\)\|", line)) for line in page.splitlines() if line.startswith("|")]
    assert set(cells) <= {3, 4, 5}


def test_the_probes_that_go_with_a_set_stand_on_its_page(gonogo):
    assert "| `tomcat-context` |" in gonogo("list", "page", "tomcat").out
    assert "| `alfresco-solr-index` |" in gonogo("list", "page", "alfresco").out
    assert "| `alfresco-solr-index` |" not in gonogo("list", "page", "solr").out


def test_a_page_of_no_set_is_a_mistake(gonogo):
    r = gonogo("list", "page", "tomcatt")
    assert r.code == 78 and "did you mean 'tomcat'?" in r.err
