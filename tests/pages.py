#!/usr/bin/env python3
"""The examples in the documentation, as tests: pages.py explain|docs

explain: every code of compiler/base/codes.def has a page docs/findings/CODE.md with at least one block ```cut bad that
  gives this finding, and at least one ```cut good that does not and checks clean. `file=NAME` saves a block (of any
  language) for those after it; `bad edit=/OLD/NEW/` emits the runbook of the (clean) block, edits it, and verifies it; `bad emit` and
  `good emit` are read like the others. `warns` lets a good block have warnings.
docs: in README.md and docs/*.md a ```cut block checks clean (one without a plan only has to be read without a syntax
  error), or with `bad E201` has that finding, and a ```console block is run: `$ command` lines, the output below
  them; a line `…` stands for any lines, `…` inside a line for any text; `not run` leaves a block out.
  ```cut file=NAME saves the block in a folder of the document's own, in which ```console folder blocks run."""
import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "live"))
from standin import Database  # noqa: E402

ROOT = os.getcwd()
CUTC = os.path.abspath(os.environ.get("CUTC", "build/cutc"))
failures = 0


def result(good, name, *lines):
    global failures
    failures += not good
    print("%s - %s" % ("ok" if good else "not ok", name))
    if not good:
        for line in "\n".join(lines).splitlines():
            print("# " + line)


def blocks(path):
    """(language, [flags], text, line) of each fenced block."""
    fence, start, kept = None, 0, []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if fence is None:
                match = re.match(r"^(`{3,})(\S*)\s*(.*)$", line)
                if match:
                    fence, start, kept = match, number, []
            elif line.startswith(fence.group(1)):
                yield fence.group(2), fence.group(3).split(), "".join(kept), start
                fence = None
            else:
                kept.append(line)


def run(*arguments, text="", cwd=None, env=None):
    return subprocess.run([CUTC, *arguments], input=text, capture_output=True, text=True, timeout=60, cwd=cwd, check=False, env=env)


