#!/usr/bin/env python3
"""The command line as its users meet it: formats, exit statuses, where output goes. SARIF is checked against the
published schema (build/vendor/sarif, fetched by `make schemas`)."""
import fcntl
import glob
import json
import os
import pty
import stat
import struct
import subprocess
import sys
import tempfile
import termios
import unicodedata

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


SECONDS = {"type": ["number", "null"], "minimum": 0}
TIMELINE = {
    "type": "object", "additionalProperties": False, "required": ["proven", "takes", "of_unknown_length", "steps", "promises"],
    "properties": {
        "proven": {"type": "boolean"}, "takes": SECONDS, "of_unknown_length": {"type": "integer"},
        "steps": {"type": "array", "items": {
            "type": "object", "additionalProperties": False, "required": ["step", "id", "title", "begins", "takes", "wait"],
            "properties": {"step": {"type": "integer"}, "id": {"type": "string"}, "title": {"type": "string"}, "begins": SECONDS, "takes": SECONDS,
                           "wait": {"type": "boolean"}}}},
        "promises": {"type": "array", "items": {
            "type": "object", "additionalProperties": False,
            "required": ["id", "promise", "hold", "limit", "states", "down_during", "outage", "or_more", "back"],
            "properties": {
                "id": {"type": "string"}, "promise": {"type": "string"}, "hold": {"enum": ["always", "at_most", "finally"]}, "limit": SECONDS,
                "states": {"type": "array", "items": {
                    "type": "object", "additionalProperties": False, "required": ["is", "from", "to"],
                    "properties": {"is": {"enum": ["up", "maybe", "down", "unknown"]}, "from": {"type": "integer"}, "to": {"type": "integer"}}}},
                "down_during": {"type": "array", "items": {"type": "integer"}}, "outage": SECONDS, "or_more": {"type": "boolean"}, "back": SECONDS}}}}}


@test("the timeline as JSON is that of the model, for each plan of the goldens and examples")
def _():
    said = set()
    for path in sorted(glob.glob(ROOT + "/tests/golden/*.cut") + glob.glob(ROOT + "/examples/*/*.cut")):
        data, model = json.loads(run("check", "--format", "json", path).stdout), run("model", "--format", "json", path)
        if "timeline" not in data:
            assert data["errors"], path
            continue
        line, model = data["timeline"], json.loads(model.stdout)
        jsonschema.validate(line, TIMELINE)
        equal([s["id"] for s in line["steps"]], model["order"])
        equal([s["step"] for s in line["steps"]], list(range(1, len(line["steps"]) + 1)))
        equal(line["takes"], sum(s["takes"] or 0 for s in line["steps"]))
        equal(line["of_unknown_length"], sum(s["takes"] is None for s in line["steps"]))
        begins = 0
        for step in line["steps"]:
            equal(step["begins"], begins)
            begins = None if begins is None or step["takes"] is None else begins + step["takes"]
        equal({p["id"]: [r["is"] for r in p["states"] for _ in range(r["from"], r["to"] + 1)] for p in line["promises"]}, model["timeline"])
        for promise in line["promises"]:
            equal([r["from"] for r in promise["states"]], [0] + [r["to"] + 1 for r in promise["states"][:-1]])
            outage = None if promise["or_more"] else promise["outage"]
            equal(model["outages"].get(promise["id"], 0), outage)
            said |= {r["is"] for r in promise["states"]} | {"during"} if promise["down_during"] else {r["is"] for r in promise["states"]}
    equal(said >= {"up", "maybe", "down", "unknown", "during"}, True)


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


# ── diff ─────────────────────────────────────────────────────────────────────

PLACES = """plan places { operator = desk }
use std/net
client desk { }
host one { address = 10.0.0.1  ports = [443/tcp] }
host two { address = 10.0.0.2  ports = [443/tcp] }
dns_record web { host = "web.example.net"  value = 10.0.0.1 -> 10.0.0.2  ttl = 60s  takes = 10s
  do { $ set-record ${host} ${new(value)} }  undo { $ set-record ${host} ${new(value)} } }
step tell { after = [web]  takes = 5s  do { $ tell everybody }  undo none because "nobody minds" }
promise desk reaches https://web.example.net always
"""


