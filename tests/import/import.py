#!/usr/bin/env python3
"""`cutc import`: facts from saved answers, and what is no answer. The fixtures beside this file have the shapes of the systems' own.

UPDATE=1 rewrites skeleton.cut: read the difference before it is kept."""
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
CUTC = os.path.abspath(os.environ.get("CUTC", "build/cutc"))
WORK = tempfile.mkdtemp(prefix="cutc-import-")
SKELETON = ["services.json", "tunnels.json", "tunnel.json", "example.org.zone", "config.xml"]
EVERYTHING = SKELETON + ["pools.json", "hosts.json", "records.json", "technitium.json", "aliases.json", "state.json"]
# Words of the fixtures that no output may have.
SECRETS = ["secret-hash", "c2VjcmV0", "secret-in-a", "secret-of-the"]


def run(*arguments, text=b"", cwd=HERE):
    return subprocess.run([CUTC, *arguments], input=text, capture_output=True, timeout=120, cwd=cwd, check=False)


def result(good, name, *said):
    print("%s - %s" % ("ok" if good else "not ok", name))
    if not good:
        result.failed = True
        for line in "\n".join(map(str, said)).splitlines()[:40]:
            print("# " + line)


result.failed = False


def imported(*arguments):
    done = run("import", *arguments)
    return done.stdout.decode(), done.stderr.decode(), done.returncode


def findings(plan, *more):
    done = run("check", "--quiet", "--color=never", "-", text=(plan + "".join(line + "\n" for line in more)).encode())
    return done.stdout.decode(), done.returncode


def fails(name, status, words, *arguments, text=b"", cwd=HERE):
    done = run("import", *arguments, text=text, cwd=cwd)
    said = done.stderr.decode(errors="replace")
    good = done.returncode == status and not done.stdout and all(w in said for w in words) and said.startswith("cutc: ")
    result(good, name, "status %d" % done.returncode, said, done.stdout.decode(errors="replace")[:500])


