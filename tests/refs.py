#!/usr/bin/env python3
"""`cutc refs` on trees of files, beside git and ripgrep: refs.py [SEED]

Which files are searched is compared with `git ls-files` on random trees with random ignore rules; what is found in them with
`rg -n --column -F`, filtered by what stands beside a mention. Runs $CUTC (build/cutc) and speaks TAP."""
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

CUTC = os.path.abspath(os.environ.get("CUTC", "build/cutc"))
SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 1
failures = 0
# Nothing of the user's own configuration.
HOME = tempfile.mkdtemp()
ENV = dict(os.environ, HOME=HOME, GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL=HOME + "/gitconfig", LC_ALL="C.UTF-8")
ENV.pop("XDG_CONFIG_HOME", None)


def result(good, name, *lines):
    global failures
    failures += not good
    print("%s - %s" % ("ok" if good else "not ok", name))
    if not good:
        for line in "\n".join(str(l) for l in lines).splitlines()[:40]:
            print("# " + line)


def put(path, content, mode=None):
    os.makedirs(os.path.dirname(path) or b".", exist_ok=True) if isinstance(path, bytes) else os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    if mode is not None:
        os.chmod(path, mode)


def run(*arguments, cwd, timeout=60, user=None, program=CUTC):
    return subprocess.run([program, *arguments], capture_output=True, cwd=cwd, env=ENV, timeout=timeout, check=False, stdin=subprocess.DEVNULL, user=user)


def refs(*arguments, cwd, **more):
    done = run("refs", "--format", "json", *arguments, cwd=cwd, **more)
    if done.returncode not in (0, 3):
        raise RuntimeError("exit status %d: %s" % (done.returncode, done.stderr.decode()))
    return json.loads(done.stdout)


def git(*arguments, cwd):
    return subprocess.run(["git", *arguments], capture_output=True, cwd=cwd, env=ENV, check=True).stdout


class Tree:
    """A folder that goes away again."""

    def __enter__(self):
        self.path = tempfile.mkdtemp()
        return self.path

    def __exit__(self, *_):
        subprocess.run(["chmod", "-R", "u+rwx", self.path], check=False, stderr=subprocess.DEVNULL)
        shutil.rmtree(self.path, ignore_errors=True)


# ── Which files: random trees, beside git ─────────────────────────────────────

NAMES = ["a", "b", "ab", "abc", "x.c", "x.o", "y.log", "build", "out", "[a]", "a b", "#c", "!d", "*", "\\e", "é", "z.tmp", ".env"]


def pattern(r):
    part = lambda: r.choice(NAMES[:12] + ["*", "*.o", "*.log", "?", "a*", "*b*", "[ab]", "[!a]", "[a-c]*", "[", "x.[co]", "**", "a**", "\\*", "\\#c", "\\!d", "b\\", "a\\ b", "[[:alpha:]]", "[]a]"])
    text = "/".join(part() for _ in range(r.choice([1, 1, 1, 2, 2, 3])))
    text = r.choice(["", "", "", "/", "**/", "!", "!", "!/", "!**/"]) + text + r.choice(["", "", "", "/", "/**", "/*", " ", "\\ ", "  ", "\r"])
    return r.choice([text] * 12 + ["# " + text, "", "/", "!", "**", "*", "!*/", "\ufeff" + text])


def rules(r):
    return "\n".join(pattern(r) for _ in range(r.randint(1, 6))) + r.choice(["", "\n"])


def grow(r, path, depth):
    for name in r.sample(NAMES, r.randint(1, 7)):
        at = os.path.join(path, name)
        if depth and r.random() < 0.5:
            os.makedirs(at)
            grow(r, at, depth - 1)
        else:
            put(at, "10.0.0.1\n")
    if r.random() < (0.9 if depth == 3 else 0.35):
        put(os.path.join(path, ".gitignore"), rules(r) + "\n# 10.0.0.1\n")


