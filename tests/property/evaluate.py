#!/usr/bin/env python3
"""An independent evaluator of a cutc model, written from docs/definitions.md alone.

It reads the JSON of `cutc model` and decides by brute force what the compiler decides with indices: who reaches whom
in a state, which orders are admissible, and which of them is best. Slow on purpose: no index, no memo across states.

  evaluate.py MODEL.json          prints what it finds as JSON: best order, timeline, outages
"""
import ipaddress
import itertools
import json
import sys

MAX_HOPS = 32
UP, DOWN, UNKNOWN, MAYBE = "up", "down", "unknown", "maybe"


def all_of(verdicts):
    """Every answer to one question has to be reached."""
    verdicts = list(verdicts)
    if DOWN in verdicts:
        return DOWN
    return UNKNOWN if UNKNOWN in verdicts else UP


def any_of(verdicts):
    verdicts = list(verdicts)
    if UP in verdicts:
        return UP
    return UNKNOWN if UNKNOWN in verdicts else DOWN


def canonical(name):
    return name.lower().rstrip(".")


def parse_host(text):
    """('address', ip) | ('range', first, last) | ('pattern', suffix) | ('name', name)."""
    try:
        return ("address", ipaddress.ip_address(text))
    except ValueError:
        pass
    if "/" in text:
        net = ipaddress.ip_network(text, strict=False)
        return ("range", net[0], net[-1])
    if "-" in text:
        first, _, last = text.partition("-")
        try:
            return ("range", ipaddress.ip_address(first), ipaddress.ip_address(last))
        except ValueError:
            pass
    text = canonical(text)
    return ("pattern", text[2:]) if text.startswith("*.") else ("name", text)


def is_address(text):
    return parse_host(text)[0] == "address"


def below(name, domain):
    return name == domain or name.endswith("." + domain)


class Model:
    def __init__(self, data):
        self.data = data
        self.zones = {z["name"]: z["inside"] for z in data["zones"]}
        self.clients = {c["name"]: c for c in data["clients"]}
        self.steps = {s["id"]: s for s in data["steps"]}
        self.order = [s["id"] for s in data["steps"] if not s.get("wait")]
        self.position = {s: i for i, s in enumerate(self.order)}
        self.resources = [r["name"] for r in data["resources"]]
        self.facts = data["facts"]
        for fact in self.facts:
            for key in ("host", "name"):
                if fact["fact"] != "needs" and fact.get(key):
                    fact["match"] = parse_host(fact[key])
        self.serves_zone = {}
        for fact in self.facts:
            if fact["fact"] == "serves":
                self.serves_zone.setdefault(fact["by"], fact["zone"])
        self.together = [set(f["any_of"]) for f in self.facts if f.get("any_of") and all(isinstance(t, str) for t in f["any_of"])]
        self.questions = self.find_questions()
        self.url_hosts = [f["match"] for f in self.facts if f["fact"] == "hosts"]

    def find_questions(self):
        """Everything that may be asked of a DNS: (zone, name, port, proto)."""
        hosts, ports = set(), set()
        asked = [p for p in self.data["promises"] if "client" in p] + [f for f in self.facts if f["fact"] == "needs" and f.get("host")]
        for entry in asked:
            hosts.add(entry["host"])
            ports.add((entry["port"], entry["proto"]))
        for fact in self.facts:
            if fact["fact"] == "names" and fact.get("value"):
                hosts.add(fact["value"])
            targets = [fact["to"]] if isinstance(fact.get("to"), dict) else []
            targets += [{"host": fact["to_host"], "port": fact["to_port"]}] if fact.get("to_host") else []
            targets += [t for t in fact.get("any_of") or [] if not isinstance(t, str)]
            for target in targets:
                if target["host"]:
                    hosts.add(target["host"])
                if target["port"]:
                    ports |= {(target["port"], proto) for proto in ("tcp", "udp", "sctp", "any")}
        names = [h for h in hosts if h != "unknown" and not is_address(h)]
        return [(z, canonical(h)) + p for z in self.zones for h in names for p in sorted(ports, key=str)]

    def outwards(self, zone):
        while zone is not None:
            yield zone
            zone = self.zones[zone]


