"""Stand-ins for the APIs that a plan's world is made of, with a state that changes and faults that can be switched on.

Answers have the shapes of Kubernetes, Cloudflare, Technitium, Vault and pfSense's REST package; names and addresses are those of the
examples. Everything that arrives is kept in `World.seen`, headers and all, so that a test can look for what should not have come.
"""

import copy
import http.server
import json
import os
import socket
import ssl
import struct
import subprocess
import threading
import time
import urllib.parse

# Of this process alone: a test that looks for them where all processes write must not find another's.
OURS = "%06x" % os.getpid()
TOKENS = {
    "cloudflare": "cf-4Hq7Zs9wXk2mPb" + OURS,
    "technitium": "tn-Jd83kfQp02LmVx" + OURS,
    "vault": "hvs.Rt5uQwE91zXcVb" + OURS,
    "kubernetes": "k8-eyJhbGciOiJSUz" + OURS,
    "pfsense": "pf-0a9s8d7f6g5h4j" + OURS,
    "conn": "postgres://tf:Wm4Zp1nQ@10.0.20.200/terraform_state",
}


def service(name, namespace, address, policy="Cluster", sharing="shared"):
    annotations = {"metallb.io/loadBalancerIPs": address}
    if sharing:
        annotations["metallb.io/allow-shared-ip"] = sharing
    return {
        "kind": "Service", "apiVersion": "v1",
        "metadata": {"name": name, "namespace": namespace, "annotations": annotations},
        "spec": {"type": "LoadBalancer", "externalTrafficPolicy": policy, "clusterIP": "10.43.7.9",
                 "ports": [{"name": "websecure", "port": 443, "protocol": "TCP", "targetPort": "websecure", "nodePort": 31443}]},
        "status": {"loadBalancer": {"ingress": [{"ip": address, "ipMode": "VIP"}]}},
    }


