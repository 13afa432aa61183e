#!/usr/bin/env python3
"""How long a check takes from exec to exit, beside programs that people know: start.py [ROUNDS]

The programs take turns, so that a busy moment of the machine meets all of them. Printed are median, least and the ratio
of medians to `true`. Standard output goes to the null device."""
import os
import shutil
import statistics
import sys
import time

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
PLAN = "examples/traefik/cutover.cut"
CANDIDATES = [
    ["true"],
    ["build/cutc", "--version"],
    ["build/cutc", "check", PLAN],
    ["build/cutc", "emit", PLAN],
    ["terraform", "version"],
    ["ansible", "--version"],
    ["kubectl", "version", "--client"],
]


def once(path, arguments, null):
    start = time.perf_counter_ns()
    pid = os.posix_spawn(path, arguments, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)])
    _, status = os.waitpid(pid, 0)
    return (time.perf_counter_ns() - start) / 1e6, status


def main():
    null = os.open(os.devnull, os.O_RDWR)
    programs = [(c, shutil.which(c[0])) for c in CANDIDATES]
    programs = [(c, p) for c, p in programs if p]
    times = {i: [] for i in range(len(programs))}
    slow = set()
    for turn in range(ROUNDS + 1):
        for i, (arguments, path) in enumerate(programs):
            if i in slow and turn % 10:
                continue
            milliseconds, status = once(path, arguments, null)
            if status:
                sys.exit("%s: exit status %d" % (" ".join(arguments), os.waitstatus_to_exitcode(status)))
            if turn:  # the first warms up
                times[i].append(milliseconds)
            if milliseconds > 100:
                slow.add(i)
    base = statistics.median(times[0])
    print("%-48s %9s %9s %7s %5s" % ("", "median", "least", "ratio", "runs"))
    for i, (arguments, _) in enumerate(programs):
        median = statistics.median(times[i])
        print("%-48s %6.2f ms %6.2f ms %7.1f %5d" % (" ".join(arguments), median, min(times[i]), median / base, len(times[i])))


main()
