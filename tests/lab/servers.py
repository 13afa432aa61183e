# The APIs of the lab: a vendor's tunnel configuration, a DNS server, a secret store, a Kubernetes API server, a firewall.
# servers.py NAME PORT DIR: answers on 127.0.0.1 (the DNS server's and the switch on all addresses of their node) and really changes what it
# speaks of. A file DIR/faults/NAME switches a fault on.
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAME, PORT, DIR = sys.argv[1], int(sys.argv[2]), sys.argv[3]


def read(path):
    with open(os.path.join(DIR, path), encoding="utf-8") as f:
        return f.read()


def write(path, text):
    path = os.path.join(DIR, path)
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write(text)
    os.rename(path + ".new", path)


def fault():
    try:
        return read("faults/" + NAME).strip()
    except OSError:
        return ""


def reload_nginx(node, text):
    """Gives a node's nginx another configuration, when it is a good one; True when it was taken."""
    path = os.path.join(DIR, node, "nginx.conf")
    if text == read(node + "/nginx.conf"):
        return True
    write(node + "/nginx.try", text)
    if subprocess.run(["nginx", "-t", "-q", "-p", os.path.join(DIR, node), "-c", os.path.join(DIR, node, "nginx.try")],
                      stderr=subprocess.DEVNULL, check=False).returncode:
        return False
    os.rename(os.path.join(DIR, node, "nginx.try"), path)
    os.kill(int(read(node + "/nginx.pid")), signal.SIGHUP)
    return True


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, body, code=200, kind="application/json"):
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def token(self):
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        return token if scheme == "Bearer" else ""

    def log_message(self, format, *args):
        sys.stderr.write("%s %s\n" % (self.log_date_time_string(), format % args))
        sys.stderr.flush()

    def handle_any(self):
        path, _, query = self.path.partition("?")
        self.serve(self.command, path, dict(urllib.parse.parse_qsl(query)), self.body())

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = handle_any


# -- The tunnel's vendor ---------------------------------------------------------------------------------------------

class Tunnel(Handler):
    path = "/client/v4/accounts/a1/cfd_tunnel/t1/configurations"
    state = {"tunnel_id": "t1", "version": 41, "source": "cloudflare", "created_at": "2026-02-11T08:30:12Z", "config": {
        "ingress": [{"hostname": "*.example.net", "service": "https://10.0.20.200:443",
                     "originRequest": {"http2Origin": False, "connectTimeout": 30}},
                    {"service": "http_status:404"}],
        "warp-routing": {"enabled": False}}}

    def say(self, result, code=200, error=None):
        self.answer({"success": code < 400, "errors": [error] if error else [], "messages": [], "result": result}, code)

    def serve(self, method, path, query, body):
        if path == "/healthz":
            return self.say("up")
        if fault() == "403" or self.token() != read("secrets/cloudflare").strip():
            return self.say(None, 403, {"code": 10000, "message": "Authentication error"})
        if path != self.path:
            return self.say(None, 404, {"code": 7003, "message": "Could not route to " + path})
        if method == "PUT":
            try:
                config = json.loads(body)["config"]
                rules = config["ingress"]
                assert "hostname" not in rules[-1]
                origin = next(r["service"] for r in rules if r.get("hostname") == "*.example.net")
                assert reload_nginx("tunnel", read("tunnel/nginx.conf.in").replace("@ORIGIN@", origin))
            except (ValueError, KeyError, AssertionError, StopIteration) as e:
                return self.say(None, 400, {"code": 1056, "message": "Bad Configuration: %r" % e})
            self.state["config"] = config
            self.state["version"] += 1
        return self.say(self.state)


# -- The DNS server of the LAN: its API in front of dynamic updates --------------------------------------------------

