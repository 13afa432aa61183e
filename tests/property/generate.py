"""Random plans over kinds of their own, so that every fact, guard and step of docs/definitions.md turns up.

plan(seed) gives the text of a plan of at most MAX_STEPS steps; the same seed gives the same text."""
import random

MAX_STEPS = 7
LATE = 0.15  # of what changes, so much has a lag

KINDS = """
kind looker { place : zone  dns : zone = place  ttl_floor : duration = 0s  asks in place as dns
  change { do { $ set-dns ${id} ${new(dns)} }  undo { $ set-dns ${id} ${new(dns)} } } }
kind thing { }
kind server { zone : zone  at : host  ports : [port]  level : number = 1  least : number = 0  strict : bool = false  backing : resource?
  serves at ports in zone
  needs level >= least
  when strict and backing is not none { needs backing }
  change { do { $ set-at ${id} ${new(at)} ${new(level)} ${new(strict)} }  undo { $ set-at ${id} ${new(at)} ${new(level)} ${new(strict)} } } }
kind forward { zone : zone  at : host  ports : [port]  to_zone : zone  target : any  rename : string?
  when rename is none { forwards at ports in zone to target in to_zone }
  when rename is not none { forwards at ports in zone to target in to_zone as rename }
  change { do { $ set-target ${id} ${new(target)} }  undo { $ set-target ${id} ${new(target)} } } }
kind balancer { zone : zone  at : host  ports : [port]  of : [resource]
  forwards at ports in zone to any of of
  change { do { $ set-of ${id} }  undo { $ unset-of ${id} } } }
kind proxy { to_zone : zone  target : any  forwards to target in to_zone
  change { do { $ set-target ${id} ${new(target)} }  undo { $ set-target ${id} ${new(target)} } } }
kind record { zone : zone  host : host  value : any  ttl : duration = 60s  names host in zone as value for ttl
  change { do { $ set-value ${id} ${new(value)} }  undo { $ set-value ${id} ${new(value)} } } }
kind domain { zone : zone  suffix : string  negative_ttl : duration = 1h  owns suffix in zone
  change { do { $ set-domain ${id} ${new(suffix)} }  undo { $ set-domain ${id} ${new(suffix)} } } }
kind catch_all { zone : zone  range : range  target : any  forwards range any in zone to target
  change { do { $ catch ${id} }  undo { $ let-go ${id} } } }
kind site { url : url  ingress : resource  hosts url at ingress
  change { do { $ set-site ${id} ${new(ingress)} }  undo { $ set-site ${id} ${new(ingress)} } } }
kind path { zone : zone  range : range  to_zone : zone  forwards range any in zone to to_zone
  change { do { $ set-path ${id} ${new(to_zone)} }  undo { $ set-path ${id} ${new(to_zone)} } } }
"""

ZONES = ["z0", "z1", "z2"]
ADDRESSES = ["192.0.2.%d" % i for i in range(1, 13)]
HOSTS = ["a.example.net", "b.example.net", "x.b.example.net", "example.net"]
PATTERNS = ["*.example.net", "*.b.example.net"]
PORTS = ["80/tcp", "443/tcp", "443/udp", "53/udp"]
WIDE = ["[80/tcp, 443/tcp]", "[1-1000/tcp]", "[443/tcp, 443/udp]"]


class Resource:
    """A declaration that may still be added to."""

    def __init__(self, kind, name, attributes):
        self.kind, self.name, self.prefix, self.needs = kind, name, "", []
        self.attributes = dict(attributes)
        self.blocks = ""
        self.single = False  # some attribute of it has exactly two values: the step of its name
        self.hops = []       # (attribute, value arrived at) of its chains

    @property
    def changes(self):
        return self.single or bool(self.hops)

    def values(self, attribute):
        return self.attributes[attribute].split(" -> ")

    def text(self):
        needs = ["needs = [%s]" % ", ".join(self.needs)] if self.needs else []
        body = ["%s = %s" % item for item in self.attributes.items()] + needs
        return "%s%s %s { %s %s}" % (self.prefix, self.kind, self.name, "  ".join(body), self.blocks)