def difference(old, new, *options, status):
    write("old.cut", old)
    write("new.cut", new)
    return run("diff", "old.cut", "new.cut", *options, status=status).stdout


@test("diff: the same plan differs in nothing")
def _():
    equal(difference(PLACES, PLACES + "# a word more\n", status=0),
          "old.cut -> new.cut: proven, as before\n\nno difference in steps, order, outages and findings\n")


@test("diff: a step that comes, one that goes, one that changes what it runs")
def _():
    new = PLACES.replace("step tell { after = [web]", "step warn { ").replace("set-record ${host} ${new(value)} }  undo", "set-record -f ${host} ${new(value)} }  undo")
    new = new.replace("takes = 10s", "takes = 20s")
    equal(difference(PLACES, new, status=0), """old.cut -> new.cut: proven, as before
  all of it: 15s -> 25s

steps: 1 added, 1 removed, 1 changed, 0 moved
  ~   1  web
         takes: 10s -> 20s
         do:
           - set-record web.example.net 10.0.0.2
           + set-record -f web.example.net 10.0.0.2
  +   2  warn, 5s
  -   2  tell, 5s
""")


@test("diff: what a step runs, in a plan whose things are looked at")
def _():
    looked = PLACES + "kind thing {\n  size : string\n  observe {\n    $ look ${name}\n    size = output\n  }\n}\nthing a { size = \"x\" }\nthing b { size = \"y\" }\n"
    equal(difference(looked, looked.replace("$ set-record ${host} ${new(value)} }  undo", "$ set-record -f ${host} ${new(value)} }  undo"), status=0),
          """old.cut -> new.cut: proven, as before

steps: 0 added, 0 removed, 1 changed, 0 moved
  ~   1  web
         do:
           - set-record web.example.net 10.0.0.2
           + set-record -f web.example.net 10.0.0.2
""")


@test("diff: one step more in front moves no other")
def _():
    found = json.loads(difference(PLACES, PLACES.replace("step tell", "step before { takes = 1s  do { $ look }  undo none because \"a look\" }\nstep tell")
                                  .replace("dns_record web {", "dns_record web { after = [before] "), "--format", "json", status=0))
    equal([(s["id"], s["change"], s["moved"], s["place"]) for s in found["steps"]],
          [("before", "added", False, {"old": None, "new": 1}), ("web", "changed", False, {"old": 1, "new": 2})])
    equal(found["steps"][1]["changes"], {"after": {"old": [], "new": ["before"]}})
    equal((found["old"]["verdict"], found["new"]["verdict"], found["findings"]), ("proven", "proven", {"new": [], "waived": [], "gone": []}))


@test("diff: two steps that change places are one that moves")
def _():
    twice = PLACES + "step last { takes = 1s  do { $ end }  undo none because \"over\" }\n"
    found = json.loads(difference(twice, twice.replace("step tell { after = [web]", "step tell { after = [last]"), "--format", "json", status=0))
    equal(len([s["id"] for s in found["steps"] if s["moved"] and s["id"] in ("tell", "last")]), 1)


@test("diff: a change that brings an error is status 1, one that takes it away 0")
def _():
    out = difference(PLACES, PLACES.replace("10.0.0.1 -> 10.0.0.2", "10.0.0.1 -> 10.0.0.9"), status=1)
    contains(out, "old.cut -> new.cut: refused (")
    contains(out, "was proven\n")
    contains(out, "  + error[E201]: ")
    contains(out, "desk reaches https://web.example.net\n         no outage (always) -> down ")
    out = difference(PLACES.replace("10.0.0.1 -> 10.0.0.2", "10.0.0.1 -> 10.0.0.9"), PLACES, status=0)
    contains(out, "  - error[E201]: ")
    contains(out, "proven, was refused (")


@test("diff: what has an arrow of its own is said in words")
def _():
    out = difference(PLACES, PLACES.replace("10.0.0.1 -> 10.0.0.2", "10.0.0.1 -> 10.0.0.9"), status=1)
    contains(out, "is: web: value 10.0.0.1 -> 10.0.0.9, in place of web: value 10.0.0.1 -> 10.0.0.2\n")


