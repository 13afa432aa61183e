#!/usr/bin/env python3
"""Random plans: the compiler's verdicts against the brute-force evaluator.

  compare.py DRIVER [--count N] [--seed FIRST] [--jobs N] [--log FILE] [--keep DIR] [--coverage]

For each plan: the same timeline for the compiler's order; an order exactly when one exists, and then as good a one.
Prints the seed of every difference; ends with `N passed, N failed`. With `--coverage` it says how many plans had what of the
definitions in them so that it made a difference to the evaluator, and fails when something of them never did."""
import argparse
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import many  # noqa: E402
from evaluate import Judge, Model  # noqa: E402
from generate import plan  # noqa: E402
from world import HITS, UP  # noqa: E402

NO_ORDER = {"E251", "E252", "E211", "E213", "E214", "E222", "E231", "E235", "E224", "E241", "E261",
            "E221"}  # only those who still have an old answer are left out
EXPECTED = ["wildcard", "wildcard hidden by a name", "owned domain ends the search", "split horizon", "zone around", "forward", "route",
            "virtual host", "not hosted here", "any of, one down", "count, some down", "need of a condition that is false", "disruption",
            "half-done", "hairpin", "rule", "rule, during", "maybe", "old answer that fails", "old: no such name", "wait", "ttl_floor",
            "lag of what answered", "lag of what answers instead", "lag of what is created",
            "refused: after", "refused: needs", "refused: undo needs", "refused: landing",
            "refused: does not", "refused: undo does", "way back broken by old answers", "wait on the way back",
            "waits of several lengths on the way back", "an order", "no order",
            "an order other than the source's", "an order with an outage", "window"]
BROKEN_AT_END = {"E201", "E202", "E206", "E221"}


def only_dead_ends(judge, order):
    """Nothing is wrong with the order but that something does not land, or needs what answers neither at the start nor at the
    end: that what leads there is dead says it already."""
    done, forgiven = frozenset(), {None, "landing"}
    for step in (s for s in order if s in judge.model.position):
        problem, s = judge.step_problem(done, step), judge.model.steps[step]
        if problem in ("needs", "undo needs", "undo needs, half-done"):
            failing = [n for n in s["needs" if problem == "needs" else "undo_needs"] if judge.state(done, s["disrupts"]).need(n) != UP]
            if any(UP in (judge.first.need(n), judge.last.need(n)) for n in failing):
                return False
        elif problem not in forgiven:
            return False
        done |= {step}
    return judge.follow(order, ("landing", "needs", "undo needs", "undo needs, half-done")) is not None


def components(parts, judge, order):
    """The compiler's components, as blocks of its order, waits left out."""
    blocks = [order[first:first + count] for first, count in parts]
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


def compare(findings, data, parts, back):
    """None, or what differs."""
    codes = {f["code"] for f in findings if f["severity"] == "error"}
    if any(code < "E2" for code in codes):
        HITS.add("(no plan: %s)" % min(codes))
        return None  # nothing to compare
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
        HITS.add("(conflict at the end)")
        return None  # who answers where two may is not defined, so neither is which order is best
    if any(p["id"] not in judge.hopeless and judge.depends(p) for p in data["promises"]):
        HITS.add("a promise that steps make a difference to")
    best, mine = judge.best(), judge.follow(order)
    HITS.add("an order" if best else "no order")
    if best and list(best[4]) != sorted(best[4]):
        HITS.add("an order other than the source's")
    if best and any(best[:2]):
        HITS.add("an order with an outage")
    if best is None and not codes & NO_ORDER and not (codes & {"E201", "E202"} and only_dead_ends(judge, order)):
        return "no order is admissible, and the compiler offers %s without an error (%s)" % (order, sorted(codes))
    if best is not None:
        if codes & {"E251", "E252"}:
            return "the compiler says there is no order (%s); %s is admissible" % (sorted(codes), [judge.model.order[i] for i in best[4]])
        if mine is None:
            done = frozenset()
            for step in (s for s in order if s in judge.model.position):
                problem = judge.step_problem(done, step)
                if problem:
                    return "the compiler's order %s is refused at %s: %s; %s is admissible" % (order, step, problem, [judge.model.order[i] for i in best[4]])
                done |= {step}
            return "the compiler's order %s breaks a promise; %s does not" % (order, [judge.model.order[i] for i in best[4]])
        # Independent groups of steps run one after the other by their place in the source, whatever is down meanwhile.
        mending = any(line[p["id"]][0] != "up" for p in data["promises"])
        if mine[:3] != best[:3] and not judge.hopeless and not mending:
            blocks = components(parts, judge, order)
            if len(blocks) > 1:
                against = apart(judge, blocks)
                if against:
                    return against
                best = judge.best(blocks) or best
        if mine[:3] != best[:3] and not judge.hopeless and not mending:
            return "the compiler's order costs %s, %s costs %s" % (mine[:3], [judge.model.order[i] for i in best[4]], best[:3])
        if not codes:
            return judge.back_waits(order, back["waits"]) or judge.back_lengths(order, back["waits"], back["broken"])
    return None


def judge_seed(compiler, seed):
    """What differs, and what was hit."""
    HITS.clear()
    difference = compare(*compiler.ask(plan(seed)))
    return difference, sorted(HITS)


def coverage(hits, plans):
    print("of %d plans, so many had what made a difference:" % plans)
    for what in sorted(set(hits) | set(EXPECTED)):
        print("  %6d  %s" % (hits[what], what))
    missing = [what for what in EXPECTED if not hits[what]]
    if missing:
        print("never met: %s" % ", ".join(missing))
    return len(missing)


def main():
    parser = argparse.ArgumentParser()
    many.arguments(parser)
    parser.add_argument("--count", type=int, default=300)
    options = parser.parse_args()
    if options.count > 1000:
        many.faster()
    passed, failed, hits = many.run(options, judge_seed, options.count)
    if options.coverage:
        failed += coverage(hits, options.count)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