class Dns(Handler):
    zone = "example.net"
    comments = {("example.net", "A"): "split-horizon apex"}

    def say(self, response):
        self.answer({"response": response, "server": "ns1.example.net", "status": "ok"})

    def refuse(self, message, status="error"):
        self.answer({"server": "ns1.example.net", "status": status, "errorMessage": message})

    def records(self, domain):
        out = subprocess.run(["kdig", "+noall", "+answer", "+nocrypto", "@10.0.20.201", self.zone, "AXFR"],
                             stdout=subprocess.PIPE, text=True, check=True).stdout
        found = []
        for line in out.splitlines():
            if not line or line.startswith(";"):
                continue
            name, ttl, _, kind, data = line.split(None, 4)
            if name.rstrip(".").lower() != domain.lower() or (kind == "SOA" and any(r["type"] == "SOA" for r in found)):
                continue
            field = {"A": "ipAddress", "CNAME": "cname", "NS": "nameServer"}.get(kind, "text")
            record = {"name": domain, "type": kind, "ttl": int(ttl), "disabled": False,
                      "rData": {field: data.rstrip(".")}, "dnssecStatus": "Unknown"}
            if (domain, kind) in self.comments:
                record["comments"] = self.comments[(domain, kind)]
            found.append(record)
        return found

    def update(self, lines):
        text = "server 10.0.20.201\nzone %s\n%s\nsend\n" % (self.zone, "\n".join(lines))
        return subprocess.run(["nsupdate", "-k", os.path.join(DIR, "dns/key")], input=text, text=True, check=False,
                              stdout=subprocess.DEVNULL).returncode == 0

    def serve(self, method, path, query, body):
        query.update(urllib.parse.parse_qsl(body.decode()))
        if path == "/healthz":
            return self.answer("up")
        if self.token() != read("secrets/technitium").strip():
            return self.refuse("Invalid token or session expired.", "invalid-token")
        domain = query.get("domain", "")
        if domain != self.zone and not domain.endswith("." + self.zone):
            return self.refuse("No such zone was found: " + domain)
        if path == "/api/zones/records/get":
            return self.say({"zone": {"name": self.zone, "type": "Primary", "disabled": False}, "records": self.records(domain)})
        if path == "/api/zones/records/update":
            kind = query["type"]
            key = "ipAddress" if kind == "A" else "cname"
            mine = [r for r in self.records(domain) if r["type"] == kind and
                    (kind != "A" or r["rData"][key] == query.get(key))]
            if not mine:
                return self.refuse("Cannot update record: the record does not exists to be updated.")
            value = query.get("newIpAddress", query.get("ipAddress")) if kind == "A" else query["cname"] + "."
            if not self.update(["update delete %s %s" % (domain, kind),
                                "update add %s %s %s %s" % (domain, query.get("ttl", "3600"), kind, value)]):
                return self.refuse("The update was refused.")
            self.comments[(domain, kind)] = query.get("comments", "")
            now = [r for r in self.records(domain) if r["type"] == kind][0]
            return self.say({"zone": {"name": self.zone, "type": "Primary", "disabled": False}, "updatedRecord": now})
        return self.answer("", 404)


# -- The secret store ------------------------------------------------------------------------------------------------

class Store(Handler):
    def serve(self, method, path, query, body):
        if path == "/v1/sys/health":
            sealed = fault() == "sealed"
            return self.answer({"initialized": True, "sealed": sealed, "version": "1.18.3"}, 503 if sealed else 200)
        if not path.startswith("/v1/"):
            return self.answer("<html>the pages of the secret store\n", kind="text/html")
        if fault() == "sealed":
            return self.answer({"errors": ["Vault is sealed"]}, 503)
        if self.headers.get("X-Vault-Token") != read("secrets/vault").strip():
            return self.answer({"errors": ["permission denied"]}, 403)
        secrets = {"/v1/secret/data/technitium": ("token", "technitium"),
                   "/v1/secret/data/platform": ("cloudflare_api_token", "cloudflare"),
                   "/v1/secret/data/terraform": ("conn_str", "conn_str"),
                   "/v1/secret/data/pfsense": ("key", "pfsense")}
        if path not in secrets:
            return self.answer({"errors": []}, 404)
        field, name = secrets[path]
        return self.answer({"data": {"data": {field: read("secrets/" + name).strip()}, "metadata": {"version": 4}}})


# -- The Kubernetes API server ---------------------------------------------------------------------------------------

def service(namespace, name, ports):
    return {"kind": "Service", "apiVersion": "v1",
            "metadata": {"name": name, "namespace": namespace, "uid": namespace + "-" + name, "resourceVersion": "1",
                         "creationTimestamp": "2025-11-02T09:14:27Z",
                         "annotations": {"metallb.io/allow-shared-ip": "shared", "metallb.io/loadBalancerIPs": "10.0.20.200"}},
            "spec": {"type": "LoadBalancer", "clusterIP": "10.43.81.7", "externalTrafficPolicy": "Cluster",
                     "ports": [{"name": "p%d%s" % (n, p[0].lower()), "protocol": p, "port": n, "targetPort": n} for n, p in ports],
                     "selector": {"app.kubernetes.io/name": name}},
            "status": {"loadBalancer": {"ingress": [{"ip": "10.0.20.200", "ipMode": "VIP"}]}}}


def merge(into, patch):
    """RFC 7386."""
    into = dict(into) if isinstance(into, dict) else {}
    for key, value in patch.items():
        if value is None:
            into.pop(key, None)
        else:
            into[key] = merge(into.get(key), value) if isinstance(value, dict) else value
    return into


