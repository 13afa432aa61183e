#!/usr/bin/env python3
"""The promises of the examples, one by one: each plan as it is, and each with one edit, with what has to be found where.

Runs $CUTC (build/cutc) from the repository's root and speaks TAP."""
import itertools
import json
import os
import re
import subprocess
import sys

CUTC = os.environ.get("CUTC", "build/cutc")
TRAEFIK = "examples/traefik/"


def check(text, folder):
    """Findings of a plan's text, as if it stood in `folder`."""
    path = os.path.join(folder, ".acceptance-%d.cut" % os.getpid())
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    try:
        done = subprocess.run([CUTC, "check", "--format", "json", path], capture_output=True, text=True, check=False, timeout=60)
        model = subprocess.run([CUTC, "model", "--format", "json", path], capture_output=True, text=True, check=False, timeout=60)
    finally:
        os.unlink(path)
    found = json.loads(done.stdout)["findings"]
    lines = text.splitlines()
    for finding in found:
        at = finding["at"]
        finding["line"] = lines[at["line"] - 1] if at and at["file"] == path and at["line"] <= len(lines) else ""
    return done.returncode, found, json.loads(model.stdout) if model.stdout else {}


def everything(finding):
    return " | ".join([finding["message"], (finding["at"] or {}).get("label") or ""] + [l["label"] for l in finding["labels"]]
                      + ["%s: %s" % (r["type"], r["text"]) for r in finding["remarks"]])


class Case:
    """One plan; problems are collected so that a red case says all that is wrong with it."""

    def __init__(self, name, path, edits=()):
        self.name, self.problems = name, []
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for old, new in edits:
            edited = re.sub(old, new, text, count=1, flags=re.M)
            if edited == text:
                self.problems.append("the edit %r changes nothing" % old)
            text = edited
        self.status, self.found, self.model = check(text, os.path.dirname(path))
        self.errors = [f for f in self.found if f["severity"] == "error" and not f["waived"]]

    def need(self, truth, problem):
        if not truth:
            self.problems.append(problem)
        return self

    def exits(self, status):
        return self.need(self.status == status, "exit status %d" % self.status)

    def finds(self, code, *words, line="", severity=None):
        """A finding of this code whose text holds all words (regular expressions) and whose place is on such a line."""
        for f in self.found:
            if code in (f["code"], f["rule"]) and all(re.search(w, everything(f)) for w in words) and re.search(line, f["line"]) \
                    and severity in (None, f["severity"]):
                return self
        return self.need(False, "no %s with %s on a line like %r" % (code, words, line))

    def any_error(self, *words):
        return self.need(any(all(re.search(w, everything(f) + " | " + (f["rule"] or "") + " | " + f["line"]) for w in words)
                             for f in self.errors), "no error says %s" % (words,))

    def only(self, *codes):
        return self.need(sorted({f["rule"] or f["code"] for f in self.errors}) == sorted(codes),
                         "errors are %s" % sorted({f["rule"] or f["code"] for f in self.errors}))

    def count(self, n):
        return self.need(len(self.errors) == n, "%d errors" % len(self.errors))

    def order(self, *steps):
        """These steps in this order, others anywhere between."""
        order = [s for s in self.model.get("order", []) if s in steps]
        return self.need(order == list(steps), "the order is %s" % self.model.get("order"))

    def report(self):
        print("%s - %s" % ("not ok" if self.problems else "ok", self.name))
        for problem in self.problems:
            print("# " + problem)
        if self.problems:
            for f in self.found:
                print("#   %s %s: %s  [%s]" % (f["severity"], f["rule"] or f["code"], f["message"], f["line"].strip()))
        return not self.problems


def text_of(command):
    return subprocess.run([CUTC, *command], capture_output=True, text=True, check=False, timeout=60).stdout


LIMIT = r"allow an outage: `down at most (\S+)` is the least for `%s"


def offer(found, promise, pattern):
    """What the one finding about a promise offers; its text's first group."""
    about = [f for f in found if f["code"] in ("E221", "E252") and not f["waived"] and promise in f["message"]]
    said = [re.search(pattern, r["text"]) for f in about for r in f["remarks"] if r["type"] == "help"]
    said = [s for s in said if s]
    return said[0].group(1) if len(about) == 1 and len(said) == 1 else "nothing"