class World:
    """What there is, who asked, and what goes wrong."""

    def __init__(self):
        self.lock = threading.Lock()
        self.seen = []        # (host header, method, path, headers, body)
        self.faults = {}      # part of the path (or "*") -> fault(handler) that answers, returning True when it did
        self.delay = 0.0
        self.busy, self.most = 0, 0
        shared = "10.0.20.200"
        self.services = {(n, s): service(s, n, shared) for n, s in (
            ("dbaas", "postgresql-lb"), ("headscale", "headscale"), ("wireguard", "wireguard"), ("xray", "xray"), ("traefik", "traefik"))}
        self.pools = {"metallb": ["10.0.20.200-10.0.20.220"]}
        self.tunnel = {
            "tunnel_id": "t1", "version": 41, "source": "cloudflare", "created_at": "2026-01-12T09:30:11Z",
            "config": {"ingress": [{"hostname": "*.example.net", "service": "https://10.0.20.200:443", "originRequest": {"noTLSVerify": True}},
                                   {"service": "http_status:404"}], "warp-routing": {"enabled": False}}}
        self.records = {"example.net": [{"name": "example.net", "type": "A", "ttl": 3600, "disabled": False, "comments": "apex", "rData": {"ipAddress": shared}}],
                        "*.example.net": [{"name": "*.example.net", "type": "CNAME", "ttl": 3600, "disabled": False, "rData": {"cname": "example.net"}}]}
        self.names = None     # a name server that answers what Technitium is told
        self.proxied = {"r1": {"id": "r1", "name": "*.example.net", "type": "CNAME", "content": "t1.cfargotunnel.com", "proxied": True, "ttl": 1}}
        self.aliases = {"nginx": [shared]}
        self.pending = []
        self.forwards = [{"id": 0, "descr": "https", "interface": "wan", "protocol": "tcp/udp", "target": "nginx", "local_port": "443", "disabled": False}]
        self.secrets, self.static, self.expired = {}, 86400, False
        self.kv = {"technitium": {"token": TOKENS["technitium"]}, "platform": {"cloudflare_api_token": TOKENS["cloudflare"]},
                   "terraform": {"conn_str": TOKENS["conn"]}}

    def publish(self):
        """The name server answers what there is."""
        if self.names:
            self.names.records = {n: (r[0]["type"], [v for x in r for v in x["rData"].values()], r[0]["ttl"]) for n, r in self.records.items() if r}

    def heads(self):
        return [dict(headers) for _, _, _, headers, _ in self.seen]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, status, body, **headers):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        headers.setdefault("Content_Type", "application/json")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def handle_any(self):
        world = self.server.world
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        with world.lock:
            world.seen.append((self.headers.get("Host", ""), self.command, self.path, list(self.headers.items()), body))
            world.busy += 1
            world.most = max(world.most, world.busy)
        try:
            if world.delay:
                time.sleep(world.delay)
            for part, fault in list(world.faults.items()):
                if (part == "*" or part in self.path) and fault(self):
                    return
            self.route(world, body)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True
        finally:
            with world.lock:
                world.busy -= 1

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = handle_any

    def bearer(self, name):
        return self.headers.get("Authorization") == "Bearer " + TOKENS[name]

    def route(self, world, body):
        url = urllib.parse.urlsplit(self.path)
        parts = [urllib.parse.unquote(p) for p in url.path.strip("/").split("/")]
        query = dict(urllib.parse.parse_qsl(url.query))
        if parts[:2] == ["client", "v4"]:
            return self.cloudflare(world, parts[2:], query, body)
        if parts[:2] == ["api", "zones"]:
            return self.technitium(world, parts[2:], {**query, **dict(urllib.parse.parse_qsl(body.decode("latin-1"), keep_blank_values=True))})
        if parts[:2] == ["api", "v2"]:
            return self.pfsense(world, parts[2:], query, json.loads(body) if body else {})
        if parts[:1] == ["v1"]:
            return self.vault(world, parts[1:])
        return self.kubernetes(world, parts, query)

    # ── Kubernetes ───────────────────────────────────────────────────────────

    def status(self, code, reason, message):
        self.send(code, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "reason": reason, "code": code})

    def kubernetes(self, world, parts, query):
        if self.server.token and not self.bearer("kubernetes"):
            return self.status(401, "Unauthorized", "Unauthorized")
        if parts[:3] == ["api", "v1", "namespaces"] and len(parts) == 6 and parts[4] == "services":
            found = world.services.get((parts[3], parts[5]))
            return self.send(200, found) if found else self.status(404, "NotFound", 'services "%s" not found' % parts[5])
        if parts[:3] == ["api", "v1", "namespaces"] and len(parts) == 6 and parts[4] == "secrets":
            found = world.secrets.get((parts[3], parts[5]))
            return self.send(200, {"kind": "Secret", "data": found}) if found else self.status(404, "NotFound", 'secrets "%s" not found' % parts[5])
        if parts[:3] == ["api", "v1", "services"]:
            names = sorted(world.services)
            at, size = int(query.get("continue", 0)), int(query.get("limit", 500))
            more = {"continue": str(at + size), "remainingItemCount": len(names) - at - size} if at + size < len(names) else {}
            return self.send(200, {"kind": "ServiceList", "apiVersion": "v1", "metadata": more, "items": [world.services[n] for n in names[at:at + size]]})
        if len(parts) == 4 and parts[0] == "apis":
            pools = [{"kind": "IPAddressPool", "metadata": {"name": n, "namespace": "metallb-system"}, "spec": {"addresses": a}} for n, a in world.pools.items()]
            return self.send(200, {"kind": "List", "apiVersion": "v1", "metadata": {"continue": ""}, "items": pools if parts[3] == "ipaddresspools" else []})
        if len(parts) == 7 and parts[5] == "ipaddresspools":
            found = world.pools.get(parts[6])
            return self.send(200, {"kind": "IPAddressPool", "spec": {"addresses": found}}) if found else self.status(404, "NotFound", "not found")
        return self.status(404, "NotFound", "the server could not find the requested resource")

    # ── Cloudflare ───────────────────────────────────────────────────────────

    def envelope(self, result, errors=(), status=200, **more):
        self.send(status, {"success": not errors, "errors": list(errors), "messages": [], "result": result, **more})

    def cloudflare(self, world, parts, query, body):
        if not self.bearer("cloudflare"):
            return self.envelope(None, [{"code": 10000, "message": "Authentication error"}], 403)
        if parts[0] == "accounts" and parts[2:3] == ["cfd_tunnel"] and parts[4:] == ["configurations"]:
            with world.lock:
                if self.command == "PUT":
                    world.tunnel["config"] = json.loads(body)["config"]
                    world.tunnel["version"] += 1
                return self.envelope(copy.deepcopy(world.tunnel))
        if parts[0] == "zones" and parts[2:3] == ["dns_records"] and self.command == "PATCH" and parts[3] in world.proxied:
            world.proxied[parts[3]].update(json.loads(body))
            return self.envelope(world.proxied[parts[3]])
        lists = {"accounts": [{"id": "a1", "name": "house"}], "zones": [{"id": "z1", "name": "example.net"}],
                 "cfd_tunnel": [{"id": "t1", "account_tag": "a1", "name": "house", "created_at": "2026-01-12T09:30:11Z", "deleted_at": None, "tun_type": "cfd_tunnel",
                                  "status": "healthy", "config_src": "cloudflare"}], "dns_records": list(world.proxied.values())}
        if parts[-1] in lists:
            found = lists[parts[-1]]
            return self.envelope(found, result_info={"page": 1, "per_page": 100, "count": len(found), "total_count": len(found), "total_pages": 1})
        return self.envelope(None, [{"code": 7003, "message": "Could not route to /" + "/".join(parts)}], 404)

    # ── Technitium: every answer is 200 ──────────────────────────────────────

    def technitium(self, world, parts, query):
        if not self.bearer("technitium"):
            return self.send(200, {"status": "invalid-token"})
        if parts == ["list"]:
            return self.send(200, {"response": {"zones": [{"name": "example.net", "type": "Primary", "internal": False, "disabled": False}]}, "status": "ok"})
        domain = query.get("domain", "")
        told = {"ipAddress": query["ipAddress"]} if "ipAddress" in query else {"cname": query.get("cname")}
        with world.lock:
            found = world.records.get(domain, [] if ("." + domain).endswith(".example.net") else None)
            if parts[1] == "get" and query.get("listZone") == "true":
                found = [r for records in world.records.values() for r in records]
            mine = [r for r in found or [] if r["type"] == query.get("type") and (r["rData"] == told or r["type"] == "CNAME" and parts[1] != "add")]
            if parts[1] == "add":
                if mine:
                    return self.send(200, {"status": "error", "errorMessage": "Cannot add record: record already exists."})
                found = world.records.setdefault(domain, [])
                found.append({"name": domain, "type": query["type"], "ttl": int(query["ttl"]), "disabled": False, "rData": told})
            elif found is None:
                return self.send(200, {"status": "error", "errorMessage": "No such zone was found: " + domain})
            elif parts[1] != "get" and not mine:
                return self.send(200, {"status": "error", "errorMessage": "Cannot %s record: the record does not exist." % parts[1]})
            elif parts[1] == "delete":
                found.remove(mine[0])
            elif parts[1] == "update":
                mine[0].update(ttl=int(query["ttl"]), disabled=query["disable"] == "true", comments=query["comments"],
                               rData={"ipAddress": query["newIpAddress"]} if "ipAddress" in query else told)
            world.publish()
            answer = {"zone": {"name": "example.net", "type": "Primary"}, "records": found}
        return self.send(200, {"response": answer, "status": "ok"})

    # ── pfSense: what is written is not in force until it is applied ─────────

    def pfsense(self, world, parts, query, told):
        answer = {"code": 200, "status": "ok", "response_id": "SUCCESS", "message": "", "data": []}
        if self.headers.get("X-API-Key") != TOKENS["pfsense"]:
            answer.update(code=401, status="unauthorized", response_id="AUTH_AUTHENTICATION_FAILED", message="Authentication failed")
            return self.send(401, answer)
        what = parts[-1]
        if self.command in ("POST", "PATCH", "DELETE"):
            world.pending = [] if what == "apply" else ["filter"]
        if what == "apply":
            answer["data"] = {"applied": not world.pending, "pending_subsystems": world.pending}
        if what == "alias" and self.command == "POST":
            world.aliases[told["name"]] = told["address"]
        if what == "alias" and self.command == "PATCH":
            world.aliases[list(world.aliases)[told["id"]]] = told["address"]
        if what == "aliases":
            chosen = {n: a for n, a in world.aliases.items() if n == query.get("name", n) and a[0] == query.get("address__startswith", a[0])
                      and a[-1] == query.get("address__endswith", a[-1])}
            answer["data"] = [{"id": i, "name": n, "type": "host", "address": a, "detail": [""]} for i, (n, a) in enumerate(world.aliases.items()) if n in chosen]
            if self.command == "DELETE":
                world.aliases = {n: a for n, a in world.aliases.items() if n not in chosen}
        if what == "port_forward":
            world.forwards[told["id"]].update({k: v for k, v in told.items() if k not in ("id", "apply")})
        if what == "port_forwards":
            answer["data"] = [f for f in world.forwards if f["descr"] == query.get("descr", f["descr"])]
        return self.send(200, answer)

    # ── Vault ────────────────────────────────────────────────────────────────

    def vault(self, world, parts):
        if self.headers.get("X-Vault-Token") != TOKENS["vault"]:
            return self.send(403, {"errors": ["permission denied"]})
        if parts == ["auth", "token", "lookup-self"]:
            return self.send(200, {"data": {"ttl": world.token_ttl, "expire_time": None if world.token_ttl == 0 and not world.expired else "2026-11-24T00:00:00Z"}})
        if parts == ["database", "static-creds", "tf"]:
            return self.send(200, {"data": {"username": "tf", "password": "Wm4Zp1nQ", "ttl": world.static, "rotation_period": 86400, "last_vault_rotation": "2026-11-22T00:00:00Z"},
                                   "lease_id": "", "lease_duration": 0})
        if parts[:2] == ["secret", "data"] and parts[2] in world.kv:
            return self.send(200, {"data": {"data": world.kv[parts[2]], "metadata": {"version": 3, "deletion_time": ""}}, "lease_duration": 0})
        return self.send(404, {"errors": []})


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, world, tls=None, token=False):
        super().__init__(("127.0.0.1", 0), Handler)
        self.world, self.token = world, token
        self.port = self.server_address[1]
        self.tls, self.peers = tls, []

    def start(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def finish_request(self, request, client_address):
        if self.tls:
            request.settimeout(20)
            request = self.tls.wrap_socket(request, server_side=True)
            self.peers.append(request.getpeercert())
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        pass  # what the other side did is the test's to judge


# ── A name server ────────────────────────────────────────────────────────────

class Names(threading.Thread):
    """Answers A, AAAA and CNAME from `records` {name: (type, [values], ttl)}; `*.` and a name for what is below it."""

    TYPES = {"A": 1, "CNAME": 5, "AAAA": 28}

    def __init__(self, address, port=53):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, port))
        self.port = self.socket.getsockname()[1]
        self.records, self.rcode, self.silent, self.asked, self.flags, self.heard, self.cut = {}, 0, False, [], 0x8400, 0, 0

    def run(self):
        while True:
            data, peer = self.socket.recvfrom(4096)
            self.heard += 1
            if not self.silent:
                answer = self.answer(data)
                self.socket.sendto(answer[:len(answer) - self.cut], peer)

    @staticmethod
    def encode(name):
        return b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0"

    def answer(self, data):
        at, labels = 12, []
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].decode())
            at += 1 + data[at]
        name, kind = ".".join(labels).lower(), int.from_bytes(data[at + 1:at + 3], "big")
        self.asked.append((name, kind))
        found = self.records.get(name) or self.records.get("*." + name.split(".", 1)[1] if "." in name else "")
        rcode = self.rcode or (0 if found else 3)
        records = b""
        count = 0
        if found and not self.rcode and self.TYPES[found[0]] == kind:
            for value in found[1]:
                raw = self.encode(value) if kind == 5 else socket.inet_pton(socket.AF_INET if kind == 1 else socket.AF_INET6, value)
                records += b"\xc0\x0c" + kind.to_bytes(2, "big") + b"\0\1" + found[2].to_bytes(4, "big") + len(raw).to_bytes(2, "big") + raw
                count += 1
        return (data[:2] + (self.flags | rcode).to_bytes(2, "big") + b"\0\1" + count.to_bytes(2, "big") + b"\0\0\0\0" + data[12:at + 5] + records)


