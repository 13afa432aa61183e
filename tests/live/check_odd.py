#!/usr/bin/env python3
"""`cutc check --live` against servers that answer oddly: what they repeat, how their lists go on, what they do not say."""
import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse

import check as live
import standin
from check import Stage, answers, check

TOKEN = "odd-8sK2jd/+4f" + standin.OURS
PLAN = """plan odd { operator = ops }
use std/net
client ops { }
secret token { from = env "TOKEN" }
kind thing {
  state : string
  observe { http GET "PLAIN/odd" { HOW }  state = jq 'FILTER' }
}
thing t { state = "as it was" }
"""
SUM = 'if type == "array" then . else .result // .items end | map(.n) | add | if . == 10 then "as it was" else "\\(.)" end'


def odd(fault, how="bearer secret token", filter=".state", *options, plan=PLAN):
    s = Stage()
    s.world.faults["odd"] = fault
    return s, s.run(s.plan(plan.replace("HOW", how).replace("FILTER", filter)), "--timeout", "1", *options, TOKEN=TOKEN)


def spilled(r, *secrets):
    """In any form that somebody could turn back."""
    said = r.out + r.err
    forms = [f for s in secrets for f in (s, urllib.parse.quote(s, safe=""), base64.b64encode(s.encode()).decode().rstrip("="))]
    return [f for f in forms + [base64.b64encode(b"joe:" + TOKEN.encode()).decode().rstrip("=")] if f in said]


def repeated():
    """What was sent stands in the answer, as it was sent."""
    def echo(status):
        def fault(h):
            sent = "; ".join("%s: %s" % (k, v) for k, v in h.headers.items())
            h.send(status, {"state": sent, "kind": "Status", "status": "Failure" if status > 400 else "ok", "message": "you sent " + sent})
            return True
        return fault
    for status in (200, 403):
        for how in ("bearer secret token", 'basic "joe:${secret token}"', 'header "X-Key" "v1,${secret token}"'):
            s, r = odd(echo(status), how)
            check("an answer %d that repeats %s" % (status, how.split()[0]), r.code == 3 and not spilled(r, TOKEN), r)
    s, r = odd(answers(200, {"state": "https://joe:%s@x/" % urllib.parse.quote(TOKEN, safe="")}))
    check("an answer that has it as a URL has it", r.code == 3 and not spilled(r, TOKEN), r)
    s, r = odd(answers(200, {"state": "another state"}), "", plan=PLAN.replace("PLAIN", "http://joe:Kd83hf02@127.0.0.1:PORT").replace("secret token", "secret unused"))
    s.world.faults["odd"] = answers(200, {"state": "another state"})
    r = s.run(s.plan(PLAN.replace("HOW", "").replace("FILTER", ".state").replace("PLAIN", "http://joe:Kd83hf02@127.0.0.1:%d" % s.plain.port)), TOKEN=TOKEN)
    check("who asks is no part of what was asked", r.code == 1 and "asked: GET http://127.0.0.1:%d/odd" % s.plain.port in r.out, r)


def kubeconfig():
    """A token of the kubeconfig is no secret of the plan, and not shown either."""
    s = Stage()
    with open(os.path.join(s.folder, "config"), "w") as f:
        f.write("apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts:\n- {name: a, context: {cluster: c, user: u}}\nclusters:\n- name: c\n  cluster: {server: \"https://127.0.0.1:%d\", "
                "certificate-authority: %s}\nusers:\n- {name: u, user: {token: %s}}\n" % (s.secure.port, s.ca, TOKEN))
    s.world.faults["services"] = lambda h: h.send(200, {"kind": "Service", "spec": {"externalTrafficPolicy": h.headers["Authorization"]}, "metadata": {}, "status": {}}) or True
    r = s.run(s.plan("plan odd { operator = ops }\nuse std/net\nuse std/kubernetes\nclient ops { }\nkubernetes cluster { api = SECURE }\n"
                     "lb_service web { address = 10.0.20.200  ports = [443/tcp]  via = cluster }\n"), "--timeout", "2", KUBECONFIG=os.path.join(s.folder, "config"))
    check("an answer that repeats the kubeconfig's token", "holds a secret, and is not shown" in r.out and not spilled(r, TOKEN), r)


