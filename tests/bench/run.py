#!/usr/bin/env python3
"""Time and peak memory beside other programs on the same graph: run.py TOOLS [SIZE…] [--against NINJA_SECONDS]

TOOLS is the folder with the programs of this one, built. The programs take turns, so that a busy moment of the machine meets
all of them; only ratios of medians within one run mean anything. `emit` is the whole way: reading, proving, writing the
runbook and reading it back. With --against, only `emit` and `ninja -n` take turns for so many seconds, and the last line
begins with their ratio."""
import argparse
import math
import os
import shutil
import statistics
import subprocess
import sys
import time

CUTC = os.path.abspath("build/cutc")
LONGEST = {"terraform validate": 3000, "terraform plan": 3000, "ansible": 1000}  # resources; beyond, they take minutes
BUDGET = 25.0  # seconds for one size, but for the first round


def programs(tools, size):
    rows = [
        ("cutc check", [CUTC, "check", "plan.cut"]),
        ("cutc emit", [CUTC, "emit", "plan.cut"]),
        ("ninja -n", ["ninja", "-n"]),
        ("make -n", ["make", "-n", "-s", "-r", "-R"]),
        ("tsort", ["tsort", "pairs.txt"]),
        ("jansson load", [os.path.join(tools, "load"), "plan.json"]),
        ("flex scan", [os.path.join(tools, "scan"), "plan.cut"]),
        ("terraform validate", ["terraform", "validate"]),
        ("terraform plan", ["terraform", "plan", "-refresh=false", "-lock=false", "-state=prior.tfstate"]),
        ("ansible", ["ansible-playbook", "-i", "localhost,", "--syntax-check", "site.yml"]),
    ]
    return [(name, words) for name, words in rows if shutil.which(words[0]) and size <= LONGEST.get(name, size)]


def left_out():
    """Says which programs there are no figures of, and why."""
    for name, program in (("ninja -n", "ninja"), ("make -n", "make"), ("terraform validate, terraform plan", "terraform"), ("ansible", "ansible-playbook")):
        if not shutil.which(program):
            print("left out: %s, since %s is not installed" % (name, program))
    for name, most in LONGEST.items():
        if shutil.which(name.split()[0].replace("ansible", "ansible-playbook")):
            print("left out above %s resources: %s, which takes minutes there" % (format(most, ","), name))


def once(words, folder, null):
    """Seconds from exec to exit, and peak memory in MB."""
    start = time.perf_counter()
    child = subprocess.Popen(words, cwd=folder, stdin=null, stdout=null, stderr=null)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    return seconds, usage.ru_maxrss / 1024, child.returncode