@test("diff: an error that both have is no difference, and status 0")
def _():
    broken = PLACES.replace("10.0.0.1 -> 10.0.0.2", "10.0.0.1 -> 10.0.0.9")
    contains(difference(broken, "\n\n" + broken, status=0), "no difference in steps, order, outages and findings\n")


@test("diff: with --deny warnings a new warning is status 1")
def _():
    known = PLACES.replace("takes = 10s", "takes = 10s  disrupts = true").replace("always", "down at most 1h")
    slow = known.replace("takes = 10s", "")
    difference(known, slow, status=0)
    contains(difference(known, slow, "--deny", "warnings", status=1), "  + warning[E223]: ")


@test("diff: a finding that is waived now is told, and is no error")
def _():
    broken = PLACES.replace("10.0.0.1 -> 10.0.0.2", "10.0.0.1 -> 10.0.0.9")
    out = difference(broken, broken + 'allow E201 because "it is coming"\n', status=0)
    contains(out, "  ~ error[E201]: ")
    contains(out, "waived: it is coming")


@test("diff: of a line wider than the page what differs, with what stands around it")
def _():
    long = PLACES.replace("set-record ${host} ${new(value)} }  undo", "set-record " + "--before-it " * 12 + "${host} ${new(value)} " + "--behind-it " * 12 + "}  undo")
    out = difference(long, long.replace("${host} ${new(value)} --behind", "--é ${host} ${new(value)} --behind"), status=0)
    contains(out, "           - … --before-it --before-it web.example.net 10.0.0.2 …\n           + … --before-it --before-it '--é' web.example.net 10.0.0.2 …\n")
    more = difference(long, long.replace("}  undo", "\n $ more }  undo"), status=0)
    contains(more, "           + more\n")
    contains(json.loads(difference(long, long.replace("${host} ${new(value)} --behind", "x --behind"), "--format", "json", status=0))["steps"][0]["changes"]["do"]["new"][0], "--before-it " * 12 + "x --behind-it")


@test("diff: a promise that comes and one whose limit changes")
def _():
    out = difference(PLACES, PLACES.replace("always", "down at most 1m") + "promise desk reaches 10.0.0.2:443 always\n", status=0)
    contains(out, "  ~ desk reaches https://web.example.net\n         no outage (always) -> no outage (1m allowed)\n")
    contains(out, "  + desk reaches 10.0.0.2:443\n         no outage (always)\n")


@test("diff: a window that comes, and one of another length")
def _():
    wide = PLACES.replace("plan places {", "plan places { window = 2h ")
    assert wide != PLACES
    contains(difference(PLACES, wide, status=0), "\n  window: none -> 2h\n")
    contains(difference(wide, wide.replace("2h", "90m"), status=0), "\n  window: 2h -> 1h 30m\n")
    assert "window" not in difference(wide, wide, status=0)
    found = json.loads(difference(PLACES, wide, "--format", "json", status=0))
    equal([found["old"]["window"], found["new"]["window"]], [None, 7200])


@test("diff: what cannot be understood is compared by its findings; what cannot be read is status 2")
def _():
    out = difference(PLACES, PLACES.replace("value = 10", "valeu = 10"), status=1)
    contains(out, "not understood")
    contains(out, "only findings can be compared")
    difference(PLACES, "plan {{{", status=2)
    run("diff", "old.cut", "nowhere.cut", status=2)
    run("diff", "-", "-", text=PLACES, status=2)
    run("diff", "old.cut", "-", text=PLACES, status=0)
    run("diff", "old.cut", status=2)


