"""Random plans over kinds of their own, so that every fact, guard and step of docs/definitions.md turns up.

plan(seed) gives the text of a plan of at most MAX_STEPS steps; the same seed gives the same text."""
import random

MAX_STEPS = 6

KINDS = """
kind looker { place : zone  dns : zone = place  asks in place as dns }
kind thing { }
kind server { zone : zone  at : host  ports : [port]  serves at ports in zone
  change { do { $ set-at ${id} ${new(at)} }  undo { $ set-at ${id} ${new(at)} } } }
kind forward { zone : zone  at : host  ports : [port]  to_zone : zone  target : any
  forwards at ports in zone to target in to_zone
  change { do { $ set-target ${id} ${new(target)} }  undo { $ set-target ${id} ${new(target)} } } }
kind balancer { zone : zone  at : host  ports : [port]  of : [resource]
  forwards at ports in zone to any of of
  change { do { $ set-of ${id} }  undo { $ unset-of ${id} } } }
kind proxy { to_zone : zone  target : any  forwards to target in to_zone
  change { do { $ set-target ${id} ${new(target)} }  undo { $ set-target ${id} ${new(target)} } } }
kind record { zone : zone  host : host  value : any  ttl : duration = 60s  names host in zone as value for ttl
  change { do { $ set-value ${id} ${new(value)} }  undo { $ set-value ${id} ${new(value)} } } }
kind domain { zone : zone  suffix : string  owns suffix in zone }
kind site { url : url  ingress : resource  hosts url at ingress
  change { do { $ set-site ${id} }  undo { $ unset-site ${id} } } }
kind path { zone : zone  range : range  to_zone : zone  forwards range any in zone to to_zone }
"""

ZONES = ["z0", "z1", "z2"]
ADDRESSES = ["192.0.2.%d" % i for i in range(1, 6)]
HOSTS = ["a.example.net", "b.example.net", "x.b.example.net", "example.net"]
PATTERNS = ["*.example.net", "*.b.example.net"]
PORTS = ["80/tcp", "443/tcp", "443/udp", "53/udp"]
WIDE = ["[80/tcp, 443/tcp]", "[1-1000/tcp]", "[443/tcp, 443/udp]"]