def prepare(tools, size, small, shuffled=False):
    folder = os.path.join(tools, "%d%s" % (size, "-shuffled" if shuffled else ""))
    formats = ["cut", "ninja", "make", "tsort", "json"]
    if small:
        formats += ["terraform"] if size <= 3000 and shutil.which("terraform") else []
        formats += ["ansible"] if size <= 1000 and shutil.which("ansible-playbook") else []
    subprocess.run([os.path.join(tools, "plan"), str(size), "-o", folder, *(["--shuffle"] if shuffled else []), *formats], check=True)
    if "terraform" in formats and not os.path.isdir(os.path.join(folder, ".terraform")):
        subprocess.run(["terraform", "init", "-input=false"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return folder


def turns(rows, folder, budget, fewest=3, most=200):
    """name -> (seconds of each round, MB). The first round only warms up, unless it is long."""
    null = os.open(os.devnull, os.O_RDWR)
    times, memory, failed = {name: [] for name, _ in rows}, {}, set()
    began, turn = time.perf_counter(), 0
    while turn <= most and (turn <= fewest or time.perf_counter() - began < budget):
        for name, words in rows:
            if name in failed or (times[name] and times[name][0] > budget / 4):
                continue
            seconds, megabytes, status = once(words, folder, null)
            if status:
                failed.add(name)
                print("%s: exit status %d" % (name, status), file=sys.stderr)
                continue
            memory[name] = max(memory.get(name, 0), megabytes)
            if turn or seconds > 1:
                times[name].append(seconds)
        turn += 1
        quick = [seconds[-1] for seconds in times.values() if seconds and seconds[0] <= budget / 4]
        if turn > fewest and time.perf_counter() - began + sum(quick) > budget:
            break
    os.close(null)
    return {name: (times[name], memory[name]) for name, _ in rows if times[name]}


def table(size, found, title=""):
    base = statistics.median(found["cutc emit"][0]) if "cutc emit" in found else None
    print("\n%s resources%s" % (format(size, ","), title))
    print("  %-20s %11s %11s %9s %12s %5s" % ("", "median", "least", "memory", "emit to it", "runs"))
    for name, (times, megabytes) in found.items():
        median = statistics.median(times)
        ratio = "%.4g" % (base / median) if base and not name.startswith("cutc") else ""
        print("  %-20s %8.1f ms %8.1f ms %6.0f MB %12s %5d" % (name, median * 1e3, min(times) * 1e3, megabytes, ratio, len(times)))
    sys.stdout.flush()


def growth(all_found):
    sizes = sorted(all_found)
    print("\nGrowth: what ten times as many resources cost, and the exponent (start-up subtracted)")
    for small, large in zip(sizes, sizes[1:]):
        if small < 1000:
            continue
        for name in all_found[large]:
            if name not in all_found[small]:
                continue
            start = statistics.median(all_found[1][name][0]) if name in all_found.get(1, {}) else 0
            a, b = (statistics.median(all_found[s][name][0]) for s in (small, large))
            exponent = math.log((b - start) / (a - start)) / math.log(large / small) if a > start and b > start else float("nan")
            print("  %-20s %9s to %9s: %5.1f times, exponent %.2f" % (name, format(small, ","), format(large, ","), b / a, exponent))


def read_by_dash(folder, size):
    """What the shell that runs a runbook needs before the first command: it reads all of it."""
    if not shutil.which("dash"):
        print("left out: the runbook in dash, which is not installed")
        return
    null, book = os.open(os.devnull, os.O_RDWR), os.path.join(folder, "book.sh")
    subprocess.run([CUTC, "emit", "plan.cut", "-o", book], cwd=folder, stdin=null, stdout=null, stderr=null, check=True)
    for words in (["dash", "-n", book], ["dash", book, "plan"]):
        seconds, megabytes, status = once(words, folder, null)
        print("  %-44s %8.2f s %6.0f MB, for a runbook of %.1f MB%s" % ("%s, %s resources" % (" ".join(words).replace(book, "RUNBOOK"), format(size, ",")),
              seconds, megabytes, os.path.getsize(book) / 1e6, ", status %d" % status if status else ""))
    os.close(null)


def against(tools, size, seconds):
    folder = prepare(tools, size, False)
    rows = [row for row in programs(tools, size) if row[0] in ("cutc emit", "ninja -n")]
    if len(rows) < 2:
        sys.exit("ninja is not installed: there is nothing to compare with")
    found = turns(rows, folder, seconds, fewest=2)
    if len(found) < 2:
        sys.exit("one of the two failed")
    table(size, found)
    mine, other = (statistics.median(found[name][0]) for name in ("cutc emit", "ninja -n"))
    print("%.3f of the time of ninja -n, %.2f of its memory: cutc emit at %s resources, medians of %d turns"
          % (mine / other, found["cutc emit"][1] / found["ninja -n"][1], format(size, ","), len(found["cutc emit"][0])))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tools")
    parser.add_argument("sizes", nargs="*", type=int)
    parser.add_argument("--against", type=float, metavar="SECONDS")
    options = parser.parse_args()
    tools = os.path.abspath(options.tools)
    if options.against:
        against(tools, options.sizes[0] if options.sizes else 100000, options.against)
        return
    sizes = options.sizes or [1, 1000, 10000, 100000] + ([1000000] if os.environ.get("BENCH_FULL") == "1" else [])
    found = {}
    left_out()
    for size in sizes:
        found[size] = turns(programs(tools, size), prepare(tools, size, True), BUDGET)
        table(size, found[size])
    growth(found)
    size = 100000 if 100000 in found else max(found)
    rows = [row for row in programs(tools, size) if row[0] in ("cutc check", "cutc emit", "ninja -n")]
    table(size, turns(rows, prepare(tools, size, False, shuffled=True), BUDGET / 2), " in random order")
    print("\nThe runbook in dash")
    for size in sizes:
        if size >= 1000:
            read_by_dash(os.path.join(tools, str(size)), size)


main()
