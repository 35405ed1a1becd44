"""Reports: what each format requires, of results of every kind."""

import json
import re
from xml.etree import ElementTree

import pytest

SUITE = """\
[checks.good]
expr = "x*x"
inputs.x = 3
[checks."value: 100% <wrong>, #1"]
expr = "x*x"
inputs.x = 3
value = 8
[checks.gradient]
expr = "sum(x*x)"
inputs.x = [1, 2]
grads.x = [2, nan]
[checks.shape]
expr = "sum(x*x)"
inputs.x = [1, 2]
grads.x = 2
[checks.differences]
expr = "x*detach(x)"
inputs.x = 3
[checks.broken]
expr = "\\u0007x +"
"""
FAILED = {
    "value: 100% <wrong>, #1": "G701",
    "gradient": "G702",
    "shape": "G702",
    "differences": "G703",
    "broken": "G105",
}
LINES = {"value: 100% <wrong>, #1": 4, "gradient": 8, "shape": 12, "differences": 16, "broken": 19}


@pytest.fixture
def report(gradcalc, tmp_path):
    """The report on the suite in a format; an empty one if every check passes."""

    def run(form, text=SUITE, code=1):
        folder = tmp_path / "my checks"
        folder.mkdir(exist_ok=True)
        (folder / "a.toml").write_text(text)
        run = gradcalc("check", "-f", "my checks", "--report", form)
        assert (run.code, run.err) == (code, "")
        return run.out

    return run


GOOD = SUITE[: SUITE.index('[checks."value')]
PATH = "my checks/a.toml"


JUNIT = {  # what Jenkins' schema (junit-10.xsd) allows, the required ones first
    "testsuites": {"name", "tests", "failures", "errors", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "time", "skipped"},
    "testcase": {"name", "classname", "time"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
}


def test_junit(report):
    root = ElementTree.fromstring(report("junit"))
    (suite,) = root
    assert all(set(element.attrib) == JUNIT[element.tag] for element in root.iter())
    for element in (root, suite):
        assert element.get("tests") == "6"
        assert (element.get("failures"), element.get("errors")) == ("4", "1")
        assert float(element.get("time")) >= 0
    assert (root.tag, suite.tag, suite.get("name")) == ("testsuites", "testsuite", PATH)
    found = {}
    for case in suite:
        assert (case.tag, case.get("classname")) == ("testcase", PATH)
        assert re.fullmatch(r"\d+\.\d+", case.get("time"))
        for trouble in case:
            assert trouble.tag == ("error" if case.get("name") == "broken" else "failure")
            assert trouble.get("message")
            assert trouble.text
            found[case.get("name")] = trouble.get("type")
    assert found == FAILED


def test_junit_always_has_a_case(report):
    assert len(list(ElementTree.fromstring(report("junit", GOOD, 0)).iter("testcase"))) == 1


def test_github(report):
    lines = report("github").splitlines()
    assert len(lines) == len(FAILED)
    places = {}
    for line in lines:
        said = re.fullmatch(r"::error title=([^,:]*),file=([^,:]*),line=(\d+)::(.+)", line)
        title = re.sub("%(..)", lambda m: chr(int(m[1], 16)), said[1])
        gradcalc, code, name = title.split(" ", 2)
        assert (gradcalc, said[2], FAILED[name]) == ("gradcalc", PATH, code)
        assert "%0A" in said[4]
        places[name] = int(said[3])
    assert places == LINES
    assert "value" in lines[-1]  # 9 instead of 8 is the least of them
    assert report("github", GOOD, 0) == ""


def test_github_shows_ten(report):
    many = "".join(f'[checks.c{i}]\nexpr = "x"\ninputs.x = 1\nvalue = {i + 2}\n' for i in range(25))
    lines = report("github", many).splitlines()
    assert len(lines) == 10
    assert "c24" in lines[0]
    assert lines[-1].startswith("::error title=gradcalc%3A 16 more checks failed::")


def test_gitlab(report):
    issues = json.loads(report("gitlab"))
    assert len({issue["fingerprint"] for issue in issues}) == len(FAILED)
    for issue in issues:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        name = next(name for name in FAILED if issue["description"].startswith(name))
        assert issue["check_name"] == FAILED[name]
        assert issue["location"] == {"path": PATH, "lines": {"begin": LINES[name]}}
    assert report("gitlab", GOOD, 0) == "[]\n"


def test_sarif(report):
    log = json.loads(report("sarif"))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "gradcalc"
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(set(ids)) == len(ids)
    assert all(rule["shortDescription"]["text"] for rule in driver["rules"])
    assert len(run["results"]) == len(FAILED)
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] == "error"
        (location,) = result["locations"]
        place = location["physicalLocation"]
        assert place["artifactLocation"] == {"uri": "my%20checks/a.toml"}
        name = next(name for name in FAILED if result["message"]["text"].startswith(name))
        assert (result["ruleId"], place["region"]) == (FAILED[name], {"startLine": LINES[name]})
    assert json.loads(report("sarif", GOOD, 0))["runs"][0]["results"] == []


def test_tap(report):
    lines = report("tap").splitlines()
    assert lines[:3] == ["TAP version 13", "1..6", "ok 1 - good"]
    assert lines[3] == "not ok 2 - value: 100% <wrong>, \\#1"
    points = [line for line in lines if re.match("(not )?ok ", line)]
    assert len(points) == 6
    assert lines.count("  ---") == lines.count("  ...") == len(FAILED)
    assert all(line.startswith("  ") for line in lines[3:] if line not in points)


def test_json(report):
    document = json.loads(report("json"))
    assert (document["passed"], document["failed"]) == (1, 5)
    by_name = {check["name"]: check for check in document["checks"]}
    assert by_name["broken"]["error"]["code"] == "G105"
    (gradient,) = by_name["gradient"]["comparisons"]
    assert gradient["worst"] == [{"index": [1], "got": 4.0, "want": "NaN", "allowed": 0.0}]
    assert by_name["good"]["comparisons"][0]["against"] == "finite differences"


def test_several_reports_in_one_run(gradcalc, tmp_path):
    words = ["--report", "text", "--report", "junit:a.xml", "--report", "json:b.json"]
    run = gradcalc("check", "x*x", "x=3", *words)
    assert run.out == "ok    x*x\n  gradient by x    1 entry agrees with finite differences\n" + (
        "1 check: passed\n"
    )
    assert ElementTree.parse(tmp_path / "a.xml").getroot().tag == "testsuites"
    assert json.loads((tmp_path / "b.json").read_text())["passed"] == 1


@pytest.mark.parametrize("form", ["json", "junit", "github", "gitlab", "sarif", "tap"])
def test_a_check_without_a_file_is_reported_too(gradcalc, form):
    run = gradcalc("check", "x*x", "x=3", "--expect-value", "8", "--report", form)
    assert (run.code, run.err) == (1, "")
    assert "x*x" in run.out