def ignore_trees(count):
    bad = []
    for seed in range(SEED, SEED + count):
        r = random.Random(seed)
        with Tree() as tree:
            git("init", "-q", cwd=tree)
            grow(r, tree, 3)
            if r.random() < 0.3:
                put(tree + "/.git/info/exclude", rules(r))
            put(HOME + "/gitconfig", '[user]\n\tname = x\n[core]\n\texcludesFile = "~/excluded"\n' if r.random() < 0.3 else "")
            put(HOME + "/excluded", rules(r))
            top = r.choice([""] * 3 + [d for d in os.listdir(tree) if os.path.isdir(os.path.join(tree, d)) and d != ".git"][:1])
            there = os.path.join(tree, top)
            want = set(git("ls-files", "-z", "--others", "--exclude-standard", cwd=there).decode().split("\0")) - {""}
            got = {h["file"] for h in refs("10.0.0.1", cwd=there)["hits"]}
            # git leaves a folder out that lies in one that is ignored; whoever names it wants it searched.
            if top and not want:
                continue
            holders = {w for w in want if b"10.0.0.1" in open(os.path.join(there, w), "rb").read()}
            if got != holders:
                bad.append("seed %d in `%s`: only git %s, only we %s" % (seed, top, sorted(holders - got)[:5], sorted(got - holders)[:5]))
    put(HOME + "/gitconfig", "")
    result(not bad, "%d random trees: the files that git does not ignore" % count, *bad)


def nested():
    with Tree() as tree:
        git("init", "-q", cwd=tree)
        put(tree + "/.gitignore", "*.log\n/inner/gone\n")
        put(tree + "/a.log", "10.0.0.1")
        put(tree + "/inner/b.log", "10.0.0.1")
        put(tree + "/inner/gone", "10.0.0.1")
        put(tree + "/inner/c.tmp", "10.0.0.1")
        put(tree + "/plain/.git/x", "10.0.0.1")
        put(tree + "/plain/d.log", "10.0.0.1")
        git("init", "-q", cwd=tree + "/inner")
        put(tree + "/inner/.git/info/exclude", "*.tmp\n")
        found = sorted(h["file"] for h in refs("10.0.0.1", cwd=tree)["hits"])
        result(found == ["inner/b.log", "inner/gone"], "a repository within has rules of its own", found)
        put(tree + "/side/e", "10.0.0.1")
        git("-C", tree, "-c", "user.name=x", "-c", "user.email=x@example.net", "commit", "-q", "--allow-empty", "-m", "x", cwd=tree)
        git("worktree", "add", "-q", tree + "/../" + os.path.basename(tree) + "-2", cwd=tree)
        other = tree + "-2"
        put(tree + "/.git/info/exclude", "hidden\n")
        put(other + "/hidden", "10.0.0.1")
        put(other + "/seen", "10.0.0.1")
        found = [h["file"] for h in refs("10.0.0.1", cwd=other)["hits"]]
        shutil.rmtree(other)
        result(found == ["seen"], "a second work tree has the repository's rules", found)


# ── What is found: random texts, beside ripgrep ───────────────────────────────

def beside(text, start, end, name):
    """Is the mention at [start, end) of a line whole? As the manual says it."""
    before, after = text[:start], text[end:]
    label = rb"[A-Za-z0-9_\x80-\xff-]"
    if not name:
        return not re.search(rb"(\d|\d\.)$", before) and not re.match(rb"\d|\.\d", after)
    return not re.search(label + rb"\.?$|\*\.$", before) and not re.match(label + rb"|\." + label, after)


def texts(count):
    bad = []
    if not shutil.which("rg"):
        result(True, "random texts, beside ripgrep # SKIP no rg")
        return
    for seed in range(SEED, SEED + count):
        r = random.Random(seed)
        what = r.choice(["10.0.20.20", "10.1.1.1", "web.example.net"])
        bits = [what] * 6 + [".", "1", "0", " ", "\n", "\n", ":443", "/24", "-", "x", "_", "*.", "é", "http://", "\t", "(", ")", "www.", ".au", "\r\n", "10."]
        with Tree() as tree:
            for i in range(r.randint(1, 40)):
                folder = "/".join(r.choice(["p", "q", "r", "ß"]) for _ in range(r.randint(0, 3)))
                text = "".join(r.choice(bits) for _ in range(r.randint(1, 400)))
                put(os.path.join(tree, folder, "f%d%s" % (i, r.choice([".tf", ".md", ".sh", ""]))), text)
            done = subprocess.run(["rg", "--json", "-F", "-i", "--hidden", "--no-ignore", what], capture_output=True, cwd=tree, env=ENV, check=False)
            want = set()
            for event in map(json.loads, done.stdout.splitlines()):
                if event["type"] != "match":
                    continue
                line = event["data"]["lines"]["text"].encode()
                for sub in event["data"]["submatches"]:
                    if beside(line[:sub["start"]], 0, 0, what[0] == "w") is None:
                        continue
                    if beside(line, sub["start"], sub["end"], what[0] == "w"):
                        want.add((event["data"]["path"]["text"], event["data"]["line_number"], sub["start"] + 1))
            hits = refs(what, cwd=tree)["hits"]
            got = {(h["file"], h["line"], h["column"]) for h in hits}
            if got != want or len(got) != len(hits):
                bad.append("seed %d (%s): only rg %s, only we %s" % (seed, what, sorted(want - got)[:4], sorted(got - want)[:4]))
            order = [(os.path.dirname(h["file"]).encode(), os.path.basename(h["file"]).encode(), h["line"], h["column"]) for h in hits]
            if order != sorted(order):
                bad.append("seed %d: not sorted" % seed)
    result(not bad, "%d random trees of texts: what ripgrep finds, less what is inside something longer" % count, *bad)


