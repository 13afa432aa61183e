"""One state of a cutc model at a time: who is up, who reaches whom, what is published, what a rule forbids.

Written from docs/definitions.md alone, for `cutc model --format json`. Slow on purpose: no index, no memo across states.
HITS collects which parts of the definitions made a difference; whoever counts them clears it."""
import functools
import ipaddress
import itertools

MAX_HOPS = 32
UP, DOWN, UNKNOWN, MAYBE = "up", "down", "unknown", "maybe"
TURN = ("turn",)  # on a path: a hairpin lies behind
HITS = set()


def all_of(verdicts):
    """Every answer to one question has to be reached."""
    verdicts = list(verdicts)
    if DOWN in verdicts:
        return DOWN
    return UNKNOWN if UNKNOWN in verdicts else UP


def any_of(verdicts):
    verdicts = list(verdicts)
    if UP in verdicts:
        if DOWN in verdicts:
            HITS.add("any of, one down")
        return UP
    return UNKNOWN if UNKNOWN in verdicts else DOWN


@functools.lru_cache(maxsize=4096)
def canonical(name):
    return name.lower().rstrip(".")


def number(text):
    """An address as (version, number)."""
    ip = ipaddress.ip_address(text)
    return ip.version, int(ip)


@functools.lru_cache(maxsize=4096)
def parse_host(text):
    """('address', ip) | ('range', first, last) | ('pattern', suffix) | ('name', name)."""
    try:
        return ("address", number(text))
    except ValueError:
        pass
    if "/" in text:
        net = ipaddress.ip_network(text, strict=False)
        return ("range", number(net[0]), number(net[-1]))
    if "-" in text:
        first, _, last = text.partition("-")
        try:
            return ("range", number(first), number(last))
        except ValueError:
            pass
    text = canonical(text)
    return ("pattern", text[2:]) if text.startswith("*.") else ("name", text)


def holds_address(match, ip):
    return match[0] == "address" and match[1] == ip or match[0] == "range" and match[1][0] == ip[0] and match[1] <= ip <= match[2]


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
        self.facts, self.promises = data["facts"], data["promises"]
        for fact in self.facts:
            for key in ("host", "name"):
                if fact["fact"] != "needs" and fact.get(key):
                    fact["match"] = parse_host(fact[key])
        self.serves_zone = {}
        for fact in self.facts:
            if fact["fact"] == "serves":
                self.serves_zone.setdefault(fact["by"], fact["zone"])
        self.together = [set(f["any_of"]) for f in self.facts if f.get("any_of") and all(isinstance(t, str) for t in f["any_of"])]
        attributes = {r["name"]: r["attributes"] for r in data["resources"]}
        self.lag = {r: (a.get("lag") or [0])[0] or 0 for r, a in attributes.items()}
        self.lags = sorted(set(self.lag.values()) - {0})
        self.floor = {c: (attributes[c].get("ttl_floor") or [0])[0] or 0 for c in self.clients}
        self.floors = sorted({self.floor[p["client"]] for p in self.promises if "client" in p})
        self.questions = self.find_questions()

    def find_questions(self):
        """Everything whose answer somebody may keep: (zone, host, port, proto), and what a resource with a lag hands on."""
        hosts, ports = set(), set()
        asked = [p for p in self.promises if "client" in p] + [f for f in self.facts if f["fact"] == "needs" and f.get("host")]
        for entry in asked:
            hosts.add(entry["host"])
            ports.add((entry["port"], entry["proto"]))
        protos = {proto for _, proto in ports} | {"tcp"}
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
                    ports |= {(target["port"], proto) for proto in protos}
        late = {f["by"] for f in self.facts if f["fact"] in ("serves", "forwards") and self.lag[f["by"]]}
        hosts = [canonical(h) for h in hosts if h != "unknown" and (late or not is_address(h))]
        ports = sorted(ports, key=str)
        return ([(z, h) + p for z in self.zones for h in sorted(hosts) for p in ports]
                + [("pass", r) + p for r in sorted(late) for p in ports])

    def step_of(self, literal):
        """The step that a guard names; of a part STEP/RESOURCE the step that it belongs to."""
        return literal.partition("/")[0]

    def outwards(self, zone):
        while zone is not None:
            yield zone
            zone = self.zones[zone]