class Writer:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.resources, self.more, self.count, self.serial = [], [], 0, 0
        self.left = self.r.choice([3, 4, 5, 5, 6, 6, MAX_STEPS])
        self.turned = None  # the server behind a hairpin
        self.free = self.r.sample(ADDRESSES, len(ADDRESSES))
        self.taken = set()

    def maybe(self, p):
        return self.r.random() < p

    def name(self, stem):
        self.serial += 1
        return "%s%d" % (stem, self.serial)

    def of(self, *kinds):
        return [x for x in self.resources if x.kind in kinds]

    def named(self, *kinds):
        return [x.name for x in self.of(*kinds)]

    # ── attributes ──────────────────────────────────────────────────────────────
    def change(self, resource, attribute, other, p=0.4):
        """With luck makes the attribute's value one that changes, `other()` giving the next."""
        if not self.maybe(p):
            return
        old = resource.attributes[attribute]
        values = [old, other()]
        if self.maybe(0.12):
            values.append(old if self.maybe(0.5) else other())
        if all(a != b for a, b in zip(values, values[1:])):
            self.arrow(resource, attribute, values)

    def arrow(self, resource, attribute, values):
        steps = len(values) - 1 if len(values) > 2 else 0 if resource.single else 1
        if steps > self.left:
            return
        self.left -= steps
        resource.attributes[attribute] = " -> ".join(values)
        if len(values) > 2:
            resource.hops += [(attribute, v) for v in values[1:]]
        else:
            resource.single = True

    def declare(self, kind, stem, **attributes):
        resource = Resource(kind, self.name(stem), attributes)
        self.resources.append(resource)
        return resource

    def finish(self, resource):
        """Being created or deleted, and what every resource may say."""
        if resource.kind not in ("thing", "looker"):
            if not resource.changes and self.left >= 2 and self.maybe(0.03):
                self.recreate(resource)
            elif not resource.changes and self.left and self.maybe(0.07):
                resource.prefix, resource.single = self.r.choice(["create ", "delete "]), True
                self.left -= 1
        if resource.changes:
            if self.maybe(0.9):
                resource.attributes["takes"] = "%ds" % self.r.choice([10, 20, 30, 60])
            for attribute, value, p in (("disrupts", "true", 0.22), ("early", "true", 0.15), ("irreversible", '"no way back"', 0.06)):
                if self.maybe(p):
                    resource.attributes[attribute] = value
            self.late(resource, LATE)
            if self.maybe(0.12):
                self.two_commands(resource)
        if self.maybe(0.2):
            resource.needs.append(self.need(resource))

    def late(self, resource, p):
        """Whoever follows it may see late what becomes of it."""
        if self.maybe(p):
            resource.attributes["lag"] = self.r.choice(["20s", "3m", "3m"])

    def recreate(self, resource):
        resource.attributes["exists"] = self.r.choice(["true -> false -> true", "false -> true -> false"])
        resource.hops = [("exists", v) for v in resource.attributes["exists"].split(" -> ")[1:]]
        self.left -= 2

    def two_commands(self, resource):
        """A step that can die half-way, with commands that may ask somebody."""
        ask = self.maybe(0.5) and "http PUT %s { }" % self.url()
        do = "$ first-half ${id}\n $ second-half ${id}\n" if not ask else "$ first-half ${id}\n %s\n" % ask
        undo = "$ back ${id}\n" if not ask or self.maybe(0.5) else "%s\n" % ask
        resource.blocks = "do { %s } undo { %s } " % (do, undo)
        if self.maybe(0.3):
            resource.attributes["atomic"] = '"one call"'

    def url(self):
        return "https://%s/x" % self.r.choice([self.known_address(), self.known_host()])

    def need(self, of):
        others = [n for n in (x.name for x in self.resources) if n != of.name]
        draw = self.r.random()
        if draw < 0.5 or len(others) < 3:
            return self.r.choice(others) if others else "%s:80/tcp" % self.r.choice(ADDRESSES)
        if draw < 0.75:
            return "at least %d of [%s]" % (self.r.choice([1, 2]), ", ".join(self.r.sample(others, 3)))
        return "https://%s" % self.known_host() if draw < 0.85 else self.known_endpoint()

    # Most of what is drawn fits what is there: a plan of which nothing works tells little.
    def ports(self):
        return self.r.choice(WIDE) if self.maybe(0.3) else "[%s]" % (self.r.choice(PORTS) if self.maybe(0.3) else "443/tcp")

    def new_address(self):
        return self.free.pop() if self.free and self.maybe(0.93) else self.r.choice(ADDRESSES)

    def known_address(self):
        """One that somebody has, at the start or later."""
        places = self.of("server", "forward", "balancer")
        known = [v for x in places for v in x.values("at") if v in ADDRESSES and not (x.prefix == "delete " and self.maybe(0.7))]
        return self.r.choice(known) if known and self.maybe(0.93) else self.r.choice(ADDRESSES)

    def known_host(self):
        known = [v for x in self.of("record") for v in x.values("host") if "*" not in v] + [
            v for x in self.of("server", "forward", "balancer") for v in x.values("at") if v[0] == '"' and "*" not in v]
        return self.r.choice(known).strip('"') if known and self.maybe(0.85) else self.r.choice(HOSTS)

    def known_port(self, at):
        """A port that is served there."""
        for x in self.of("server", "forward", "balancer"):
            if at in x.values("at") and self.maybe(0.9):
                return self.r.choice(["443/tcp", "80/tcp"] if "1-1000" in x.attributes["ports"] else x.attributes["ports"].strip("[]").split(", "))
        return self.r.choice(PORTS)

    def known_endpoint(self):
        at = self.known_address()
        return "%s:%s" % (at, self.known_port(at))

    def fresh(self, host, zone):
        """A name that nobody has in that zone; with luck one that somebody has."""
        for _ in range(6):
            if (host, zone) not in self.taken:
                break
            host = '"%s"' % self.r.choice(HOSTS + PATTERNS)
        self.taken.add((host, zone))
        return host

    def host(self, zone):
        return self.new_address() if self.maybe(0.85) else self.fresh('"%s"' % self.r.choice(HOSTS + PATTERNS), zone)

    def zone(self):
        return self.r.choice(["z0"] * 7 + ["z1", "z1", "z2"])

    # ── what there is ───────────────────────────────────────────────────────────
    def server(self):
        zone = self.zone()
        s = self.declare("server", "s", zone=zone, at=self.host(zone), ports=self.ports())
        self.change(s, "at", self.new_address, 0.3)
        if self.maybe(0.15):
            s.attributes["level"], s.attributes["least"] = "1", self.r.choice(["1", "2"])
            self.change(s, "level", lambda: self.r.choice(["2", "2", "2", "0"]), 0.7)
        if self.maybe(0.15) and len(self.of("server")) > 1:
            s.attributes["backing"] = self.r.choice([n for n in self.named("server") if n != s.name])
            s.attributes["strict"] = self.r.choice(["true", "false"])
            self.change(s, "strict", lambda: self.r.choice(["true", "false"]), 0.7)
        self.finish(s)

    def target(self):
        draw = self.r.random()
        if draw < 0.55:
            at = self.known_address()
            return at + (":%s" % self.known_port(at) if self.maybe(0.3) else "")
        if draw < 0.7:
            return '"%s"' % self.known_host()
        return self.r.choice(self.named("server", "proxy"))

    def endpoint_target(self):
        return self.known_endpoint() if self.maybe(0.8) else "%s:443/tcp" % self.known_host()

    def forward(self):
        zone = self.zone()
        f = self.declare("forward", "f", zone=zone, at=self.host(zone), ports=self.ports(), to_zone=self.zone(), target=self.target())
        if self.maybe(0.15):
            f.attributes["rename"] = '"%s"' % self.r.choice(HOSTS)
        self.change(f, "target", self.target)
        self.finish(f)

    def balancer(self):
        if len(self.of("server")) >= 2:
            zone = self.zone()
            self.finish(self.declare("balancer", "l", zone=zone, at=self.host(zone), ports=self.ports(),
                                     of="[%s]" % ", ".join(self.r.sample(self.named("server"), 2))))

    def proxy(self):
        p = self.declare("proxy", "p", to_zone=self.zone(), target=self.endpoint_target())
        self.change(p, "target", self.endpoint_target)
        self.finish(p)

    def plain_target(self):
        draw = self.r.random()
        if draw < 0.65:
            return self.known_address()
        return '"%s"' % self.known_host() if draw < 0.8 else self.r.choice(self.named("server", "proxy"))

    def record(self):
        zone = self.zone()
        n = self.declare("record", "n", zone=zone, host=self.fresh('"%s"' % self.r.choice(HOSTS + PATTERNS), zone), value=self.plain_target(),
                         ttl=self.r.choice(["60s", "60s", "10s", "10m"]))
        self.change(n, "value", self.plain_target)
        if n.changes and self.maybe(0.2):
            self.arrow(n, "ttl", ["1h", "60s", "1h"])
        self.finish(n)

    def site(self):
        v = self.declare("site", "v", ingress=self.r.choice(self.named("server", "proxy")),
                         url="https://%s" % self.known_host() if self.maybe(0.8) else '"https://*.example.net"')
        self.change(v, "ingress", lambda: self.r.choice(self.named("server", "proxy")), 0.2)
        self.finish(v)

    def hairpin(self):
        """A URL whose name leads out, to a forward that leads back in."""
        server = self.declare("server", "s", zone="z1", at=self.new_address(), ports="[443/tcp]")
        out = self.new_address()
        f = self.declare("forward", "f", zone="z0", at=out, ports="[443/tcp]", to_zone="z1", target=server.attributes["at"])
        self.finish(f)
        self.declare("record", "n", zone="z0", host=self.fresh('"%s"' % self.r.choice(HOSTS), "z0"), value=out)
        self.declare("site", "v", ingress=server.name, url="https://%s" % self.resources[-1].attributes["host"].strip('"'))
        self.turned = server

    def domain(self):
        d = self.declare("domain", "d", zone=self.r.choice(ZONES), suffix='"%s"' % self.r.choice(["example.net", "example.net", "b.example.net"]),
                         negative_ttl=self.r.choice(["30s", "5m", "1h"]))
        self.change(d, "suffix", lambda: '"%s"' % self.r.choice(["b.example.net", "example.org"]), 0.15)
        self.finish(d)

    def path(self):
        zones = self.r.sample(ZONES, 2)
        p = self.declare("path", "r", zone=zones[0], range="192.0.2.0/28", to_zone=zones[1])
        self.change(p, "to_zone", lambda: self.r.choice(ZONES), 0.2)
        self.finish(p)

    def clients(self, zones):
        for zone in zones:
            c = self.declare("looker", "c", place=zone, dns=zone)
            if self.maybe(0.25):
                c.attributes["ttl_floor"] = self.r.choice(["30s", "10m"])
            self.change(c, "dns", lambda: self.r.choice(ZONES), 0.08)
            if c.changes:
                c.attributes["takes"] = "10s"
        operator = self.declare("looker", "c", place="z2")
        operator.name = "operator"

    # ── what holds them together ────────────────────────────────────────────────
    def circle(self):
        """Resources that need each other, in a ring."""
        ring = self.r.sample([x for x in self.resources if x.kind != "looker"], self.r.choice([2, 2, 3]))
        for one, other in zip(ring, ring[1:] + ring[:1]):
            one.needs.append(other.name if self.maybe(0.8) else "at least 1 of [%s, %s]" % (other.name, ring[0].name if ring[0] is not one else other.name))
        if self.maybe(0.6):
            changing = [x for x in ring if x.changes]
            if changing:
                self.r.choice(changing).attributes["disrupts"] = "true"
            elif self.left:
                self.action([x.name for x in self.r.sample(ring, self.r.choice([1, 2]))])

    def steps_of(self, resource):
        """How a step of it may be named in `covers` and `after`."""
        return ([resource.name] if resource.single and not resource.hops else []) + [
            "%s.%s -> %s" % (resource.name, a, v) for a, v in resource.hops if a != "exists"]

    def action(self, disrupts):
        """A step with nothing behind it."""
        name = self.name("k")
        if not self.left:
            return
        self.left -= 1
        extra = ["takes = %ds" % self.r.choice([10, 30])] if self.maybe(0.9) else []
        if disrupts:
            extra.append("disrupts = [%s]" % ", ".join(disrupts))
        after = [s for x in self.resources for s in self.steps_of(x)]
        if after and self.maybe(0.3):
            extra.append("after = [%s]" % self.r.choice(after))
        if self.maybe(0.25):
            extra.append("needs = [%s]" % self.need(Resource("step", name, {})))
        if self.maybe(0.06):
            extra.append('irreversible = "gone"')
        self.more.append("step %s { do { $ run-%s\n }  undo { $ undo-%s\n }  %s }" % (name, name, name, "  ".join(extra)))
        self.actions.append(name)

    def cover(self):
        """Two or three resources, or a single hop of one, gathered into one step."""
        covered = " ".join(line for line in self.more if "covers" in line)
        changing = [x for x in self.resources if self.steps_of(x) and not x.prefix and x.kind != "looker" and "irreversible" not in x.attributes
                    and x.name not in covered]
        if not changing:
            return
        wanted = self.r.sample(changing, min(len(changing), self.r.choice([1, 2, 2, 2, 3])))
        covers = [self.r.choice(self.steps_of(x)) for x in wanted]
        extra = []
        if self.maybe(0.3):
            extra.append('atomic = "one transaction"')
        if self.maybe(0.15):
            extra.append("disrupts = [%s]" % self.r.choice(self.resources).name)
        if self.maybe(0.08):
            extra.append('irreversible = "gone"')
        if self.maybe(0.15):
            extra.append("takes = 40s")
        name = self.name("g")
        self.more.append("step %s { covers = [%s]  %s }" % (name, ", ".join(covers), "  ".join(extra)))
        self.actions.append(name)

    def rule(self):
        a, b = self.r.choice(self.resources), self.r.choice(self.resources)
        server, other = self.r.choice(self.of("server")), self.r.choice(self.of("server"))
        shapes = [
            "for a in server, b in server where a != b require not (disrupted(a) and not up(b))",
            "for a in %s where a is %s require up(a)" % (a.kind, a.name),
            "for a in %s, b in %s where a is %s, b is %s require up(a) or up(b)" % (a.kind, b.kind, a.name, b.name),
            "for a in %s, b in %s where a is %s, b is %s require not up(a) or not up(b)" % (a.kind, b.kind, a.name, b.name),
            "for a in server, b in server where a != b, a.at == b.at require a.ports != b.ports",
            "for a in server where a is %s require a.at != %s or up(%s)" % (server.name, self.r.choice(ADDRESSES), other.name),
            "for a in server, b in server where a is %s, b is %s require not changed(a.at) or changed(b.at)" % (server.name, other.name),
            "for a in %s where a is %s require not disrupted(a)" % (a.kind, a.name),
        ]
        if self.of("record"):
            shapes.append("for a in record require a.value != %s" % self.r.choice(ADDRESSES))
        if self.turned:
            shapes += ["for a in server where a is %s require %shairpins(%s, a)" % (
                self.turned.name, self.r.choice(["not ", ""]), self.r.choice(["c1", "c2"]))] * 8
        if self.actions:
            step = self.r.choice(self.actions)
            shapes += ["for a in server where a is %s require not changed(a.at) or %s.done" % (server.name, step)] * 3
            shapes.append("for a in %s where a is %s require not %s.done or up(a)" % (a.kind, a.name, step))
        self.more.append("rule %s { %s\n else %s \"forbidden\" }" % (self.name("rule-"), self.r.choice(shapes), self.r.choice(["error"] * 4 + ["warning"])))

    def moving_endpoint(self):
        """Somewhere that the plan does something to."""
        places = [x for x in self.of("server", "forward", "balancer", "record", "site") if x.changes or any(
            x.name in y.attributes.get(a, "") for y in self.resources if y.changes for a in ("target", "value", "of"))]
        if not places:
            return self.known_endpoint()
        x = self.r.choice(places)
        if x.kind == "site":
            return x.attributes["url"] if "*" not in x.attributes["url"] else "https://%s" % self.r.choice(HOSTS)
        at = self.r.choice(x.values("host" if x.kind == "record" else "at")).strip('"').replace("*", self.r.choice(["a", "y"]))
        if x.kind == "record":
            return self.r.choice(["https://%s", "%s:443/tcp"]) % at
        port = self.known_port(at)
        return "https://%s" % at if port == "443/tcp" and self.maybe(0.4) else "%s:%s" % (at, port)

    def promise(self, clients):
        hold = self.r.choice(["always", "down at most %ds" % self.r.choice([30, 60, 120]), "finally", "down at most 10m"])
        names = [x.name for x in self.resources if x.kind != "looker"]
        draw = self.r.random()
        if draw < 0.6:
            what = "%s reaches %s" % (self.r.choice(clients), self.r.choice(
                [self.known_endpoint(), "https://%s" % self.known_host()] + [self.moving_endpoint() for _ in range(4)]))
        elif draw < 0.8 or len(names) < 4:
            changing = [x.name for x in self.resources if x.changes and x.kind != "looker"]
            what = "%s up" % self.r.choice(changing if changing and self.maybe(0.7) else names)
        elif draw < 0.95:
            what = "at least %d of [%s] up" % (self.r.choice([1, 2]), ", ".join(self.r.sample(names, 3)))
        else:
            server = self.r.choice(self.of("server"))
            what = "%s.at %s %s" % (server.name, self.r.choice(["==", "!="]), self.r.choice(ADDRESSES))
        self.more.append("promise %s %s" % (what, hold))

    def together(self, clients, windows, p):
        """What is said about all of it; and the text."""
        self.actions = []
        if self.maybe(0.2) and len(self.resources) > 5:
            self.circle()
        if self.maybe(0.25):
            self.action([self.r.choice(self.resources).name] if self.maybe(0.6) else [])
        if self.maybe(0.3):
            self.cover()
        for _ in range(self.r.choice([0, 0, 1, 1, 2])):
            self.rule()
        for _ in range(self.r.randint(1, 4)):
            self.promise(clients)
        head = "plan random {\n  operator = operator\n%s}\n" % ("  window = %ds\n" % self.r.choice(windows) if self.maybe(p) else "")
        return head + self.zones + KINDS + "\n".join([x.text() for x in self.resources] + self.more) + "\n"

    def plan(self):
        self.zones = "zone z0\nzone z1 inside z0\nzone z2 %s\n" % ("inside z1" if self.maybe(0.5) else "inside z0")
        self.clients(ZONES[:2])
        clients = self.named("looker")[:2]
        for _ in range(self.r.randint(2, 4)):
            self.server()
        for _ in range(self.r.randint(0, 2)):
            self.proxy()
        for make, most in ((self.forward, 2), (self.balancer, 1), (self.record, 3), (self.site, 2)):
            for _ in range(self.r.randint(0, most)):
                make()
        if self.maybe(0.12):
            self.hairpin()
        if self.maybe(0.3):
            self.domain()
        if self.maybe(0.25):
            self.path()
        return self.together(clients, [60, 120, 600], 0.2)

    # ── plans about names: what is remembered of them, and for how long ─────────
    def named_record(self):
        zone = self.r.choice(["z0", "z1", "z1"])
        n = self.declare("record", "n", zone=zone,
                         host=self.fresh('"%s"' % self.r.choice(["a.example.net", "a.example.net", "b.example.net", "*.example.net"]), zone),
                         value=self.known_address(), ttl=self.r.choice(["60s", "5m", "1h", "0s"]))
        self.change(n, "value", lambda: '"b.example.net"' if self.maybe(0.15) else self.known_address(), 0.7)
        if self.maybe(0.35):
            self.arrow(n, "ttl", self.r.choice([["1h", "60s", "1h"], ["5m", "30s", "5m"]]))
        elif self.maybe(0.15):
            self.arrow(n, "ttl", self.r.choice([["1h", "60s"], ["30s", "5m"], ["0s", "1h"]]))
        self.finish(n)

    def move(self):
        """A place given up for another one, and the name that goes with it."""
        for at, prefix in zip(ADDRESSES, self.r.choice([("delete ", ""), ("delete ", "create "), ("", "create "), ("delete ", "")])):
            s = self.declare("server", "s", zone="z0", at=at, ports="[443/tcp]", takes="%ds" % self.r.choice([10, 30]))
            s.prefix, s.single = prefix, bool(prefix)
            self.left -= bool(prefix)
            if self.maybe(0.1):
                s.attributes["disrupts"] = "true"
            if prefix:
                self.late(s, 2 * LATE)
        n = self.declare("record", "n", zone="z1", host='"%s"' % self.r.choice(["a.example.net", "*.example.net"]),
                         value=ADDRESSES[0], ttl=self.r.choice(["0s", "30s", "5m"]), takes="10s")
        self.arrow(n, "value", ADDRESSES[:2])
        if self.maybe(0.5):
            self.arrow(n, "ttl", self.r.choice([["5m", "30s", "5m"], ["1h", "60s", "1h"]]))
        self.late(n, LATE)

    def detour(self):
        """A name that is moved to a place or a name which is created for that."""
        old, new = ADDRESSES[:2]
        s = self.declare("server", "s", zone="z0", at=old, ports="[443/tcp]")
        draw, between = self.r.random(), '"x.b.example.net"'
        if draw < 0.4:
            made = self.declare("forward", "f", zone="z0", at=new, ports="[443/tcp]", to_zone="z0", target=old, takes="10s")
        elif draw < 0.7:
            made = self.declare("record", "n", zone=self.r.choice(["z0", "z1"]), host=between, value=old, ttl=self.r.choice(["0s", "30s"]), takes="10s")
            new = between
        else:
            made = self.declare("server", "s", zone="z0", at=new, ports="[443/tcp]", takes="10s")
        made.prefix, made.single = "create ", True
        self.late(made, 4 * LATE)
        n = self.declare("record", "n", zone="z1", host='"a.example.net"', value=old, ttl=self.r.choice(["0s", "30s", "5m"]), takes="10s")
        self.left -= 1
        self.arrow(n, "value", [old, new])
        self.late(n, LATE)
        self.taken.add((n.attributes["host"], "z1"))
        if self.maybe(0.4):
            s.prefix, s.single = "delete ", True
            s.attributes["takes"] = "10s"
            self.left -= 1
        self.more.append("promise c1 reaches https://a.example.net %s" % self.r.choice(["always", "always", "down at most 2m"]))

    def at_once(self):
        """A server and its name in one step: the answer that is given after it is kept for longer than the one before."""
        old, new = ADDRESSES[:2]
        if self.maybe(0.5):
            c = self.declare("catch_all", "c", zone="z0", range="192.0.2.0/28", target=old, takes="10s")
            c.prefix, c.single = "create ", True
            self.left -= 1
        s = self.declare("server", "s", zone="z0", at=old, ports="[443/tcp]", takes="10s")
        self.arrow(s, "at", [old, new])
        n = self.declare("record", "n", zone="z1", host='"a.example.net"', value=old, ttl="0s", takes="10s")
        self.arrow(n, "value", [old, new])
        self.arrow(n, "ttl", self.r.choice([["0s", "1h"], ["0s", "20s"], ["0s", "1h"], ["20s", "0s"]]))
        self.taken.add((n.attributes["host"], "z1"))
        self.more.append('step both { covers = [%s, %s]  atomic = "one transaction" }' % (s.name, n.name))
        self.more.append("promise c1 reaches https://a.example.net %s" % self.r.choice(["always", "always", "down at most 2m"]))

    def plan_of_names(self):
        self.zones = "zone z0\nzone z1 inside z0\nzone z2 inside z0\n"
        self.clients(["z1", "z0"])
        clients = self.named("looker")[:2]
        if self.maybe(0.1):
            self.at_once()
        elif self.maybe(0.2):
            self.detour()
        elif self.maybe(0.5):
            self.move()
        else:
            for at in self.r.sample(ADDRESSES[:3], self.r.randint(2, 3)):
                s = self.declare("server", "s", zone="z0", at=at, ports="[443/tcp, 80/tcp]")
                self.change(s, "at", lambda: self.r.choice(ADDRESSES[:6]), 0.35)
                self.finish(s)
        for _ in range(self.r.randint(self.maybe(0.7), 2)):
            self.named_record()
        if self.maybe(0.2):
            f = self.declare("forward", "f", zone="z0", at=ADDRESSES[3], ports="[443/tcp]", to_zone="z0", target=self.r.choice(ADDRESSES[:3]))
            self.change(f, "target", lambda: self.r.choice(ADDRESSES[:3]), 0.7)
            self.finish(f)
        if self.maybe(0.6):
            self.domain()
        for _ in range(self.r.randint(1, 3)):
            hold = self.r.choice(["always", "always", "down at most %s" % self.r.choice(["1m", "2m", "5m", "90m"]), "finally"])
            self.more.append("promise %s reaches https://%s %s" % (self.r.choice(clients), self.r.choice(HOSTS[:2]), hold))
        return self.together(clients, [120, 600, 4000], 0.15)


def plan(seed):
    return Writer(seed).plan_of_names() if seed % 2 else Writer(seed).plan()


if __name__ == "__main__":
    import sys
    print(plan(int(sys.argv[1])), end="")