class Cluster(Handler):
    services = {(s["metadata"]["namespace"], s["metadata"]["name"]): s for s in [
        service("traefik", "traefik", [(80, "TCP"), (443, "TCP"), (443, "UDP")]),
        service("dbaas", "postgresql-lb", [(5432, "TCP")]), service("headscale", "headscale", [(41641, "UDP"), (3479, "UDP")]),
        service("wireguard", "wireguard", [(51820, "UDP")]), service("xray", "xray", [(7443, "TCP")])]}
    version = [1]

    def missing(self, what):
        self.answer({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404,
                     "message": what + " not found"}, 404)

    def ingress(self, services):
        """What the load balancer does: announces the addresses of the ingress's Services, and lets it answer on them."""
        addresses = [s["metadata"]["annotations"].get("metallb.io/loadBalancerIPs", "") for key, s in sorted(services.items())
                     if key[0] == "traefik"]
        for address in addresses:
            subprocess.run(["ip", "addr", "replace", address + "/24", "dev", "eth0"], check=False)
        conf = "".join(line if "@ADDRESS@" not in line else "".join(line.replace("@ADDRESS@", a) for a in addresses)
                       for line in read("lb/nginx.conf.in").splitlines(True))
        if not reload_nginx("lb", conf):
            return False
        if "10.0.20.203" not in addresses:
            subprocess.run(["ip", "addr", "del", "10.0.20.203/24", "dev", "eth0"], check=False, stderr=subprocess.DEVNULL)
        return True

    def create(self, service):
        meta = service["metadata"]
        key, address = ("traefik", meta["name"]), meta.get("annotations", {}).get("metallb.io/loadBalancerIPs", "")
        if key in self.services:
            return self.answer({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "AlreadyExists", "code": 409,
                                "message": "services \"%s\" already exists" % meta["name"]}, 409)
        if not self.ingress(self.services | {key: service}):
            return self.answer({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "InternalError", "code": 500,
                                "message": "the ingress did not take " + address}, 500)
        self.version[0] += 1
        meta.update(uid="traefik-" + meta["name"], resourceVersion=str(self.version[0]))
        service["spec"]["clusterIP"] = "10.43.81.8"
        service["status"] = {"loadBalancer": {"ingress": [{"ip": address, "ipMode": "VIP"}]}}
        self.services[key] = service
        return self.answer(service, 201)

    def serve(self, method, path, query, body):
        fixed = {
            "/version": {"major": "1", "minor": "32", "gitVersion": "v1.32.4", "platform": "linux/amd64"},
            "/api": {"kind": "APIVersions", "versions": ["v1"]},
            "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
            "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": [
                {"name": "services", "singularName": "service", "namespaced": True, "kind": "Service", "shortNames": ["svc"],
                 "verbs": ["get", "list", "patch", "create", "delete"]}]},
            "/apis/metallb.io/v1beta1/namespaces/metallb-system/ipaddresspools/metallb": {
                "apiVersion": "metallb.io/v1beta1", "kind": "IPAddressPool",
                "metadata": {"name": "metallb", "namespace": "metallb-system"},
                "spec": {"addresses": ["10.0.20.200-10.0.20.220"], "autoAssign": True}}}
        if path in fixed:
            return self.answer(fixed[path])
        if method == "POST" and path == "/api/v1/namespaces/traefik/services":
            return self.create(json.loads(body))
        found = re.fullmatch("/api/v1/namespaces/([^/]+)/services/([^/]+)", path)
        if not found or found.groups() not in self.services:
            return self.missing("services \"%s\"" % path.rsplit("/", 1)[-1])
        key = found.groups()
        if method == "DELETE":
            rest = {k: s for k, s in self.services.items() if k != key}
            self.ingress(rest)
            self.services.pop(key)
            return self.answer({"kind": "Status", "apiVersion": "v1", "status": "Success", "details": {"name": key[1], "kind": "services"}})
        if method == "PATCH":
            now = merge(self.services[key], json.loads(body))
            address = now["metadata"]["annotations"].get("metallb.io/loadBalancerIPs", "")
            if key[0] == "traefik" and not self.ingress(self.services | {key: now}):
                return self.answer({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "InternalError",
                                    "code": 500, "message": "the ingress did not take " + address}, 500)
            self.version[0] += 1
            now["metadata"]["resourceVersion"] = str(self.version[0])
            now["status"] = {"loadBalancer": {"ingress": [{"ip": address, "ipMode": "VIP"}]}}
            self.services[key] = now
        return self.answer(self.services[key])


# -- The firewall, with the REST API package: what is written there is in force when it has been applied -----------------