class Answers(http.server.BaseHTTPRequestHandler):
    """A proxy that answers for every host."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        status, body = self.server.answers.get(url.path, (404, "{}"))
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())


class World:
    def __init__(self):
        self.database = Database()
        self.database.start()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.server.answers = {}
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def add(self, options, text):
        self.server.answers[options["at"]] = (int(options.get("status", 200)), text)

    def environment(self, **more):
        proxy = "http://127.0.0.1:%d" % self.server.server_address[1]
        return dict(os.environ, http_proxy=proxy, VAULT_TOKEN="hvs.example",
                    STATE_CONN="postgres://tf@127.0.0.1:%d/state?sslmode=disable&gssencmode=disable" % self.database.port, **more)


def terraform(folder, plan):
    """A program of that name, whose plan is always this one."""
    os.makedirs(os.path.join(folder, "infra"), exist_ok=True)
    with open(os.path.join(folder, "plan.json"), "w", encoding="utf-8") as file:
        file.write(plan)
    path = os.path.join(folder, "terraform")
    with open(path, "w", encoding="utf-8") as file:
        file.write('#!/bin/sh\ncase $1 in\nshow) cat "%s/plan.json" ;;\nesac\n' % folder)
    os.chmod(path, 0o755)


def codes_of(text, cwd, state=None, world=None):
    live = ["--live", "--as", state, "--timeout", "5"] if state else []
    done = run("check", "--format", "json", *live, "-", text=text, cwd=cwd, env=world.environment(PATH=cwd + os.pathsep + os.environ["PATH"]) if state else None)
    if done.returncode not in (0, 1, 2, 3) or not done.stdout:
        raise RuntimeError("exit status %d\n%s" % (done.returncode, done.stderr))
    return [f["code"] for f in json.loads(done.stdout)["findings"]], done.returncode


def shown(text, cwd):
    return run("check", "--color=never", "-", text=text, cwd=cwd).stdout


def edited(text, edit, cwd):
    """The codes that verify finds in the edited runbook of a plan."""
    _, old, new, _ = edit.split(edit[0])
    emitted = run("emit", "-", text=text, cwd=cwd)
    if emitted.returncode or old not in emitted.stdout:
        raise RuntimeError("`%s` is not in the runbook\n%s" % (old, emitted.stderr or emitted.stdout[-2000:]))
    for name, content in (("plan.cut", text), ("runbook.sh", emitted.stdout.replace(old, new))):
        with open(os.path.join(cwd, name), "w", encoding="utf-8") as file:
            file.write(content)
    done = run("verify", "--format", "json", "runbook.sh", "plan.cut", cwd=cwd)
    return [f["code"] for f in json.loads(done.stdout)["findings"]]


def save(folder, name, text):
    os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)


def page(code):
    path = "docs/findings/%s.md" % code
    if not os.path.exists(path):
        result(False, code, "there is no %s" % path)
        return
    explained = run("explain", code)
    result(explained.returncode == 0 and len(explained.stdout) > 200, "%s is explained" % code, explained.stderr)
    seen = set()
    world = World()
    with tempfile.TemporaryDirectory() as folder:
        for language, flags, text, line in blocks(path):
            if language == "json" and "terraform" in flags:
                terraform(folder, text)
            elif language == "json" and "file" not in " ".join(flags):
                world.add(dict(f.split("=", 1) for f in flags), text)
            if not flags:
                continue
            name = "%s:%d %s" % (path, line, flags[0])
            options = dict(f.split("=", 1) for f in flags if "=" in f)
            world.database.row = b"process 4711 of tf from 10.0.20.30, idle for 5400 s" if options.get("lock") == "held" else b""
            if "file" in options:
                save(folder, options["file"], text)
            if "file" in options or language != "cut":
                continue
            seen.add(flags[0])
            try:
                if "edit" in options:
                    found, status = edited(text, options["edit"], folder), 1
                else:
                    found, status = codes_of(text, folder, options.get("live"), world)
            except (RuntimeError, json.JSONDecodeError, subprocess.TimeoutExpired) as error:
                result(False, name, str(error))
                continue
            if flags[0] == "bad":
                result(code in found, name, "%s was not found; found were %s" % (code, found), shown(text, folder))
            else:
                result(code not in found and status == 0, name, "found were %s" % found, shown(text, folder))
    for kind in ("bad", "good"):
        if kind not in seen:
            result(False, "%s has a block `cut %s`" % (path, kind), "it has none")


def explain():
    with open("compiler/base/codes.def", encoding="utf-8") as file:
        codes = ["E" + number for number in re.findall(r"^CODE\((\d+),", file.read(), re.M)]
    for code in codes:
        page(code)
    for name in sorted(os.listdir("docs/findings")):
        if name[:-3] not in codes:
            result(False, "docs/findings/" + name, "there is no such code")


def console(text):
    """[(command, expected lines)] of a console block."""
    commands = []
    for line in text.splitlines():
        if line.startswith("$ "):
            commands.append((line[2:], []))
        elif line.startswith("> ") and commands and not commands[-1][1]:
            commands[-1] = (commands[-1][0] + "\n" + line[2:], [])
        elif commands:
            commands[-1][1].append(line)
    return commands


def matches(want, got):
    pattern = ""
    for line in want:
        pattern += r"(?:.*\n)*?" if line.strip() == "…" else ".*".join(re.escape(part) for part in line.rstrip().split("…")) + r"[ ]*\n"
    return re.fullmatch(pattern, got if not got or got.endswith("\n") else got + "\n") is not None


def document(path, folder):
    world = World()
    environment = world.environment(PATH=os.path.dirname(CUTC) + os.pathsep + os.environ["PATH"], COLUMNS="100", TMPDIR=folder)
    for language, flags, text, line in blocks(path):
        name = "%s:%d" % (path, line)
        options = dict(f.split("=", 1) for f in flags if "=" in f)
        if "not" in flags and "run" in flags:
            continue
        if language == "json" and "at" in options:
            world.add(options, text)
        if language == "cut":
            if "file" in options:
                save(folder, options["file"], text)
            found, status = codes_of(text, ROOT)
            if flags and flags[0] == "bad":
                good = status in (1, 2) and set(flags[1:]) <= set(found)
            elif re.search(r"^plan ", text, re.M):
                good = status == 0
            else:
                good = not {"E001", "E002", "E003", "E005", "E009"} & set(found)
            result(good, name, shown(text, ROOT))
        elif "file" in options:
            save(folder, options["file"], text)
        elif language == "console":
            for command, want in console(text):
                done = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, env=environment,
                                      check=False, stdin=subprocess.DEVNULL, cwd=folder if "folder" in flags else ROOT)
                result(matches(want, done.stdout), "%s $ %s" % (name, command), "wanted:", *want, "got:", done.stdout)


def docs():
    for path in ["README.md"] + sorted("docs/" + n for n in os.listdir("docs") if n.endswith(".md")):
        if os.path.exists(path):
            with tempfile.TemporaryDirectory() as folder:
                document(path, folder)


if __name__ == "__main__":
    {"explain": explain, "docs": docs}[sys.argv[1]]()
    sys.exit(1 if failures else 0)
