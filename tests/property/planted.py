#!/usr/bin/env python3
"""Fifty kinds of mistakes, each planted into correct random plans.

  planted.py DRIVER [--count N] [--correct N] [--seed FIRST] [--jobs N] [--log FILE] [--keep DIR] [--list]

A correct plan has no error. With one mistake in it, the finding with that mistake's code is among those of the check. Prints
the seed and the kind of each that is not so; ends with `N passed, N failed`."""
import argparse
import os
import random
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import many  # noqa: E402

class Plan:
    """Machines behind names, forwards and applications, some of which move without anybody noticing."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.net = "10.%d.%d" % (self.r.randrange(1, 200), self.r.randrange(1, 200))
        self.next = 10
        self.serial = 0
        self.lines = ["plan p%d { operator = desk }" % seed, "use std/net", "use std/pfsense", "use std/kubernetes", "use std/terragrunt",
                      "client desk { }", 'client public { zone = internet  probe = ssh "vps.example.org" }',
                      "kubernetes cluster { api = https://%s:6443 }" % self.address(),
                      'secret admin { from = env "ADMIN_PASSWORD" }']
        self.services = []
        for _ in range(self.r.randint(1, 4)):
            self.service()
        for _ in range(self.r.randint(0, 2)):
            self.move()
        if self.r.random() < 0.5:
            self.forward()
        head, tail = self.lines[:9], self.lines[9:]
        self.r.shuffle(tail)
        self.lines = head + tail

    def address(self):
        self.next += 1
        return "%s.%d" % (self.net, self.next - 1)

    def name(self, stem):
        self.serial += 1
        return "%s-%d" % (stem, self.serial)

    def add(self, *lines):
        self.lines.extend(lines)

    def anywhere(self, line):
        self.lines.insert(self.r.randint(9, len(self.lines)), line)

    def service(self):
        """A machine with a name, and somebody who needs it."""
        name, at, port = self.name("box"), self.address(), self.r.choice([80, 443, 5432])
        needs = "  needs = [%s]" % self.r.choice(self.services)[0] if self.services and self.r.random() < 0.5 else ""
        self.add("host %s { address = %s  ports = [%d/tcp]%s }" % (name, at, port, needs))
        self.services.append((name, at, port))
        if self.r.random() < 0.7:
            self.add('dns_record %s { host = "%s.example.net"  value = %s }' % (self.name("name"), name, at),
                     "promise desk reaches %s.example.net:%d always" % (name, port))
        else:
            self.add("promise desk reaches %s:%d always" % (at, port))

    def move(self):
        """A name that goes from one machine to another that is there already."""
        old, new, zone = self.address(), self.address(), self.name("web")
        self.add("host %s { address = %s  ports = [443/tcp] }" % (self.name("old"), old),
                 "host %s { address = %s  ports = [443/tcp] }" % (self.name("new"), new),
                 'dns_record %s { host = "%s.example.net"  value = %s -> %s  ttl = 60s  takes = %ds }'
                 % (self.name("name"), zone, old, new, self.r.randint(1, 60)),
                 "promise desk reaches %s.example.net:443 always" % zone)

    def forward(self):
        at, wan, name = self.address(), "203.0.113.%d" % self.r.randint(1, 200), self.name("edge")
        self.add("host %s { address = %s  ports = [8443/tcp] }" % (name, at),
                 "nat_rule %s { wan = %s  ports = [8443/tcp]  target = %s }" % (self.name("nat"), wan, at),
                 "promise public reaches %s:8443 always" % wan)

    def text(self):
        return "\n".join(self.lines) + "\n"


MISTAKES = []


def mistake(code):
    def known(function):
        MISTAKES.append((function.__name__.replace("_", " "), code, function))
        return function
    return known


def simple(code, what, line):
    """A mistake that is one line: {n} a name, {a} {b} addresses, {s} a service of the plan."""
    def plant(p):
        name, at, port = p.r.choice(p.services)
        p.anywhere(line.replace("{n}", p.name("it")).replace("{a}", p.address()).replace("{b}", p.address())
                   .replace("{s}", name).replace("{at}", at).replace("{port}", str(port)))
    MISTAKES.append((what, code, plant))


# ── Text, names, types ────────────────────────────────────────────────────────

simple("E001", "an attribute without a value", "host {n} { address =  ports = [80/tcp] }")
simple("E003", "a string that is not closed", 'dns_record {n} { host = "x.example.net  value = {a} }')
simple("E004", "a module that does not exist", "use std/nothing-of-the-kind")
simple("E009", "a reserved word as a name", "host secret { address = {a}  ports = [80/tcp] }")
simple("E101", "a misspelt kind", "hots {n} { address = {a}  ports = [80/tcp] }")
simple("E102", "a misspelt attribute", "host {n} { adress = {a}  address = {b}  ports = [80/tcp] }")
simple("E103", "a name that nobody has", "host {n} { address = {a}  ports = [80/tcp]  needs = [nobody-at-all] }")
simple("E104", "a zone that nobody has", "host {n} { address = {a}  ports = [80/tcp]  zone = nowhere }")
simple("E105", "a number where an address is wanted", "host {n} { address = 12  ports = [80/tcp] }")
simple("E105", "a duration where a port is wanted", "host {n} { address = {a}  ports = [90s] }")
simple("E106", "a name given twice", "host {s} { address = {a}  ports = [80/tcp] }")
simple("E106", "an attribute given twice", "host {n} { address = {a}  address = {b}  ports = [80/tcp] }")
simple("E107", "a part of an address above 255", "host {n} { address = 10.0.300.1  ports = [80/tcp] }")
simple("E107", "more of a list than it has", "host {n} { address = {a}  ports = [80/tcp]  needs = at least 3 of [{s}, cluster] }")
simple("E108", "an attribute left out", "host {n} { ports = [80/tcp] }")
simple("E111", "a change to the same value", "host {n} { address = {a}  ports = [80/tcp -> 80/tcp]  takes = 1s }")
simple("E007", "a second plan", "plan another { operator = desk }")
simple("E116", "a waiver of nothing", 'allow E241 because "there was one once"')


@mistake("E109")
def constants_defined_through_each_other(p):
    p.add("let first = second", "let second = first")


@mistake("E112")
def steps_that_wait_for_each_other_by_order(p):
    p.add("step %s { covers = [%s] }" % (p.name("step"), p.services[0][0]))


@mistake("E251")
def steps_that_come_after_each_other(p):
    a, b = p.name("first"), p.name("second")
    for mine, other in ((a, b), (b, a)):
        p.add('step %s { do { manual "do it" }  undo { manual "take it back" }  takes = 1s  after = [%s] }' % (mine, other))


# ── What the proof finds ──────────────────────────────────────────────────────

@mistake("E201")
def a_pointer_that_is_forgotten(p):
    old, new = p.address(), p.address()
    p.anywhere("host %s { address = %s -> %s  ports = [9000/tcp]  takes = 1m }" % (p.name("moved"), old, new))
    p.anywhere('pointer %s { at = "the start page"  target = %s:9000 }' % (p.name("bookmark"), old))


@mistake("E201")
def a_forward_that_is_forgotten(p):
    old, new = p.address(), p.address()
    p.anywhere("host %s { address = %s -> %s  ports = [9000/tcp]  takes = 1m }" % (p.name("moved"), old, new))
    p.anywhere("nat_rule %s { wan = 203.0.113.220  ports = [9000/tcp]  target = %s }" % (p.name("nat"), old))
    p.anywhere("promise public reaches 203.0.113.220:9000 down at most 1h")


simple("E202", "a pointer to nobody", 'pointer {n} { at = "the wall"  target = {a}:80 }')
simple("E202", "a promise of an address that nobody has", "promise desk reaches {a}:80 always")
simple("E202", "a port that nobody serves", "promise desk reaches {at}:81 always")
simple("E202", "a name that leads to nobody", 'pointer {n} { at = "the wall"  target = nobody.example.net:80 }')
simple("E202", "a service asked for from outside", "promise public reaches {at}:{port} always")
simple("E241", "two that answer at one endpoint", "host {n} { address = {at}  ports = [{port}/tcp] }")
simple("E241", "two ranges of ports that overlap", "host {n} { address = {a}  ports = [1-99/tcp] }\nhost other-{n} { address = {a}  ports = [1-99/tcp] }")


@mistake("E252")
def a_service_that_moves_under_a_promise(p):
    old, new, name = p.address(), p.address(), p.name("moved")
    p.anywhere("host %s { address = %s -> %s  ports = [9000/tcp]  takes = 1m }" % (name, old, new))
    p.anywhere('dns_record %s { host = "%s.example.net"  value = %s -> %s  ttl = 60s  takes = 1m }' % (p.name("name"), name, old, new))
    p.anywhere("promise desk reaches %s.example.net:9000 always" % name)


@mistake("E252")
def an_outage_longer_than_promised(p):
    old, new, name = p.address(), p.address(), p.name("moved")
    p.anywhere("host %s { address = %s -> %s  ports = [9000/tcp]  takes = 20m }" % (name, old, new))
    p.anywhere('dns_record %s { host = "%s.example.net"  value = %s -> %s  ttl = 60s  takes = 1m }' % (p.name("name"), name, old, new))
    p.anywhere("promise desk reaches %s.example.net:9000 down at most 10m" % name)


@mistake("E252")
def a_reboot_under_a_promise(p):
    name, at, _ = p.r.choice(p.services)
    p.add('step %s { do { manual "reboot" }  undo { manual "reboot" }  takes = 1m  disrupts = [%s] }' % (p.name("reboot"), name))


@mistake("E223")
def a_move_of_no_known_length(p):
    old, new, name = p.address(), p.address(), p.name("moved")
    p.anywhere("host %s { address = %s -> %s  ports = [9000/tcp] }" % (name, old, new))
    p.anywhere('dns_record %s { host = "%s.example.net"  value = %s -> %s  ttl = 60s }' % (p.name("name"), name, old, new))
    p.anywhere("promise desk reaches %s.example.net:9000 down at most 10m" % name)


@mistake("E224")
def a_window_that_is_too_short(p):
    p.lines[0] = p.lines[0].replace("operator = desk", "operator = desk  window = 1m")
    p.anywhere('step %s { do { manual "wait" }  undo { manual "wait" }  takes = 2h  disrupts = [%s] }' % (p.name("slow"), idle(p)))


def idle(p):
    name = p.name("idle")
    p.anywhere("host %s { address = %s  ports = [7000/tcp] }" % (name, p.address()))
    return name


@mistake("E225")
def a_client_that_nobody_looks_from(p):
    name = p.name("guest")
    p.anywhere("client %s { zone = cluster }" % name)
    p.anywhere("promise %s reaches %s:%d always" % (name, *p.services[0][1:]))


@mistake("E211")
def a_step_that_needs_what_it_disrupts(p):
    name = idle(p)
    p.anywhere('step %s { do { manual "go" }  undo { manual "back" }  takes = 1s  disrupts = [%s]  needs = [%s] }' % (p.name("step"), name, name))


simple("E202", "a step that needs what nobody serves", 'pointer {n} { at = "the script"  target = {at}:1 }')
simple("E232", "a step without a way back", "step {n} { do { $ systemctl restart nginx }  takes = 5s }")
simple("E234", "a point of no return", 'step {n} { do { $ ./erase }  irreversible = "it is gone"  takes = 5s }')
simple("E302", "a promise that cannot fail", "promise {s}.zone == lan always")
simple("E302", "a promise of none of them", "promise at least 1 of [{s}] up always\npromise {s}.zone == lan finally")

# ── Commands and secrets ──────────────────────────────────────────────────────

STEP = 'step {n} { do { %s }  undo none because "nothing to take back"  takes = 1s }'
simple("E271", "a secret in an argument", STEP % "$ mysqladmin --password=${secret admin} flush-hosts\n ")
simple("E272", "a secret in a message", STEP % 'manual "say ${secret admin}"')
simple("E281", "a lock holder in a pipeline", STEP % "$ terraform apply -auto-approve | tee apply.log\n ")
simple("E282", "a lock holder in the background", STEP % "$ terraform apply -auto-approve &\n ")
simple("E283", "a lock holder in a command substitution", STEP % '$ echo "$(terraform apply -auto-approve)"\n ')
simple("E284", "a lock holder that is killed", STEP % "$ timeout -s KILL 60 terraform apply -auto-approve\n ")
simple("E286", "shell text in a string", STEP % '$ eval "$CODE"\n ')
simple("E287", "an expansion without quotes", STEP % "$ rm -r $HOME/x\n ")
simple("E288", "errors switched off", STEP % "$ terraform apply -auto-approve || true\n ")

# ── Rules ─────────────────────────────────────────────────────────────────────

simple("metallb-sharing-key", "one address for two balancers", "lb_service {n} { address = 10.250.0.1  ports = [25/tcp] }\n"
       "lb_service other-{n} { address = 10.250.0.1  ports = [587/tcp] }")
simple("dhcp-overlap", "two pools of leases that overlap", "dhcp_pool {n} { range = 10.251.0.10-10.251.0.90 }\ndhcp_pool other-{n} { range = 10.251.0.90-10.251.0.99 }")
simple("address-pool-overlap", "two pools of addresses that overlap", "address_pool {n} { range = 10.251.1.0/24 }\naddress_pool other-{n} { range = 10.251.1.7 }")
simple("pool-overlap", "a pool within the leases", "address_pool {n} { range = 10.251.2.0/24 }\ndhcp_pool other-{n} { range = 10.251.2.7-10.251.2.9 }")
simple("address-not-leased", "an address within the leases", "address {n} { value = 10.251.3.8 }\ndhcp_pool other-{n} { range = 10.251.3.7-10.251.3.9 }")


def names_of(finding):
    return {finding.get("code"), finding.get("rule")} - {None}


def judge_correct(compiler, seed):
    """What is said against a correct plan."""
    errors = [f for f in compiler.ask(Plan(seed).text())[0] if f["severity"] == "error"]
    return "a correct plan has an error: %s" % errors[0]["message"] if errors else None, []


def judge_planted(compiler, seed):
    """The mistakes that nobody found."""
    missed, found = [], []
    for number, (what, code, plant) in enumerate(MISTAKES):
        plan = Plan(seed)
        plan.r.seed(seed * 1000 + number)
        plant(plan)
        said = compiler.ask(plan.text())[0]
        if any(code in names_of(f) for f in said):
            found.append(code)
        else:
            missed.append("%s: no %s among %s" % (what, code, sorted(set().union(*map(names_of, said))) if said else "nothing"))
    return "; ".join(missed) or None, found


def main():
    parser = argparse.ArgumentParser()
    many.arguments(parser)
    parser.add_argument("--count", type=int, default=4, help="plans that each kind of mistake is planted into")
    parser.add_argument("--correct", type=int, default=100, help="plans without a mistake")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if options.list:
        for what, code, _ in MISTAKES:
            print("%-24s %s" % (code, what))
    log = options.log
    passed, failed, _ = many.run(options, judge_correct, options.correct)
    options.log = log and log + ".planted"
    found, missed, hits = many.run(options, judge_planted, options.count)
    if options.coverage:
        for code in sorted(hits):
            print("  %6d  %s" % (hits[code], code))
    print("%d kinds of mistakes in each of %d plans" % (len(MISTAKES), options.count))
    print("%d passed, %d failed" % (passed + found, failed + missed))
    return 1 if failed + missed else 0


if __name__ == "__main__":
    sys.exit(main())
