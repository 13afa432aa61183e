#!/usr/bin/env python3
"""A loopback HTTP server for the runbook tests: GET and PUT /service (a JSON file), GET /secret (wants X-Token).

Usage: server.py DIRECTORY; writes its port to DIRECTORY/port. A file DIRECTORY/STATUS-PATH (say 503-service) makes
that path answer with that status; while there is DIRECTORY/slow, each answer takes three seconds."""
import http.server
import os
import sys
import time

root = sys.argv[1]


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body=b"{}\n"):
        if os.path.exists(os.path.join(root, "slow")):
            time.sleep(3)
        for name in os.listdir(root):
            if name[:3].isdigit() and name[4:] == self.path.strip("/"):
                status, body = int(name[:3]), b"{}\n"
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
        except BrokenPipeError:  # who asked was stopped
            pass

    def do_GET(self):
        if self.path == "/secret":
            want = open(os.path.join(root, "token")).read()
            if self.headers.get("X-Token") != want:
                return self.answer(403, b'{"error": "token"}\n')
        path = os.path.join(root, self.path.strip("/") + ".json")
        if os.path.exists(path):
            return self.answer(200, open(path, "rb").read())
        return self.answer(404)

    def do_PUT(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        with open(os.path.join(root, "log"), "a") as log:
            log.write("%s %s %s\n" % (self.path, self.headers.get("Authorization"), body.decode()))
        with open(os.path.join(root, self.path.strip("/") + ".json"), "wb") as f:
            f.write(body)
        return self.answer(200, b"" if self.path == "/kept" else body)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(os.path.join(root, "port.new"), "w") as f:
    f.write(str(server.server_address[1]))
os.rename(os.path.join(root, "port.new"), os.path.join(root, "port"))
server.serve_forever()