def terminal(environment, *arguments, columns=0):
    """What is printed to a terminal."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
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


def chart_of(printed):
    lines = printed.replace("\r\n", "\n").split("\n")
    first = next(i for i, line in enumerate(lines) if line.startswith("timeline"))
    return lines[first:lines.index("", first)]


def columns_of(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


STEPS = "".join('step s%d { takes = 30s  do { $ echo %d }  undo none because "no harm"%s }\n' % (i, i, "  after = [s%d]" % (i - 1) if i else "")
                for i in range(40))


@test("timeline: it fits the terminal, on one line or two, in words where the chart is too wide")
def _():
    write("plan.cut", PLACES.replace("10.0.0.1 -> 10.0.0.2  ttl = 60s", "10.0.0.1 -> 10.0.0.2  ttl = 1h").replace("always", "down at most 10m")
          + "promise desk reaches https://a-longer-name-than-others.web.example.net:8443 finally\n")
    for columns in (80, 120):
        chart = chart_of(terminal({"NO_COLOR": "1", "LC_ALL": "C.UTF-8"}, "check", "plan.cut", columns=columns))
        assert all(columns_of(line) <= columns for line in chart), chart
        assert any("●──●──●" in line for line in chart), chart
        contains(" ".join(chart[1].split()), "steps 0 1 2")
        contains(" ".join(chart[2].split()), "time 15s")
    write("plan.cut", PLACES + STEPS)
    for columns, drawn in ((80, False), (120, False), (160, True)):
        chart = chart_of(terminal({"NO_COLOR": "1", "LC_ALL": "C.UTF-8"}, "check", "plan.cut", columns=columns))
        assert all(columns_of(line) <= columns for line in chart), chart
        equal(any("●──●" in line for line in chart), drawn)


@test("timeline: in words it says when, too: down from the start of a step, up from the end of one")
def _():
    move = "host one { address = 10.0.0.1 -> 10.0.0.3  ports = [443/tcp]  takes = 1m  do { $ move ${new} } }\n"
    plan = PLACES.replace("host one { address = 10.0.0.1  ports = [443/tcp] }\n", move).replace("10.0.0.1 -> 10.0.0.2  ttl = 60s", "10.0.0.1 -> 10.0.0.3  ttl = 0s")
    write("plan.cut", plan.replace("always", "down at most 5m").replace("step tell { after", "step tell { early = true  after") + STEPS)
    said = " ".join(terminal({"NO_COLOR": "1", "LC_ALL": "C.UTF-8"}, "check", "plan.cut", columns=80).split())
    contains(said, "down from step 1 (`one`) until step 2 (`web`), from 0s to 1m 10s up from step 2 (`web`) on, from 1m 10s")


@test("timeline: in ASCII on a terminal that shows no more; a file gets UTF-8 all the same")
def _():
    write("plan.cut", PLACES)
    out = terminal({"NO_COLOR": "1", "LC_ALL": "C"}, "check", "plan.cut", columns=80)
    assert out.isascii(), out
    contains(out, "#--#--#")
    contains(run("check", "plan.cut", status=0, env=dict(os.environ, LC_ALL="C")).stdout, "●──●──●")


@test("colour: on a terminal, by --color, not with NO_COLOR")
def _():
    write("x.cut", BROKEN)
    contains(terminal({}, "check", "x.cut"), "\033[")
    assert "\033[" not in terminal({"NO_COLOR": "1"}, "check", "x.cut")
    assert "\033[" not in terminal({}, "check", "--color=never", "x.cut")
    assert "\033[" not in run("check", "x.cut").stdout
    contains(run("check", "--color=always", "x.cut").stdout, "\033[")


@test("graphs: parallel lines are one, with the label of each")
def _():
    write("x.cut", '''plan p { operator = desk }
use std/net
client desk { }
host web { address = 10.0.0.3  ports = [80/tcp, 443/tcp, 443/udp] }
host app { address = 10.0.0.5 -> 10.0.0.6  ports = [9/tcp]  needs = [10.0.0.3:80, 10.0.0.3:443]  do { $ move ${new} } }
promise desk reaches 10.0.0.3:80 always
promise desk reaches 10.0.0.3:443 always
''')
    text = run("graph", "x.cut", status=0).stdout
    edges = [tuple(line.split()[:3]) for line in text.splitlines() if " -> " in line]
    equal(len(edges), len(set(edges)))
    contains(text, r'label="80/tcp in lan\n443/tcp in lan\n443/udp in lan"')
    contains(text, r'label="needs 80/tcp\nneeds 443/tcp"')
    contains(text, r'label="promised 80/tcp\npromised 443/tcp"')


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