# ── What must not hang, and must not be silent ────────────────────────────────

def special_files():
    with Tree() as tree:
        put(tree + "/a/f", "10.0.0.1\n")
        os.symlink("..", tree + "/a/up")
        os.symlink("/etc", tree + "/etc")
        os.symlink("a/f", tree + "/link")
        os.symlink("nowhere", tree + "/dangling")
        os.symlink("/dev/zero", tree + "/.gitignore")
        os.mkfifo(tree + "/fifo")
        os.mkfifo(tree + "/a/.gitignore")
        server = socket.socket(socket.AF_UNIX)
        server.bind(tree + "/socket")
        if os.geteuid() == 0:
            os.mknod(tree + "/null", 0o020666, os.makedev(1, 3))
            os.mknod(tree + "/zero", 0o020666, os.makedev(1, 5))
        put(tree + "/binary", b"10.0.0.1\n\0")
        put(tree + "/late", b"10.0.0.1\n" + b"x" * 9000 + b"\0")
        put(tree + "/empty", "")
        put(tree + "/wide", b"\xff\xfe" + "a\n 10.0.0.1\n".encode("utf-16-le"))
        put(tree + "/wide2", b"\xfe\xff" + "10.0.0.1".encode("utf-16-be"))
        found = refs("10.0.0.1", cwd=tree, timeout=20)
        server.close()
        got = [(h["file"], h["line"], h["column"]) for h in found["hits"]]
        result(got == [("late", 1, 1), ("wide", 2, 2), ("wide2", 1, 1), ("a/f", 1, 1)], "links, pipes, sockets and devices are passed by; binary files too; UTF-16 is read", got)
        os.symlink(tree + "/a", tree + "/root")
        got = [h["file"] for h in refs("10.0.0.1", "--root", "root", cwd=tree)["hits"]]
        result(got == ["root/f"], "a root may be a link", got)
        got = [h["file"] for h in refs("10.0.0.1", "--root", "a/f", cwd=tree)["hits"]]
        result(got == ["a/f"], "a root may be a file", got)


def unreadable():
    with Tree() as tree:
        os.chmod(tree, 0o755)
        put(tree + "/open", "10.0.0.1\n")
        put(tree + "/shut", "10.0.0.1\n", 0)
        put(tree + "/folder/f", "10.0.0.1\n")
        os.chmod(tree + "/folder", 0)
        # Another user may not be let into the folder that the program was built in.
        program, user = CUTC, None
        if os.geteuid() == 0:
            put(tree + "/.git/HEAD", "")
            program, user = shutil.copy(CUTC, tree + "/.git/cutc"), 65534
        done = run("refs", "10.0.0.1", cwd=tree, user=user, program=program)
        text = done.stdout.decode()
        result(done.returncode == 0 and "  shut: Permission denied\n" in text and "  folder: Permission denied\n" in text and "open:1:1" in text,
               "what cannot be read is named", text, done.stderr.decode())
        os.chmod(tree + "/folder", 0o755)


def strange_names():
    with Tree() as tree:
        top = tree.encode()
        names = [b"\xff\xfe.tf", b"new\nline", b"\x1b[31mred", "\u202eabc".encode(), b"a\tb", b"-v", b"--", b"x" * 255]
        for name in names:
            put(os.path.join(top, b"d", name), b"10.0.0.1\n")
        done = run("refs", "10.0.0.1", cwd=tree)
        lines = [l for l in done.stdout.split(b"\n") if b":1:1  " in l]
        result(len(lines) == len(names) and b"\x1b" not in done.stdout and b"\xff" not in done.stdout and "\u202e".encode() not in done.stdout,
               "names of any bytes are shown safely", done.stdout)
        found = refs("10.0.0.1", cwd=tree)["hits"]
        result(len(found) == len(names), "and are valid JSON", found)


