#!/usr/bin/env python3
"""The command line as its users meet it: formats, exit statuses, where output goes. SARIF is checked against the
published schema (build/vendor/sarif, fetched by `make schemas`)."""
import glob
import json
import os
import pty
import stat
import subprocess
import sys
import tempfile

import jsonschema

CUTC = os.path.abspath(os.environ.get("CUTC", "build/cutc"))
ROOT = os.getcwd()
SCHEMA = "build/vendor/sarif/dist/json-schema/sarif-schema-2.1.0.json"
CLEAN = 'plan tiny { }\n'
BROKEN = 'plan tiny { }\nlet a = nobody\nnowhere x { b = 10.0.20.300 }\n'
WARNS = 'plan tiny { }\nallow E231 because "no reason"\n'
failures = 0


def test(name):
    """Runs a function as a test: an exception is a failure."""
    def decorate(function):
        global failures
        try:
            with tempfile.TemporaryDirectory() as folder:
                os.chdir(folder)
                function()
            print("ok - " + name)
        except Exception as error:  # noqa: BLE001: whatever goes wrong is the test's failure
            failures += 1
            print("not ok - " + name)
            for line in ("%s: %s" % (type(error).__name__, error)).splitlines()[:40]:
                print("# " + line)
        finally:
            os.chdir(ROOT)
        return function
    return decorate


def run(*arguments, text="", status=None, **more):
    done = subprocess.run([CUTC, *arguments], input=text, capture_output=True, text=True, timeout=60, check=False, **more)
    if status is not None:
        assert done.returncode == status, "exit status %d, wanted %d\n%s%s" % (done.returncode, status, done.stdout, done.stderr)
    return done


def write(name, text):
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)


def equal(a, b):
    assert a == b, "%r is not %r" % (a, b)


def contains(text, part):
    assert part in text, "%r is not in %r" % (part, text)


PLANS = sorted(os.path.abspath(p) for p in glob.glob("tests/golden/*.cut") + glob.glob("examples/*/*.cut"))
with open(SCHEMA, encoding="utf-8") as schema_file:
    VALIDATOR = jsonschema.Draft7Validator(json.load(schema_file))


def check_sarif(text, status):
    VALIDATOR.validate(json.loads(text))
    driver = json.loads(text)["runs"][0]
    for finding in driver["results"]:
        equal(driver["tool"]["driver"]["rules"][finding["ruleIndex"]]["id"], finding["ruleId"])
        for location in finding["locations"]:
            region = location["physicalLocation"]["region"]
            assert (region["startLine"], region["startColumn"]) <= (region["endLine"], region["endColumn"]), region
    if status:
        assert any(f["level"] == "error" for f in driver["results"])


@test("SARIF fits the schema, for each plan here")
def _():
    for plan in PLANS:
        done = run("check", "--format", "sarif", plan)
        try:
            check_sarif(done.stdout, done.returncode)
        except Exception as error:
            raise AssertionError("%s: %s" % (plan, error)) from error


@test("SARIF of a broken, an empty and a strange plan")
def _():
    for text in (BROKEN, "", CLEAN, "plan x {\n# \u65e5\u672c \U0001f600\n}\nlet a = \U0001f600 nobody\n", "\x01\x02{"):
        done = run("check", "--format=sarif", "-", text=text)
        check_sarif(done.stdout, done.returncode)


@test("JSON findings have one shape")
def _():
    done = run("check", "--format", "json", "-", text=BROKEN)
    data = json.loads(done.stdout)
    equal(data["format"], "cutc-findings/1")
    equal(data["errors"], sum(f["severity"] == "error" and f["waived"] is None for f in data["findings"]))
    assert data["findings"]
    for finding in data["findings"]:
        equal(sorted(finding), ["at", "code", "labels", "message", "remarks", "resource", "rule", "severity", "waived"])
        equal(sorted(finding["at"]), ["column", "end_column", "end_line", "file", "label", "line"])


@test("annotations are one line a finding")
def _():
    done = run("check", "--format", "github", "-", text=BROKEN)
    assert done.stdout and all(line.startswith(("::error ", "::warning ", "::notice ")) for line in done.stdout.splitlines()), done.stdout


@test("exit statuses: 0 clean, 1 findings, 2 syntax and usage")
def _():
    run("check", "-", text=CLEAN, status=0)
    run("check", "-", text="plan tiny { }\nnowhere x { }\n", status=1)
    run("check", "-", text="plan tiny {{\n", status=2)
    run("check", "nowhere.cut", status=2)
    run("check", "/", status=2)
    run(status=2)
    run("chekc", status=2)
    run("check", "a", "b", status=2)
    run("--help", status=0)
    run("--version", status=0)
    run("check", "--help", status=0)


@test("--deny warnings makes warnings errors")
def _():
    run("check", "-", text=WARNS, status=0)
    run("check", "--deny", "warnings", "-", text=WARNS, status=1)
    run("check", "--deny=warnings", "-", text=WARNS, status=1)
    run("check", "--deny=errors", "-", text=WARNS, status=2)


PORTS = """plan tiny { }
use std/net
host a { address = 10.0.0.1  ports = [80/tcp] %s }
host b { address = 10.0.0.2  ports = [80/tcp] }
rule no-plain-http {
  about "Nothing answers on port 80."
  for h in host
  require not (80/tcp in h.ports)
  else error "`${h}` answers on port 80"
}
%s
"""


def waived(inside, outside):
    data = json.loads(run("check", "--format=json", "-", text=PORTS % (inside, outside)).stdout)
    return [(f["rule"] or f["code"], f["waived"]) for f in data["findings"]]


