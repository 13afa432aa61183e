"""Where secrets show. secrets.py watch FILE SECRET… | search SECRET-FILE… -- DIRECTORY…

watch: looks through the arguments and the environment of every process, and at the modes of where secrets are kept (KEPT), until it
is ended; writes a line for each thing seen. search: names each file that holds a secret, as it is, in base64 (at its three offsets, also
for URLs), URL-encoded or in the text of JSON; byte by byte, names of files too."""
import base64
import glob
import json
import os
import stat
import sys
import time
import urllib.parse


def disguises(secret):
    text = secret.decode()
    found = {"plain": secret, "JSON": json.dumps(text, ensure_ascii=False)[1:-1].encode(), "ASCII JSON": json.dumps(text)[1:-1].encode(),
             "URL": urllib.parse.quote(text, safe="").encode(),
             "form": urllib.parse.quote_plus(text).encode(), "url": urllib.parse.quote(text, safe="").lower().encode()}
    for offset in range(3):
        for name, alphabet in ("base64", b"+/"), ("base64url", b"-_"):
            whole = base64.b64encode(b"\0" * offset + secret, alphabet)
            # Only the characters that no neighbour has a part in.
            found["%s at offset %d" % (name, offset)] = whole[(offset * 8 + 5) // 6 : (offset + len(secret)) * 8 // 6]
    return found


def search(secrets, roots):
    for name, secret in secrets:
        for how, bytes_ in disguises(secret).items():
            for root in roots:
                for folder, _, files in os.walk(root):
                    for file in files:
                        path = os.path.join(folder, file)
                        if bytes_ in path.encode() or bytes_ in open(path, "rb").read():
                            print("%s (%s) in %s" % (name, how, path))


def line(arguments):  # a program's text may have many lines
    return arguments.replace(b"\0", b" ").replace(b"\n", b" ").decode(errors="replace")


def watch(out, secrets):
    me, seen = str(os.getpid()), set()
    kept = os.environ["KEPT"]
    while True:
        for process in glob.glob("/proc/[0-9]*"):
            if process.split("/")[2] == me:
                continue
            try:
                arguments = open(process + "/cmdline", "rb").read()
                environment = open(process + "/environ", "rb").read()
            except OSError:
                continue
            for name, secret in secrets:
                if secret in arguments:
                    seen.add("argument %s %s" % (name, line(arguments)))
                if secret in environment:
                    seen.add("environment %s %s" % (name, line(arguments)))
        for path in glob.glob(kept + "/cutc-*") + glob.glob(kept + "/cutc-*/*"):
            try:
                mode = os.lstat(path)
            except OSError:
                continue
            good = 0o700 if stat.S_ISDIR(mode.st_mode) else 0o600
            if stat.S_IMODE(mode.st_mode) != good:
                seen.add("mode %o %s" % (stat.S_IMODE(mode.st_mode), path))
            seen.add("kept %s" % os.path.basename(path))
        with open(out + ".new", "w") as f:
            f.write("".join(sorted(line + "\n" for line in seen)))
        os.rename(out + ".new", out)
        time.sleep(0.005)


if sys.argv[1] == "watch":
    watch(sys.argv[2], [(os.path.basename(p), open(p, "rb").read()) for p in sys.argv[3:]])
else:
    split = sys.argv.index("--")
    search([(os.path.basename(p), open(p, "rb").read()) for p in sys.argv[2:split]], sys.argv[split + 1 :])