def deep():
    with Tree() as tree:
        here = os.open(tree, os.O_RDONLY)
        for _ in range(1500):
            os.mkdir("d", dir_fd=here)
            inner = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = inner
            if _ in (700, 1400):
                with open(os.open("f", os.O_WRONLY | os.O_CREAT, dir_fd=here), "w") as file:
                    file.write("10.0.0.1\n")
        os.close(here)
        found = refs("10.0.0.1", cwd=tree)
        subprocess.run(["rm", "-rf", tree], check=False)
        result(len(found["hits"]) == 1 and len(found["not_searched"]) == 1 and "deep" in found["not_searched"][0]["why"],
               "a tree deeper than paths are long is searched to a depth, and that is said", [len(h["file"]) for h in found["hits"]], found["not_searched"])


def moving():
    """Files that grow, shrink and go while they are read."""
    with Tree() as tree:
        stop = threading.Event()
        for i in range(200):
            put("%s/f%d" % (tree, i), "10.0.0.1\n" * 100)
        put(tree + "/still", "10.0.0.1\n")

        def change():
            r = random.Random(SEED)
            while not stop.is_set():
                path = "%s/f%d" % (tree, r.randrange(200))
                try:
                    kind = r.randrange(4)
                    if kind == 0:
                        os.truncate(path, r.randrange(100))
                    elif kind == 1:
                        with open(path, "a", encoding="utf-8") as file:
                            file.write("10.0.0.1\n" + "x\n" * r.randrange(50000))
                    elif kind == 2:
                        os.unlink(path)
                    else:
                        put(path, "x\n" * r.randrange(5000) + "10.0.0.1\n")
                except OSError:
                    pass

        thread = threading.Thread(target=change)
        thread.start()
        good = True
        end = time.monotonic() + 2
        while time.monotonic() < end:
            good = good and "still" in {h["file"] for h in refs("10.0.0.1", cwd=tree)["hits"]}
        stop.set()
        thread.join()
        result(good, "files that change while they are read do no harm")


# ── A plan and its tree ───────────────────────────────────────────────────────

PLAN = """
plan move-web { operator = ops  window = 1h  search = ["repo"]  accounts = ["repo/docs/old/**"] }
use std/net
use std/terragrunt
client ops { zone = lan }
stack web_stack { repo = "repo"  dir = "stacks/web" }
host web {
  address  = 10.0.20.200 -> 10.0.20.203
  ports    = [443/tcp]
  via      = web_stack
  patch    = "../web.patch"
  takes    = 1m
  accounts = ["repo/scripts/known.sh:2"]
}
promise ops reaches 10.0.20.203:443 finally
"""
FILES = {
    "repo/stacks/web/main.tf": 'resource "x" "web" {\n  address = "10.0.20.200"\n}\n',
    "repo/stacks/mail/main.tf": 'resource "x" "mail" {\n  # 10.0.20.200 was here\n  relay = "10.0.20.200:25"\n  net = "10.0.20.200/32"\n  other = "10.0.20.20"\n}\n',
    "repo/etc/hosts": "127.0.0.1 localhost\n10.0.20.200 web.example.net web\n110.0.20.200 no\n10.0.20.2001 no\n",
    "repo/scripts/deploy.sh": "#!/bin/sh\ncurl https://10.0.20.200/health\n",
    "repo/scripts/known.sh": "#!/bin/sh\nping 10.0.20.200\nping 10.0.20.200\n",
    "repo/docs/network.md": "The web server is 10.0.20.200.\n",
    "repo/docs/old/2020.md": "It was 10.0.20.200.\n",
    "repo/.gitignore": "*.log\n",
    "repo/run.log": "10.0.20.200\n",
    "web.patch": '--- a/stacks/web/main.tf\n+++ b/stacks/web/main.tf\n@@ -1,3 +1,3 @@\n resource "x" "web" {\n-  address = "10.0.20.200"\n+  address = "10.0.20.203"\n }\n',
    "elsewhere.txt": "10.0.20.200\n",
}
CODE = ["repo/etc/hosts:2:1", "repo/scripts/deploy.sh:2:14", "repo/scripts/known.sh:3:6", "repo/stacks/mail/main.tf:3:12", "repo/stacks/mail/main.tf:4:10"]
OTHER = ["repo/docs/network.md:1:19", "repo/stacks/mail/main.tf:2:5"]
SEEN_TO = ["repo/docs/old/2020.md:1:8", "repo/scripts/known.sh:2:6", "repo/stacks/web/main.tf:2:14"]