@test("a waiver speaks of its block, at the top of the plan of everything")
def _():
    equal(waived("", ""), [("no-plain-http", None), ("no-plain-http", None)])
    equal(waived('allow no-plain-http because "old"', ""), [("no-plain-http", "old"), ("no-plain-http", None)])
    equal(waived("", 'allow no-plain-http because "all old"'), [("no-plain-http", "all old")] * 2)
    equal(waived("", 'allow E261 because "all old"'), [("no-plain-http", "all old")] * 2)
    equal(waived('allow E231 because "?"', ""), [("no-plain-http", None), ("no-plain-http", None), ("E116", None)])
    run("check", "-", text=PORTS % ("", 'allow no-plain-http because "all old"'), status=0)


@test("what cannot be understood cannot be waived")
def _():
    data = json.loads(run("check", "--format=json", "-", text='plan t { }\nallow E101 because "x"\nnowhere x { }\n').stdout)
    equal([(f["code"], f["waived"]) for f in data["findings"]], [("E101", None), ("E116", None)])


@test("misspelt words are answered with the nearest")
def _():
    contains(run("chekc").stderr, "did you mean `check`?")
    contains(run("check", "--formt=json").stderr, "did you mean `--format`?")
    contains(run("check", "--format=jsno").stderr, "text|json|sarif|github")
    contains(run("explain", "E2001").stderr, "did you mean")
    contains(run("why", "x").stderr, "an argument is missing")


@test("the plan of a folder is found: plan.cut first, else the only one")
def _():
    contains(run("check", status=2).stderr, "no plan was named")
    write("facts.cut", "let a = 1\n")
    write("b.cut", CLEAN)
    run("check", status=0)
    write("c.cut", CLEAN)
    contains(run("check", status=2).stderr, "2 files in this folder have a plan")
    write("plan.cut", "plan x { }\nnowhere x { }\n")
    contains(run("check", status=1).stdout, "plan.cut:2:1")


@test("findings go to stdout for check, to stderr for emit")
def _():
    done = run("check", "-", text=BROKEN)
    assert done.stdout and not done.stderr, done.stderr
    done = run("emit", "-", text=BROKEN)
    assert done.stderr and not done.stdout, done.stdout


@test("a full disk and a closed pipe are reported")
def _():
    with open("/dev/full", "w", encoding="utf-8") as full:
        for arguments in (["check", "-"], ["model", "-"], ["--help"], ["explain", "E201"]):
            done = subprocess.run([CUTC, *arguments], input=CLEAN, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
            equal(done.returncode, 2)
            contains(done.stderr, "No space left on device")
    read, out = os.pipe()
    os.close(read)
    done = subprocess.run([CUTC, "model", "-"], input=CLEAN, stdout=out, stderr=subprocess.PIPE, text=True, check=False)
    equal(done.returncode, 2)
    contains(done.stderr, "Broken pipe")


@test("-o writes all or nothing, runbooks with their run bit")
def _():
    write("plan.cut", CLEAN)
    run("emit", "-o", "run.sh", status=0)
    assert os.stat("run.sh").st_mode & stat.S_IXUSR
    before = open("run.sh", encoding="utf-8").read()
    write("plan.cut", BROKEN)
    assert run("emit", "-o", "run.sh").returncode
    equal(open("run.sh", encoding="utf-8").read(), before)
    equal(sorted(os.listdir(".")), ["plan.cut", "run.sh"])
    write("plan.cut", CLEAN)
    contains(run("model", "-o", "no/such/folder/x", status=2).stderr, "No such file")


@test("the same plan gives the same bytes")
def _():
    for plan in PLANS:
        for command in ("check", "emit", "model"):
            equal(run(command, plan, cwd=ROOT).stdout, run(command, plan, cwd=ROOT).stdout)


def terminal(environment, *arguments):
    """What is printed to a terminal."""
    master, slave = pty.openpty()
    clean = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    done = subprocess.Popen([CUTC, *arguments], stdin=subprocess.DEVNULL, stdout=slave, stderr=slave, env=dict(clean, TERM="xterm", **environment))
    os.close(slave)
    out = b""
    while True:
        try:
            part = os.read(master, 4096)
        except OSError:
            break
        if not part:
            break
        out += part
    done.wait()
    os.close(master)
    return out.decode()


@test("colour: on a terminal, by --color, not with NO_COLOR")
def _():
    write("x.cut", BROKEN)
    contains(terminal({}, "check", "x.cut"), "\033[")
    assert "\033[" not in terminal({"NO_COLOR": "1"}, "check", "x.cut")
    assert "\033[" not in terminal({}, "check", "--color=never", "x.cut")
    assert "\033[" not in run("check", "x.cut").stdout
    contains(run("check", "--color=always", "x.cut").stdout, "\033[")


@test("graphs: DOT is read by Graphviz, SVG is drawn")
def _():
    for plan in PLANS:
        done = run("graph", plan)
        if done.returncode == 0:
            subprocess.run(["dot", "-Tcanon"], input=done.stdout, capture_output=True, text=True, check=True, timeout=60)
    write("x.cut", CLEAN)
    contains(run("graph", "--format=svg", "x.cut", status=0).stdout, "<svg")
    run("graph", "--state", "baseline", "x.cut", status=0)
    contains(run("graph", "--state", "7", "x.cut", status=2).stderr, "there is no state `7`")
    contains(run("graph", "--format=svg", "x.cut", status=2, env=dict(os.environ, PATH="/nowhere")).stderr, "graphviz")


sys.exit(1 if failures else 0)
