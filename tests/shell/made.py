#!/usr/bin/env python3
"""Stand-ins for the APIs through which the standard library makes things: a firewall's aliases, a DNS server's records, a tunnel's
routes. Usage: made.py DIRECTORY; writes its port to DIRECTORY/port and keeps what there is in DIRECTORY/world, as JSON.

A file DIRECTORY/kill holds "METHOD PATH": when that has been done, and before it is answered, the runbook is ended with KILL
(its process is in DIRECTORY/state/lock/pid), and the file is removed."""
import http.server
import json
import os
import signal
import sys
import urllib.parse

root = sys.argv[1]
world = {"aliases": [], "pending": [], "records": [], "version": 1, "ingress": [{"service": "http_status:404"}]}


def firewall(method, what, query, told):
    mine = [a for a in world["aliases"] if query.get("name", a["name"]) == a["name"]]
    mine = [a for a in mine if query.get("address__startswith", a["address"][0]) == a["address"][0]
            and query.get("address__endswith", a["address"][-1]) == a["address"][-1]]
    if (method, what) == ("GET", "apply"):
        return 200, {"data": {"applied": not world["pending"], "pending_subsystems": world["pending"]}}
    if (method, what) == ("POST", "apply"):
        world["pending"] = []
    elif (method, what) == ("POST", "alias"):
        if told["name"] in [a["name"] for a in world["aliases"]]:
            return 400, {"message": "Field `name` must be unique.", "data": []}
        world["aliases"].append(told)
        world["pending"] = ["aliases"]
    elif method == "DELETE":
        world["aliases"] = [a for a in world["aliases"] if a not in mine]
        world["pending"] = ["aliases"]
    return 200, {"message": "", "data": mine}


def names(method, what, query, told):
    same = [r for r in world["records"] if r["name"] == query["domain"]]
    value = {"ipAddress": query.get("ipAddress"), "cname": query.get("cname")}
    if what == "add":
        record = {"name": query["domain"], "type": query["type"], "ttl": int(query["ttl"]), "disabled": False,
                  "rData": {k: v for k, v in value.items() if v}}
        if record["rData"] in [r["rData"] for r in same]:
            return 200, {"status": "error", "errorMessage": "Cannot add record: record already exists."}
        world["records"].append(record)
    elif what == "delete":
        gone = [r for r in same if r["type"] == query["type"] and
                (r["type"] == "CNAME" or r["rData"].get("ipAddress") == value["ipAddress"])]
        if not gone:
            return 200, {"status": "error", "errorMessage": "Cannot delete record: the record does not exist."}
        world["records"] = [r for r in world["records"] if r not in gone]
    return 200, {"status": "ok", "response": {"records": same}}


def tunnel(method, what, query, told):
    if method == "PUT":
        world["ingress"] = told["config"]["ingress"]
        world["version"] += 1
    return 200, {"success": True, "errors": [], "result": {
        "version": world["version"], "source": "cloudflare", "config": {"ingress": world["ingress"]}}}


class Handler(http.server.BaseHTTPRequestHandler):
    def handle_any(self):
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        told = json.loads(body) if body.startswith("{") else {}
        query = dict(urllib.parse.parse_qsl(query + "&" + ("" if told else body)))
        if path == "/world":
            world.update(told)
            status, answer = 200, world
        else:
            speak = firewall if "/firewall/" in path else names if "/records/" in path else tunnel
            status, answer = speak(self.command, path.rsplit("/", 1)[-1], query, told)
        with open(os.path.join(root, "world"), "w") as f:
            json.dump(world, f, sort_keys=True)
        kill = os.path.join(root, "kill")
        if os.path.exists(kill) and open(kill).read().strip() == self.command + " " + path:
            os.remove(kill)
            os.kill(int(open(os.path.join(root, "state/lock/pid")).read().split()[0]), signal.SIGKILL)
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PUT = do_POST = do_DELETE = handle_any

    def log_message(self, format, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(os.path.join(root, "port.new"), "w") as f:
    f.write(str(server.server_address[1]))
os.rename(os.path.join(root, "port.new"), os.path.join(root, "port"))
server.serve_forever()