def saved(name, text):
    path = os.path.join(WORK, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    return path


def fixture(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return file.read()


# ── A skeleton ───────────────────────────────────────────────────────────────

def skeleton():
    plan, said, status = imported(*SKELETON)
    result(status == 0, "a skeleton is imported", said)
    kept = os.path.join(HERE, "skeleton.cut")
    if os.environ.get("UPDATE"):
        with open(kept, "w", encoding="utf-8") as file:
            file.write(plan)
    result(plan == fixture("skeleton.cut"), "the skeleton is the one that is kept (UPDATE=1)", plan)
    out, status = findings(plan)
    result(status == 0 and not out, "it checks as it is", out)
    out, status = findings(plan, "edge.address -> 192.168.7.43")
    for kind, name in (("tunnel_route", "any_example_org_route"), ("nat_rule", "web_QUIC"), ("nat_rule", "web_once_more"), ("dns_record", "example_org_lan")):
        result(status == 1 and "error[E201]: %s `%s` still points at 192.168.7.40" % (kind, name) in out,
               "one line more, and %s `%s` is found" % (kind, name), out)
    result("ssh_to_the_nas" not in out and "ci_example_org" not in out, "what leads elsewhere is not", out)
    again = imported(*SKELETON)[0]
    result(plan == again, "importing twice gives the same bytes", again)


def all_of_them():
    plan, said, status = imported(*EVERYTHING)
    result(status == 0 and "assumed: a record" not in said, "all sources in one plan", said)
    out, status = findings(plan)
    result(status == 0 and not out, "it checks as it is", out)
    for text in ("ip_pool house { range = [192.168.7.40-192.168.7.49, 192.168.8.0/28]", "app wiki_example_org { url = https://wiki.example.org  ingress = edge  backend = wiki }",
                 "app photos_example_org { url = https://photos.example.org  ingress = edge }", 'zone_id = "z1"', "value = 203.0.113.7  ttl = 5m"):
        result(text in plan, "it says " + text, plan)
    result("services.json: Service edge/edge; state.json: kubernetes_service.edge" in plan, "what two answers say is one thing", plan)
    for secret in SECRETS:
        result(secret not in plan and secret not in said, "no `%s` in it" % secret)
    moved = imported(*reversed(EVERYTHING))[0]
    strip = lambda text: "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    result(strip(moved) == strip(plan), "the order of the files does not matter to what is said", moved)
    facts = imported("--facts", *EVERYTHING)[0]
    saved("facts.cut", facts)
    own = "plan p { operator = me }\nuse \"./facts.cut\"\nclient me { }\npromise me reaches https://wiki.example.org always\n"
    saved("own.cut", own)
    done = run("check", "-q", "own.cut", cwd=WORK)
    result(done.returncode == 0 and "plan " not in facts.split("\n\n")[0].replace("a plan", ""), "facts are used by a plan of one's own", done.stdout.decode())


def one_thing_each():
    yaml = """apiVersion: v1
items:
- apiVersion: v1
  kind: Service
  metadata:
    annotations:
      metallb.io/allow-shared-ip: "house"
    name: edge
    namespace: edge
  spec:
    externalTrafficPolicy: Cluster
    ports:
    - {name: https, port: 443, protocol: TCP}
    type: LoadBalancer
  status:
    loadBalancer:
      ingress:
      - ip: 192.168.7.40
kind: List
"""
    plan, said, status = imported(saved("edge.yaml", yaml))
    result(status == 0 and "lb_service edge {" in plan and "address   = 192.168.7.40" in plan and 'sharing   = "house"' in plan, "YAML of `kubectl get -o yaml`", plan, said)
    plan = imported(saved("config", "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts:\n- {name: a, context: {cluster: c, user: u}}\n"
                                    "clusters:\n- {name: c, cluster: {server: \"https://192.168.7.2:6443\"}}\nusers:\n- {name: u, user: {token: secret-of-the-user}}\n"), "services.json")[0]
    result("kubernetes cluster { api = https://192.168.7.2:6443 }" in plan and "secret-of-the" not in plan, "a kubeconfig says where the API server is", plan)
    broken = saved("broken.xml", fixture("config.xml").replace("<destination><address>house_lb</address><port>443</port></destination><associated-rule-id>nat_1",
                                                              "<destination><address>192.168.7.99</address><port>443</port></destination><associated-rule-id>nat_1"))
    out, status = findings(imported("services.json", broken)[0])
    result(status == 1 and "nat-filter-follows" in out and "web_QUIC" in out, "a linked filter rule that lets something else through is found", out)
    plan, said, status = imported("aliases.json", "forwards.json", "rules.json")
    result("target = house_lb" in plan and "filter = 192.168.7.99" in plan and "port forward that is disabled (1)" in said, "the REST API's answers", plan, said)
    result("wan = \"wan.firewall.internal\"" in plan, "without the WAN address a name stands for it", plan)
    plan = imported("--zone", "internet", "example.org.zone")[0]
    result("zone = internet" in plan and "zone = lan  host" not in plan, "--zone says whose records they are", plan)
    plan, said, status = imported("kubernetes", "services.json", "zone", "example.org.zone")
    result(status == 0 and "record of type TXT (1)" in said, "sources may be named", said)
    done = run("import", "-", text=fixture("pools.json").encode())
    result(done.returncode == 0 and b"ip_pool house" in done.stdout, "standard input", done.stderr)
    plan, said, status = imported("records.json")
    result("wiki_example_org_proxied" in plan and "v=secret" not in plan and "record of type TXT (1)" in said, "records, without what TXT says", plan, said)
    odd = '{"kind":"List","apiVersion":"v1","items":[{"kind":"Service","metadata":{"name":"for","namespace":"x\\u0007\\n# ${y}\\""},"spec":{"ports":[{"port":1}]}},' \
          '{"kind":"Service","metadata":{"name":"a\\"}b","namespace":"x"},"spec":{"ports":[{"port":1},{"port":70000}]}}]}'
    plan, said, status = imported(saved("odd.json", odd))
    out, checked = findings(plan)
    result(status == 0 and checked == 0 and not out, "odd names are quoted and are no syntax", plan, out)
    rules = ["htt/udp://192.168.7.9:5", "https://h{a}.example.org:443", "https://096.168.7.9:443", "https://a b:1", "ssh://nas.example.org:22", "unix:/x"]
    odd = json.dumps({"success": True, "result": {"tunnel_id": "t", "config": {"ingress": [{"hostname": "h%d.example.org" % i, "service": rule} for i, rule in enumerate(rules)]}}})
    plan, said, status = imported(saved("odd-rules.json", odd))
    out, checked = findings(plan)
    result(status == 0 and checked == 0 and not out and "ssh://nas.example.org:22" in plan and "unix:/x" in plan, "odd origins are quoted or left out", plan, out)


def ttls():
    """A record without a TTL: RFC 2308 with `$TTL`, RFC 1035 without, the SOA record's least where it has none itself."""
    for name, text, wanted, note in (
            ("$TTL is for all that follow", "$TTL 2h\n@ SOA a b 1 2 3 4 300\nx 600 A 192.0.2.1\ny A 192.0.2.2\n", "2h", False),
            ("$TTL of nothing is nothing", "$TTL 0\n@ SOA a b 1 2 3 4 300\ny A 192.0.2.2\n", "0s", False),
            ("without it the last one counts", "@ 1d SOA a b 1 2 3 4 300\nx 600 A 192.0.2.1\ny A 192.0.2.2\n", "10m", False),
            ("a SOA record without one gives its least", "@ SOA a b 1 2 3 4 300\nx 600 A 192.0.2.1\ny A 192.0.2.2\n", "5m", False),
            ("where nobody says it, that is said", "y A 192.0.2.2\n", "1h", True)):
        plan, said, status = imported(saved("ttl.zone", "$ORIGIN example.org.\n" + text))
        found = [line for line in plan.splitlines() if '"y.example.org"' in line]
        result(status == 0 and len(found) == 1 and "ttl = %s }" % wanted in found[0] and ("assumed: a TTL of one hour" in said) == note, "TTL: " + name, found, said)


def odd_characters():
    """What no plan may have is left out of the text, and said where it is looked for by that text."""
    rule = {"interface": "wan", "protocol": "tcp", "destination": "wan:ip", "destination_port": "443", "target": "10.0.0.9", "descr": "gate \u202eevil\u2066 \u0085way"}
    rest = [rule, dict(rule, interface="opt1"), dict(rule, destination_port="8443", descr="long " + "\u00e4" * 80, target="${x}"), dict(rule, destination_port="8444", descr="inside", target="lan:ip")]
    texts = json.dumps({"code": 200, "response_id": "SUCCESS", "data": rest + [{"name": "names", "type": "x" + "\u00e4" * 40, "address": ["\u00e4" * 60]}]})
    plan, said, status = imported(saved("turned.json", texts))
    out, checked = findings(plan)
    result(status == 0 and checked == 0 and not out, "characters that no plan may have are none of it", plan, out)
    result('name = "gate evil way"' in plan and "in the world its name has characters that are left out here" in plan, "a name that loses some has a remark", plan)
    result("port forward to what is no address (1)" in said, "a target that is none is left out", said)
    texts = json.dumps({"status": "ok", "response": {"records": [{"name": "x" + "\u00e4" * 79 + ".example.org", "type": "A", "ttl": 60, "rData": {"ipAddress": "192.0.2.1"}},
                                                                 {"name": "y.example.org", "type": "A", "ttl": 1 << 40, "rData": {"ipAddress": "192.0.2.1"}}]}})
    plan, said, status = imported(saved("long-names.json", texts))
    out, checked = findings(plan)
    result(status == 0 and checked == 0 and not out, "a long name is cut between its characters", plan, out)
    result("TTL that is none (1)" in said and "its TTL is said to be 1099511627776" in plan, "a TTL that is none is said", plan, said)
    inside = fixture("config.xml").replace("<target>house_lb</target>", "<target>lanip</target>", 1)
    plan, said, status = imported("services.json", saved("inside.xml", inside))
    result(status == 0 and "target = 192.168.7.1" in plan.replace("target =  ", "target = "), "a forward to the firewall's own address", plan, said)
    record = {"type": "cloudflare_record", "mode": "managed", "address": "cloudflare_record.x",
              "values": {"name": "a", "hostname": "a.example.org", "type": "A", "value": "192.0.2.9", "ttl": 600}}
    state = {"format_version": "1.0", "values": {"root_module": {"resources": [{"type": "random_integer", "mode": "managed", "address": "random_integer.x",
                                                                                "values": {"seed": 18446744073709551616}}, record]}}}
    plan, said, status = imported(saved("numbers.json", json.dumps(state)))
    result(status == 0 and "value = 192.0.2.9  ttl = 10m" in plan, "a number beyond 64 bits does not end the reading", plan, said)


# ── What is no answer ────────────────────────────────────────────────────────

def bad_input():
    services = fixture("services.json")
    fails("a file that is not there", 2, ["nowhere.json: cannot be read"], "nowhere.json")
    fails("nothing named", 2, ["an argument is missing"], )
    fails("only a source", 2, ["nothing to import"], "kubernetes")
    fails("half an answer", 2, ["half.json:", "ends too early"], saved("half.json", services[: len(services) // 2]))
    fails("JSON with a mistake has its place", 2, ["wrong.json:2:", "no JSON"], saved("wrong.json", '{"kind": "List",\n "items": [},\n}'))
    fails("HTML instead of JSON", 2, ["HTML", "proxy"], saved("page.json", "<!DOCTYPE html><html><body>Log in</body></html>"))
    fails("HTML where Kubernetes was announced", 2, ["HTML"], "kubernetes", saved("page2.json", "\n<html></html>"))
    fails("an empty file", 2, ["nothing in it"], saved("empty.json", ""))
    fails("another system than announced", 2, ["comes from pfSense, and Kubernetes was announced"], "kubernetes", "aliases.json")
    fails("JSON of nobody", 2, ["none of the systems"], saved("nobody.json", '{"a": 1}'))
    fails("an error of Kubernetes'", 2, ["services is forbidden"], saved("status.json", '{"kind":"Status","apiVersion":"v1","status":"Failure","message":"services is forbidden","code":403}'))
    fails("an error of Cloudflare's", 2, ["Authentication error"], saved("cf.json", '{"success":false,"errors":[{"code":10000,"message":"Authentication error"}],"result":null}'))
    fails("an error of Technitium's", 2, ["Access was denied"], saved("tech.json", '{"status":"error","errorMessage":"Access was denied."}'))
    fails("deep JSON", 2, ["nested too deeply"], saved("deep.json", '{"apiVersion":' + "[" * 100000))
    fails("an encrypted backup", 2, ["encrypted"], saved("config.enc", "---- BEGIN config.xml ----\nU2FsdGVkX18=\n---- END config.xml ----\n"))
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><pfsense><system><hostname>&b;</hostname></system></pfsense>'
    fails("an XML bomb", 2, ["document type"], saved("bomb.xml", bomb))
    fails("XML from outside", 2, ["document type"], saved("outside.xml", '<?xml version="1.0"?><!DOCTYPE pfsense SYSTEM "file:///etc/passwd"><pfsense></pfsense>'))
    fails("half an XML has its place", 2, ["half.xml:", "no XML"], saved("half.xml", fixture("config.xml")[:900]))
    fails("another XML", 2, ["outermost element is <opnsense>"], saved("other.xml", "<opnsense></opnsense>"))
    fails("a YAML bomb", 2, ["anchors"], saved("bomb.yaml", "apiVersion: v1\nkind: List\na: &a [1,1,1]\nb: &b [*a,*a]\nitems: [*b,*b]\n"))
    fails("YAML with a mistake has its place", 2, ["wrong.yaml:3:", "no YAML"], saved("wrong.yaml", "apiVersion: v1\nkind: List\nitems: [}\n"))
    fails("deep YAML", 2, ["nested too deeply"], saved("deep.yaml", "kind: " + "[" * 5000))
    fails("a zone file with a mistake has its line", 2, ["bad.zone:3:1", "no resource record"], saved("bad.zone", "$ORIGIN example.org.\n@ 1h IN A 192.0.2.1\nwww IN A 192.0.2.300\n"))
    fails("a zone without a name", 2, ["nothing says which zone"], "zone", saved("plain", "www IN A 192.0.2.1\n"))
    fails("an open bracket", 2, ["open.zone:2:1", "`(` is not closed"], saved("open.zone", "$ORIGIN example.org.\n@ IN SOA a b ( 1\n"))
    fails("a NUL byte", 2, ["NUL"], "zone", saved("nul.zone", b"$ORIGIN example.org.\n@ IN A 192.0.2.1\0\n"))
    fails("too much of $GENERATE", 2, ["more than 65536"], saved("many.zone", "$ORIGIN example.org.\n$GENERATE 0-99999999 h$ A 192.0.2.1\n"))
    fails("$INCLUDE outside", 2, ["not followed"], saved("inc.zone", "$ORIGIN example.org.\n$INCLUDE ../../../../../etc/hostname\n"))
    fails("$INCLUDE of an absolute file", 2, ["not followed"], saved("inc2.zone", "$ORIGIN example.org.\n$INCLUDE /etc/passwd\n"))
    os.symlink("/etc", os.path.join(WORK, "link"))
    fails("$INCLUDE through a link", 2, ["not followed"], saved("inc3.zone", "$ORIGIN example.org.\n$INCLUDE link/hostname\n"))
    saved("part.txt", "www IN A 192.0.2.7\n$INCLUDE part.txt\n")
    fails("$INCLUDE of itself", 2, ["nested more than"], saved("inc4.zone", "$ORIGIN example.org.\n$INCLUDE part.txt\n"))
    saved("sub/part2.txt", "www IN A 192.0.2.7\n")
    plan, said, status = imported(saved("inc5.zone", "$ORIGIN example.org.\n$INCLUDE sub/part2.txt lab\n@ IN A 192.0.2.8\n"))
    result(status == 0 and '"www.lab.example.org"  value = 192.0.2.7' in plan and '"example.org"  value = 192.0.2.8' in plan, "$INCLUDE below the folder", plan, said)
    kept = saved("kept.cut", "as it was\n")
    run("import", "-o", kept, os.path.join(WORK, "half.json"))
    with open(kept, encoding="utf-8") as file:
        result(file.read() == "as it was\n", "a failed import leaves the file alone")


# ── Live ─────────────────────────────────────────────────────────────────────

TUNNEL = "6f0d4c51-77aa-4e0e-8a3e-1d5b60c1a2b3"
ANSWERS = {
    "/api/v1/services": "services.json", "/apis/networking.k8s.io/v1/ingresses": "hosts.json", "/apis/metallb.io/v1beta1/ipaddresspools": "pools.json",
    "/client/v4/accounts": {"success": True, "result": [{"id": "acc0", "name": "me"}]},
    "/client/v4/zones": {"success": True, "result": [{"id": "z9", "name": "example.org"}]},
    "/client/v4/accounts/acc0/cfd_tunnel": "tunnels.json", "/client/v4/zones/z9/dns_records": "records.json",
    "/client/v4/accounts/acc0/cfd_tunnel/%s/configurations" % TUNNEL: "tunnel.json",
    "/api/zones/list": {"status": "ok", "response": {"zones": [{"name": "example.org", "type": "Primary", "internal": False}, {"name": "localhost", "type": "Primary", "internal": True}]}},
    "/api/zones/records/get": "technitium.json",
    "/api/v2/firewall/aliases": "aliases.json", "/api/v2/firewall/nat/port_forwards": "forwards.json", "/api/v2/firewall/rules": "rules.json",
    "/example.org.zone": "example.org.zone", "/page": b"<html><body>Log in</body></html>",
    "/denied/api/v1/services": {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "services is forbidden", "code": 403},
}
SEEN = []


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        path = self.path.split("?")[0]
        SEEN.append((self.path, dict(self.headers)))
        body = ANSWERS.get(path)
        status = 200 if body is not None else 404
        if isinstance(body, dict):
            status = body.get("code", 200)
            body = json.dumps(body).encode()
        elif isinstance(body, str):
            body = fixture(body).encode()
        elif body is None:
            body = b"{}"
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def live():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = "http://127.0.0.1:%d" % server.server_address[1]
    keys = {"KUBE_TOKEN": "secret-of-the-cluster", "CLOUDFLARE_API_TOKEN": "secret-of-the-account", "TECHNITIUM_TOKEN": "secret-of-the-dns", "PFSENSE_API_KEY": "secret-of-the-gate"}
    os.environ.update(keys)
    plan, said, status = imported("kubernetes", base, "cloudflare", base, "technitium", base, "pfsense", base)
    result(status == 0, "four systems are asked", said)
    for text in ('kubernetes cluster { api = %s  token = secret cluster_token }' % base, 'secret cluster_token { from = env "KUBE_TOKEN" }', 'account = "acc0"',
                 'domains = ["example.org"]', "via = technitium }", "host = 127.0.0.1  rest = %s  key = secret firewall_key }" % base, "filter = 192.168.7.99",
                 "/client/v4/zones/z9/dns_records: A example.org", "tunnel_route ci_example_org_route", "ip_pool house"):
        result(text in plan, "it says " + text, plan)
    out, checked = findings(plan, "edge.address -> 192.168.7.43")
    result(checked == 1 and "nat_rule `web` still points" in out and "tunnel_route `any_example_org_route`" in out and "dns_record `example_org_lan`" in out, "one line more, and what leads there is found", out)
    result(plan == imported("kubernetes", base, "cloudflare", base, "technitium", base, "pfsense", base)[0], "asking twice gives the same bytes")
    heads = {path.split("?")[0]: head for path, head in SEEN}
    result(heads["/api/v1/services"].get("Authorization") == "Bearer secret-of-the-cluster" and heads["/client/v4/zones"].get("Authorization") == "Bearer secret-of-the-account"
           and heads["/api/v2/firewall/aliases"].get("X-API-Key") == "secret-of-the-gate" and "Authorization" not in heads["/api/v2/firewall/aliases"], "each gets its own credential", heads)
    result(not any(key in plan + said for key in keys.values()) and not any("secret-of" in path for path, _ in SEEN), "no credential in any output or URL", said)
    plan, said, status = imported("zone", base + "/example.org.zone?token=xyz")
    result(status == 0 and "nas.example.org" in plan and "token" not in plan, "one URL of a zone file", said)
    plan, said, status = imported(base + "/api/v1/services")
    result(status == 0 and "lb_service edge" in plan, "one URL of a list", said)
    fails("a URL of nobody", 2, ["whose API"], base)
    fails("credentials in a URL", 2, ["no place in a URL"], "kubernetes", "http://me:secret-of-me@127.0.0.1/")
    fails("an API that says no", 3, ["services is forbidden"], "kubernetes", base + "/denied/api/v1/services")
    fails("a page of HTML from a proxy", 3, [base + "/page"], "kubernetes", base + "/page")
    server.shutdown()
    server.server_close()
    fails("an API that is not there", 3, [base], "pfsense", base)
    for key in keys:
        del os.environ[key]


skeleton()
all_of_them()
one_thing_each()
ttls()
odd_characters()
bad_input()
live()
subprocess.run(["rm", "-rf", WORK], check=False)
sys.exit(result.failed)