class Firewall(Handler):
    aliases = [{"id": 0, "name": "nginx", "type": "host", "descr": "", "address": ["10.0.20.200"], "detail": [""]}]
    forwards = [{"id": 0, "interface": "wan", "protocol": "tcp/udp", "destination": "wan:ip", "destination_port": "443",
                 "target": "nginx", "local_port": "443", "disabled": False, "descr": "https"}]
    pending = []

    def say(self, data, code=200, name="SUCCESS", message=""):
        self.answer({"code": code, "status": "ok" if code == 200 else "error", "response_id": name, "message": message,
                     "data": data}, code)

    def apply(self):
        """The named maps and the port forwards of the real ruleset, at once; a moment later, as the package does."""
        time.sleep(1)
        rules = subprocess.run(["nft", "-a", "list", "table", "ip", "nat"], stdout=subprocess.PIPE, text=True, check=True).stdout
        script = ""
        for alias in self.aliases:
            script += "add map ip nat %s { type inet_service : ipv4_addr; }\nflush map ip nat %s\n" % (alias["name"], alias["name"])
            script += "add element ip nat %s { 443 : %s }\n" % (alias["name"], alias["address"][0])
        for forward in self.forwards:
            for line in rules.splitlines():
                if "comment \"%s\"" % forward["descr"] in line:
                    rule, handle = line.strip().split(" # handle ")
                    script += "replace rule ip nat pre handle %s %s\n" % (handle, re.sub(r"map @\w+", "map @" + forward["target"], rule))
        for name in re.findall(r"^\tmap (\w+)", rules, re.M):
            if name not in [a["name"] for a in self.aliases]:
                script += "delete map ip nat %s\n" % name
        if subprocess.run(["nft", "-f", "-"], input=script, text=True, check=False).returncode == 0:
            self.pending.clear()

    def serve(self, method, path, query, body):
        if path == "/healthz":
            return self.answer("up")
        if self.headers.get("X-API-Key") != read("secrets/pfsense").strip():
            return self.say([], 401, "AUTH_AUTHENTICATION_FAILED", "Authentication failed")
        told = json.loads(body) if body else {}
        what = (method, path[len("/api/v2/firewall/"):])
        if what == ("GET", "aliases"):
            return self.say([a for a in self.aliases if query.get("name") in (None, a["name"])])
        if what == ("GET", "nat/port_forwards"):
            return self.say([f for f in self.forwards if query.get("descr") in (None, f["descr"])])
        if what == ("GET", "apply"):
            return self.say({"applied": not self.pending, "pending_subsystems": self.pending})
        if what == ("POST", "apply"):
            threading.Thread(target=self.apply).start()
            return self.say({"applied": not self.pending, "pending_subsystems": self.pending})
        if what == ("POST", "alias"):
            if told["name"] in [a["name"] for a in self.aliases]:
                return self.say([], 400, "FIELD_MUST_BE_UNIQUE", "Field `name` must be unique.")
            self.aliases.append(dict(told, descr="", id=len(self.aliases)))
        elif what == ("PATCH", "alias"):
            self.aliases[told["id"]].update(told)
        elif what == ("PATCH", "nat/port_forward"):
            if told["target"] not in [a["name"] for a in self.aliases]:
                return self.say([], 400, "PORT_FORWARD_TARGET_INVALID", "no such alias")
            told.pop("apply", None)
            self.forwards[told["id"]].update(told)
        elif what == ("DELETE", "aliases"):
            if query["name"] in [f["target"] for f in self.forwards]:
                return self.say([], 409, "ALIAS_IN_USE", "the alias is used by a port forward")
            self.aliases[:] = [a for a in self.aliases if a["name"] != query["name"] or
                               a["address"][0] != query.get("address__startswith", a["address"][0]) or
                               a["address"][-1] != query.get("address__endswith", a["address"][-1])]
            for i, alias in enumerate(self.aliases):
                alias["id"] = i
        else:
            return self.say([], 404, "ENDPOINT_NOT_FOUND", path)
        self.pending[:] = ["filter"]
        # Done, and not answered for as long as it is held.
        while fault() == "held":
            write("held", "%s %s\n" % what)
            time.sleep(0.1)
        return self.say([])


# -- A switch for addresses of its node ------------------------------------------------------------------------------

class Switch(Handler):
    def serve(self, method, path, query, body):
        verb = {"/on": "replace", "/off": "del"}.get(path)
        if method != "POST" or not verb or query.get("address") not in ("10.0.20.211", "10.0.20.212"):
            return self.answer("", 404)
        subprocess.run(["ip", "addr", verb, query["address"] + "/24", "dev", "eth0"], check=False, stderr=subprocess.DEVNULL)
        return self.answer("it is " + path[1:])


HANDLERS = {"cloudflare": Tunnel, "technitium": Dns, "vault": Store, "kubernetes": Cluster, "switch": Switch, "pfsense": Firewall}
ThreadingHTTPServer.daemon_threads = True
ThreadingHTTPServer.request_queue_size = 64
WHERE = {"technitium": "", "switch": "", "pfsense": "10.0.20.1"}
server = ThreadingHTTPServer((WHERE.get(NAME, "127.0.0.1"), PORT), HANDLERS[NAME])
if NAME == "pfsense":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(DIR, "tls/cert.pem"), os.path.join(DIR, "tls/key.pem"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