class Writer:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.lines, self.names, self.steps = [], [], 0
        self.servers, self.proxies, self.ingresses = [], [], []

    def maybe(self, p):
        return self.r.random() < p

    def name(self, stem):
        name = "%s%d" % (stem, len(self.names))
        self.names.append(name)
        return name

    def change(self, old, new, p=0.4):
        """A value, or with luck a transition to another one."""
        if old == new or self.steps >= MAX_STEPS or not self.maybe(p):
            return old, False
        self.steps += 1
        return "%s -> %s" % (old, new), True

    def ports(self):
        return self.r.choice(WIDE) if self.maybe(0.25) else "[%s]" % self.r.choice(PORTS)

    def host(self):
        return self.r.choice(ADDRESSES) if self.maybe(0.75) else '"%s"' % self.r.choice(HOSTS + PATTERNS)

    def extras(self, changed):
        """Universal attributes."""
        out = []
        if changed and self.maybe(0.9):
            out.append("takes = %ds" % self.r.choice([10, 20, 30, 60]))
        if changed and self.maybe(0.25):
            out.append("disrupts = true")
        if changed and self.maybe(0.15):
            out.append("early = true")
        if changed and self.maybe(0.07):
            out.append('irreversible = "no way back"')
        if self.names[:-1] and self.maybe(0.2):
            out.append("needs = " + self.need())
        return "  ".join(out)

    def need(self):
        others = self.names[:-1]
        draw = self.r.random()
        if draw < 0.5 or len(others) < 3:
            return self.r.choice(others)
        if draw < 0.75:
            return "at least %d of [%s]" % (self.r.choice([1, 2]), ", ".join(self.r.sample(others, 3)))
        return "%s:%s" % (self.r.choice(ADDRESSES), self.r.choice(PORTS))

    def declare(self, kind, stem, changed, **attributes):
        name = self.name(stem)
        body = "  ".join("%s = %s" % item for item in attributes.items())
        prefix = ""
        if not changed and self.steps < MAX_STEPS and kind != "thing" and self.maybe(0.06):
            prefix, changed = self.r.choice(["create ", "delete "]), True
            self.steps += 1
        self.lines.append("%s%s %s { %s  %s }" % (prefix, kind, name, body, self.extras(changed)))
        return name

    def server(self):
        at, changed = self.change(self.host(), self.r.choice(ADDRESSES))
        self.servers.append(self.declare("server", "s", changed, zone=self.r.choice(ZONES), at=at, ports=self.ports()))

    def target(self):
        draw = self.r.random()
        if draw < 0.55:
            port = ":%s" % self.r.choice(PORTS)
            return self.r.choice(ADDRESSES) + (port if self.maybe(0.3) else "")
        if draw < 0.75:
            return '"%s"' % self.r.choice(HOSTS)
        return self.r.choice(self.servers + self.proxies)

    def endpoint_target(self):
        return "%s:%s" % (self.r.choice(ADDRESSES + HOSTS[:2]), self.r.choice(PORTS))

    def forward(self):
        target, changed = self.change(self.target(), self.target())
        self.declare("forward", "f", changed, zone=self.r.choice(ZONES), at=self.host(), ports=self.ports(),
                     to_zone=self.r.choice(ZONES), target=target)

    def balancer(self):
        if len(self.servers) >= 2:
            self.declare("balancer", "l", False, zone=self.r.choice(ZONES), at=self.host(), ports=self.ports(),
                         of="[%s]" % ", ".join(self.r.sample(self.servers, 2)))

    def proxy(self):
        target, changed = self.change(self.endpoint_target(), self.endpoint_target())
        self.proxies.append(self.declare("proxy", "p", changed, to_zone=self.r.choice(ZONES), target=target))

    def record(self):
        value, changed = self.change(self.target_plain(), self.target_plain())
        ttl = self.r.choice(["60s", "60s", "10s", "10m"])
        if changed and self.steps + 2 <= MAX_STEPS and self.maybe(0.2):
            ttl, self.steps = "1h -> 60s -> 1h", self.steps + 2
        host = self.r.choice(HOSTS + PATTERNS)
        self.declare("record", "n", changed, zone=self.r.choice(ZONES), host='"%s"' % host, value=value, ttl=ttl)

    def target_plain(self):
        draw = self.r.random()
        if draw < 0.6:
            return self.r.choice(ADDRESSES)
        if draw < 0.8:
            return '"%s"' % self.r.choice(HOSTS)
        return self.r.choice(self.servers + self.proxies)

    def site(self):
        self.declare("site", "v", False, ingress=self.r.choice(self.servers + self.proxies),
                     url="https://%s" % self.r.choice(HOSTS) if self.maybe(0.8) else '"https://*.example.net"')

    def promise(self, clients):
        hold = self.r.choice(["always", "down at most %ds" % self.r.choice([30, 60, 120]), "finally", "down at most 10m"])
        draw = self.r.random()
        if draw < 0.55:
            what = "%s reaches %s" % (self.r.choice(clients), self.r.choice(
                ["%s:%s" % (self.r.choice(ADDRESSES), self.r.choice(PORTS)), "https://%s" % self.r.choice(HOSTS),
                 "%s:%s" % (self.r.choice(HOSTS), self.r.choice(PORTS))]))
        elif draw < 0.8 or len(self.names) < 6:
            what = "%s up" % self.r.choice(self.names[3:])
        else:
            what = "at least %d of [%s] up" % (self.r.choice([1, 2]), ", ".join(self.r.sample(self.names[3:], 3)))
        self.lines.append("promise %s %s" % (what, hold))

    def plan(self):
        clients = []
        for i, zone in enumerate(ZONES[:2]):
            clients.append(self.name("c"))
            dns, _ = self.change(zone, self.r.choice(ZONES), 0.0)
            self.lines.append("looker %s { place = %s  dns = %s }" % (clients[-1], zone, dns))
        self.names.append("operator")
        self.lines.append("looker operator { place = z2 }")
        for _ in range(self.r.randint(2, 4)):
            self.server()
        for _ in range(self.r.randint(0, 2)):
            self.proxy()
        for make, most in ((self.forward, 2), (self.balancer, 1), (self.record, 3), (self.site, 2)):
            for _ in range(self.r.randint(0, most)):
                make()
        if self.maybe(0.3):
            self.lines.append('domain d0 { zone = %s  suffix = "example.net" }' % self.r.choice(ZONES))
        if self.maybe(0.2):
            self.lines.append("path r0 { zone = %s  range = 192.0.2.0/29  to_zone = %s }" % tuple(self.r.sample(ZONES, 2)))
        for _ in range(self.r.randint(1, 4)):
            self.promise(clients)
        head = "plan random {\n  operator = operator\n%s}\n" % ("  window = %ds\n" % self.r.choice([60, 120, 600]) if self.maybe(0.2) else "")
        zones = "zone z0\nzone z1 inside z0\nzone z2 %s\n" % ("inside z1" if self.maybe(0.5) else "inside z0")
        return head + zones + KINDS + "\n".join(self.lines) + "\n"


    # ── plans about names: what is remembered of them, and for how long ─────────
    def named_record(self):
        host = self.r.choice(["a.example.net", "a.example.net", "b.example.net", "*.example.net"])
        value, changed = self.change(self.r.choice(ADDRESSES[:3]), self.r.choice(ADDRESSES[:3] + ['"b.example.net"']), 0.7)
        ttl = self.r.choice(["60s", "5m", "1h"])
        if self.steps + 2 <= MAX_STEPS and self.maybe(0.35):
            ttl, self.steps = self.r.choice(["1h -> 60s -> 1h", "5m -> 30s -> 5m"]), self.steps + 2
        elif self.steps < MAX_STEPS and self.maybe(0.15):
            ttl, self.steps = self.r.choice(["1h -> 60s", "30s -> 5m"]), self.steps + 1
        self.declare("record", "n", changed, zone=self.r.choice(["z0", "z1", "z1"]), host='"%s"' % host, value=value, ttl=ttl)

    def named_server(self, at):
        old, changed = self.change(at, self.r.choice(ADDRESSES[:3]), 0.35)
        name = self.declare("server", "s", changed, zone="z0", at=old, ports="[443/tcp, 80/tcp]")
        self.servers.append(name)

    def plan_of_names(self):
        clients = []
        for zone in ("z1", "z0"):
            clients.append(self.name("c"))
            self.lines.append("looker %s { place = %s }" % (clients[-1], zone))
        self.names.append("operator")
        self.lines.append("looker operator { place = z2 }")
        if self.maybe(0.5):  # a place given up for another one
            for at, prefix in zip(ADDRESSES, self.r.choice([("delete ", ""), ("delete ", "create "), ("", "create "), ("delete ", "")])):
                self.steps += 1 if prefix else 0
                self.servers.append(self.name("s"))
                self.lines.append("%sserver %s { zone = z0  at = %s  ports = [443/tcp]  takes = %ds  %s}" % (
                    prefix, self.servers[-1], at, self.r.choice([10, 30]), "disrupts = true  " if self.maybe(0.1) else ""))
            self.steps += 1
            self.lines.append('record %s { zone = z1  host = "%s"  value = %s -> %s  ttl = %s  takes = 10s }' % (
                self.name("n"), self.r.choice(["a.example.net", "*.example.net"]), ADDRESSES[0], ADDRESSES[1],
                self.r.choice(["30s", "5m", "5m -> 30s -> 5m", "1h -> 60s -> 1h"])))
            self.steps += 2 * ("->" in self.lines[-1].split("ttl = ")[1])
        else:
            for at in self.r.sample(ADDRESSES[:3], self.r.randint(2, 3)):
                self.named_server(at)
        for _ in range(self.r.randint(self.maybe(0.7), 2)):
            self.named_record()
        if self.maybe(0.6):
            self.lines.append('domain d0 { zone = %s  suffix = "example.net" }' % self.r.choice(["z0", "z1"]))
        for _ in range(self.r.randint(1, 3)):
            hold = self.r.choice(["always", "always", "down at most %s" % self.r.choice(["1m", "2m", "5m", "90m"]), "finally"])
            self.lines.append("promise %s reaches https://%s %s" % (self.r.choice(clients), self.r.choice(HOSTS[:2]), hold))
        head = "plan random {\n  operator = operator\n%s}\n" % ("  window = %ds\n" % self.r.choice([120, 600, 4000]) if self.maybe(0.15) else "")
        return head + "zone z0\nzone z1 inside z0\nzone z2 inside z0\n" + KINDS + "\n".join(self.lines) + "\n"


def plan(seed):
    return Writer(seed).plan_of_names() if seed % 2 else Writer(seed).plan()


if __name__ == "__main__":
    import sys
    print(plan(int(sys.argv[1])), end="")
