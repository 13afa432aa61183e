#!/usr/bin/env python3
"""Random plans: the compiler's verdicts against the brute-force evaluator.

  compare.py CUTC [--count N] [--seed FIRST] [--keep DIR]

For each plan: the same timeline for the compiler's order; an order exactly when one exists, and then as good a one.
Prints the seed of every difference; ends with `N passed, N failed`."""
import argparse
import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from evaluate import Judge, Model  # noqa: E402
from generate import plan  # noqa: E402

NO_ORDER = {"E251", "E252", "E211", "E213", "E214", "E231", "E224", "E241", "E261",
            "E221"}  # only those who still have an old answer are left out
BROKEN_AT_END = {"E201", "E202", "E206", "E221"}


def run(cutc, command, text):
    done = subprocess.run([cutc, *command, "-"], input=text, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError("%s: exit status %d\n%s" % (" ".join(command), done.returncode, done.stderr or done.stdout))
    return done


def only_landing(judge, order):
    """Nothing is wrong with the order but that something does not land: that what leads there is dead says it already."""
    done, problems = frozenset(), set()
    for step in (s for s in order if s in judge.model.position):
        problems.add(judge.step_problem(done, step, False))
        done |= {step}
    return problems - {None} == {"landing"} and judge.follow(order, ("landing",)) is not None


def components(cutc, text, judge, order):
    """The compiler's components, as blocks of its order, waits left out."""
    said = run(cutc, ["check", "-v", "--color=never"], text).stdout
    blocks = [order[int(first) - 1:int(last)] for first, last in re.findall(r"^  steps (\d+)-(\d+): ", said, re.M)]
    return [tuple(s for s in block if s in judge.model.position) for block in blocks]


def apart(judge, blocks):
    """What speaks against these steps being independent, or their sequence; None when nothing does."""
    for promise in judge.promises:
        touched = [b for b in blocks if set(b) & judge.depends(promise)]
        if len(touched) > 1:
            return "promise %s depends on steps of several components: %s" % (promise["id"], touched)
    for block in blocks:
        if any(a not in block for s in block for a in judge.model.steps[s]["after"]):
            return "the component %s comes after steps of another one" % (block,)
    keys = [(any(judge.model.steps[s]["irreversible"] for s in b), min(judge.model.position[s] for s in b)) for b in blocks]
    return None if keys == sorted(keys) else "components out of sequence: %s" % (blocks,)


def compare(cutc, text):
    """None, or what differs."""
    found = json.loads(run(cutc, ["check", "--format", "json"], text).stdout)
    codes = {f["code"] for f in found["findings"] if f["severity"] == "error"}
    if any(code < "E2" for code in codes):
        return None  # no plan at all: nothing to compare
    modelled = run(cutc, ["model", "--format", "json"], text)
    data = json.loads(modelled.stdout)
    judge = Judge(Model(data))
    order = data["order"]
    if sorted(s for s in order if not judge.model.steps[s].get("wait")) != sorted(judge.model.order):
        return "the order does not hold every step: %s" % order
    line = judge.timeline(order)
    for promise in data["promises"]:
        theirs = data["timeline"][promise["id"]]
        if theirs != line[promise["id"]]:
            return "timeline of %s in the order %s:\n  compiler  %s\n  evaluator %s" % (promise["id"], order, theirs, line[promise["id"]])
    if judge.hopeless and not codes & BROKEN_AT_END:
        return "%s broken at the end, and no error says so (%s)" % (sorted(judge.hopeless), sorted(codes))
    if judge.hopeless_rules and "E261" not in codes:
        return "a rule is broken at the end, and no error says so (%s)" % sorted(codes)
    if judge.hopeless_conflicts and "E241" not in codes:
        return "%s conflict at the end, and no error says so (%s)" % (judge.hopeless_conflicts, sorted(codes))
    if judge.hopeless_conflicts:
        return None  # who answers where two may is not defined, so neither is which order is best
    best, mine = judge.best(), judge.follow(order)
    if best is None and not codes & NO_ORDER and not ("E201" in codes and only_landing(judge, order)):
        return "no order is admissible, and the compiler offers %s without an error (%s)" % (order, sorted(codes))
    if best is not None:
        if codes & {"E251", "E252"}:
            return "the compiler says there is no order (%s); %s is admissible" % (sorted(codes), [judge.model.order[i] for i in best[4]])
        if mine is None:
            done = frozenset()
            for step in (s for s in order if s in judge.model.position):
                problem = judge.step_problem(done, step, False)
                if problem:
                    return "the compiler's order %s is refused at %s: %s; %s is admissible" % (order, step, problem, [judge.model.order[i] for i in best[4]])
                done |= {step}
            return "the compiler's order %s breaks a promise; %s does not" % (order, [judge.model.order[i] for i in best[4]])
        # Independent groups of steps run one after the other by their place in the source, whatever is down meanwhile.
        mending = any(line[p["id"]][0] != "up" for p in data["promises"])
        if mine[:3] != best[:3] and not judge.hopeless and not mending:
            blocks = components(cutc, text, judge, order)
            if len(blocks) > 1:
                against = apart(judge, blocks)
                if against:
                    return against
                best = judge.best(blocks) or best
        if mine[:3] != best[:3] and not judge.hopeless and not mending:
            return "the compiler's order costs %s, %s costs %s" % (mine[:3], [judge.model.order[i] for i in best[4]], best[:3])
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cutc")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", help="directory for the plans that differ")
    options = parser.parse_args()
    passed = failed = 0
    for seed in range(options.seed, options.seed + options.count):
        text = plan(seed)
        try:
            difference = compare(options.cutc, text)
        except (RuntimeError, subprocess.TimeoutExpired, json.JSONDecodeError, KeyError) as error:
            difference = "%s: %s" % (type(error).__name__, error)
        if difference is None:
            passed += 1
            continue
        failed += 1
        print("seed %d: %s" % (seed, difference))
        if options.keep:
            os.makedirs(options.keep, exist_ok=True)
            with open(os.path.join(options.keep, "%d.cut" % seed), "w", encoding="utf-8") as file:
                file.write(text)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
