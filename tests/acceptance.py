#!/usr/bin/env python3
"""The promises of the examples, one by one: each plan as it is, and each with one edit, with what has to be found where.

Runs $CUTC (build/cutc) from the repository's root and speaks TAP."""
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


def cases():
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
