#!/usr/bin/env python3
"""`cutc check --live` against stand-ins: what it finds, each fault, and where credentials go."""

import glob
import json
import os
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

def believed():
    s = Stage().through_proxy()
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


def main():
    believed()
    print("%d passed, %d failed" % (passed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