class State:
    """The world with a set of steps done (or parts STEP/RESOURCE of one) and some resources disrupted."""

    def __init__(self, model, done, disrupted=()):
        self.olds, self.watch, self.turned = {}, None, set()
        self.model, self.done, self.disrupted = model, frozenset(done), frozenset(disrupted)
        self.facts = [f for f in model.facts if self.holds(f)]
        self.verdicts = {}
        self.found = {}  # what answers a question here
        self.by_type = {t: [f for f in self.facts if f["fact"] == t] for t in ("names", "owns", "hosts", "needs", "forwards")}
        self.passing = [f for f in self.by_type["forwards"] if not f.get("host")]
        self.places = {}
        for fact in self.facts:
            if fact["fact"] in ("serves", "forwards") and fact.get("host"):
                self.places.setdefault(fact["zone"], []).append(fact)
        self.up = self.greatest()

    def holds(self, guarded):
        return all(map(self.made, guarded["after"])) and not any(map(self.made, guarded["before"]))

    def made(self, literal):
        """A step is done, or (in a state with a leading part of one) what it names of it."""
        return literal in self.done or self.model.step_of(literal) in self.done

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
        return all(self.need(f, resource) == UP for f in self.by_type["needs"] if f["by"] == resource)

    def need(self, need, by=None):
        if need.get("never"):
            HITS.add("need of a condition that is false")
            return DOWN
        if need.get("on"):
            return UP if need["on"] in self.up else DOWN
        if need.get("at_least") is not None:
            count = sum(r in self.up for r in need["of"])
            if count < len(need["of"]):
                HITS.add("count, some down")
            return UP if count >= need["at_least"] else DOWN
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
        for fact in self.places.get(zone, ()):
            if fact["proto"] not in (proto, "any"):
                continue
            klass = self.port_class(fact, port)
            if klass is not None:
                yield fact, klass

    def once(self, look, *question):
        """The same question has the same answer in one state."""
        key = (look,) + question
        if key not in self.found:
            self.found[key] = look(self, *question)
        return self.found[key]

    def by_address(self, zone, host, port, proto):
        """The most specific endpoint facts of one zone for an address."""
        return self.once(State.look_by_address, zone, host, port, proto)

    def by_name(self, zone, host, port, proto):
        return self.once(State.look_by_name, zone, host, port, proto)

    def look_by_address(self, zone, host, port, proto):
        ip, found = parse_host(host)[1], []
        for fact, klass in self.endpoints(zone, port, proto):
            match = fact["match"]
            if holds_address(match, ip):
                found.append(((0 if match[0] == "address" else 1 + match[2][1] - match[1][1], klass), fact))
        return self.best(found)

    @staticmethod
    def best(found):
        if not found:
            return []
        least = min(key for key, _ in found)
        return [fact for key, fact in found if key == least]

    def exists_between(self, zone, suffix, host):
        """A name in the same zone between the pattern `*.suffix` and the question: it, or one it lies under."""
        return any(fact["fact"] in ("serves", "forwards", "names") and fact["zone"] == zone and fact.get("match") and self.between(fact, suffix, host)
                   for fact in self.facts)

    @staticmethod
    def between(fact, suffix, host):
        kind, name = fact["match"][0], fact["match"][1]
        return kind == "name" and name != suffix and below(name, suffix) and below(host, name)

    def look_by_name(self, zone, host, port, proto):
        host, found = canonical(host), []
        candidates = [(fact, klass, 0) for fact, klass in self.endpoints(zone, port, proto)]
        candidates += [(fact, 0, 1) for fact in self.by_type["names"] if fact["zone"] == zone]
        for fact, klass, weaker in candidates:
            match = fact["match"]
            if match[0] == "name" and match[1] == host:
                found.append(((0, 0, weaker, klass), fact))
            elif match[0] == "pattern" and host != match[1] and below(host, match[1]):
                if not self.exists_between(zone, match[1], host):
                    HITS.add("wildcard")
                    found.append(((1, -len(match[1]), weaker, klass), fact))
                else:
                    HITS.add("wildcard hidden by a name")
        return self.best(found)

    def owned(self, zone, host):
        return any(f["zone"] == zone and below(canonical(host), f["match"][1]) for f in self.by_type["owns"])

    # ── caches ────────────────────────────────────────────────────────────────
    def published(self):
        """(least time a resolver keeps it, question) -> what is answered (None: nothing that somebody may keep); for how many
        seconds; for how many of these without a lag; and the longest lag of those who decide what is answered."""
        if not hasattr(self, "answers"):
            self.answers = {}
            for question in self.model.questions:
                answer, facts, deciding = self.answer_to(*question)
                lag = max((self.model.lag[f["by"]] for f in deciding), default=0)
                for floor in self.model.floors:
                    ttls = [(self.ttl(f, floor), self.model.lag[f["by"]]) for f in facts]
                    keeps = max((ttl + lag for ttl, lag in ttls), default=0)
                    if answer is not None and (keeps or self.model.lags):
                        self.answers[floor, question] = answer, keeps, max((ttl for ttl, _ in ttls), default=0), lag
                    elif lag:
                        self.answers[floor, question] = None, 0, 0, lag
        return self.answers

    @staticmethod
    def ttl(fact, floor):
        """For how long those who ask keep an answer that the fact gives."""
        if fact["fact"] not in ("names", "owns"):
            return 0
        ttl = max(fact.get("ttl" if fact["fact"] == "names" else "negative_ttl") or 0, floor)
        if ttl == floor > 0:
            HITS.add("ttl_floor")
        return ttl

    def answer_to(self, dns, host, port, proto):
        """What is answered, the facts it comes from, and all that decide that it is this."""
        if dns == "pass":
            facts = [f for f in self.passing if f["by"] == host]
            return (*self.content(facts, False), facts) if facts else (None, [], [])
        hiding = []
        for z in self.model.outwards(dns):
            facts = self.by_address(z, host, port, proto) if is_address(host) else self.by_name(z, host, port, proto)
            if facts:
                return *self.content(facts, self.every(facts) is any_of), facts + hiding
            if not is_address(host):
                hiding += self.hiding(z, host, port, proto)
                owners = [f for f in self.by_type["owns"] if f["zone"] == z and below(host, f["match"][1])]
                if owners:
                    return (frozenset(), False), owners[:1], owners[:1] + hiding
        return (frozenset(), False), [], hiding

    def hiding(self, zone, host, port, proto):
        """In a zone that has no answer: the names that hide a wildcard of it which would have been one."""
        wild = []
        for fact in [f for f, _ in self.endpoints(zone, port, proto)] + [f for f in self.by_type["names"] if f["zone"] == zone]:
            if fact["match"][0] == "pattern" and host != fact["match"][1] and below(host, fact["match"][1]):
                wild.append(fact["match"][1])
        return [f for f in self.facts if f["fact"] in ("serves", "forwards", "names") and f["zone"] == zone and f.get("match")
                and any(self.between(f, suffix, host) for suffix in wild)]

    def content(self, facts, one):
        """An answer is known by what it leads to: for each fact of it the places, any of which will do. With the facts."""
        facts = [f for f in facts if f["by"] in self.up]
        if not facts or any(f.get("unknown") or f.get("value") == "unknown" or f.get("to_host") == "unknown" for f in facts):
            return None, []
        return (frozenset(self.leads(f) for f in facts), one), facts

    @staticmethod
    def leads(fact):
        if fact["fact"] == "serves":
            return (("arrive", fact["by"], "keep"),)
        if fact["fact"] == "names":
            return (("arrive", fact["to"], "keep") if fact.get("to") else ("ask", canonical(fact["value"])),)
        targets = fact.get("any_of") or [fact["to"] if fact.get("to") else {"zone": fact["to_zone"], "host": fact["to_host"], "port": fact["to_port"]}]
        return tuple(("arrive", t, fact["vhost"]) if isinstance(t, str) else ("go", t["zone"], t["host"], t["port"], fact["vhost"]) for t in targets)

    def recalled(self, promise, olds):
        """The promise when each look-up may meet any of these old answers: pairs of question and answer."""
        self.olds = {}
        for question, answer in olds:
            self.olds.setdefault(question, []).append(answer)
        verdict = self.look_at_promise(promise)
        self.olds = {}
        return verdict

    def old_answers(self, question, zone, vhost, path):
        """What each old answer to a question leads to."""
        for places, one in self.olds.get(question, ()):
            if not places:
                HITS.add("old: no such name")
            found = [any_of(self.lead(p, question, zone, vhost, path) for p in alternatives) for alternatives in places]
            verdict = any_of(found) if one else all_of(found) if found else DOWN
            if verdict != UP:
                HITS.add("old answer that fails")
            yield verdict

    def lead(self, place, question, zone, vhost, path):
        dns, host, port, proto = question
        if place[0] == "ask":
            return self.reach(zone, dns, place[1], port, proto, vhost, path)
        if place[-1] != "keep":
            vhost = place[-1] or ""
        if place[0] == "arrive":
            return self.arrive(place[1], port, proto, vhost, path)
        return self.reach(place[1], place[1], place[2] or host, place[3] or port, proto, vhost, path)

    # ── reach ─────────────────────────────────────────────────────────────────
    def reach(self, zone, dns, host, port, proto, vhost, path=()):
        """path: the hops so far; the same one twice, or more than MAX_HOPS, is a loop."""
        hop = ("reach", zone, dns, host, port, proto, vhost)
        if hop in path or len(path) >= MAX_HOPS:
            return DOWN
        path += (hop,)
        if host == "unknown":
            return UNKNOWN
        question = (zone if is_address(host) else dns, canonical(host), port, proto)
        now = (self.by_present_address if is_address(host) else self.by_present_answer)(zone, dns, host, port, proto, vhost, path)
        return all_of([now, *self.old_answers(question, zone, vhost, path)])

    def by_present_address(self, zone, _, host, port, proto, vhost, path):
        for z in self.model.outwards(zone):
            facts = self.by_address(z, host, port, proto)
            if facts:
                HITS.add("zone around") if z != zone else None
                return self.every(facts)(self.follow(f, host, port, proto, vhost, path) for f in facts)
        return DOWN

    def by_present_answer(self, zone, dns, host, port, proto, vhost, path):
        for z in self.model.outwards(dns):
            facts = self.by_name(z, host, port, proto)
            if facts:
                if len({f["zone"] for f in self.by_type["names"] if f["match"] == facts[0]["match"]}) > 1:
                    HITS.add("split horizon")
                return self.every(facts)(self.answer(f, zone, dns, host, port, proto, vhost, path) for f in facts)
            if self.owned(z, host):
                HITS.add("owned domain ends the search")
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
        HITS.add("forward")
        if fact["vhost"] != "keep":
            vhost = fact["vhost"] or ""
        if fact.get("any_of"):
            return any_of(self.hand_on(t, fact, host, port, proto, vhost, path) for t in fact["any_of"])
        target = fact["to"] if fact.get("to") else {"zone": fact["to_zone"], "host": fact["to_host"], "port": fact["to_port"]}
        return self.hand_on(target, fact, host, port, proto, vhost, path)

    def hand_on(self, target, fact, host, port, proto, vhost, path):
        if isinstance(target, str):
            return self.arrive(target, port, proto, vhost, path)
        if self.watch is not None and self.around(fact["zone"], target["zone"], True) and self.around(target["zone"], self.watch):
            path += (TURN,)
        to_host = target["host"]
        if to_host is None:  # a route: the same address, other zone
            HITS.add("route")
            to_host = host
        return self.reach(target["zone"], target["zone"], to_host, target["port"] or port, proto, vhost, path)

    def arrive(self, resource, port, proto, vhost, path):
        hop = ("arrive", resource, port, proto, vhost)
        if hop in path or len(path) >= MAX_HOPS:
            return DOWN
        path += (hop,)
        if resource not in self.up:
            return DOWN
        if TURN in path:
            self.turned.add(resource)
        bound = [f for f in self.by_type["hosts"] if f["at"] == resource and self.binds(f, port, proto)]
        onwards = [f for f in self.passing if f["by"] == resource]
        if bound and vhost:
            found = []
            for fact in bound:
                match, name = fact["match"], canonical(vhost)
                if match[0] == "name" and match[1] == name:
                    found.append(((0, 0), fact))
                elif match[0] == "pattern" and name != match[1] and below(name, match[1]):
                    found.append(((1, -len(match[1])), fact))
            best = self.best(found)
            HITS.add("virtual host" if best else "not hosted here")
            if not best:
                return DOWN
            return all_of(self.hosted(f, port, proto, vhost, path) for f in best)
        return self.hand_over(resource, onwards, port, proto, vhost, path)

    def hand_over(self, resource, onwards, port, proto, vhost, path):
        """What a resource does with whatever it gets, by present answers and old ones; up when it keeps it."""
        now = all_of(self.forward(f, None, port, proto, vhost, path) for f in onwards) if onwards else UP
        return all_of([now, *self.old_answers(("pass", resource, port, proto), None, vhost, path)])

    def hosted(self, fact, port, proto, vhost, path):
        by = fact["by"]
        if by not in self.up:
            return DOWN
        onwards = [f for f in self.passing if f["by"] == by]
        return self.hand_over(by, onwards, port, proto, vhost, path)

    @staticmethod
    def binds(fact, port, proto):
        if fact["port"] is None or fact["port"] == "any":
            return True
        return fact["port"] == port and (proto == "tcp" or port == 443)

    # ── promises, landing, rules ──────────────────────────────────────────────
    def promise(self, promise):
        """With the present answers alone: looked at once."""
        if promise["id"] not in self.verdicts:
            self.verdicts[promise["id"]] = self.look_at_promise(promise)
        return self.verdicts[promise["id"]]

    def look_at_promise(self, promise):
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
                places = [f for zone in self.model.outwards(fact["zone"]) for f in self.places.get(zone, ()) if f["by"] in self.up]
                return any(holds_address(f["match"], parse_host(value)[1]) for f in places)
            return self.resolves(fact["zone"], value)
        if fact["fact"] == "forwards":
            if fact.get("any_of") or fact.get("to") or fact.get("to_host"):
                port = fact["port"] if fact.get("port") is not None else fact.get("to_port")
                bare = dict(fact, vhost=None)
                protos = ("tcp", "udp", "sctp") if fact.get("proto") in (None, "any") else (fact["proto"],)
                ports = [port]
                if port == "any":  # on some port, then
                    ports = sorted({f["port"] for places in self.places.values() for f in places if f["port"] != "any"}) or ["any"]
                return any(self.forward(bare, None, port, proto, "", ()) == UP for proto in protos for port in ports)
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

    def around(self, outer, inner, strictly=False):
        return outer is not None and outer in list(self.model.outwards(inner))[bool(strictly):]

    def hairpins(self, client):
        """The resources at which a client arrives, for some hosted URL, past a forward that turns back towards it."""
        client = self.model.clients[client]
        self.watch, self.turned = client["zone"], set()
        for fact in self.by_type["hosts"]:
            if fact["match"][0] == "pattern" or fact["port"] in (None, "any"):
                continue
            for dns in (d["zone"] for d in client["dns"] if self.holds(d)):
                self.reach(client["zone"], dns, fact["host"], fact["port"], "tcp", fact["host"])
        self.watch = None
        if self.turned:
            HITS.add("hairpin")
        return self.turned

    def forbidden(self, entry, during=None):
        if not all((h["resource"] in self.hairpins(h["client"])) == h["is"] for h in entry.get("hairpins", [])):
            return False
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