class State:
    """The world with a set of steps done and some resources disrupted."""

    def __init__(self, model, done, disrupted=()):
        self.olds = {}
        self.model, self.done, self.disrupted = model, frozenset(done), frozenset(disrupted)
        self.facts = [f for f in model.facts if self.holds(f)]
        self.up = self.greatest()

    def holds(self, guarded):
        return all(s in self.done for s in guarded["after"]) and not any(s in self.done for s in guarded["before"])

    # ── up ────────────────────────────────────────────────────────────────────
    def greatest(self):
        self.up = set(self.model.resources) - self.disrupted
        while True:
            fallen = {r for r in self.up if not self.needs_hold(r)}
            if not fallen:
                return self.up
            self.up -= fallen

    def least(self, kept):
        """The least set that contains `kept` and is closed under «its needs hold»."""
        whole, self.up = self.up, set(kept)
        while True:
            risen = {r for r in self.model.resources
                     if r not in self.up and r not in self.disrupted and self.needs_hold(r)}
            if not risen:
                break
            self.up |= risen
        grown, self.up = self.up, whole
        return grown

    def needs_hold(self, resource):
        return all(self.need(f, resource) == UP for f in self.facts if f["fact"] == "needs" and f["by"] == resource)

    def need(self, need, by=None):
        if need.get("never"):
            return DOWN
        if need.get("on"):
            return UP if need["on"] in self.up else DOWN
        if need.get("at_least") is not None:
            return UP if sum(r in self.up for r in need["of"]) >= need["at_least"] else DOWN
        zone = need.get("zone") or self.model.serves_zone.get(by)
        return self.reach(zone, need.get("dns") or zone, need["host"], need["port"], need["proto"], need.get("vhost") or "")

    # ── matching ──────────────────────────────────────────────────────────────
    @staticmethod
    def port_class(fact, port):
        """None: no match; else the smaller the more specific."""
        low, high = fact["port"], fact.get("port_end")
        if low == "any" or (low == 0 and high == 65535):
            return 2
        if high is None:
            return 0 if low == port else None
        return 1 if low <= port <= high else None

    def endpoints(self, zone, port, proto):
        for fact in self.facts:
            if fact["fact"] in ("serves", "forwards") and fact.get("host") and fact["zone"] == zone:
                if fact["proto"] not in (proto, "any"):
                    continue
                klass = self.port_class(fact, port)
                if klass is not None:
                    yield fact, klass

    def by_address(self, zone, host, port, proto):
        """The most specific endpoint facts of one zone for an address."""
        ip, found = ipaddress.ip_address(host), []
        for fact, klass in self.endpoints(zone, port, proto):
            match = fact["match"]
            if match[0] == "address" and match[1] == ip:
                found.append(((0, klass), fact))
            elif match[0] == "range" and match[1].version == ip.version and match[1] <= ip <= match[2]:
                found.append(((1 + int(match[2]) - int(match[1]), klass), fact))
        return self.best(found)

    @staticmethod
    def best(found):
        if not found:
            return []
        least = min(key for key, _ in found)
        return [fact for key, fact in found if key == least]

    def exists_between(self, zone, suffix, host):
        """A name in the same zone between the pattern `*.suffix` and the question: it, or one it lies under."""
        for fact in self.facts:
            if fact["fact"] in ("serves", "forwards", "names") and fact["zone"] == zone and fact.get("match"):
                kind, name = fact["match"][0], fact["match"][1]
                if kind == "name" and name != suffix and below(name, suffix) and below(host, name):
                    return True
        return False

    def by_name(self, zone, host, port, proto):
        host, found = canonical(host), []
        candidates = [(fact, klass, 0) for fact, klass in self.endpoints(zone, port, proto)]
        candidates += [(fact, 0, 1) for fact in self.facts if fact["fact"] == "names" and fact["zone"] == zone]
        for fact, klass, weaker in candidates:
            match = fact["match"]
            if match[0] == "name" and match[1] == host:
                found.append(((0, 0, weaker, klass), fact))
            elif match[0] == "pattern" and host != match[1] and below(host, match[1]):
                if not self.exists_between(zone, match[1], host):
                    found.append(((1, -len(match[1]), weaker, klass), fact))
        return self.best(found)

    def owned(self, zone, host):
        return any(f["fact"] == "owns" and f["zone"] == zone and below(canonical(host), f["match"][1]) for f in self.facts)

    # ── caches ────────────────────────────────────────────────────────────────
    def published(self):
        """The answer to each question that somebody may keep, and for how many seconds."""
        if not hasattr(self, "answers"):
            self.answers = {q: a for q in self.model.questions for a in [self.answer_to(*q)] if a and a[1]}
        return self.answers

    def answer_to(self, dns, host, port, proto):
        for z in self.model.outwards(dns):
            facts = self.by_name(z, host, port, proto)
            if facts:
                facts = [f for f in facts if f["by"] in self.up]
                if not facts or any(f["fact"] != "names" or f.get("unknown") or f.get("value") == "unknown" for f in facts):
                    return None
                return frozenset(("to", f["to"]) if f.get("to") else ("value", canonical(f["value"])) for f in facts), max(f["ttl"] or 0 for f in facts)
            owners = [f for f in self.facts if f["fact"] == "owns" and f["zone"] == z and below(host, f["match"][1])]
            if owners:
                return frozenset(), owners[0]["negative_ttl"]
        return None

    def recalled(self, promise, olds):
        """The promise when each look-up may meet any of these old answers: pairs of question and answer."""
        self.olds = {}
        for question, answer in olds:
            self.olds.setdefault(question, []).append(answer)
        verdict = self.promise(promise)
        self.olds = {}
        return verdict

    def old_answers(self, zone, dns, host, port, proto, vhost, path):
        for answer in self.olds.get((dns, canonical(host), port, proto), ()):
            if not answer:
                yield DOWN
            for kind, value in answer:
                yield (self.arrive(value, port, proto, vhost, path) if kind == "to"
                       else self.reach(zone, dns, value, port, proto, vhost, path))

    # ── reach ─────────────────────────────────────────────────────────────────
    def reach(self, zone, dns, host, port, proto, vhost, path=()):
        """path: the hops so far; the same one twice, or more than MAX_HOPS, is a loop."""
        hop = ("reach", zone, dns, host, port, proto, vhost)
        if hop in path or len(path) >= MAX_HOPS:
            return DOWN
        path += (hop,)
        if host == "unknown":
            return UNKNOWN
        if is_address(host):
            for z in self.model.outwards(zone):
                facts = self.by_address(z, host, port, proto)
                if facts:
                    return self.every(facts)(self.follow(f, host, port, proto, vhost, path) for f in facts)
            return DOWN
        now = self.by_present_answer(zone, dns, host, port, proto, vhost, path)
        return all_of([now, *self.old_answers(zone, dns, host, port, proto, vhost, path)])

    def by_present_answer(self, zone, dns, host, port, proto, vhost, path):
        for z in self.model.outwards(dns):
            facts = self.by_name(z, host, port, proto)
            if facts:
                return self.every(facts)(self.answer(f, zone, dns, host, port, proto, vhost, path) for f in facts)
            if self.owned(z, host):
                return DOWN
        return DOWN

    def every(self, facts):
        """How several answers count: each must be reached, but of the members of one `any of` one is enough."""
        by = {f["by"] for f in facts}
        return any_of if len(by) > 1 and any(by <= together for together in self.model.together) else all_of

    def answer(self, fact, zone, dns, host, port, proto, vhost, path):
        if fact["fact"] != "names":
            return self.follow(fact, host, port, proto, vhost, path)
        if fact["by"] not in self.up:
            return DOWN
        if fact.get("to"):
            return self.arrive(fact["to"], port, proto, vhost, path)
        return self.reach(zone, dns, fact["value"], port, proto, vhost, path)

    def follow(self, fact, host, port, proto, vhost, path):
        if fact["by"] not in self.up:
            return DOWN
        if fact["fact"] == "serves":
            return self.arrive(fact["by"], port, proto, vhost, path)
        return self.forward(fact, host, port, proto, vhost, path)

    def forward(self, fact, host, port, proto, vhost, path):
        if fact["vhost"] != "keep":
            vhost = fact["vhost"] or ""
        if fact.get("any_of"):
            return any_of(self.hand_on(t, fact, host, port, proto, vhost, path) for t in fact["any_of"])
        target = fact["to"] if fact.get("to") else {"zone": fact["to_zone"], "host": fact["to_host"], "port": fact["to_port"]}
        return self.hand_on(target, fact, host, port, proto, vhost, path)

    def hand_on(self, target, fact, host, port, proto, vhost, path):
        if isinstance(target, str):
            return self.arrive(target, port, proto, vhost, path)
        to_host = target["host"]
        if to_host is None:  # a route: the same address, other zone
            to_host = host
        return self.reach(target["zone"], target["zone"], to_host, target["port"] or port, proto, vhost, path)

    def arrive(self, resource, port, proto, vhost, path):
        hop = ("arrive", resource, port, proto, vhost)
        if hop in path or len(path) >= MAX_HOPS:
            return DOWN
        path += (hop,)
        if resource not in self.up:
            return DOWN
        bound = [f for f in self.facts if f["fact"] == "hosts" and f["at"] == resource and self.binds(f, port, proto)]
        onwards = [f for f in self.facts if f["fact"] == "forwards" and not f.get("host") and f["by"] == resource]
        if bound and vhost:
            found = []
            for fact in bound:
                match, name = fact["match"], canonical(vhost)
                if match[0] == "name" and match[1] == name:
                    found.append(((0, 0), fact))
                elif match[0] == "pattern" and name != match[1] and below(name, match[1]):
                    found.append(((1, -len(match[1])), fact))
            best = self.best(found)
            if not best:
                return DOWN
            return all_of(self.hosted(f, port, proto, vhost, path) for f in best)
        if onwards:
            return all_of(self.forward(f, None, port, proto, vhost, path) for f in onwards)
        return UP

    def hosted(self, fact, port, proto, vhost, path):
        by = fact["by"]
        if by not in self.up:
            return DOWN
        onwards = [f for f in self.facts if f["fact"] == "forwards" and not f.get("host") and f["by"] == by]
        return all_of(self.forward(f, None, port, proto, vhost, path) for f in onwards) if onwards else UP

    @staticmethod
    def binds(fact, port, proto):
        if fact["port"] is None or fact["port"] == "any":
            return True
        return fact["port"] == port and (proto == "tcp" or port == 443)

    # ── promises, landing, rules ──────────────────────────────────────────────
    def promise(self, promise):
        if "true" in promise:
            return UP if any(self.holds(g) for g in promise["true"]) else DOWN
        if "client" not in promise:
            return self.need(promise)
        client = self.model.clients[promise["client"]]
        dns = [d["zone"] for d in client["dns"] if self.holds(d)]
        return all_of(self.reach(client["zone"], d, promise["host"], promise["port"], promise["proto"],
                                 promise.get("vhost") or "") for d in dns)

    def lands(self, fact):
        if fact["fact"] == "needs":
            return self.need(fact, fact["by"]) == UP
        if fact["fact"] == "names":
            if fact.get("to"):
                return fact["to"] in self.up
            value = fact["value"]
            if is_address(value):
                ip = ipaddress.ip_address(value)
                for zone in self.model.outwards(fact["zone"]):
                    for f in self.facts:
                        if f["fact"] in ("serves", "forwards") and f.get("host") and f["zone"] == zone and f["by"] in self.up:
                            m = f["match"]
                            if m[0] == "address" and m[1] == ip or m[0] == "range" and m[1].version == ip.version and m[1] <= ip <= m[2]:
                                return True
                return False
            return self.resolves(fact["zone"], value)
        if fact["fact"] == "forwards":
            if fact.get("any_of") or fact.get("to") or fact.get("to_host"):
                port = fact["port"] if fact.get("port") is not None else fact.get("to_port")
                bare = dict(fact, vhost=None)
                protos = ("tcp", "udp", "sctp") if fact.get("proto") in (None, "any") else (fact["proto"],)
                return any(self.forward(bare, None, port, proto, "", ()) == UP for proto in protos)
        return True

    def resolves(self, zone, name, seen=()):
        """The best match for it, in some zone, is an address or a resource in the end, or an endpoint that has the name."""
        host = canonical(name)
        if host in seen:
            return False
        for z in self.model.outwards(zone):
            found = []
            for fact in self.facts:
                if fact["fact"] not in ("names", "serves", "forwards") or fact["zone"] != z or not fact.get("match"):
                    continue
                m, weaker = fact["match"], fact["fact"] == "names"
                if m[0] == "name" and m[1] == host:
                    found.append(((0, 0, weaker), fact))
                elif m[0] == "pattern" and host != m[1] and below(host, m[1]) and not self.exists_between(z, m[1], host):
                    found.append(((1, -len(m[1]), weaker), fact))
            best = self.best(found)
            if best:
                return any(f["by"] in self.up and (f["fact"] != "names" or bool(f.get("to")) or is_address(f["value"])
                                                   or self.resolves(zone, f["value"], seen + (host,))) for f in best)
            if self.owned(z, name):
                return False
        return False

    def forbidden(self, entry, during=None):
        return (self.holds(entry) and entry["during"] in (None, during) and during not in entry.get("not_during", [])
                and all(r in self.up for r in entry["up"])
                and not any(r in self.up for r in entry["down"]))

    def conflicts(self):
        """Pairs of different resources that answer equally specifically for one question."""
        groups = {}
        together = [set(f["any_of"]) for f in self.model.facts if f.get("any_of") and all(isinstance(t, str) for t in f["any_of"])]
        for fact in self.facts:
            if fact["fact"] in ("serves", "forwards") and fact.get("host"):
                ports = (fact["port"], fact.get("port_end"))
                for proto in ("tcp", "udp", "sctp") if fact["proto"] == "any" else (fact["proto"],):
                    groups.setdefault(("endpoint", fact["zone"], fact["match"], ports, proto), set()).add(fact["by"])
            elif fact["fact"] == "names":
                groups.setdefault(("name", fact["zone"], fact["match"]), set()).add(fact["by"])
            elif fact["fact"] == "hosts":
                groups.setdefault(("hosts", fact["at"], fact["match"], fact["port"]), set()).add(fact["by"])
        found = set()
        for key, members in groups.items():
            for a, b in itertools.combinations(sorted(members), 2):
                if not any(a in t and b in t for t in together):
                    found.add((key, a, b))
        return found


