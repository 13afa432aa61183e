#!/usr/bin/env python3
"""Our requests against what the vendors publish. Prism stands between them and the stand-ins with published.yaml, and answers for
itself where a request or an answer has not the published shape: what --live asks, what a runbook sends there and back, and what
`cutc import` fetches, all come through it."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import check as suite  # noqa: E402
import standin  # noqa: E402
from check import check  # noqa: E402
from standin import TOKENS  # noqa: E402

PRISM = os.path.join(suite.ROOT, "build/vendor/prism/node_modules/.bin/prism")
PUBLISHED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "published.yaml")

PLAN = """plan house { operator = desk }
use std/net
use std/cloudflare
use std/kubernetes
use std/pfsense
use std/technitium
use std/vault
client desk { zone = lan }
host gate { address = 127.0.0.6  ports = [PORT/tcp] }
kubernetes cluster { api = http://127.0.0.2:PORT  token = secret k8s }
cloudflare cf { api = http://127.0.0.3:PORT/client/v4  account = "a1"  token = secret cf  zone = lan }
pfsense fw { host = 127.0.0.6  rest = http://127.0.0.6:PORT  key = secret pf }
technitium dns { api = http://127.0.0.4:PORT  server = 10.0.20.201  token = secret tn  domains = ["example.net"] }
vault safe { url = http://127.0.0.5:PORT }
secret k8s { from = env "K8S_TOKEN" }
secret cf { from = safe  path = "secret/platform"  field = "cloudflare_api_token" }
secret pf { from = env "PF_KEY" }
secret tn { from = safe  path = "secret/technitium"  field = "token" }
tunnel t1 { id = "t1"  connector = lan }
tunnel t2 { id = "t2"  connector = lan }
lb_service traefik { namespace = "traefik"  address = 10.0.20.200  sharing = "shared"  ports = [443/tcp]  via = cluster }
host edge { address = 10.0.20.203  ports = [443/tcp] }
alias nginx { value = 10.0.20.200 -> 10.0.20.203  via = fw }
nat_rule https { wan = "wan.fw.internal"  ports = [443/tcp]  target = nginx -> 10.0.20.203  inside = lan  via = fw }
dns_record apex { host = "example.net"  value = 10.0.20.200 -> 10.0.20.203  ttl = 1h -> 60s  via = dns }
tunnel_route apps { tunnel = t1  host = "*.example.net"  origin = https://10.0.20.200:443 -> https://10.0.20.203:443  via = cf }
proxied_record every { host = "*.example.net"  tunnel = t1 -> t2  zone_id = "z1"  record = "r1"  via = cf }
create alias web_lb { value = 10.0.20.203  via = fw }
create dns_record web_name { host = "web.example.net"  value = 10.0.20.203  ttl = 60s  via = dns }
create dns_record www { host = "www.example.net"  value = "web.example.net"  ttl = 60s  via = dns }
create tunnel_route web_route { tunnel = t1  host = "web.example.net"  origin = https://10.0.20.203:443  via = cf }
delete dns_record old_name { host = "old.example.net"  value = 10.0.20.200  ttl = 60s  via = dns }
delete alias old_lb { value = 10.0.20.200  via = fw }
"""


class Prism:
    """Prism as a proxy in front of `upstream`; `url` is where it listens."""

    def __init__(self, upstream, folder):
        with socket.create_server(("127.0.0.1", 0)) as s:
            port = s.getsockname()[1]
        self.port, self.url, self.path = str(port), "http://127.0.0.1:%d" % port, os.path.join(folder, "prism.log")
        with open(self.path, "w") as log:
            self.process = subprocess.Popen([PRISM, "proxy", PUBLISHED, upstream, "--errors", "-h", "0.0.0.0", "-p", self.port], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("Prism does not listen:\n" + self.log())

    def log(self):
        with open(self.path) as f:
            return f.read()

    def refused(self):
        """Lines about what it has refused; it writes them a moment later than it answers."""
        time.sleep(1)
        return [line for line in self.log().splitlines() if "terminated with error" in line]


def ask(url, method="GET", body=None, **headers):
    """Status and body of one request."""
    request = urllib.request.Request(url, body and json.dumps(body).encode(), {k.replace("_", "-"): v for k, v in headers.items()}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode()


def refuses(prism, world):
    """Prism looks: what has not the shape comes back from it, and does not reach the stand-in."""
    where = prism.url + "/client/v4/accounts/a1/cfd_tunnel/t1/configurations"
    before = len(world.seen)
    sign = {"Authorization": "Bearer " + TOKENS["cloudflare"], "Content_Type": "application/json"}
    check("Prism lets no request through that has not signed in", ask(where)[0] == 401 and len(world.seen) == before)
    check("… nor a body of another shape", ask(where, "PUT", {"ingress": []}, **sign)[0] == 422 and len(world.seen) == before)
    check("… nor a path that is not published", ask(prism.url + "/client/v4/tunnels", **sign)[0] == 404 and len(world.seen) == before)
    told = world.tunnel.pop("version")
    status, body = ask(where, **sign)
    check("… nor an answer of another shape", status == 500 and "VIOLATIONS" in body, body)
    world.tunnel["version"] = told


def state(world):
    return json.dumps([world.tunnel["config"], {n: r for n, r in world.records.items() if r}, world.aliases, world.forwards, world.proxied], sort_keys=True)


def house(prism, s, world):
    path = s.plan(PLAN.replace("PORT", prism.port))
    env = {"VAULT_TOKEN": TOKENS["vault"], "K8S_TOKEN": TOKENS["kubernetes"], "PF_KEY": TOKENS["pfsense"], "XDG_RUNTIME_DIR": s.folder}
    r = s.run(path, **env)
    check("--live: everything is as declared", r.code == 0 and "0 different, 0 unknown" in r.out, r)
    before = state(world)
    book = os.path.join(s.folder, "runbook.sh")
    made = subprocess.run([suite.CUTC, "emit", path, "-o", book], capture_output=True, text=True)
    check("the plan gives a runbook", made.returncode == 0, made.stdout + made.stderr)

    def run(*words):
        return subprocess.run(["sh", book, *words, "--yes", "--patience", "2", "--state", os.path.join(s.folder, "state")], env={**s.env, **env},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=s.folder, timeout=300)
    done = run("apply")
    check("the runbook goes through", done.returncode == 0, done.stdout[-3000:] + done.stderr)
    check("every kind of request has been sent", {m for _, m, _, _, _ in world.seen} == {"GET", "PUT", "POST", "PATCH", "DELETE"}, {m for _, m, _, _, _ in world.seen})
    r = s.run(path, "--as", "target", **env)
    check("--live --as target: everything is as the plan leaves it", r.code == 0, r)
    done = run("rollback")
    check("the way back goes through", done.returncode == 0, done.stdout[-3000:] + done.stderr)
    check("everything is as it was before", state(world) == before, before + "\n" + state(world))


def imports(prism, s):
    for source, path, variable, wanted in (("kubernetes", "", "KUBE_TOKEN", "lb_service traefik"), ("cloudflare", "", "CLOUDFLARE_API_TOKEN", "tunnel_route"),
                                           ("technitium", "", "TECHNITIUM_TOKEN", "dns_record"), ("pfsense", "", "PFSENSE_API_KEY", "alias nginx")):
        name = {"KUBE_TOKEN": "kubernetes", "PFSENSE_API_KEY": "pfsense"}.get(variable, source)
        done = subprocess.run([suite.CUTC, "import", source, prism.url + path], env={**s.env, variable: TOKENS[name]}, capture_output=True, text=True, timeout=60)
        check("import of " + source, done.returncode == 0 and wanted in done.stdout, done.stdout + done.stderr)


def main():
    if not os.access(PRISM, os.X_OK):
        print("# Prism is not there (`make published` fetches it): nothing is tried")
        print("ok - skipped: no Prism")
        return 0
    if not standin.own_network("10.0.20.201"):
        print("# no network of our own can be made here (unshare): nothing is tried")
        print("ok - skipped: no network of our own")
        return 0
    s = suite.Stage(token=True)
    s.world.names = standin.Names("10.0.20.201")
    s.world.names.start()
    s.world.aliases["old_lb"] = ["10.0.20.200"]
    s.world.records["old.example.net"] = [{"name": "old.example.net", "type": "A", "ttl": 60, "disabled": False, "rData": {"ipAddress": "10.0.20.200"}}]
    s.world.publish()
    prism = Prism("http://127.0.0.1:%d" % s.plain.port, s.folder)
    try:
        refuses(prism, s.world)
        house(prism, s, s.world)
        imports(prism, s)
        check("Prism has refused nothing else", len(prism.refused()) == 4, "\n".join(prism.refused()))
    finally:
        prism.process.terminate()
        prism.process.wait()
        shutil.rmtree(s.folder, ignore_errors=True)
    return suite.failed != 0


if __name__ == "__main__":
    sys.exit(main())