def milliseconds(text):
    unit = {"ms": 1, "s": 1000, "m": 60000, "h": 3600000, "d": 86400000}
    return sum(int(n) * unit[u] for n, u in re.findall(r"(\d+)(ms|s|m|h|d)", text))


def lowering_cases():
    """An hour's TTL that is not lowered: what the finding offers, each tried in the text."""
    path = "tests/golden/cutover-no-lowering.cut"
    family = "family reaches https://immich.example.net"
    first = Case("cutover.cut with an hour's TTL and no lowering is refused", path).exits(1).only("E221").count(1)
    ttl = offer(first.found, family, r"`ttl = ([^`]*)` in `apex`")
    least = offer(first.found, family, LIMIT % family)
    yield first.need(ttl == "1h -> 1m -> 1h", "it offers the TTL %s" % ttl).need(milliseconds(least) > 3600000, "it offers the limit %s" % least)
    yield Case("with the TTL lowered ahead as offered", path, [(r"ttl   = 1h$", "ttl   = " + ttl)]).exits(0).count(0).order("apex.ttl.1", "wait.1", "traefik", "apex", "apex.ttl.2")
    limit = r"(promise %s +)down at most 10m" % family
    yield Case("with the limit that is offered", path, [(limit, r"\1down at most " + least)]).exits(0).count(0)
    for less in (60, 1):
        shorter = "%ds" % (milliseconds(least) // 1000 - less)
        yield Case("with a limit %d s shorter" % less, path, [(limit, r"\1down at most " + shorter)]).exits(1).only("E221").count(1)


def window_cases():
    """A window without room for the wait: the one that is offered has it, and one that is a second shorter has not."""
    path, desk = "tests/golden/window-least.cut", "desk reaches www.example.net:443"
    first = Case("a window without room for the wait is blamed", path).exits(1).only("E221").count(1)
    window = offer(first.found, desk, r"`window = (\S+)` in the plan is the least that an order keeps")
    ttl, least = offer(first.found, desk, r"`ttl = ([^`]*)` in `www`"), offer(first.found, desk, LIMIT % (desk + " always"))
    yield first.need(any("window of 10m has no room" in r["text"] for f in first.errors for r in f["remarks"]), "the window is not blamed")
    yield Case("with the window that is offered", path, [("window = 10m", "window = " + window)]).exits(0).count(0)
    yield Case("with a window 1 s shorter", path, [("window = 10m", "window = %ds" % (milliseconds(window) // 1000 - 1))]).exits(1).only("E221").count(1)
    yield Case("with the TTL lowered before the window opens", path, [("ttl = 1h", "ttl = " + ttl)]).exits(0).count(0)
    yield Case("with the outage that is offered in place of the wait", path, [("(443 )always", r"\1down at most " + least)]).exits(0).count(0)


BESIDE = """delete lb_service traefik {
  namespace = "traefik"
  address   = shared
  sharing   = "shared"
  ports     = [80/tcp, 443/tcp, 443/udp]
  via       = traefik_stack
  patch     = "patches/traefik-dedicated-ip.patch"
  takes     = 90s
}
create lb_service traefik-direct {
  namespace = "traefik"
  address   = dedicated
  policy    = Local
  ports     = [80/tcp, 443/tcp, 443/udp]
  via       = traefik_stack
  patch     = "patches/traefik-direct.patch"
  takes     = 90s
}"""


def clash_cases():
    """tunnel-203.cut: what clashes is named, no more and no less, and what is offered helps."""
    path = TRAEFIK + "tunnel-203.cut"
    promises = {"home": r"^promise public reaches https://home.*$", "vault": r"^promise public reaches https://vault.*$"}
    first = Case("tunnel-203.cut: two promises clash with two steps each", path).only("E252").count(2)
    for f in first.errors:
        first.need(re.search("no order of `traefik`, `proxied_apps` keeps `public reaches", f["message"]), f["message"])
        first.need(not [r for r in f["remarks"] if r["type"] == "note" and not re.match("before: |with `[a-z_]+` first: ", r["text"])], "other constraints are named")
        for step, dead in (("traefik", "200"), ("proxied_apps", "203")):
            said = re.escape("with `%s` first: " % step) + ".* nothing answers at " + re.escape("10.0.20.%s:443/tcp" % dead)
            first.need([r for r in f["remarks"] if re.match(said, r["text"])], "why `%s` cannot come first" % step)
        first.need("`create` another like `traefik` at 10.0.20.203, which stays, and `delete` `traefik`" in everything(f), "no second one is offered")
    yield first
    for name, other in (("home", "vault"), ("vault", "home")):
        yield Case("without the promise on %s the one on %s clashes still" % (name, other), path, [(promises[name], "")]).exits(1).only("E252").count(1).finds("E252", other + r"\.example")
    yield Case("without both promises there is an order", path, [(line, "") for line in promises.values()]).exits(0).count(0)
    rest = [line for line in re.findall(r"^promise .*$", open(path, encoding="utf-8").read(), re.M) if not re.search("https://(home|vault)", line)]
    for line in rest:
        yield (Case("without `%s` there is none" % " ".join(line.split("#")[0].split()[1:4]), path, [("^" + re.escape(line), "")])
               .exits(1).only("E252").count(2))
    # What the finding says of steps: left out, one happens at the same moment as another. Of all pairs only that of the two helps.
    for pair in itertools.combinations(["traefik", "proxied_apps", "traefik_lb", "https"], 2):
        case = Case("%s and %s at one moment" % pair, path, [(r"\Z", '\nstep both { covers = [%s, %s]  atomic = "one transaction"  takes = 90s }\n' % pair)])
        yield (case.exits(0).count(0) if pair == ("traefik", "proxied_apps")
               else case.exits(1).need(len([f for f in case.errors if f["code"] == "E252"]) == 2, "not both promises clash"))

    yield (Case("a second one beside the first, and the first one deleted, as offered", path,
                [(r"^lb_service traefik \{(.|\n)*?^\}", BESIDE)] + [(r"ingress = traefik ", "ingress = [traefik, traefik-direct] ")] * 3
                + [(r"promise traefik\.policy == Local  ", "promise traefik-direct.exists ")])
           .exits(0).count(0).order("traefik-direct", "proxied_apps", "traefik"))
    to = offer(first.found, "home.example.net", r"let `origin` of `proxied_apps` go to (\S+) instead")
    yield Case("an address-independent origin, as offered", path, [(r"-> https://10\.0\.20\.203:443", "-> " + to), (r"tunnel-203\.patch", "tunnel-origin.patch")]).exits(0).count(0)
    least = {name: offer(first.found, name + ".example.net", LIMIT % "public reaches https://" + name) for name in promises}
    limits = lambda less: [(r"(promise public reaches https://%s\S+ +)always" % name, r"\1down at most %ds" % (milliseconds(least[name]) // 1000 - less)) for name in promises]
    yield Case("the outages that are offered", path, limits(0)).exits(0).count(0)
    yield Case("outages a second shorter", path, limits(1)).exits(1).only("E252").count(2)
    for i, name in enumerate(promises):
        yield Case("the outage of %s alone" % name, path, limits(0)[i:i + 1]).exits(1).only("E252").count(1)


def emitted(path):
    """Per step of a runbook its id, the lines of its undo, and what its do and its undo set the TTL to."""
    steps = {}
    for text in re.split(r"^# == Step ", text_of(["emit", path]), flags=re.M)[1:]:
        number, undo = int(text.split()[0]), re.search(r"^step_\d+_undo\(\) \{\n((?:.|\n)*?)^\}", text, re.M)
        ttls = {way: re.search(r"^step_\d+_%s_\d+\(\)(?:(?!^step_)(?:.|\n))*?--argjson ttl (\d+)" % way, text, re.M) for way in ("do", "undo")}
        steps[number] = {"id": re.search(r"cut_id=(\S+)", text).group(1), "undo": undo.group(1) if undo else "",
                         "ttl": {way: int(t.group(1)) for way, t in ttls.items() if t}}
    return steps


def way_back_cases():
    """A TTL that was put up again at the end: the way back lowers it before anything is taken away."""
    case = Case("all of cutover.cut undone lowers the TTL first", TRAEFIK + "cutover.cut").exits(0)
    steps = emitted(TRAEFIK + "cutover.cut")
    number = {s["id"]: n for n, s in steps.items()}
    last = max(steps)
    case.need(number.get("apex.ttl.2") == last, "the last step is %s" % steps[last]["id"])
    case.need(steps[last]["ttl"] == {"do": 3600, "undo": 60}, "the last step's TTLs are %s" % steps[last]["ttl"])
    case.need("cut_since" not in steps[last]["undo"], "it waits before it lowers the TTL")
    case.need(re.search(r"cut_since %d 3540\b" % last, steps[last - 1]["undo"]), "the next undo does not wait for the lowered TTL: %r" % steps[last - 1]["undo"])
    case.need(steps[number["apex"]]["ttl"] == {"do": 60, "undo": 60}, "the value goes back with the TTLs %s" % steps[number["apex"]]["ttl"])
    case.need(steps[number["apex.ttl.1"]]["ttl"] == {"do": 60, "undo": 3600}, "the first TTL goes back to %s" % steps[number["apex.ttl.1"]]["ttl"])
    yield case
    case = Case("all of additive.cut undone waits an hour before the new service goes", TRAEFIK + "additive.cut").exits(0)
    steps = emitted(TRAEFIK + "additive.cut")
    number = {s["id"]: n for n, s in steps.items()}
    case.need(number["traefik-direct"] < number["apex"] < number["apex.ttl.2"], "the order is %s" % number)
    case.need(steps[number["apex.ttl.2"]]["ttl"] == {"do": 3600, "undo": 60}, "the TTL is not lowered on the way back")
    case.need(re.search(r"cut_since \d+ 3600\b", steps[number["traefik-direct"]]["undo"]), "no wait: %r" % steps[number["traefik-direct"]]["undo"])
    yield case

    path = "tests/golden/back-in-caches.cut"
    yield Case("on the way back old answers break `always`", path).exits(1).only("E222").finds("E222", "family reaches", "1h 10s")
    yield (Case("another order has somebody at both places by then", "tests/golden/back-in-caches-avoided.cut").exits(0).count(0).order("spare", "both"))
    limit = lambda most: (r"always", "down at most " + most)
    yield Case("on the way back old answers break `down at most`", path, [limit("10m")]).exits(0).finds("E222", "family reaches", "1h 10s", severity="warning")
    for name, edit in (("a limit that is long enough", limit("2h")), ("no answer kept", (r"0s -> 1h", "0s"))):
        case = Case("on the way back: " + name, path, [edit]).exits(0)
        yield case.need(not [f for f in case.found if f["code"] == "E222"], "E222")


PART = """
# part {p}
lb_service old_{p} {{ namespace = "{p}"  address = 10.1.{n}.1  ports = [443/tcp] }}
create lb_service new_{p} {{ namespace = "{p}"  address = 10.1.{n}.2  ports = [443/tcp]  takes = 30s  do {{ $ true }} undo {{ $ true }} verify {{ $ true }} }}
app {p} {{ url = https://{p}.example.net  ingress = [old_{p}, new_{p}] }}
dns_record name_{p} {{ zone = lan  host = "{p}.example.net"  value = 10.1.{n}.1 -> 10.1.{n}.2  ttl = 60s  takes = 10s  do {{ $ true ${{old}} ${{new}} }} verify {{ $ true }} }}
promise family reaches https://{p}.example.net always
"""


def component_cases():
    """Independent parts: each ordered by itself, one after the other by place in the source, the same on every run."""
    head = 'plan parts {}\nuse std/net\nuse std/kubernetes\nclient family { zone = lan }\n'
    part = {p: PART.format(p=p, n=n) for n, p in enumerate("ab")}
    said = {}
    for order in ("ab", "ba"):
        path = os.path.join(TRAEFIK, ".parts-%d.cut" % os.getpid())
        with open(path, "w", encoding="utf-8") as file:
            file.write(head + part[order[0]] + part[order[1]])
        try:
            case = Case("two independent parts, %s before %s in the source" % tuple(order), path).exits(0).count(0)
            said[order] = text_of(["check", "-v", "--color=never", path])
            case.need(all(text_of(["check", "-v", "--color=never", path]) == said[order] for _ in range(3)), "not the same on every run")
        finally:
            os.unlink(path)
        case.order(*["%s_%s" % (what, p) for p in order for what in ("new", "name")])
        rows = re.findall(r"^  steps (\S+): (\d+) orders?, (\d+) states? looked at, \d+ kept, (.*)$", said[order], re.M)
        case.need([(r[0], r[3]) for r in rows] == [("1-2", "proven best"), ("3-4", "proven best")], "the search is %s" % rows)
        case.need([int(r[1]) for r in rows] == [2, 2] and sum(int(r[2]) for r in rows) == int(re.search(r"(\d+) states looked at$", said[order], re.M).group(1)),
                  "the numbers are %s" % rows)
        yield case
    said = text_of(["check", "-v", "--color=never", TRAEFIK + "cutover.cut"])
    case = Case("the search of cutover.cut", TRAEFIK + "cutover.cut")
    # Seven steps; three of them a chain, and an alias created before the rule that uses it: 7! / 3! / 2.
    yield case.need(re.search(r"^  steps 1-8: 420 orders, \d+ states looked at, \d+ kept, proven best$", said, re.M), said[said.find("search"):][:200])
    path = os.path.join(TRAEFIK, ".parts-%d.cut" % os.getpid())
    with open(path, "w", encoding="utf-8") as file:
        file.write('plan one {}\nstep only { do { $ look\n } undo none because "a look" }\n')
    try:
        said = text_of(["check", "-v", "--color=never", path])
        case = Case("the search of a single step", path)
    finally:
        os.unlink(path)
    yield case.need("\n  step 1: 1 order, 1 state looked at, 0 kept, proven best\n" in said, said[said.find("search"):][:200])


def cases():
    yield from plan_cases()
    yield from lowering_cases()
    yield from window_cases()
    yield from clash_cases()
    yield from way_back_cases()
    yield from component_cases()


def plan_cases():
    plan = TRAEFIK + "%s.cut"
    case = Case("believed.cut checks clean", plan % "believed").exits(0).count(0)
    said = text_of(["check", "--color=never", plan % "believed"])
    rests = said[said.lower().find("rests on"):]
    first = next((line for line in rests.splitlines()[1:] if line.strip()), "")
    yield case.need("proxied_apps" in first and "origin" in first, "what it rests on begins with %r" % first)

    yield (Case("attempt-1.cut names the tunnel", plan % "attempt-1").exits(1)
           .finds("E201", "proxied_apps", "traefik", "home.example.net", "vault.example.net", line="origin = https://10.0.20.200:443", severity="error")
           .finds("E212", "technitium_token", severity="note")
           .finds("hairpin-under-local", "devvm", severity="warning"))
    yield (Case("attempt-1.cut with fetch = at-use", plan % "attempt-1", [(r'(secret technitium_token \{.*field = "token")', r"\1  fetch = at-use")])
           .exits(1).finds("E211", "technitium_token", severity="error"))
    yield Case("attempt-2.cut has one error, the owner", plan % "attempt-2").exits(1).only("E291").count(1).finds("E291", "cloudflared_stack", "10.0.20.200")
    yield (Case("cutover.cut checks clean", plan % "cutover").exits(0).count(0).order("proxied_apps", "traefik", "apex", "https")
           .finds("hairpin-under-local", "devvm", severity="warning"))
    yield Case("tunnel-203.cut has no order", plan % "tunnel-203").exits(1).finds("E252", "vault", "traefik", "proxied_apps", "help")
    case = Case("additive.cut has no downtime", plan % "additive").exits(0).count(0)
    outages = case.model.get("outages", {})
    yield case.need(not outages, "outages %s" % outages)

    cutover = plan % "cutover"
    yield (Case("the NAT rule without 443/udp", cutover, [(r"ports  = \[443/tcp, 443/udp\]", "ports  = [443/tcp]")]).exits(1)
           .any_error("443/udp", "promise public reaches immich.example.net:443/udp"))
    yield (Case("policy left out of the move", cutover, [(r"policy    = Cluster -> Local", "policy    = Cluster")]).exits(1)
           .finds("E221", "policy == Local", line="promise traefik.policy"))
    yield (Case(".203 given to another service", cutover, [(r"(lb_service xray .*)", r'\1\nlb_service squatter { namespace = "x"  address = 10.0.20.203  ports = [443/tcp] }')])
           .exits(1).finds("E241", "squatter", "traefik"))
    yield (Case("a pool that ends at .202", cutover, [(r"10\.0\.20\.200-10\.0\.20\.220", "10.0.20.200-10.0.20.202")]).exits(1)
           .finds("metallb-pool", "10.0.20.203", "traefik", line="address   = shared -> dedicated"))
    devvm = (r"client devvm  \{ zone = lan  dns = internet \}", "client devvm  { zone = lan }")
    yield (Case("pg_conn removed from the stack's environment", cutover, [devvm, (r"  env     = \{ PG_CONN_STR = secret pg_conn \}.*\n", "")])
           .exits(1).finds("E231", "traefik", "vault.example.net"))
    yield (Case("the technitium API behind the ingress", cutover,
                [devvm, (r"http://10\.0\.20\.201:5380", "https://dns.example.net"),
                 (r"(app home .*)", r"\1\napp dns_ui { url = https://dns.example.net  ingress = traefik }")])
           .exits(1).any_error("dns.example.net", "apex"))
    yield (Case("scripts/tg apply | tee log", cutover, [(r"\Z", '\nstep extra { after = [https]  takes = 5s  do { $ scripts/tg apply | tee log } undo { $ scripts/tg destroy } }\n')])
           .exits(1).finds("E281", "tg", line=r"tg apply \| tee log"))
    yield (Case("a secret in an argument", cutover, [(r"\Z", '\nstep extra { after = [https]  takes = 5s  do { $ tool --token ${secret technitium_token} } undo { $ true } }\n')])
           .exits(1).finds("E271", "technitium_token", line="--token"))
    yield (Case("a step by hand without undo", cutover, [(r"\Z", '\nstep extra { after = [https]  takes = 5s  do { $ touch flag } }\n')])
           .exits(1).any_error("extra", "undo"))
    yield (Case("a second service on .203 with another sharing key", cutover,
                [(r"(lb_service xray .*)", r'\1\nlb_service other { namespace = "x"  address = 10.0.20.203  sharing = "else"  ports = [9000/tcp] }')])
           .exits(1).finds("metallb-sharing-key", "other", "traefik"))

    raft = "examples/vault-raft/plan.cut"
    case = Case("vault-raft orders itself", raft).exits(0).count(0)
    order = case.model.get("order", [])
    members = [s for s in order if s.startswith("vault-")]
    case.need(order and order.index("before") < min(order.index(s) for s in members if s in order), "the snapshot is not first: %s" % order)
    yield case.need(order and order.index("raft") < order.index("vault-2"), "the leader goes before the hand-over: %s" % order)
    yield Case("vault-raft without the hand-over", raft, [(r"leader  = vault-2 -> vault-0", "leader  = vault-2")]).exits(1).any_error("leader-not-disrupted|leads")
    yield Case("vault-raft with two members at once", raft, [(r"\Z", "\nstep both { covers = [vault-0, vault-1] }\n")]).exits(1).any_error("at least 2 of")
    plan = text_of(["explain", "kinds"])
    kinds = set(re.findall(r"^kind (\w+)", "".join(open(os.path.join("stdlib/std", f), encoding="utf-8").read() for f in os.listdir("stdlib/std")), re.M))
    case = Case("each kind is explained with an example that runs", "stdlib/plans/kinds.cut").exits(0).count(0)
    case.need(plan == open("stdlib/plans/kinds.cut", encoding="utf-8").read(), "`explain kinds` prints another plan")
    lacking = [k for k in sorted(kinds) if "For example" not in text_of(["explain", k])]
    yield case.need(not lacking, "no example for %s" % lacking)
    yield Case("mysql-upgrade checks clean", "examples/mysql-upgrade/plan.cut").exits(0).count(0)


if __name__ == "__main__":
    sys.exit(not all([case.report() for case in cases()]))