class Judge:
    """Admissible orders and the best of them."""

    def __init__(self, model):
        self.model, self.cache, self.recall = model, {}, {}
        data = model.data
        self.promises = data["promises"]
        self.first, self.last = self.state(()), self.state(model.order)
        self.excused = {i for i, f in enumerate(data["forbidden"])
                        if self.first.forbidden(f) and not self.last.forbidden(f)}
        self.excused_conflicts = self.first.conflicts() - self.last.conflicts()
        # What the last state breaks, no order can keep: it is left out, and the caller is told.
        self.hopeless = {p["id"] for p in self.promises if self.last.promise(p) != UP}
        self.hopeless_rules = {i for i, f in enumerate(data["forbidden"]) if f["severity"] == "error" and self.last.forbidden(f)}
        self.hopeless_conflicts = self.last.conflicts()
        self.excused |= self.hopeless_rules
        self.excused_conflicts |= self.hopeless_conflicts

    def state(self, done, disrupted=()):
        key = (frozenset(done), frozenset(disrupted))
        if key not in self.cache:
            self.cache[key] = State(self.model, *key)
        return self.cache[key]

    def broken(self, state, during=None):
        """A rule or conflict that this state may not have."""
        for i, f in enumerate(self.model.data["forbidden"]):
            if f["severity"] == "error" and i not in self.excused and state.forbidden(f, during):
                return "rule " + f["rule"]
        if state.conflicts() - self.excused_conflicts:
            return "conflict"
        return None

    def step_problem(self, done, step, irreversible_before):
        """Why `step` may not be made after the set `done`; None when it may."""
        s = self.model.steps[step]
        if any(a not in done for a in s["after"]):
            return "after"
        before, after = self.state(done), self.state(done | {step})
        d_before, d_after = self.state(done, s["disrupts"]), self.state(done | {step}, s["disrupts"])
        if any(d_before.need(n) != UP for n in s["needs"]):
            return "needs"
        undoable = not s["irreversible"]
        if undoable and any(d_after.need(n) != UP for n in s["undo_needs"]):
            return "undo needs"
        if not s["early"]:
            old = {id(f) for f in before.facts}
            if any(id(f) not in old and not after.lands(f) for f in after.facts):
                return "landing"
        kept = d_before.up & d_after.up
        if after.least(kept & after.up) != after.up:
            return "does not come back"
        if undoable and before.least(kept & before.up) != before.up:
            return "undo does not come back"
        for state, during in ((after, None), (d_before, step), (d_after, step)):
            problem = self.broken(state, during)
            if problem:
                return problem
        return None

    # ── time ──────────────────────────────────────────────────────────────────
    def dark(self, state, promise, olds, estimated=None):
        """Does it fail in the state with answers that are still possible? With `estimated`, only those possible for longer
        than that by the clock."""
        possible = frozenset(k for k, (_, clock) in olds.items() if estimated is None or clock > estimated)
        key = (state.done, state.disrupted, promise["id"], possible)
        if key not in self.recall:
            self.recall[key] = state.recalled(promise, possible) != UP
        return self.recall[key]

    def tail(self, state, promise, olds):
        """How long by the clock some old answer that fails is still possible."""
        for limit in sorted({0} | {clock for _, clock in olds.values()}):
            if not self.dark(state, promise, olds, limit):
                return limit
        return 0

    @staticmethod
    def waited(olds, time):
        return {k: (sure - time, max(clock - time, 0)) for k, (sure, clock) in olds.items() if sure > time}

    def stepped(self, olds, before, after, takes):
        """What was published to the end of a step, and is not so any more, is kept from then on."""
        left = {k: (sure, max(clock - takes, 0)) for k, (sure, clock) in olds.items()}
        now = after.published()
        for question, (answer, ttl) in before.published().items():
            if now.get(question) != (answer, ttl):
                sure, clock = left.get((question, answer), (0, 0))
                left[question, answer] = (max(sure, ttl), max(clock, ttl))
        return left

    def move(self, at, step, wait):
        """The position after a wait and a step; a word for why not."""
        done, olds, stretch, slack, cost = at
        s = self.model.steps[step]
        before, after = self.state(done), self.state(done | {step})
        d_before, d_after = self.state(done, s["disrupts"]), self.state(done | {step}, s["disrupts"])
        takes = s["takes"] or 0
        ready = self.waited(olds, wait)
        left = self.stepped(ready, before, after, takes)
        last = len(done) + 1 == len(self.model.order)
        unknown, seconds, waits = cost
        lengths, disturbs = {}, bool(s["disrupts"])
        for promise in self.promises:
            pid = promise["id"]
            hard = [x.promise(promise) != UP for x in (before, d_before, d_after, after)]
            stood, rose = self.dark(before, promise, olds), self.dark(before, promise, ready)
            within = self.dark(d_before, promise, ready) or self.dark(d_after, promise, left)
            ends = self.dark(after, promise, left)
            if promise["hold"] == "always" and pid not in self.hopeless and not rose and (within or ends):
                return "always"
            if promise["hold"] == "finally":
                if last and hard[3] and pid not in self.hopeless:
                    return "finally"
                continue
            disturbs = disturbs or ends  # a step that only mends is still ahead of time
            waiting = 0 if not stood else wait if hard[0] else min(wait, self.tail(before, promise, olds))
            clock = self.tail(before, promise, ready) if rose and not any(hard) else 0
            if any(hard) or (not rose and (within or ends)) or (ends and self.tail(after, promise, left) > max(clock - takes, 0)):
                running, whole = takes, True
            else:  # nothing but what is old already: as long as it lasts
                running, whole = min(takes, clock), False
            rest = self.tail(after, promise, left) if last and ends and not hard[3] else 0
            if pid not in self.hopeless:
                unknown += whole and s["takes"] is None
                seconds += waiting + running + rest
            so_far = stretch[pid] + waiting if stood else 0
            now = (so_far if rose else 0) + running
            if promise["hold"] == "at_most" and pid not in self.hopeless:
                if so_far > promise["limit"] or (rose or within or ends) and now + rest > promise["limit"] or last and hard[3]:
                    return "at_most"
            lengths[pid] = now if ends else 0
        window = self.model.data.get("window")
        if window is not None and slack is not None:
            slack -= wait
        elif window is not None and disturbs:
            slack = window - sum(self.model.steps[x]["takes"] or 0 for x in self.model.order if x not in done)
        if slack is not None and slack < 0:
            return "window"
        return done | {step}, left, lengths, slack, (unknown, seconds, waits + wait)

    def pauses(self, at):
        """The waits that can make a difference: until an old answer is gone, or is possible no longer than a present one."""
        published = self.state(at[0]).published()
        found = {0}
        for (question, answer), (sure, _) in at[1].items():
            found.add(sure)
            if published.get(question, (None, 0))[0] == answer:
                found.add(sure - published[question][1])
        return sorted(w for w in found if w >= 0)

    def start(self):
        return frozenset(), {}, {p["id"]: 0 for p in self.promises}, None, (0, 0, 0)

    def judge(self, order, generous=False):
        """None when the order is not admissible, else (unknown lengths, seconds, seconds waited, irreversible flags, positions).
        Waits are put in where a promise `always` needs one; where `generous`, for a shorter outage too."""
        done = frozenset()
        for step in order:
            if self.step_problem(done, step, False):
                return None
            done |= {step}
        places = [self.start()]
        for step in order:
            following = []
            for at in places:
                for wait in self.pauses(at):
                    to = self.move(at, step, wait)
                    if not isinstance(to, str):
                        following.append(to)
                    if not generous and to != "always":
                        break
            places = following
        if not places:
            return None
        flags = tuple(bool(self.model.steps[s]["irreversible"]) for s in order)
        return min(at[4] for at in places) + (flags, tuple(self.model.position[s] for s in order))

    def follow(self, order, forgiven=()):
        """What the order with its waits costs; None when it is not admissible."""
        at, wait = self.start(), 0
        for step in order:
            if self.model.steps[step].get("wait"):
                wait += self.model.steps[step]["takes"]
                continue
            if self.step_problem(at[0], step, False) not in (None, *forgiven):
                return None
            at = self.move(at, step, wait)
            if isinstance(at, str):
                return None
            wait = 0
        return at[4]

    def timeline(self, order):
        """What each promise is in each state, waits included."""
        line = {p["id"]: [self.first.promise(p)] for p in self.promises}
        done, olds = frozenset(), {}
        for step in order:
            s = self.model.steps[step]
            before = self.state(done)
            if s.get("wait"):
                olds = self.waited(olds, s["takes"])
            else:
                done |= {step}
                olds = self.stepped(olds, before, self.state(done), s["takes"] or 0)
            for p in self.promises:
                verdict = self.state(done).promise(p)
                line[p["id"]].append(MAYBE if verdict == UP and self.dark(self.state(done), p, olds) else verdict)
        return line

    def depends(self, promise):
        """The steps that make a difference to a promise in some state, whatever the order."""
        steps = self.model.order
        verdicts = {done: self.state(done).promise(promise)
                    for n in range(len(steps) + 1) for done in map(frozenset, itertools.combinations(steps, n))}
        return {s for done, verdict in verdicts.items() for s in steps if s not in done and verdicts[done | {s}] != verdict}

    def best(self, blocks=None):
        """The best of all orders; with `blocks`, of those that run them one after the other."""
        orders = ([sum(o, ()) for o in itertools.product(*map(itertools.permutations, blocks))] if blocks
                  else list(itertools.permutations(self.model.order)))
        for generous in (False, True):
            found = [j for j in (self.judge(o, generous) for o in orders) if j is not None]
            if found:
                return min(found)
        return None


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        judge = Judge(Model(json.load(file)))
    best = judge.best()
    order = [judge.model.order[i] for i in best[4]] if best else None
    json.dump({"best": best and best[:2], "order": order, "timeline": order and judge.timeline(order)}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