# ── A database that knows who holds a lock ───────────────────────────────────

class Database(threading.Thread):
    """Enough of PostgreSQL's protocol to say who holds a lock: any statement but `set` gives the row, or none."""

    def __init__(self, address="127.0.0.1", port=0):
        super().__init__(daemon=True)
        self.listener = socket.create_server((address, port))
        self.port, self.row = self.listener.getsockname()[1], b""

    def run(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        def message(kind, body):
            return kind + struct.pack("!I", len(body) + 4) + body
        ready = message(b"Z", b"I")
        file = client.makefile("rb")
        while file.read(struct.unpack("!I", file.read(4))[0] - 4)[:2] == b"\x04\xd2":  # may the connection be encrypted? No
            client.sendall(b"N")
        client.sendall(message(b"R", struct.pack("!I", 0)) + ready)
        while (kind := file.read(1)) == b"Q":
            query = file.read(struct.unpack("!I", file.read(4))[0] - 4)
            if query.startswith(b"set"):
                client.sendall(message(b"C", b"SET\0") + ready)
                continue
            columns = message(b"T", struct.pack("!H", 1) + b"holder\0" + struct.pack("!IHIhIH", 0, 0, 25, -1, 0xffffffff, 0))
            row = message(b"D", struct.pack("!HI", 1, len(self.row)) + self.row) if self.row else b""
            client.sendall(columns + row + message(b"C", b"SELECT 1\0") + ready)
        client.close()



def own_network(*addresses):
    """A network of our own with nothing but loopback and these addresses on it: what is asked for there is asked of nobody else.
    Starts the program anew in it. False when the system does not let us."""
    import fcntl
    import sys
    if os.environ.get("CUTC_OWN_NETWORK") != "1":
        for flags in (["-n"], ["-rn"]):
            if subprocess.run(["unshare", *flags, "true"], capture_output=True).returncode == 0:
                os.environ["CUTC_OWN_NETWORK"] = "1"
                os.execvp("unshare", ["unshare", *flags, sys.executable, *sys.argv])
        return False
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", 0x41 | 0x8))  # SIOCSIFFLAGS: up, running, loopback
    for i, address in enumerate(addresses):
        request = struct.pack("16sHH4s8x", b"lo:%d" % (i + 1), socket.AF_INET, 0, socket.inet_aton(address))
        fcntl.ioctl(s, 0x8916, request)  # SIOCSIFADDR
    return True


# ── Certificates ─────────────────────────────────────────────────────────────

def certificates(folder, names):
    """An authority, and a certificate of it for some names and addresses; returns (ca file, server context)."""
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
            "-days", "2", "-subj", "/CN=Test authority", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "server.key", "-out", "server.csr",
            "-subj", "/CN=server")
    alternatives = ",".join(("IP:" if n.replace(".", "").isdigit() else "DNS:") + n for n in names)
    with open(os.path.join(folder, "ext"), "w") as f:
        f.write("subjectAltName=%s\n" % alternatives)
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "server.pem", "-days", "2",
            "-extfile", "ext")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(folder, "server.pem"), os.path.join(folder, "server.key"))
    context.load_verify_locations(os.path.join(folder, "ca.pem"))
    context.verify_mode = ssl.CERT_OPTIONAL
    return os.path.join(folder, "ca.pem"), context


