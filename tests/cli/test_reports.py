"""Reports: what each format requires, of results of every kind; by its schema or a real reader."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

SCHEMAS = Path(__file__).parent / "schemas"

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


def test_junit(report):
    root = ElementTree.fromstring(report("junit"))
    (suite,) = root
    for element in (root, suite):
        assert element.get("tests") == "6"
        assert (element.get("failures"), element.get("errors")) == ("4", "1")
        assert float(element.get("time")) >= 0
    assert (root.tag, suite.tag, suite.get("name")) == ("testsuites", "testsuite", PATH)
    found = {}
    for case in suite:
        assert (case.tag, case.get("classname")) == ("testcase", PATH)
        assert re.fullmatch(r"\d+\.\d\d\d", case.get("time"))
        for trouble in case:
            assert trouble.tag == ("error" if case.get("name") == "broken" else "failure")
            assert trouble.get("message")
            assert trouble.text
            found[case.get("name")] = trouble.get("type")
    assert found == FAILED


# What no format can hold as it is: control characters, line breaks, marks that mean something.
HOSTILE = r"""
[checks."\u0000 \u0007 \u2028 \u0085 \uFFFF ]]> & <b> \" ' # skip \\"]
expr = "x  # \\ ]]> & ::error::"
inputs.x = 1
value = 2
[checks.""]
expr = "x"
[checks."::error file=a::"]
expr = "x +\n\n\n\u001B \t 漢 🙂"
[checks."%0A % : ,"]
expr = "1/x"
inputs.x = 0
value = -inf
grads.x = nan
[checks.missing]
expr = "x"
inputs.x = 1
grads.y = 1
"""


@pytest.fixture(params=[SUITE, GOOD, HOSTILE], ids=["suite", "good", "hostile"])
def anything(request, report):
    """A report in some format on checks of some kind."""
    return lambda form: report(form, request.param, int(request.param != GOOD))


def test_junit_by_the_schema_of_jenkins(anything):
    xmlschema = pytest.importorskip("xmlschema")
    xmlschema.validate(anything("junit"), SCHEMAS / "junit-10.xsd")


def test_sarif_by_its_schema(anything):
    sarif = pytest.importorskip("pydantic_sarif.model")  # generated from the schema
    sarif.StaticAnalysisResultsFormatSarifVersion210JsonSchema.model_validate_json(
        anything("sarif"), strict=False
    )


def test_tap_by_a_reader_of_tap(anything):
    parser = pytest.importorskip("tap.parser").Parser()
    version, plan, *points = parser.parse_text(anything("tap"))
    assert (version.category, version.version, plan.category) == ("version", 13, "plan")
    assert [(point.category, point.number) for point in points] == [
        ("test", n + 1) for n in range(plan.expected_tests)
    ]
    for point in points:
        details = point.yaml_block
        assert point.ok == (details is None)
        assert point.ok or {"message", "file", "line", "details"} == details.keys()


def test_github_by_the_rules_of_the_runner(anything):
    for line in anything("github").splitlines():
        command, properties, message = re.fullmatch(r"::([^ ]+) (.*?)::(.*)", line).groups()
        assert command == "error"
        assert message
        for part in properties.split(","):
            name, value = part.split("=", 1)
            assert name in ("title", "file", "line")
            assert ":" not in value
        assert re.fullmatch(r"([^%\r]|%25|%0A|%0D|%3A|%2C)*", properties + message)


def test_gitlab_by_its_rules(anything):
    issues = json.loads(anything("gitlab"))
    for issue in issues:
        assert issue["description"]
        assert re.fullmatch("[0-9a-f]{40}", issue["fingerprint"])
        assert not issue["location"]["path"].startswith(("./", "/"))
        assert issue["location"]["lines"]["begin"] >= 1
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)


def test_json_is_strict(anything):
    def refuse(word):
        raise AssertionError(word)

    document = json.loads(anything("json"), parse_constant=refuse)
    assert document["passed"] + document["failed"] == len(document["checks"])


def test_text_has_nothing_that_moves_the_cursor(anything):
    assert all(c.isprintable() or c in "\n\t" for c in anything("text"))


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
    assert by_name["good"]["comparisons"][0]["against"] == "complex step"


def test_several_reports_in_one_run(gradcalc, tmp_path):
    words = ["--report", "text", "--report", "junit:a.xml", "--report", "json:b.json"]
    run = gradcalc("check", "x*x", "x=3", *words)
    assert run.out == "ok    x*x\n  gradient by x    1 entry agrees with a complex step\n" + (
        "1 check: passed\n"
    )
    assert ElementTree.parse(tmp_path / "a.xml").getroot().tag == "testsuites"
    assert json.loads((tmp_path / "b.json").read_text())["passed"] == 1


@pytest.mark.parametrize("form", ["json", "junit", "github", "gitlab", "sarif", "tap"])
def test_a_check_without_a_file_is_reported_too(gradcalc, form):
    run = gradcalc("check", "x*x", "x=3", "--expect-value", "8", "--report", form)
    assert (run.code, run.err) == (1, "")
    assert "x*x" in run.out


@pytest.mark.parametrize(
    ("name", "suite", "lines"),
    [
        ("a.toml", '# checks\nchecks.a.expr = "x"\nchecks."b c" = { expr = "x" }\n', [2, 3]),
        ("a.toml", "[checks]\na.expr = 'x'\n\n'expr' . expr = 'x'\n", [2, 4]),
        ("a.toml", '[checks.a]\nexpr = "x"\nvalue = 3\n[ checks . value ]\nexpr = "x"\n', [1, 4]),
        (
            "a.json",
            '{"rtol": 1,\n "checks": {\n"a": {"expr": "\\"b\\""},\n"b": {"expr": "x"}}}',
            [3, 4],
        ),
    ],
)
def test_the_line_of_a_check(gradcalc, tmp_path, name, suite, lines):
    (tmp_path / name).write_text(suite)
    run = gradcalc("check", "-f", name, "--report", "json", "--exit-zero")
    assert [check["line"] for check in json.loads(run.out)["checks"]] == lines


def test_a_file_named_twice_is_checked_once(gradcalc, tmp_path):
    (tmp_path / "a.toml").write_text(GOOD)
    run = gradcalc("check", "-f", "./a.toml", "-f", ".", "-f", "a.toml")
    assert run.out.endswith("1 check: passed\n")


def test_a_name_that_no_report_could_hold(gradcalc, tmp_path):
    try:
        (tmp_path / "a\udcff.toml").write_text(GOOD)
    except OSError:
        pytest.skip("the file system has no such names")
    run = gradcalc("check", "-f", ".")
    assert (run.code, run.out) == (4, "")
    assert run.err.startswith("error[G213]: the name of this suite is not UTF-8\n")
