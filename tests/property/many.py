"""Many seeds at once, for the property tests: one long-lived compiler per process, chunks of seeds, a log to go on from.

run(options, judge) asks judge(compiler, seed) about each seed: None, or what is wrong; it prints each seed that has something and
returns (passed, failed, how often each hit was seen)."""
import collections
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback

CHUNK = 50


class Compiler:
    """The driver beside the compiler: what it makes of one plan after the other."""

    def __init__(self, path):
        self.path = path
        self.folder = tempfile.TemporaryDirectory(prefix="cutc-property-")
        self.file = os.path.join(self.folder.name, "plan.cut")
        self.process = None

    def ask(self, text):
        """(findings, model or None, components, the way back)"""
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(text)
        if self.process is None:
            self.process = subprocess.Popen([self.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.process.stdin.write(self.file.encode() + b"\n")
        self.process.stdin.flush()
        findings, model, parts, back = [self.document() for _ in range(4)]
        return findings["findings"], model, parts, back

    def document(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the compiler ended with status %s" % self.process.wait())
        text = self.process.stdout.read(int(line))
        return json.loads(text) if text else None

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self.process = None


def arguments(parser):
    parser.add_argument("driver", help="build/tests/property/driver")
    parser.add_argument("--seed", type=int, default=1, help="the first")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--keep", help="directory for the plans that differ")
    parser.add_argument("--log", help="file of what was done: called again with it, only the rest is")
    parser.add_argument("--coverage", action="store_true", help="how many plans had what")


def faster():
    """Goes on under pypy3 where there is one: many plans are judged in less than half the time."""
    if sys.implementation.name != "pypy" and shutil.which("pypy3"):
        os.execvp("pypy3", ["pypy3", *sys.argv])


def done_before(log):
    found = {}
    if log and os.path.exists(log):
        with open(log, encoding="utf-8") as file:
            for line in file:
                entry = json.loads(line)
                found[entry["seed"]] = entry
    return found


def chunk(task):
    """What is wrong with each seed of a chunk, and what was hit."""
    judge, path, first, count = task
    compiler = COMPILERS.setdefault(path, Compiler(path))
    wrong, hits = [], collections.Counter()
    for seed in range(first, first + count):
        signal.alarm(120)
        try:
            difference, seen = judge(compiler, seed)
            hits.update(seen)
        except Exception as error:  # whatever it is, it is about this seed
            compiler.kill()
            difference = "%s: %s" % (type(error).__name__, error)
            if not isinstance(error, (RuntimeError, TimeoutError)):
                difference += "\n" + traceback.format_exc()
        signal.alarm(0)
        if difference is not None:
            wrong.append((seed, difference))
    return first, count, wrong, hits


COMPILERS = {}


def too_long(*_):
    raise TimeoutError("not done after two minutes")


def run(options, judge, total):
    """Of `total` seeds from options.seed on."""
    signal.signal(signal.SIGALRM, too_long)
    before, failed, passed, hits = done_before(options.log), 0, 0, collections.Counter()
    tasks = []
    for first in range(options.seed, options.seed + total, CHUNK):
        count = min(CHUNK, options.seed + total - first)
        if first in before and before[first]["count"] == count:
            failed, passed = failed + before[first]["failed"], passed + count - before[first]["failed"]
            hits.update(before[first]["hits"])
        else:
            tasks.append((judge, options.driver, first, count))
    pool = multiprocessing.Pool(options.jobs) if options.jobs > 1 else None
    for first, count, wrong, seen in (pool.imap_unordered(chunk, tasks) if pool else map(chunk, tasks)):
        passed, failed = passed + count - len(wrong), failed + len(wrong)
        hits.update(seen)
        for seed, difference in wrong:
            print("seed %d: %s" % (seed, difference), flush=True)
        if options.log:
            with open(options.log, "a", encoding="utf-8") as file:
                file.write(json.dumps({"seed": first, "count": count, "failed": len(wrong), "hits": seen}) + "\n")
    if pool:
        pool.close()
        pool.join()
    for compiler in COMPILERS.values():
        compiler.kill()
    return passed, failed, hits


def keep(options, seed, text):
    if options.keep:
        os.makedirs(options.keep, exist_ok=True)
        with open(os.path.join(options.keep, "%d.cut" % seed), "w", encoding="utf-8") as file:
            file.write(text)
