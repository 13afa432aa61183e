#!/usr/bin/env python3
"""`cutc refs` beside `rg -n` on one generated tree: refs.py [ROUNDS] [FILES]

The tree has 100,000 files of code, scripts and text in 4,000 folders, a hundred of which name the address. Both look for it in turns, so that a busy
moment of the machine meets both, with the files in the cache; rg is told to look at hidden files too, as we do, and its output
goes to a file, as ours does. Printed are medians and their ratio. What they find is compared."""
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 9
FILES = int(sys.argv[2]) if len(sys.argv) > 2 else 100000
CUTC = os.path.abspath(os.environ.get("CUTC", "build/cutc"))
ADDRESS = "10.0.20.200"


def plant(root):
    """Files of 3 to 2,000 lines, 60 on average; 25 to a folder."""
    r = random.Random(1)
    words = [("%x" % r.getrandbits(40))[: r.randint(2, 10)] for _ in range(3000)] + ["service", "address", "10.0.20.20", "10.1.2.3", "host", "=", "{", "}", "#"]
    lines = [" ".join(r.choices(words, k=r.randint(2, 14))) for _ in range(4000)]
    for i in range(FILES):
        folder = os.path.join(root, "d%02d" % (i // 25 % 40), "s%03d" % (i // 1000))
        if i % 25 == 0:
            os.makedirs(folder, exist_ok=True)
        text = "\n".join(r.choices(lines, k=min(int(r.expovariate(1 / 57)) + 3, 2000))) + "\n"
        if i % 1000 == 7:
            text += "x = %s\n" % ADDRESS
        with open(os.path.join(folder, "f%d%s" % (i % 25, r.choice([".tf", ".py", ".yml", ".sh", ".md", ".c", ".json", ".txt"]))), "w", encoding="ascii") as file:
            file.write(text)
    with open(os.path.join(root, ".gitignore"), "w", encoding="ascii") as file:
        file.write("*.o\n*.log\n/build/\nnode_modules/\n**/cache/*.tmp\n!keep.log\n")


def once(command, root, out):
    before = os.times()
    start = time.perf_counter()
    with open(out, "wb") as file:
        subprocess.run(command, cwd=root, stdout=file, check=True)
    elapsed = time.perf_counter() - start
    after = os.times()
    return elapsed, after.children_user - before.children_user + after.children_system - before.children_system


def main():
    programs = [("rg -n", ["rg", "-n", "-F", "--hidden", "--no-require-git", ADDRESS]), ("rg -n -w, one thread", ["rg", "-n", "-F", "-w", "-j1", "--hidden", "--no-require-git", ADDRESS]),
                ("cutc refs", [CUTC, "refs", ADDRESS]), ("grep -rnF", ["grep", "-rnF", ADDRESS, "."])]
    programs = [p for p in programs if shutil.which(p[1][0])]
    if programs[0][0] != "rg -n":
        print("refs: there is no rg to compare with")
    with tempfile.TemporaryDirectory() as folder:
        root, out = os.path.join(folder, "tree"), os.path.join(folder, "out")
        plant(root)
        times = {name: [] for name, _ in programs}
        found = {}
        for turn in range(ROUNDS + 1):
            for name, command in programs:
                if name.startswith("grep") and turn > 3:
                    continue
                taken = once(command, root, out)
                with open(out, "rb") as file:
                    found[name] = sum(1 for line in file if ADDRESS.encode() in line)
                if turn:  # the first warms the cache
                    times[name].append(taken)
        print("%-28s %9s %9s %11s %7s %7s" % ("%d files" % FILES, "median", "least", "processor", "ratio", "places"))
        base = statistics.median(t for t, _ in times[programs[0][0]])
        for name, _ in programs:
            elapsed, used = zip(*times[name])
            print("%-28s %6.0f ms %6.0f ms %8.0f ms %7.2f %7d" % (name, 1000 * statistics.median(elapsed), 1000 * min(elapsed), 1000 * statistics.median(used),
                                                                statistics.median(elapsed) / base, found[name]))
        if len({n for name, n in found.items()}) != 1:
            sys.exit("they find different places")


main()