def paged():
    def numbered(h):
        return int(urllib.parse.parse_qs(urllib.parse.urlsplit(h.path).query).get("p", ["1"])[0])

    def linked(form):
        def fault(h):
            n = numbered(h)
            h.send(200, [{"n": n}], **({"Link": '<%s>; rel="next"' % form % (n + 1)} if n < 4 else {}))
            return True
        return fault
    for form in ("?p=%d", "/odd?p=%d", "odd?p=%d", "./odd?p=%d"):
        s, r = odd(linked(form), filter=SUM)
        check("a next page that is %s" % form, r.code == 0, r)
    s, r = odd(answers(200, {"result": [{"n": 1}], "result_info": {"page": 1, "per_page": 1, "total_pages": 3}}), filter=SUM)
    check("the same page again and again", r.code == 3 and "the same page comes again and again" in r.out and r.took < 2 + live.SLACK, r)
    turns = []

    def endless(h):
        turns.append(h.path)
        h.send(200, {"items": [{"n": 1}], "metadata": {"continue": "t%d" % len(turns)}})
        return True

    def stuck(h):
        if "continue" not in h.path:
            return endless(h)
        time.sleep(3)
        return True
    s, r = odd(stuck, filter=SUM)
    check("a page that does not come", r.code == 3 and "does not come to its end in time, only to page 1" in r.out, r)
    s, r = odd(lambda h: h.send(200, [{"n": 1}], Link='<http://localhost:1/x>; rel="next"') or True, filter=SUM)
    check("a next page at another host", r.code == 3 and "its next page is somewhere else" in r.out, r)