def places(findings, code):
    return ["%s:%d:%d" % (f["at"]["file"], f["at"]["line"], f["at"]["column"]) for f in findings if f["code"] == code]


def plan_and_tree():
    with Tree() as tree:
        for name, text in FILES.items():
            put(os.path.join(tree, name), text)
        put(tree + "/plan.cut", PLAN)
        done = run("check", "--format", "json", cwd=tree)
        found = json.loads(done.stdout)["findings"]
        result(done.returncode == 0 and places(found, "E292") == CODE and places(found, "E293") == OTHER, "a check finds code, hosts file, script, comment and document",
               places(found, "E292"), places(found, "E293"), [f["message"] for f in found])
        hits = refs(cwd=tree)["hits"]
        at = lambda good: ["%s:%d:%d" % (h["file"], h["line"], h["column"]) for h in hits if good(h)]
        result(at(lambda h: not h["accounted"] and h["place"] == "code") == CODE and at(lambda h: not h["accounted"] and h["place"] != "code") == OTHER and
               at(lambda h: h["accounted"]) == SEEN_TO, "refs lists the same, and what is accounted for", *at(lambda h: True))
        done = run("refs", cwd=tree)
        text = done.stdout.decode()
        result("5 places in code, 2 in comments and documents, 3 accounted for (-v shows them)" in text and "old/2020" not in text and "  repo/stacks/mail/\n" in text,
               "what is accounted for is left out", text)
        text = run("refs", "-v", cwd=tree).stdout.decode()
        result("(`patch` of `web`)" in text and "(`accounts` of `web`)" in text and "(`accounts` of the plan)" in text, "-v shows it, with who sees to it", text)
        result(run("refs", "--deny", "warnings", cwd=tree).returncode == 1 and run("check", "-q", "--deny", "warnings", cwd=tree).returncode == 1,
               "with --deny warnings the exit status is 1")
        sarif = json.loads(run("refs", "--format", "sarif", cwd=tree).stdout)["runs"][0]["results"]
        result([r["ruleId"] for r in sarif].count("E292") == 5 and sarif[0]["locations"][0]["physicalLocation"]["region"]["startLine"] == 2, "as SARIF", sarif[:1])
        text = run("refs", "--format", "github", cwd=tree).stdout.decode()
        result("::warning file=repo/etc/hosts,line=2,col=1," in text, "as annotations", text)
        done = [run("emit", "-o", "run.sh", cwd=tree), run("verify", "run.sh", cwd=tree)]
        result([d.returncode for d in done] == [0, 0], "what was found is no part of the runbook", *[d.stdout.decode() + d.stderr.decode() for d in done])
        os.makedirs(tree + "/else")
        found = json.loads(run("check", "--format", "json", "../plan.cut", cwd=tree + "/else").stdout)["findings"]
        result(places(found, "E292") == ["../" + c for c in CODE], "folders are those of the plan, wherever one stands", places(found, "E292"))
        hits = refs("plan.cut", "--root", "else", cwd=tree)
        result(hits["not_searched"] == [{"file": "repo", "why": "there is nothing of that name"}], "--root says where the folders are", hits)
        put(tree + "/plan.cut", PLAN.replace("window", 'search = ["x"]\n window', 1).replace(' search = ["repo"]', "").replace('search = ["x"]', 'search = ["repo", "no"]'))
        found = json.loads(run("check", "--format", "json", cwd=tree).stdout)["findings"]
        result([f["message"] for f in found if f["code"] == "E294"] == ["`no` is to be searched, and there is nothing of that name"], "a folder that is not there is said", found)
        put(tree + "/plan.cut", PLAN.replace("use std/net", 'use std/net\nallow E292 because "later"', 1))
        done = run("check", "--format", "json", "--deny", "warnings", cwd=tree)
        found = json.loads(done.stdout)["findings"]
        result(all(f["waived"] for f in found if f["code"] == "E292") and not [f for f in found if f["code"] == "E116"] and run("graph", cwd=tree).returncode == 0,
               "E292 can be waived", found)
        put(tree + "/plan.cut", PLAN.replace('"10.0.20.200"', "x").replace("  address  = 10.0.20.200 -> 10.0.20.203", "  address  = 10.0.20.203"))
        result(not [f for f in json.loads(run("check", "--format", "json", cwd=tree).stdout)["findings"] if f["code"] in ("E292", "E293")],
               "a plan that gives nothing up finds nothing")