def client_certificate(folder):
    """A certificate and key for a client, of the authority in this folder."""
    for words in (["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "client.key", "-out", "client.csr", "-subj", "/CN=admin"],
                  ["x509", "-req", "-in", "client.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "client.pem", "-days", "2"]):
        subprocess.run(["openssl", *words], check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return os.path.join(folder, "client.pem"), os.path.join(folder, "client.key")


# ── A proxy that leads every host to the stand-ins ───────────────────────────

class Proxy(threading.Thread):
    """CONNECT host:port leads to `tls`, a plain request for http://host to `plain`: so a plan's own addresses can be asked."""

    def __init__(self, tls_port, plain_port):
        super().__init__(daemon=True)
        self.tls_port, self.plain_port = tls_port, plain_port
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.asked = []

    def run(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            more = client.recv(65536)
            if not more:
                return client.close()
            head += more
        method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        self.asked.append((method, target, head))
        if method == "CONNECT":
            server = socket.create_connection(("127.0.0.1", self.tls_port))
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            server = socket.create_connection(("127.0.0.1", self.plain_port))
            path = "/" + target.split("/", 3)[3]
            server.sendall(head.replace(target.encode(), path.encode(), 1))
        threading.Thread(target=self.pump, args=(server, client), daemon=True).start()
        self.pump(client, server)

    @staticmethod
    def pump(a, b):
        try:
            while True:
                data = a.recv(65536)
                if not data:
                    break
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