def first_page():
    """The runbook's preflight looks at the first page only: it says so, instead of a difference alone."""
    s = Stage()
    body = {"result": [{"name": "a", "n": 1}], "result_info": {"page": 1, "per_page": 1, "total_pages": 2}}
    text = PLAN.replace("HOW", "").replace("FILTER", '[.result[] | select(.name == "b") | .n][0]').replace("PLAIN/odd", "http://127.0.0.1:%d/odd" % s.plain.port)
    text = text.replace('thing t { state = "as it was"', 'host here { address = 127.0.0.1  ports = [%d/tcp] }\nthing t { state = "as it was" -> "new"  do { $ true }  undo { $ true }  takes = 1m' % s.plain.port)
    path, runbook, state = s.plan(text), os.path.join(s.folder, "runbook.sh"), os.path.join(s.folder, "state")
    made = subprocess.run([live.CUTC, "emit", "-o", runbook, path], env=s.env, capture_output=True, text=True, timeout=60)
    for pages, words in ((2, True), (1, False)):
        body["result_info"]["total_pages"] = pages
        s.world.faults["odd"] = answers(200, body)
        done = subprocess.run(["sh", runbook, "preflight", "--state", state], env={**s.env, "TOKEN": TOKEN}, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        check("a value that is on page %d at most: preflight" % pages, done.returncode == 4 and "t.state is none, the plan says as it was" in done.stdout + done.stderr
              and ("the answer is one page of a longer list" in done.stdout + done.stderr) == words, made.stderr + done.stdout + done.stderr)


def not_http():
    def plain(h):
        h.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        h.close_connection = True
        return True
    s, r = odd(plain)
    check("what answers is no HTTP", r.code == 3 and "what answers at http://127.0.0.1:%d does not speak HTTP" % s.plain.port in r.out, r)


def silent():
    """A host that stops to answer is not waited for by each of many."""
    s = Stage()
    first = []

    def fault(h):
        if not first:
            first.append(h.path)
            h.send(200, {"state": "as it was"})
        else:
            time.sleep(3)
        return True
    s.world.faults["odd"] = fault
    text = PLAN.replace("HOW", "").replace("FILTER", ".state").replace('PLAIN/odd"', 'PLAIN/odd?of=${name}"').replace("thing t { state", 'for i in [%s] {\n  thing "t${i}" { state' % ", ".join(map(str, range(200))))
    r = s.run(s.plan(text.replace('"as it was" }\n', '"as it was" }\n}\n')), "--timeout", "1", TOKEN=TOKEN)
    check("a host that stops to answer", r.code == 3 and "did not give a whole answer in time" in r.out, r)
    check("is left alone after a while", len(s.world.seen) <= 96, len(s.world.seen))


def sent_away():
    """A host that lets nobody in is not asked by each of many for as long as each may wait."""
    s = Stage()
    s.world.faults["odd"] = answers(429, {"message": "later"})
    text = PLAN.replace("HOW", "").replace("FILTER", ".state").replace("thing t { state", 'for i in [%s] {\n  thing "t${i}" { state' % ", ".join(map(str, range(200))))
    r = s.run(s.plan(text.replace('"as it was" }\n', '"as it was" }\n}\n')), "--timeout", "5", TOKEN=TOKEN)
    check("a host that sends everybody away", r.code == 3 and "is asked too much and wants to be left alone (429: later)" in r.out and r.took < 25 + live.SLACK, r)
    check("is not asked without end", len(s.world.seen) < 200, len(s.world.seen))


def named():
    """A name goes into a URL as one part of it."""
    s = Stage()
    seen = []

    def fault(h):
        seen.append(urllib.parse.parse_qs(urllib.parse.urlsplit(h.path).query))
        h.send(200, {"state": "as it was"})
        return True
    s.world.faults["odd"] = fault
    text = PLAN.replace("HOW", "").replace("FILTER", ".state").replace('PLAIN/odd"', 'PLAIN/odd?of=${name}&z=1"')
    for name in ("web & QUIC", "a#b?c=d", "50% + 1", "größe", "[x] {y}|z", "plain"):
        del seen[:]
        r = s.run(s.plan(text.replace("thing t {", "thing t { name = %s " % json.dumps(name, ensure_ascii=False))), TOKEN=TOKEN)
        check("the name %s in a URL" % name, r.code == 0 and seen == [{"of": [name], "z": ["1"]}], "%s\n%s" % (seen, r))


    path = text.replace("odd?of=${name}&z=1", "odd/${name}").replace("thing t {", 'thing t { name = "a b/c?of=1&z=2" ')
    r = s.run(s.plan(path), TOKEN=TOKEN)
    check("a value that is a part of the path, with a query", r.code == 0 and seen[-1] == {"of": ["1"], "z": ["2"]} and s.world.seen[-1][2].startswith("/odd/a%20b/c?"), s.world.seen[-1])


def unsure():
    """What a plan creates is not said to be missing by an answer that the filter fails on."""
    for body, code, words in (({"state": None}, 0, "1 value as declared"), ([1, 2], 3, "`t.exists` could not be looked at"), ({"state": "there"}, 1, "is there already")):
        s, r = odd(answers(200, body), plan=PLAN.replace("thing t {", "create thing t { do { $ make-it } undo { $ unmake-it } takes = 1m "))
        check("what the plan creates, and the answer %s" % json.dumps(body), r.code == code and words in r.out, r)


def commanded():
    """What only a command tells is not run by a check; it is shown, and the runbook's preflight runs it."""
    s = Stage()
    path = s.plan("""plan odd { operator = ops }
use std/net
client ops { }
kind thing {
  state : string
  observe { $ ssh admin@10.0.0.1 show ${name}
            state = jq '.state' }
}
thing t { state = "old" -> "new"  do { $ set-state }  undo { $ unset-state }  takes = 1m }
""")
    for tool, text in (("ssh", 'echo "$@" >>"$0.ran"; echo \'{"state": "other"}\''), ("set-state", ":"), ("unset-state", ":")):
        with open(os.path.join(s.folder, tool), "w") as f:
            f.write("#!/bin/sh\n%s\n" % text)
        os.chmod(os.path.join(s.folder, tool), 0o755)
    ran = os.path.join(s.folder, "ssh.ran")
    r = s.run(path, PATH=s.folder + ":" + os.environ["PATH"])
    check("a command is not run, and shown", r.code == 0 and "it is looked at so: ssh admin@10.0.0.1 show t | jq -r '.state'" in r.out and "then ./runbook.sh preflight" in r.out
          and not os.path.exists(ran), r)
    r = s.run(path, "--as", "target")
    check("afterwards by hand", r.code == 0 and "run that and compare: it is new once the plan is done" in r.out, r)
    env = {**s.env, "PATH": s.folder + ":" + os.environ["PATH"]}
    made = subprocess.run([live.CUTC, "emit", "-o", os.path.join(s.folder, "runbook.sh"), path], env=env, capture_output=True, text=True, timeout=60)
    done = subprocess.run(["sh", os.path.join(s.folder, "runbook.sh"), "preflight", "--state", os.path.join(s.folder, "state")], env=env, capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL, cwd=s.folder)
    check("the runbook's preflight runs it", done.returncode == 4 and "t.state is other, the plan says old" in done.stdout + done.stderr and os.path.exists(ran), made.stderr + done.stdout + done.stderr)


NGINX = """daemon off; pid DIR/nginx.pid; error_log DIR/error.log; worker_processes 1;
events { }
http {
  client_body_temp_path DIR/t1; proxy_temp_path DIR/t2; fastcgi_temp_path DIR/t3; uwsgi_temp_path DIR/t4; scgi_temp_path DIR/t5;
  access_log off; default_type application/json; gzip on; gzip_types application/json; gzip_min_length 1; gzip_proxied any;
  limit_req_zone $server_name zone=few:1m rate=20r/s;
  server { listen 127.0.0.1:PLAIN; return 301 https://$host:SECURE$request_uri; }
  server {
    listen 127.0.0.1:SECURE ssl http2; server_name localhost;
    ssl_certificate DIR/server.pem; ssl_certificate_key DIR/server.key; ssl_protocols TLSv1.3;
    location / { root DIR/www; }
    location /gone/ { proxy_pass http://127.0.0.1:9; }
    location /few/ { limit_req zone=few; limit_req_status 429; alias DIR/www/; }
    location /guarded/ { auth_basic house; auth_basic_user_file DIR/users; alias DIR/www/; }
    location /elsewhere { return 302 https://127.0.0.1:SECURE/thing; }
  }
}
"""


def nginx():
    """A real server in front: HTTP/2, gzip, its own pages for errors, its limits, its redirects."""
    program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if not program:
        print("# no nginx here: it is not tried")
        return
    s = Stage()
    ports = []
    for _ in range(2):
        with socket.create_server(("127.0.0.1", 0)) as free:
            ports.append(free.getsockname()[1])
    os.makedirs(os.path.join(s.folder, "www"))
    os.chmod(s.folder, 0o755)
    with open(os.path.join(s.folder, "www", "thing"), "w") as f:
        json.dump({"state": "as it was", "more": "x" * 5000}, f)
    with open(os.path.join(s.folder, "users"), "w") as f:
        f.write("joe:{PLAIN}%s\n" % TOKEN)
    with open(os.path.join(s.folder, "nginx.conf"), "w") as f:
        f.write(NGINX.replace("DIR", s.folder).replace("PLAIN;", "%d;" % ports[0]).replace("SECURE", str(ports[1])))
    server = subprocess.Popen([program, "-p", s.folder, "-c", os.path.join(s.folder, "nginx.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    host, plain = "https://localhost:%d" % ports[1], "http://localhost:%d" % ports[0]

    def ask(url, how="", times=1):
        text = PLAN.replace("PLAIN/odd", url).replace("HOW", how).replace("FILTER", ".state")
        if times > 1:
            text = text.replace("thing t {", "for i in [%s] {\n  thing \"t${i}\" {" % ", ".join(map(str, range(times)))) + "}\n"
        return s.run(s.plan(text), "--timeout", "5", TOKEN=TOKEN)
    try:
        for _ in range(100):
            r = ask(host + "/thing")
            if r.code == 0:
                break
            time.sleep(0.05)
        check("nginx: TLS 1.3, HTTP/2 and gzip", r.code == 0 and "1 value as declared" in r.out, r)
        r = ask(host + "/few/thing", times=40)
        check("nginx: a limit on requests is lived with", r.code == 0 and "40 values as declared" in r.out, r)
        r = ask(host + "/gone/thing")
        check("nginx: its page for a server that is gone", r.code == 3 and "answers with status 502, with no word of JSON" in r.out, r)
        r = ask(host + "/nothing")
        check("nginx: its page for what is not there is no word of the API", r.code == 3 and "knows nothing of the sort (404), with no word of JSON" in r.out, r)
        r = ask(host + "/guarded/thing", 'basic "joe:${secret token}"')
        check("nginx: a password", r.code == 0, r)
        r = ask(host + "/guarded/thing", 'basic "jim:${secret token}"')
        check("nginx: somebody else's", r.code == 3 and "does not let us look with these credentials (401)" in r.out and not spilled(r, TOKEN), r)
        r = ask(plain + "/thing", "bearer secret token")
        check("nginx: from HTTP to HTTPS nobody is taken along", r.code == 3 and "sends us on to %s (301)" % host in r.out, r)
        r = ask(host + "/elsewhere", "bearer secret token")
        check("nginx: to another name of the same server neither", r.code == 3 and "sends us on to https://127.0.0.1:%d (302)" % ports[1] in r.out, r)
        r = ask("https://127.0.0.1:%d/thing" % ports[0])
        check("nginx: HTTP where TLS was meant", r.code == 3 and "does not speak TLS with us" in r.out, r)
        r = ask("http://127.0.0.1:%d/thing" % ports[1])
        check("nginx: TLS where HTTP was meant", r.code == 3 and "answers with status 400" in r.out, r)
    finally:
        server.terminate()
        server.wait()


def main():
    for part in (nginx, commanded, repeated, kubeconfig, paged, first_page, not_http, silent, sent_away, named, unsure):
        if len(sys.argv) < 2 or part.__name__ in sys.argv[1:]:
            part()
    print("%d passed, %d failed" % (live.passed, live.failed))
    return live.failed != 0


if __name__ == "__main__":
    sys.exit(main())
