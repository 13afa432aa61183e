#!/usr/bin/env python3
"""`cutc check --live` against stand-ins: what it finds, each fault, and where credentials go."""

import base64
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import standin  # noqa: E402
from standin import TOKENS  # noqa: E402

CUTC = os.environ.get("CUTC", os.path.join(os.getcwd(), "build/cutc"))
ROOT = os.getcwd()
SLACK = 10  # seconds that a busy machine may take besides; what hangs takes 60
passed = failed = 0


def check(name, ok, detail=""):
    global passed, failed
    print(("ok - " if ok else "not ok - ") + name, flush=True)
    if ok:
        passed += 1
    else:
        failed += 1
        for line in str(detail).splitlines()[:60]:
            print("#   " + line)


class Run:
    def __init__(self, code, out, err, took, cmdline):
        self.code, self.out, self.err, self.took, self.cmdline = code, out, err, took, cmdline

    def __str__(self):
        return "exit %s after %.2f s\n%s%s" % (self.code, self.took, self.out, self.err)


class Stage:
    """A folder, a world, its servers, and the environment that leads there."""

    def __init__(self, token=False):
        self.folder = tempfile.mkdtemp(prefix="cutc-live-")
        self.world = standin.World()
        self.world.token_ttl = 3600
        names = ["localhost", "127.0.0.1", "10.0.20.10", "10.0.20.1", "api.cloudflare.com", "vault.example.net"]
        self.ca, self.tls = standin.certificates(self.folder, names)
        self.secure = standin.Server(self.world, self.tls, token).start()
        self.plain = standin.Server(self.world, None, token).start()
        self.proxy = standin.Proxy(self.secure.port, self.plain.port)
        self.proxy.start()
        self.env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "HOME": self.folder, "SSL_CERT_FILE": self.ca}
        self.env.update({k: v for k, v in os.environ.items() if k.startswith(("ASAN_", "UBSAN_", "LSAN_"))})

    def through_proxy(self):
        proxy = "http://127.0.0.1:%d" % self.proxy.port
        self.env.update(http_proxy=proxy, https_proxy=proxy)
        return self

    def plan(self, text, name="plan.cut"):
        path = os.path.join(self.folder, name)
        with open(path, "w") as f:
            f.write(text.replace("SECURE", "https://127.0.0.1:%d" % self.secure.port).replace("PLAIN", "http://127.0.0.1:%d" % self.plain.port))
        return path

    def run(self, path, *options, **env):
        start = time.monotonic()
        process = subprocess.Popen([CUTC, "check", "--live", *options, path], env={**self.env, **env}, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
        lines = set()
        stop = threading.Event()

        def watch():
            while not stop.is_set():
                for p in glob.glob("/proc/[0-9]*/cmdline"):
                    try:
                        with open(p, "rb") as f:
                            lines.add(f.read())
                    except OSError:
                        pass
                time.sleep(0.02)
        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            out, err = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            err += "\nHUNG"
        stop.set()
        watcher.join()
        return Run(process.returncode, out, err, time.monotonic() - start, b"\n".join(lines).decode("latin-1"))


# ── The tunnel that was believed to go elsewhere ─────────────────────────────

def house():
    """The world of the example: a proxy to its APIs, its name server, its state database."""
    NAMES_OF_HOUSE.records = {"example.net": ("A", ["10.0.20.200"], 3600), "*.example.net": ("CNAME", ["example.net"], 3600)}
    return Stage().through_proxy()


def believed():
    s = house()
    r = s.run("examples/traefik/believed.cut", VAULT_TOKEN=TOKENS["vault"])
    check("believed.cut is refused in one run", r.code == 1, r)
    check("the API's answer stands beside the declared value",
          "`proxied_apps.origin` is https://10.0.20.200:443 in the world, and https://traefik.traefik.svc.cluster.local:443 in the plan" in r.out, r)
    check("what follows from it is found in the same run", "error[E201]: tunnel_route `proxied_apps` still points at 10.0.20.200:443" in r.out and
          "this follows from what is really there: `proxied_apps.origin` is https://10.0.20.200:443" in r.out, r)
    check("the question is shown", "GET https://api.cloudflare.com/client/v4/accounts/a1/cfd_tunnel/t1/configurations" in r.out, r)
    no_credentials("believed.cut", s, r)
    plain = subprocess.run([CUTC, "check", "examples/traefik/believed.cut"], capture_output=True, text=True, cwd=ROOT)
    check("without --live it is accepted, on that belief", plain.returncode == 0, plain.stdout)
    with s.world.lock:
        s.world.tunnel["config"]["ingress"][0]["service"] = "https://traefik.traefik.svc.cluster.local:443"
    r = s.run("examples/traefik/believed.cut", VAULT_TOKEN=TOKENS["vault"])
    check("where the world is as believed, it is accepted", r.code == 0 and "0 different" in r.out, r)
    check("what was looked at is no longer what the result rests on", "`proxied_apps.origin` =" not in r.out, r)
    NAMES_OF_HOUSE.records = {}
    s.world.tunnel["config"]["ingress"][0]["service"] = "https://10.0.20.200:443"
    r = s.run("examples/traefik/believed.cut", VAULT_TOKEN=TOKENS["vault"])
    check("a value that no plan can have does not hide what the others bring", "`apex.value` is nothing at the name server" in r.out and
          "the checks could not be run on what is there" in r.out and "error[E201]: tunnel_route `proxied_apps`" in r.out, r)
    s = house()
    s.world.tunnel["config"]["ingress"][0]["service"] = "https://traefik.traefik.svc.cluster.local:443"
    r = s.run("examples/traefik/believed.cut", "--format", "json", VAULT_TOKEN=TOKENS["vault"])
    looks = {x["resource"] + "." + x["attribute"]: x for x in json.loads(r.out)["world"]["looks"]}
    check("each look is in the JSON", looks["traefik.address"]["verdict"] == "declared" and looks["proxied_apps.origin"]["seen"].startswith("https://traefik"), r)


def no_credentials(name, stage, run, ours=()):
    """Nowhere but in requests to their own host."""
    spilled = [k for k, v in TOKENS.items() if v in run.out or v in run.err]
    check(name + ": no credential in any output", not spilled, "%s\n%s" % (spilled, run))
    spilled = [k for k, v in TOKENS.items() if v in run.cmdline and k not in ours]
    check(name + ": no credential in any command line", not spilled, spilled)
    on_disk = []
    for folder in (stage.folder, "/dev/shm"):
        for path, _, files in os.walk(folder):
            for f in files:
                try:
                    with open(os.path.join(path, f), "rb") as g:
                        text = g.read()
                except OSError:
                    continue
                on_disk += [f for v in TOKENS.values() if v.encode() in text]
    check(name + ": no credential on disk", not on_disk, on_disk)


# ── Faults, one by one ───────────────────────────────────────────────────────

PLAN = """plan demo { operator = ops }
use std/net
use std/kubernetes
use std/pfsense
client ops { }
kubernetes cluster { api = SECURE  token = secret k8s }
pfsense firewall { host = 10.0.20.1  rest = SECURE  key = secret pf }
secret k8s { from = env "K8S_TOKEN" }
secret pf  { from = file "KEYFILE" }
lb_service traefik { namespace = "traefik"  address = 10.0.20.200  sharing = "shared"  ports = [443/tcp]  via = cluster }
alias nginx { value = 10.0.20.200  via = firewall }
"""


def fault_stage():
    s = Stage(token=True)
    s.env["K8S_TOKEN"] = TOKENS["kubernetes"]
    # The key's file is credential on disk that the test itself has put there: outside of what is searched.
    s.keys = tempfile.mkdtemp(prefix="cutc-live-keys-")
    with open(os.path.join(s.keys, "pfsense"), "w") as f:
        f.write(TOKENS["pfsense"] + "\n")
    s.path = s.plan(PLAN.replace("KEYFILE", os.path.join(s.keys, "pfsense")))
    return s


def retried(then):
    """Answers 429 or 503 a few times, then as usual."""
    left = [then[0]]

    def fault(h):
        if left[0] == 0:
            return False
        left[0] -= 1
        h.send(then[1], {"message": "later"}, **({"Retry_After": str(then[2])} if then[2] else {}))
        return True
    return fault


def hang(h):
    time.sleep(8)
    return True


def slowly(h):
    h.send_response(200)
    h.send_header("Content-Length", "100000")
    h.end_headers()
    for _ in range(40):
        h.wfile.write(b" ")
        time.sleep(0.2)
    return True


def breaks_off(h):
    h.send_response(200)
    h.send_header("Content-Length", "1000")
    h.end_headers()
    h.wfile.write(b'{"status": ')
    h.wfile.flush()
    h.close_connection = True
    return True


def echoes(h):
    h.send(403, {"kind": "Status", "status": "Failure", "message": "no rights for " + (h.headers.get("Authorization") or h.headers.get("X-API-Key"))})
    return True


def answers(status, body, **headers):
    def fault(h):
        h.send(status, body, **headers)
        return True
    return fault


HUGE = b'{"a": "' + b"x" * (33 << 20) + b'"}'
FAULTS = [
    # name, part of the path, fault, exit status, words, most seconds
    ("429 with retry-after", "services", retried((2, 429, 1)), 0, "4 values as declared, 0 different, 0 unknown", 8),
    ("503 without a word when", "services", retried((2, 503, 0)), 0, "0 unknown", 8),
    ("429 that asks for five minutes", "services", retried((99, 429, 300)), 3, "is asked too much and wants to be left alone (429", 4),
    ("500 for good", "services", retried((99, 500, 0)), 3, "answers with status 500: later", 9),
    ("an answer that does not come", "services", hang, 3, "did not give a whole answer in time", 6),
    ("an answer that comes by the byte", "services", slowly, 3, "did not give a whole answer in time", 6),
    ("an answer that breaks off", "services", breaks_off, 3, "broke off", 6),
    ("broken JSON", "services", answers(200, b'{"status": {"loadBalancer": '), 3, "answers with something that is no JSON", 4),
    ("nothing at all", "services", answers(200, b""), 3, "answers with nothing at all", 4),
    ("JSON a thousand deep", "services", answers(200, b"[" * 1000 + b"]" * 1000), 3, "nested too deeply", 4),
    ("HTML from a proxy", "services", answers(200, b"<html><body>Please log in</body></html>", Content_Type="text/html"), 3, "a page of HTML instead of JSON", 4),
    ("HTML with status 502", "services", answers(502, b"<html>Bad Gateway</html>", Content_Type="text/html"), 3, "answers with status 502", 9),
    ("an answer without end", "services", answers(200, HUGE), 3, "is larger than 32 MiB", 20),
    ("credentials that are not accepted", "services", answers(401, {"kind": "Status", "status": "Failure", "message": "Unauthorized"}), 3,
     "does not let us look with these credentials (401: Unauthorized)", 4),
    ("an answer that repeats the credentials", "api", echoes, 3, "no rights for Bearer ***", 4),
    ("another kind of answer", "services", answers(200, {"kind": "Service", "status": [], "spec": [], "metadata": []}), 3, "not of the kind", 4),
    ("an address that is pending", "services", answers(200, {"kind": "Service", "status": {"loadBalancer": {}}, "spec": {"externalTrafficPolicy": "Cluster"},
                                                             "metadata": {"annotations": {"metallb.universe.tf/allow-shared-ip": "shared"}}}), 1,
     "`traefik.address` is nothing in the world, and 10.0.20.200 in the plan", 4),
    ("a service that is not there", "services", answers(404, {"kind": "Status", "status": "Failure", "reason": "NotFound", "message": "not found"}), 1,
     "`traefik` is not there, and the plan starts from it", 4),
    ("pfSense's own error", "aliases", answers(200, {"code": 424, "status": "failed dependency", "response_id": "X", "message": "not now", "data": []}), 3,
     "answers with an error: not now", 4),
]


def faults():
    for name, part, fault, code, words, most in FAULTS:
        s = fault_stage()
        s.world.faults[part] = fault
        r = s.run(s.path, "--timeout", "2")
        check("%s: exit status %d and the reason" % (name, code), r.code == code and words in r.out, r)
        check("%s: in time" % name, r.took < most + SLACK, r)
        no_credentials(name, s, r)


def elsewhere():
    """A redirect to another host takes no credential there; one within the host is followed."""
    for name, key in (("services", "X-nothing"), ("aliases", "X-API-Key")):
        s = fault_stage()
        other = standin.World()
        trap = standin.Server(other, s.tls).start()
        for status in (301, 302, 303, 307, 308):
            s.world.faults[name] = answers(status, b"", Location="https://localhost:%d/api/v1/x" % trap.port)
            r = s.run(s.path, "--timeout", "2")
            sent = [h for h in other.heads() if "Authorization" in h or key in h or any(v in str(h) for v in TOKENS.values())]
            check("%d to another host (%s): no credential goes there" % (status, name), not sent, sent)
            check("%d to another host (%s): it says where it leads" % (status, name), r.code == 3 and "sends us on to https://localhost:%d" % trap.port in r.out, r)
        moved = []

        def within(h):
            if "moved" in h.path:
                h.path = h.path.replace("moved=1&", "").replace("?moved=1", "")
                moved.append(dict(h.headers))
                return False
            h.send(302, b"", Location=h.path + ("&" if "?" in h.path else "?") + "moved=1")
            return True
        s.world.faults[name] = within
        r = s.run(s.path, "--timeout", "2")
        check("a redirect within the host (%s) is followed" % name, r.code == 0 and "0 unknown" in r.out, r)
        check("and has its credentials (%s)" % name, moved and all("Authorization" in h or "X-API-Key" in h for h in moved), moved)
    s = fault_stage()
    s.world.faults["services"] = lambda h: h.send(302, b"", Location=h.path) or True
    r = s.run(s.path, "--timeout", "2")
    check("a redirect to itself ends", r.code == 3 and "round in circles" in r.out and r.took < 4 + SLACK, r)


def certificates():
    s = fault_stage()
    r = s.run(s.path, "--timeout", "2", SSL_CERT_FILE="/etc/ssl/certs/ca-certificates.crt")
    check("a certificate of nobody we trust", r.code == 3 and "is not to be trusted" in r.out, r)
    check("and nothing is sent to it", not s.world.seen, s.world.seen)
    no_credentials("a certificate of nobody we trust", s, r)
    r = s.run(s.path, "--timeout", "2", SSL_CERT_FILE="/nonexistent", CURL_CA_BUNDLE=s.ca)
    check("CURL_CA_BUNDLE says what to trust", r.code == 0, r)
    r = s.run(s.path, "--timeout", "2", SSL_CERT_FILE="/nonexistent")
    check("a file of authorities that is not there", r.code == 3, r)
    with open(s.path) as f:
        text = f.read()
    wrong = s.plan(text.replace("https://127.0.0.1:", "https://127.0.0.2:"), "wrong.cut")
    other = standin.Server.__new__(standin.Server)
    standin.http.server.ThreadingHTTPServer.__init__(other, ("127.0.0.2", s.secure.port), standin.Handler)
    other.world, other.token, other.tls, other.peers = s.world, True, s.tls, []
    other.start()
    r = s.run(wrong, "--timeout", "2")
    check("a certificate for another host", r.code == 3 and "is not to be trusted" in r.out and not s.world.seen[2:], r)
    named = s.plan(text.replace("kubernetes cluster {", "kubernetes cluster { ca = \"%s\"" % s.ca), "ca.cut")
    r = s.run(named, "--timeout", "2", SSL_CERT_FILE="/etc/ssl/certs/ca-certificates.crt")
    check("the plan's own `ca` is for its provider alone", r.code == 3 and "`traefik.address`" not in r.out and "`nginx.value`" in r.out, r)


def nobody_there():
    s = fault_stage()
    for server in (s.secure, s.plain):
        server.shutdown()
        server.server_close()
    r = s.run(s.path, "--timeout", "2")
    check("nobody there: exit status 3, one finding for all", r.code == 3 and "cannot be connected to" in r.out and r.out.count("warning[E402]") <= 2, r)
    check("nobody there: at once", r.took < 3 + SLACK, r)
    listener = standin.socket.create_server(("127.0.0.1", 0), backlog=1)
    port = listener.getsockname()[1]
    full = [standin.socket.socket() for _ in range(4)]
    for f in full:
        f.setblocking(False)
        f.connect_ex(("127.0.0.1", port))
    with open(s.path) as f:
        text = f.read()
    path = s.plan(text.replace(":%d" % s.secure.port, ":%d" % port), "full.cut")
    r = s.run(path, "--timeout", "1")
    check("a host that takes no connection: exit status 3 in time", r.code == 3 and r.took < 4 + SLACK, r)
    with open(s.path) as f:
        gone = s.plan(f.read().replace("https://127.0.0.1:", "https://no-such-host.invalid:"), "gone.cut")
    r = s.run(gone, "--timeout", "2")
    check("a name without an address", r.code == 3 and "has no address here" in r.out, r)


def secrets():
    s = fault_stage()
    del s.env["K8S_TOKEN"]
    r = s.run(s.path)
    check("a variable that is not set", r.code == 3 and "secret `k8s`: K8S_TOKEN is not set in the environment" in r.out, r)
    check("the others are asked all the same", "`nginx.value`" not in r.out and any("aliases" in p for _, _, p, _, _ in s.world.seen), r)
    os.unlink(os.path.join(s.keys, "pfsense"))
    os.mkfifo(os.path.join(s.keys, "pfsense"))
    r = s.run(s.path, K8S_TOKEN=TOKENS["kubernetes"])
    check("a file of a secret that is no file", r.code == 3 and "cannot be read: it is no file" in r.out and r.took < 4 + SLACK, r)
    s = house()
    r = s.run("examples/traefik/believed.cut", "--timeout", "2", VAULT_TOKEN="hvs.wrong-token-of-somebody")
    check("a store that does not let us in", r.code == 3 and "permission denied" in r.out and "hvs.wrong" not in r.out, r)
    del s.world.kv["platform"]
    r = s.run("examples/traefik/believed.cut", "--timeout", "2", VAULT_TOKEN=TOKENS["vault"])
    check("a secret that is not there", r.code == 1 and "error[E405]: secret `cloudflare_token`" in r.out, r)
    s = house()
    s.world.tunnel["config"]["ingress"][0]["service"] = "https://" + TOKENS["technitium"] + ".example.net:443"
    r = s.run("examples/traefik/believed.cut", "--timeout", "2", "-v", VAULT_TOKEN=TOKENS["vault"])
    check("an answer that holds a secret is not shown", "holds a secret, and is not shown" in r.out, r)
    no_credentials("an answer that holds a secret", s, r)


def lifetimes():
    text = """plan demo { operator = ops }
use std/net
use std/vault
client ops { }
vault vault { url = SECURE }
secret t { from = vault  path = "database/static-creds/tf"  field = "password"MORE }
kind beacon { target : address
  change { takes = 10m  do { $ set-beacon ${new(target)} { env TOKEN = secret t } } } }
beacon b { target = 10.0.20.3 -> 10.0.20.4 }
"""
    s = Stage()
    s.env["VAULT_TOKEN"] = TOKENS["vault"]
    kept, at_use = s.plan(text.replace("MORE", ""), "kept.cut"), s.plan(text.replace("MORE", "  fetch = at-use"), "at-use.cut")
    s.world.static = 3600
    check("a login that outlives the plan", s.run(kept).code == 0)
    check("the token of what is fetched before is not asked for", not any("lookup-self" in p for _, _, p, _, _ in s.world.seen))
    s.world.static = 120
    r = s.run(kept)
    check("a login that is changed in the middle", r.code == 1 and "error[E273]: secret `t` lives 2m more, and the plan takes 10m" in r.out and "Wm4Zp1nQ" not in r.out, r)
    for ttl, code, words in ((3600, 0, ""), (90, 1, "error[E273]: what secret `t` is fetched with lives 90s more"), (0, 0, "")):
        s.world.token_ttl = ttl
        r = s.run(at_use)
        check("a token with %d s left, for a secret that is fetched at use" % ttl, r.code == code and words in r.out, r)
    s.world.expired = True
    r = s.run(at_use)
    check("a token whose time is up has a ttl of 0 too", r.code == 1 and "lives 0s more" in r.out, r)


# ── Many at once ─────────────────────────────────────────────────────────────

def many():
    s = Stage()
    s.world.delay = 0.2
    services = []
    for i in range(100):
        name = "svc-%d" % i
        address = "10.0.%d.%d" % (30 + i // 50, i % 50 + 1)
        s.world.services[("default", name)] = standin.service(name, "default", address, sharing=None)
        services.append("lb_service %s { address = %s  ports = [443/tcp]  via = cluster }" % (name, address))
    path = s.plan("plan many { operator = ops }\nuse std/net\nuse std/kubernetes\nclient ops { }\nkubernetes cluster { api = PLAIN }\n" + "\n".join(services) + "\n")
    r = s.run(path)
    print("# 100 resources behind 200 ms each: %.2f s, %.0f times as fast as one by one; at most %d connections" % (r.took, 20 / r.took, s.world.most))
    check("a hundred resources behind 200 ms each are all looked at", r.code == 0 and "300 values as declared, 0 different, 0 unknown" in r.out, r)
    check("faster than one by one, which takes 20 s", r.took < 16, r.took)
    check("with no more than 24 connections", s.world.most <= 24, s.world.most)


def target():
    s = fault_stage()
    with open(s.path) as f:
        text = f.read()
    path = s.plan(text.replace("address = 10.0.20.200  sharing", "address = 10.0.20.200 -> 10.0.20.203  sharing"), "moved.cut")
    r = s.run(path, "--as", "target")
    check("what has gone back since is said", r.code == 1 and "error[E404]: `traefik.address` is 10.0.20.200 in the world, and 10.0.20.203 once the plan is done" in r.out and
          "what it was before the plan" in r.out, r)
    s.world.services[("traefik", "traefik")]["status"]["loadBalancer"]["ingress"][0]["ip"] = "10.0.20.203"
    r = s.run(path, "--as", "target")
    check("what stays as it was left is fine", r.code == 0, r)
    r = s.run(path)
    check("a plan that was carried out already", r.code == 1 and "may have been carried out" in r.out, r)
    r = s.run(s.plan(text + "create alias traefik_lb { value = 10.0.20.203  via = firewall  takes = 1m }\n", "created.cut"), "--as", "target")
    check("what the plan has made and is gone is nothing", r.code == 1 and "`traefik_lb.value` is nothing in the world, and 10.0.20.203 once the plan is done" in r.out, r)
    r = s.run(path, "--as", "never")
    check("no third state to compare with", r.code == 2 and "baseline|target" in r.err, r)


def created():
    s = fault_stage()
    with open(s.path) as f:
        text = f.read()
    new = s.plan(text + "create alias traefik_lb { value = 10.0.20.203  via = firewall  takes = 1m }\n"
                 "create lb_service extra { address = 10.0.20.205  ports = [80/tcp]  via = cluster }\n", "new.cut")
    r = s.run(new, "-v")
    check("what the plan creates is not there yet", r.code == 0 and "= traefik_lb.exists" in r.out and "= extra.exists" in r.out, r)
    s.world.aliases["traefik_lb"] = ["10.0.20.203"]
    s.world.services[("default", "extra")] = standin.service("extra", "default", "10.0.20.205")
    r = s.run(new)
    check("what the plan creates is there already", r.code == 1 and "`traefik_lb` is there already, and the plan creates it" in r.out and "`extra` is there already" in r.out, r)
    gone = s.plan(text.replace("alias nginx", "delete alias nginx"), "gone.cut")
    r = s.run(gone, "--as", "target")
    check("what the plan has deleted is there again", r.code == 1 and "error[E404]: `nginx` is there again, and the plan deletes it" in r.out, r)
    del s.world.aliases["nginx"]
    r = s.run(gone, "--as", "target")
    check("what the plan has deleted stays away", r.code == 0, r)


# ── The kubeconfig ───────────────────────────────────────────────────────────

KUBE = """apiVersion: v1
kind: Config
current-context: elsewhere
contexts:
  - {name: elsewhere, context: {cluster: other, user: other}}
  - {name: house, context: {cluster: house, user: admin}}
clusters:
  - name: other
    cluster: {server: "https://10.0.20.99:6443"}
  - name: house
    cluster:
      server: "SECURE"
      AUTHORITY
users:
  - {name: other, user: {token: not-for-this-cluster}}
  - name: admin
    user:
      USER
"""


def kubeconfig():
    s = fault_stage()
    s.keys = tempfile.mkdtemp(prefix="cutc-live-keys-")
    del s.env["SSL_CERT_FILE"]
    with open(s.path) as f:
        text = "\n".join(line for line in f.read().splitlines() if "pf" not in line and "alias" not in line)
    path = s.plan(text.replace("  token = secret k8s", "").replace('secret k8s { from = env "K8S_TOKEN" }', ""))
    with open(s.ca) as f:
        authority = "certificate-authority-data: " + base64.b64encode(f.read().encode()).decode()

    def config(user, authority=authority, name="config"):
        file = os.path.join(s.keys, name)
        with open(file, "w") as f:
            f.write(KUBE.replace("SECURE", "https://127.0.0.1:%d" % s.secure.port).replace("AUTHORITY", authority).replace("USER", user))
        return file
    r = s.run(path, "--timeout", "2")
    check("without a kubeconfig: nothing to trust", r.code == 3 and "is not to be trusted" in r.out, r)
    good = config("token: " + TOKENS["kubernetes"])
    r = s.run(path, "--timeout", "2", KUBECONFIG=good)
    check("its token and its authority", r.code == 0 and "3 values as declared" in r.out, r)
    check("each cluster has its own", not any("not-for-this-cluster" in str(h) for h in s.world.heads()))
    no_credentials("kubeconfig", s, r)
    os.makedirs(os.path.join(s.folder, ".kube"))
    os.symlink(good, os.path.join(s.folder, ".kube", "config"))
    r = s.run(path, "--timeout", "2")
    check("at its usual place", r.code == 0, r)
    os.unlink(os.path.join(s.folder, ".kube", "config"))
    shutil.copy(s.ca, os.path.join(s.keys, "ca.pem"))
    with open(os.path.join(s.keys, "token"), "w") as f:
        f.write(TOKENS["kubernetes"] + "\n")
    r = s.run(path, "--timeout", "2", KUBECONFIG="/nonexistent:" + config("tokenFile: token", "certificate-authority: ca.pem"))
    check("files beside it", r.code == 0, r)
    r = s.run(path, "--timeout", "2", KUBECONFIG=config("exec: {command: get-token, apiVersion: client.authentication.k8s.io/v1}"))
    check("a program is not run for credentials", r.code == 3 and "from a program (`get-token`), and no program is run" in r.out, r)
    for name, text in (("broken YAML", "clusters: [{"), ("nothing", ""), ("a list", "- 1\n- 2\n"), ("itself", "contexts: &a [*a]\nclusters: *a\ncurrent-context: x\n"),
                       ("no base64", None)):
        file = config("token: x", "certificate-authority-data: '%%%'")
        if text is not None:
            with open(file, "w") as f:
                f.write(text)
        r = s.run(path, "--timeout", "2", KUBECONFIG=file)
        check("a kubeconfig that is %s" % name, r.code == 3, r)
    for name, user, trust, words in (
            ("an authority that is not there", "token: x", "certificate-authority: gone.pem", "the kubeconfig's `certificate-authority`, gone.pem, cannot be read: No such file"),
            ("an authority that is no base64", "token: x", "certificate-authority-data: '%%%'", "the kubeconfig's `certificate-authority-data` is no base64"),
            ("a token's file that is not there", "tokenFile: gone", authority, "the kubeconfig's `tokenFile`, gone, cannot be read: No such file"),
            ("a key that is not there", "client-certificate: ca.pem, client-key: gone", authority, "the kubeconfig's `client-key`, gone, cannot be read"),
            ("a token of two lines", 'token: "k8s-a\\nX-Other: b"', authority, "has a line break within it")):
        del s.world.seen[:]
        r = s.run(path, "--timeout", "2", KUBECONFIG=config(user.join("{}") if "," in user else user, trust))
        check("a kubeconfig with %s: nobody is asked" % name, r.code == 3 and words in r.out and not s.world.seen, "%s\n%s" % (s.world.seen, r))
    with open(os.path.join(s.keys, "deep"), "w") as f:
        f.write("clusters: " + "[" * 200000)
    r = s.run(path, "--timeout", "2", KUBECONFIG=os.path.join(s.keys, "deep"))
    check("a kubeconfig that is nested deeply: in time", r.code == 3 and r.took < 4 + SLACK, r)
    certificate = standin.client_certificate(s.folder)
    with open(certificate[0]) as cert, open(certificate[1]) as key:
        r = s.run(path, "--timeout", "2", KUBECONFIG=config("client-certificate-data: %s\n      client-key-data: %s" % tuple(
            base64.b64encode(x.read().encode()).decode() for x in (cert, key))))
    check("a client certificate is shown", any(s.secure.peers) and r.code == 3 and "401" in r.out, r)
    secret = s.plan(text_of_secret(s), "secret.cut")
    s.world.secrets[("apps", "dns")] = {"token": "c2VjcmV0LXRleHQ="}
    r = s.run(secret, "--timeout", "2", KUBECONFIG=config("token: " + TOKENS["kubernetes"]).replace("elsewhere", "house"))
    check("a Secret of the current context's cluster", r.code == 3, r)
    with open(good) as f:
        current = f.read().replace("current-context: elsewhere", "current-context: house")
    with open(good, "w") as f:
        f.write(current)
    r = s.run(secret, "--timeout", "2", KUBECONFIG=good)
    check("a cluster Secret is looked for", r.code == 0 and "secret-text" not in r.out, r)
    s.world.secrets.clear()
    r = s.run(secret, "--timeout", "2", KUBECONFIG=good)
    check("a cluster Secret that is not there", r.code == 1 and "error[E405]: secret `t`" in r.out, r)


def as_kubectl():
    """The same kubeconfig, the same question, asked by kubectl: who gets in, and as whom."""
    if not shutil.which("kubectl"):
        print("# no kubectl here: nothing to compare with")
        return
    s = Stage()
    s.keys = tempfile.mkdtemp(prefix="cutc-live-keys-")
    del s.env["SSL_CERT_FILE"]
    shutil.copy(s.ca, os.path.join(s.keys, "ca.pem"))
    shutil.copytree(s.keys, os.path.join(s.keys, "below"))
    with open(os.path.join(s.keys, "token"), "w") as f:
        f.write("of-a-file\n")
    path = s.plan("plan demo { operator = ops }\nuse std/net\nuse std/kubernetes\nclient ops { }\nkubernetes cluster { api = SECURE }\n"
                  'lb_service traefik { namespace = "traefik"  address = 10.0.20.200  sharing = "shared"  ports = [443/tcp]  via = cluster }\n')
    server = "https://127.0.0.1:%d" % s.secure.port
    certificate = ["%s: %s" % (k, p) for k, p in zip(("client-certificate", "client-key"), standin.client_certificate(s.folder))]
    cluster = '{name: NAME, cluster: {server: "%s", certificate-authority: ca.pem}}' % server
    context, user = "{name: NAME, context: {cluster: c, user: USER}}", "{name: NAME, user: {WITH}}"

    def config(name, **parts):
        with open(os.path.join(s.keys, name), "w") as f:
            f.write("apiVersion: v1\nkind: Config\n" + "".join("%s: %s\n" % (k.replace("_", "-"), v) for k, v in parts.items()))
        return os.path.join(s.keys, name)

    def whole(with_, **parts):
        return config("config", **{"current_context": "a", "contexts": "[%s]" % context.replace("NAME", "a").replace("USER", "u"), "clusters": "[%s]" % cluster.replace("NAME", "c"),
                                   "users": "[%s]" % user.replace("NAME", "u").replace("WITH", with_), **parts})

    def apart():
        one = config("one", current_context="a", contexts="[%s]" % context.replace("NAME", "a").replace("USER", "u"))
        two = config("two", clusters="[%s]" % cluster.replace("NAME", "c"), contexts="[%s]" % context.replace("NAME", "a").replace("USER", "other"), current_context="b")
        three = config("three", users="[%s, %s]" % (user.replace("NAME", "u").replace("WITH", "token: apart"), user.replace("NAME", "other").replace("WITH", "token: wrong")))
        return ":".join((one, "/nonexistent", two, three))
    for name, files in (
            ("a token", lambda: whole("token: of-text")), ("a token's file", lambda: whole("tokenFile: token")), ("a file over a text", lambda: whole("token: of-text, tokenFile: token")),
            ("a certificate", lambda: whole(", ".join(certificate))), ("a name and a password", lambda: whole("username: joe, password: pw")),
            ("another current context", lambda: whole("token: of-text", current_context="b", contexts="[%s, %s]" % (context.replace("NAME", "a").replace("USER", "x"), context.replace("NAME", "b").replace("USER", "u")))),
            ("an authority in a folder below", lambda: config("config", current_context="a", contexts="[%s]" % context.replace("NAME", "a").replace("USER", "u"),
                                                             clusters="[%s]" % cluster.replace("NAME", "c").replace("ca.pem", "below/ca.pem"), users="[%s]" % user.replace("NAME", "u").replace("WITH", "token: t"))),
            ("an authority that is not there", lambda: whole("token: of-text", clusters="[%s]" % cluster.replace("NAME", "c").replace("ca.pem", "gone.pem"))),
            ("a token's file that is not there", lambda: whole("tokenFile: gone")), ("files that are one", apart)):
        where = files()

        def seen():
            with s.world.lock:
                who = {dict(h).get("Authorization") for _, _, p, h, _ in s.world.seen if "services" in p}
                del s.world.seen[:]
            return who
        del s.world.seen[:]
        ours = s.run(path, "--timeout", "2", KUBECONFIG=where)
        we = seen()
        theirs = subprocess.run(["kubectl", "get", "--raw", "/api/v1/namespaces/traefik/services/traefik", "--request-timeout=4"], env={**s.env, "KUBECONFIG": where}, capture_output=True,
                                text=True, timeout=60)
        they = seen()
        check("as kubectl: %s" % name, we == they and (ours.code == 0) == (theirs.returncode == 0), "we as %s, kubectl as %s\n%s\n%s%s" % (we, they, ours, theirs.stdout[:300], theirs.stderr))


def text_of_secret(s):
    return """plan demo { operator = ops }
use std/net
use std/kubernetes
client ops { }
kubernetes cluster { api = SECURE }
secret t { from = cluster  path = "apps/secrets/dns"  field = "token" }
kind beacon {
  target : address
  change { takes = 1m  do { $ set-beacon ${new(target)} { env TOKEN = secret t } } }
}
beacon b { target = 10.0.20.3 -> 10.0.20.4 }
"""


# ── The owner's code ─────────────────────────────────────────────────────────

TERRAFORM = """#!/bin/sh
printf '%s\\n' "$*" >>"$(dirname "$0")/asked"
printf '%s\\n' "$TF_SECRET" >"$(dirname "$0")/had"
case $1 in
plan)
  [ ! -e "$(dirname "$0")/hang" ] || sleep 300
  [ ! -e "$(dirname "$0")/fail" ] || { echo "Error: no valid credentials for $TF_SECRET" >&2; exit 1; }
  for word; do case $word in -out=*) printf 'saved %s' "$TF_SECRET" >"${word#-out=}"; ls -ld "$(dirname "${word#-out=}")" >"$(dirname "$0")/folder" ;; esac; done
  ;;
show) cat "$(dirname "$0")/plan.json" ;;
esac
"""


def owner():
    s = fault_stage()
    tools = tempfile.mkdtemp(prefix="cutc-live-tf-")
    s.env.update(PATH=tools + ":" + s.env["PATH"], TF_TOKEN=TOKENS["cloudflare"])
    with open(os.path.join(tools, "terraform"), "w") as f:
        f.write(TERRAFORM)
    os.chmod(os.path.join(tools, "terraform"), 0o755)

    def code(action, before, after, **more):
        with open(os.path.join(tools, "plan.json"), "w") as f:
            json.dump({"format_version": "1.2", "prior_state": {}, "resource_changes": [
                {"address": "random_pet.x", "change": {"actions": ["create"], "before": None, "after": {"id": 123456789012345678901234567890}}},
                {"address": "module.lb.kubernetes_service.traefik", "change": {"actions": [action], "before": {"spec": [{"ports": [80], "load_balancer_ip": before}]},
                                                                              "after": {"spec": [{"ports": [80], "load_balancer_ip": after}]}, **more}}]}, f)
    with open(s.path) as f:
        text = f.read()
    path = s.plan("use std/terragrunt\nsecret tf { from = env \"TF_TOKEN\" }\nstack infra { dir = \"%s\"  command = \"terraform\"  env = { TF_SECRET = secret tf  TF_X = \"1\" } }\n" % s.folder
                  + text.replace("via = cluster }", "via = cluster  owner = infra }"), "owned.cut")
    code("no-op", "10.0.20.200", "10.0.20.200")
    r = s.run(path, "-v")
    check("code that says what is there", r.code == 0 and "= infra.code" in r.out, r)
    with open(os.path.join(tools, "asked")) as f:
        asked = f.read().splitlines()
    check("it is asked without its lock, and applies nothing", len(asked) == 2 and "plan -input=false -lock=false" in asked[0] and asked[1].startswith("show -json "), asked)
    with open(os.path.join(tools, "folder")) as f:
        check("what it plans is kept where only we can read", f.read().startswith("drwx------"))
    check("and not kept", not os.path.exists(asked[1].split()[-1]) and not os.path.exists(os.path.dirname(asked[1].split()[-1])))
    with open(os.path.join(tools, "had")) as f:
        check("its secrets come through its environment", f.read().strip() == TOKENS["cloudflare"])
    os.unlink(os.path.join(tools, "had"))
    no_credentials("the owner's code", s, r)
    code("update", "10.0.20.200", "10.0.20.199")
    r = s.run(path)
    check("code that would put another value back", r.code == 1 and "error[E407]: the next apply of `infra` would change `traefik.address` from 10.0.20.200 to 10.0.20.199" in r.out and
          "spec[0].load_balancer_ip of module.lb.kubernetes_service.traefik goes from 10.0.20.200 to 10.0.20.199" in r.out, r)
    code("delete", "10.0.20.200", None)
    r = s.run(path)
    check("code that would take it away", r.code == 1 and "from 10.0.20.200 to nothing" in r.out, r)
    code("update", "10.0.20.200", None, after_unknown={"spec": [{"load_balancer_ip": True}]})
    r = s.run(path)
    check("code that does not know yet", r.code == 1 and "only known at the apply" in r.out, r)
    code("update", "10.0.20.200", "10.0.20.199 with pw-of-somebody", before_sensitive={"spec": True}, after_sensitive={"spec": [{"load_balancer_ip": True}]})
    r = s.run(path)
    check("what Terraform marks as sensitive is not shown", r.code == 1 and "pw-of-somebody" not in r.out + r.err and "goes from something that Terraform marks as sensitive to something that" in r.out, r)
    code("update", "10.0.20.2001", "10.0.20.199")
    r = s.run(path)
    check("a longer text is another one", r.code == 0, r)
    with open(os.path.join(tools, "plan.json"), "w") as f:
        f.write("no JSON")
    r = s.run(path)
    check("what is no plan", r.code == 3 and "gives no plan" in r.out, r)
    open(os.path.join(tools, "fail"), "w").close()
    r = s.run(path)
    check("a plan that fails", r.code == 3 and "what it says holds a secret" in r.out, r)
    no_credentials("a plan that fails", s, r)
    os.unlink(os.path.join(tools, "fail"))
    with open(os.path.join(tools, "terraform"), "w") as f:
        f.write("""#!/bin/sh
for word; do
  case $word in -out=*) echo TF_SECRET >"${word#-out=}"; echo "${word#-out=}" >"${0%/*}/where" ;; esac
done
echo $$ >"${0%/*}/pid"
exec sleep 60
""")
    for name in ("INT", "TERM"):
        number = getattr(signal, "SIG" + name)
        heard = lambda: signal.signal(number, signal.SIG_DFL)  # a test that runs in the background is given an INT that is ignored
        stopped = subprocess.Popen([CUTC, "check", "--live", path], env=s.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT, preexec_fn=heard)
        for _ in range(200):
            if os.path.exists(os.path.join(tools, "pid")):
                break
            time.sleep(0.05)
        stopped.send_signal(number)
        code_of_it = stopped.wait(timeout=20)
        with open(os.path.join(tools, "pid")) as pid, open(os.path.join(tools, "where")) as where:
            runs, left = os.path.exists("/proc/" + pid.read().strip()), where.read().strip()
        check("stopped with %s while the code is looked at: nothing runs on, and nothing stays" % name, code_of_it < 0 and not runs and not os.path.exists(os.path.dirname(left)), (code_of_it, runs, left))
        os.unlink(os.path.join(tools, "pid"))
    os.unlink(os.path.join(tools, "terraform"))
    r = s.run(path, PATH=tools)
    check("without the program it is said, and is no failure", r.code == 0 and "`terraform plan` in %s: it is not here" % s.folder in r.out, r)


# ── State locks ──────────────────────────────────────────────────────────────

STACK = """plan demo { operator = ops }
use std/net
use std/postgres
use std/terragrunt
client ops { }
secret conn { from = env "CONN" }
secret pw { from = env "PW" }
server state { address = 127.0.0.1 }
state_lock held { server = state  database = "postgres"  user = "postgres"  password = secret pw }
stack infra { dir = "."  state = 127.0.0.1:5432  env = { PG_CONN_STR = secret conn } }
kind beacon { target : address }
beacon b { target = 10.0.20.3 -> 10.0.20.4  via = infra  patch = "p.patch"  takes = 1m }
"""


def locks():
    """A real PostgreSQL, which does not run as root."""
    folder = tempfile.mkdtemp(prefix="cutc-live-pg-")
    binaries = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    os.chmod(folder, 0o777)

    def postgres(command):
        return ["su", "-s", "/bin/sh", "postgres", "-c", 'PATH="%s:$PATH"; cd %s; exec %s' % (binaries[-1] if binaries else "", folder, command)]
    with open(os.path.join(folder, "password"), "w") as f:
        f.write("Wm4Zp1nQ\n")
    os.chmod(os.path.join(folder, "password"), 0o644)
    setup = binaries and subprocess.run(postgres("initdb -D data -A password -U postgres --no-sync --pwfile=password"), text=True, capture_output=True)
    if not setup or setup.returncode:
        print("# no PostgreSQL can be run here: locks are not tried")
        return
    server = subprocess.Popen(postgres("postgres -D data -c listen_addresses=127.0.0.1 -c unix_socket_directories=%s -c fsync=off" % folder), stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    env = dict(os.environ, PGHOST="127.0.0.1", PGUSER="postgres", PGPASSWORD="Wm4Zp1nQ", PGDATABASE="postgres")
    s = Stage()
    s.env.update(CONN=TOKENS["conn"].replace("tf:", "postgres:").replace("10.0.20.200/terraform_state", "127.0.0.1/postgres"), PW="Wm4Zp1nQ")
    path = s.plan(STACK)
    holder = None
    try:
        for _ in range(100):
            if subprocess.run(["psql", "-XAtc", "select 1"], env=env, capture_output=True).returncode == 0:
                break
            time.sleep(0.1)
        subprocess.run(["psql", "-XAtqc", "create schema terraform_remote_state; create table terraform_remote_state.states (id bigint primary key, name text, data text);"
                        "insert into terraform_remote_state.states values (7, 'default', '{}'), (8, 'other', '{}')"], env=env, check=True)
        r = s.run(path, "-v")
        check("locks that are free", r.code == 0 and "= infra.lock" in r.out and "= held.holder  none" in r.out, r)
        holder = subprocess.Popen(["psql", "-XAtq"], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        holder.stdin.write("select pg_advisory_lock(8), 'held';\n")
        holder.stdin.flush()
        holder.stdout.readline()
        r = s.run(path)
        check("the lock of another workspace", r.code == 0, r)
        holder.stdin.write("select pg_advisory_lock(7), 'held';\n")
        holder.stdin.flush()
        holder.stdout.readline()
        r = s.run(path)
        check("a lock that is held", r.code == 1 and "error[E406]: the lock on the state of `infra` is held by process " in r.out and
              "of postgres from 127.0.0.1, idle for " in r.out, r)
        check("an observe that is psql is asked over libpq", "`held.holder` is process " in r.out, r)
        for name in ("Wm4Zp1nQ", s.env["CONN"]):
            check("no password in any output or command line", name not in r.out + r.err + r.cmdline, r)
        r = s.run(path, CONN=s.env["CONN"].replace("Wm4Zp1nQ", "Xm4Zp1nQ"))
        check("a password that is wrong", r.code in (1, 3) and "password authentication failed" in r.out and "Xm4Zp1nQ" not in r.out, r)
        holder.stdin.close()
        holder.wait()
        holder = None
        server.terminate()
        server.wait()
        r = s.run(path, "--timeout", "2")
        check("no database: exit status 3 at once", r.code == 3 and "the state database: " in r.out and r.took < 3 + SLACK, r)
        listener = standin.socket.create_server(("127.0.0.1", 5432), backlog=50)
        stacks = "".join("stack more%d { dir = \"%d\"  state = 127.0.0.1:5432  env = { PG_CONN_STR = secret conn } }\n"
                         "beacon b%d { target = 10.0.20.3 -> 10.0.20.4  via = more%d  patch = \"p.patch\"  takes = 1m }\n" % (i, i, i, i) for i in range(10))
        r = s.run(s.plan(STACK + stacks, "stacks.cut"), "--timeout", "1")
        check("a database that says nothing: in time", r.code == 3 and "does not answer in time" in r.out and r.took < 5 + SLACK, r)
        listener.setblocking(False)
        calls = 0
        try:
            while listener.accept():
                calls += 1
        except BlockingIOError:
            pass
        check("and it is waited for once, not for each stack", calls == 2, calls)
        listener.close()
        r = s.run(path, "--timeout", "1", CONN="postgres://postgres:Lm4Zp1nQ@nobody.invalid/postgres")
        check("a name of a database server that has no address", r.code == 3 and 'could not translate host name "nobody.invalid"' in r.out, r)
        for odd in ("postgres://postgres:Qx7/Lm4Zp1nQ@127.0.0.1/postgres", "postgres://postgres:p@Lm4Zp1nQ@127.0.0.1/postgres", "host=127.0.0.1 password=a Lm4Zp1nQ"):
            r = s.run(path, "--timeout", "1", CONN=odd)
            check("a connection string that is none shows nothing of its password", r.code == 3 and "p1nQ" not in r.out + r.err and "Qx7" not in r.out and "a part of the password would show" in r.out, r)
    finally:
        if holder:
            holder.kill()
        server.terminate()
        server.wait()


def terminal():
    """On a terminal one line tells how far it is, and goes away; a waiver keeps a finding from counting."""
    s = fault_stage()
    s.world.delay = 0.4
    ours, theirs = os.openpty()
    done = subprocess.Popen([CUTC, "check", "--live", s.path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs, cwd=ROOT,
                            env={**{k: v for k, v in s.env.items() if k != "NO_COLOR"}, "TERM": "xterm"})
    os.close(theirs)
    out = done.communicate(timeout=30)[0].decode()
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    check("progress on a terminal", "asking the world: 0 of 2 answered" in shown and shown.endswith("\r\033[K"), repr(shown))
    check("and not in the output", "asking" not in out and done.returncode == 0, out)
    s.world.delay = 0
    s.world.faults["services"] = answers(401, {"kind": "Status", "status": "Failure", "message": "Unauthorized"})
    with open(s.path) as f:
        waived = s.plan(f.read() + 'allow E402 because "looked at by hand"\n', "waived.cut")
    r = s.run(waived)
    check("a waiver covers what could not be looked at", "waived warning[E402]" in r.out and r.code == 3, r)
    plain = subprocess.run([CUTC, "check", waived], capture_output=True, text=True, cwd=ROOT)
    check("and is no waiver of nothing where nobody asks", plain.returncode == 0 and "E116" not in plain.stdout, plain.stdout)


def standard_input():
    s = fault_stage()
    r = s.run(s.plan("plan demo { operator = ops }\nuse std/net\nclient ops { }\nhost web { adress = 10.0.20.1 }\n", "broken.cut"))
    check("a plan that cannot be read as meant: nobody is asked, and it says so", r.code == 1 and "the world was not asked" in r.err, r)
    with open(s.path) as f:
        done = subprocess.run([CUTC, "check", "--live", "--timeout", "2", "-"], stdin=f, capture_output=True, text=True, env=s.env, cwd=ROOT, timeout=30)
    check("a plan from standard input", done.returncode == 0 and "4 values as declared" in done.stdout, done.stdout + done.stderr)


# ── Names ────────────────────────────────────────────────────────────────────

NAMES = """plan demo { operator = ops }
use std/net
client ops { }
kind name_server { address : address  domains : [string]  zone : zone = lan
  serves address [53/udp, 53/tcp] in zone
  owns domains in zone }
name_server first  { address = 10.0.20.201  domains = ["example.net"] }
name_server second { address = 10.0.20.202  domains = ["example.net"] }
host before { address = 10.0.20.200 }
host after_it { address = 10.0.20.203 }
host other { address = 10.0.20.204 }
dns_record apex { host = "example.net"  early = true  value = 10.0.20.200 -> 10.0.20.203  ttl = 60s }
dns_record www  { host = "www.example.net"  value = "example.net"  ttl = 60s }
dns_record all  { host = "*.example.net"  value = [10.0.20.200, 10.0.20.204]  ttl = 60s }
"""
GOOD = {"example.net": ("A", ["10.0.20.200"], 60), "www.example.net": ("CNAME", ["example.net"], 60), "*.example.net": ("A", ["10.0.20.204", "10.0.20.200"], 60)}


def names():
    s = Stage()
    first, second = NAMES_OF_HOUSE, standin.Names("10.0.20.202")
    second.start()
    first.records, second.records = dict(GOOD), dict(GOOD)
    path = s.plan(NAMES)
    r = s.run(path, "-v")
    check("each name is asked of each server that owns it", r.code == 0 and "12 values as declared, 0 different, 0 unknown" in r.out, r)
    check("a wildcard by a name that nobody has", ("cutc-looks.example.net", 1) in second.asked, second.asked)
    second.records["example.net"] = ("A", ["10.0.20.199"], 60)
    r = s.run(path)
    check("a secondary that is behind", r.code == 1 and "`apex.value` is 10.0.20.199 at the name server second (10.0.20.202), and 10.0.20.200 in the plan" in r.out and
          r.out.count("error[E401]") == 1, r)
    second.records["example.net"] = ("A", ["10.0.20.203"], 60)
    r = s.run(path)
    check("a secondary that is ahead", r.code == 1 and "may have been carried out" in r.out, r)
    r = s.run(path, "--as", "target")
    check("what the other one still says, afterwards", r.code == 1 and "is 10.0.20.200 at the name server first (10.0.20.201), and 10.0.20.203 once" in r.out, r)
    second.records["example.net"] = ("A", ["10.0.20.200"], 3600)
    r = s.run(path)
    check("a TTL that is longer than believed", r.code == 1 and "`apex.ttl` is 3600s at the name server second" in r.out, r)
    second.flags, second.records["example.net"] = 0x8000, ("A", ["10.0.20.200"], 17)
    r = s.run(path)
    check("a server that counts down is no difference", r.code == 0, r)
    second.flags, second.records = 0x8400, {}
    r = s.run(path)
    check("a server that knows no such name", r.code == 1 and "`www.value` is nothing at the name server second" in r.out, r)
    second.records, second.cut = dict(GOOD), 3
    r = s.run(path)
    check("an answer that breaks off is none", r.code == 3 and "port 53: the answer cannot be read" in r.out and "is nothing at" not in r.out, r)
    second.records, second.cut = {}, 0
    for rcode, words in ((2, "SERVFAIL"), (5, "REFUSED")):
        second.rcode = rcode
        r = s.run(path)
        check("a server that answers %s" % words, r.code == 3 and words in r.out and r.out.count("warning[E402]") == 1, r)
    second.silent = True
    r = s.run(path, "--timeout", "2")
    check("a server that says nothing: in time", r.code == 3 and "port 53: it does not answer" in r.out and r.took < 6 + SLACK, r)
    many_names = "".join("dns_record n%d { host = \"n%d.example.net\"  value = 10.0.20.200  ttl = 60s }\n" % (i, i) for i in range(1200))
    before = second.heard
    r = s.run(s.plan(NAMES.replace('name_server first  { address = 10.0.20.201  domains = ["example.net"] }\n', "") + many_names, "many.cut"), "--timeout", "1")
    check("a server that says nothing is not asked for each of many names", r.code == 3 and second.heard - before < 1100, "%d\n%s" % (second.heard - before, r.out[:2000]))


def knot():
    """The same of a real name server."""
    s = Stage()
    with open(os.path.join(s.folder, "knot.conf"), "w") as f:
        f.write("""server:
    rundir: "%(d)s"
    listen: 10.0.20.205@53
database:
    storage: "%(d)s"
zone:
  - domain: example.net
    storage: "%(d)s"
    file: "example.net.zone"
    zonefile-sync: -1
""" % {"d": s.folder})
    with open(os.path.join(s.folder, "example.net.zone"), "w") as f:
        f.write("$TTL 60\n@ SOA ns.example.net. hostmaster.example.net. 1 3600 900 604800 300\n@ NS ns\nns A 10.0.20.205\n@ A 10.0.20.200\n"
                "www CNAME @\n* A 10.0.20.200\n* A 10.0.20.204\n")
    server = subprocess.Popen(["knotd", "-c", os.path.join(s.folder, "knot.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        text = NAMES.replace("name_server second { address = 10.0.20.202  domains = [\"example.net\"] }\n", "").replace("10.0.20.201", "10.0.20.205")
        for _ in range(50):
            r = s.run(s.plan(text), "--timeout", "1")
            if r.code != 3:
                break
            time.sleep(0.1)
        check("Knot's answers are as declared", r.code == 0 and "6 values as declared" in r.out, r)
        r = s.run(s.plan(text.replace("value = 10.0.20.200 ->", "value = 10.0.20.199 ->")))
        check("Knot's answer differs", r.code == 1 and "`apex.value` is 10.0.20.200 at the name server first (10.0.20.205), and 10.0.20.199 in the plan" in r.out, r)
    finally:
        server.terminate()
        server.wait()


def main():
    global NAMES_OF_HOUSE
    if not standin.own_network("127.0.0.2", "10.0.20.201", "10.0.20.202", "10.0.20.205"):
        print("# no network of our own can be made here (unshare): nothing is tried")
        print("ok - skipped: no network of our own")
        return 0
    NAMES_OF_HOUSE = standin.Names("10.0.20.201")
    NAMES_OF_HOUSE.start()
    standin.Database("10.0.20.200", 5432).start()
    for part in (believed, names, knot, faults, elsewhere, certificates, nobody_there, secrets, lifetimes, many, target, created, kubeconfig, as_kubectl, owner, locks, terminal, standard_input):
        if len(sys.argv) < 2 or part.__name__ in sys.argv[1:]:
            part()
    print("%d passed, %d failed" % (passed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