def shared_address():
    plan = PLAN.replace("promise", 'host db { address = 10.0.20.200  ports = [5432/tcp] }\npromise', 1)
    with Tree() as tree:
        for name, text in FILES.items():
            put(os.path.join(tree, name), text)
        put(tree + "/repo/db.yml", "a: postgres://10.0.20.200/shop\nb: 10.0.20.200:5432\nc: 10.0.20.200:443\nd: http://10.0.20.200\n")
        put(tree + "/plan.cut", plan)
        hits = [h for h in refs(cwd=tree)["hits"] if h["file"] in ("repo/db.yml", "repo/etc/hosts", "repo/stacks/mail/main.tf") and h["place"] == "code"]
        got = [(h["file"], h["line"], h["port"]) for h in hits]
        result(got == [("repo/db.yml", 3, 443), ("repo/etc/hosts", 2, None), ("repo/stacks/mail/main.tf", 4, None)],
               "ports that go on answering are no forgotten references", got)
        text = run("check", cwd=tree).stdout.decode()
        result("`repo/etc/hosts` names 10.0.20.200, on which `web` gives up 443" in text and "is one of 443 meant? 5432 goes on answering" in text,
               "and a mention without a port asks which is meant", text)


def flood():
    with Tree() as tree:
        for i in range(150):
            put("%s/repo/f%d.tf" % (tree, i), 'a = "10.0.20.200"\n' * 10)
        put(tree + "/plan.cut", PLAN)
        put(tree + "/web.patch", "")
        found = [f for f in json.loads(run("check", "--format", "json", cwd=tree).stdout)["findings"] if f["code"] == "E292"]
        result(len(found) == 51 and any(f["message"] == "1450 more places name what the plan gives up" for f in found), "a check tells fifty and counts the rest", len(found))
        result(len(refs(cwd=tree)["hits"]) == 1500, "refs lists all")


def arguments():
    with Tree() as tree:
        put(tree + "/f", "10.0.0.1:80 10.0.0.1:81 old.example.net\n")
        done = run("refs", "10.0.0.1:80", cwd=tree)
        result(b"f:1:1" in done.stdout and b"f:1:13" not in done.stdout, "an endpoint wants its port", done.stdout)
        done = run("refs", "https://old.example.net/x", cwd=tree)
        result(b"f:1:25" in done.stdout and done.returncode == 0, "a URL is its host", done.stdout, done.stderr)
        for words, status, message in ((["nö such thing"], 2, b"is no file, and no address"), (["10.0.0.1", "--root", "none"], 2, b"there is no folder `none`"),
                                       (["10.0.0.300"], 2, b"no address"), (["10.0.0.1.5"], 2, b"no address"), (["none.cut"], 2, b""), ([], 2, b"no plan was named"), (["10.0.0.1", "--format", "sarif"], 2, b"gives no findings"),
                                       (["a", "b", "c"], 2, b"one argument too many")):
            done = run("refs", *words, cwd=tree)
            result(done.returncode == status and message in done.stderr + done.stdout, "refs %s" % " ".join(words), done.returncode, done.stderr.decode())
        put(tree + "/plan.cut", PLAN)
        done = run("refs", "10.0.20.200", cwd=tree)
        text = done.stdout.decode()
        result("plan.cut:8:14  web.address = 10.0.20.200, at the start" in text, "who in the plan names an address", text, done.stderr.decode())
        text = run("refs", "plan.cut", "10.0.20.203", cwd=tree).stdout.decode()
        result("web.address = 10.0.20.203, at the end" in text and "promise `ops reaches 10.0.20.203:443 finally`" in text, "and promises", text)
        put(tree + "/plan.cut", PLAN.replace("window", 'search = ["no", "neither"]\n window', 1).replace(' search = ["repo"]', ""))
        done = [run("refs", *words, cwd=tree) for words in ([], ["10.0.20.200"])]
        result([d.returncode for d in done] == [3, 3] and b"there is nothing of that name" in done[0].stdout, "no folder that is to be searched is there", *[d.stdout.decode() for d in done])
        put(tree + "/plan.cut", "plan x {")
        result(run("refs", "10.0.0.1", cwd=tree).returncode == 0 and run("refs", "plan.cut", "10.0.0.1", cwd=tree).returncode == 1, "a broken plan matters when it is named")


for test in (lambda: ignore_trees(60), nested, lambda: texts(40), special_files, unreadable, strange_names, deep, moving, plan_and_tree, shared_address, flood, arguments):
    test()
shutil.rmtree(HOME)
sys.exit(1 if failures else 0)
