#!/usr/bin/env python3
"""An independent evaluator of a cutc model, written from docs/definitions.md alone.

It reads the JSON of `cutc model` and decides by brute force what the compiler decides with indices: which orders are
admissible, and which of them is best. A state is looked at once and a step once per state; every order is gone through.

  evaluate.py MODEL.json          prints what it finds as JSON: best order, timeline, outages
"""
import itertools
import json
import math
import sys

from world import DOWN, HITS, MAYBE, UP, Model, State


class Judge:
    """Admissible orders and the best of them."""

    def __init__(self, model):
        self.model, self.cache, self.recall, self.problems, self.half, self.ends, self.late = model, {}, {}, {}, {}, {}, {}
        data = model.data
        self.promises = data["promises"]
        self.first, self.last = self.state(()), self.state(model.order)
        self.excused = {i for i, f in enumerate(data["forbidden"])
                        if self.first.forbidden(f) and not self.last.forbidden(f)}
        self.excused_conflicts = self.first.conflicts() - self.last.conflicts()
        # What the last state breaks, no order can keep: it is left out, and the caller is told.
        self.hopeless = {p["id"] for p in self.promises if self.last.promise(p) != UP}
        self.states_of_parts = {s["id"]: ["%s/%s" % (s["id"], r) for r in s["parts"]][:-1] if not s["atomic"] else [] for s in data["steps"]}
        self.hopeless_rules = {i for i, f in enumerate(data["forbidden"]) if f["severity"] == "error" and self.last.forbidden(f)}
        self.hopeless_conflicts = self.last.conflicts()
        self.excused |= self.hopeless_rules
        self.excused_conflicts |= self.hopeless_conflicts

    def state(self, done, disrupted=()):
        key = (frozenset(done), frozenset(disrupted))
        if key not in self.cache:
            self.cache[key] = State(self.model, *key)
        return self.cache[key]

    def broken(self, state, during=None):
        """A rule or conflict that this state may not have."""
        for i, f in enumerate(self.model.data["forbidden"]):
            if f["severity"] == "error" and i not in self.excused and not f.get("hairpins") and state.forbidden(f, during):
                HITS.add("rule, during" if during else "rule")
                return "rule " + f["rule"]
        if state.conflicts() - self.excused_conflicts:
            return "conflict"
        return None

    def step_problem(self, done, step):
        """Why `step` may not be made after the set `done`; None when it may."""
        key = (done, step)
        if key not in self.problems:
            self.problems[key] = self.look_at_step(done, step)
            if self.problems[key]:
                HITS.add("refused: " + self.problems[key].split()[0] + (" " + self.problems[key].split()[1] if " " in self.problems[key] else ""))
        return self.problems[key]

    def look_at_step(self, done, step):
        s = self.model.steps[step]
        if any(a not in done for a in s["after"]):
            return "after"
        before, after = self.state(done), self.state(done | {step})
        d_before, d_after = self.state(done, s["disrupts"]), self.state(done | {step}, s["disrupts"])
        if any(d_before.need(n) != UP for n in s["needs"]):
            return "needs"
        undoable = not s["irreversible"]
        if undoable and any(d_after.need(n) != UP for n in s["undo_needs"]):
            return "undo needs"
        if undoable and self.in_doubt(s) and any(d_before.need(n) != UP for n in s["undo_needs"]):
            return "undo needs, half-done"
        if not s["early"]:
            old = {id(f) for f in before.facts}
            if any(id(f) not in old and not after.lands(f) for f in after.facts):
                return "landing"
        kept = d_before.up & d_after.up
        if after.least(kept & after.up) != after.up:
            return "does not come back"
        if undoable and before.least(kept & before.up) != before.up:
            return "undo does not come back"
        for state, during in ((after, None), (d_before, step), (d_after, step)):
            problem = self.broken(state, during)
            if problem:
                return problem
        return None

    @staticmethod
    def in_doubt(step):
        """Can it die in between?"""
        return not step["atomic"] and (step["commands"] > 1 or len(step["parts"]) > 1)

    def half_done(self, done, step):
        """The promises that some leading part of what a step covers leaves down."""
        key = (done, step)
        if key not in self.half:
            parts = self.states_of_parts[step]
            states = [self.state(done | set(parts[:n + 1])) for n in range(len(parts))]
            self.half[key] = {p["id"] for p in self.promises if any(s.promise(p) != UP for s in states)}
            if self.half[key]:
                HITS.add("half-done")
        return self.half[key]

    # ── time ──────────────────────────────────────────────────────────────────
    def dark(self, state, promise, olds, estimated=None):
        """Does it fail in the state with answers that are still possible? With `estimated`, only those possible for longer
        than that by the clock."""
        if not olds or "client" not in promise:
            return state.promise(promise) != UP
        floor = self.model.floor[promise["client"]]
        possible = frozenset((q, a) for ((f, q), a), (_, clock) in olds.items() if f == floor and (estimated is None or clock > estimated))
        key = (state.done, state.disrupted, promise["id"], possible)
        if key not in self.recall:
            self.recall[key] = state.recalled(promise, possible) != UP
            if self.recall[key] and state.promise(promise) == UP:
                HITS.add("maybe")
        return self.recall[key]

    def tail(self, state, promise, olds):
        """How long by the clock some old answer that fails is still possible."""
        for limit in sorted({0} | {clock for _, clock in olds.values()}):
            if not self.dark(state, promise, olds, limit):
                return limit
        return 0

    @staticmethod
    def waited(olds, time):
        return {k: (sure - time, max(clock - time, 0)) for k, (sure, clock) in olds.items() if sure > time}

    def stepped(self, olds, before, after, takes):
        """What was published to the end of a step, and is not so any more, is kept from then on. Each old answer is one of
        those whose resolver keeps it for so long at least: (floor, question), answer."""
        left = {k: (sure, max(clock - takes, 0)) for k, (sure, clock) in olds.items()}
        for key, keeps in self.ended(before, after):
            sure, clock = left.get(key, (0, 0))
            left[key] = (max(sure, keeps), max(clock, keeps))
        return left

    def ended(self, before, after):
        """The answers that a step replaces, and for how long they are kept: with the lag of those in their place, if it is longer."""
        key = (before.done, before.disrupted, after.done, after.disrupted)
        if key not in self.ends:
            self.ends[key], now = [], after.published()
            for question, (answer, keeps, ttl, lag) in before.published().items():
                then = now.get(question, (None, 0, 0, 0))
                late = max(keeps, ttl + then[3])
                if answer is not None and (answer, keeps) != then[:2] and late:
                    if keeps > ttl:
                        HITS.add("lag of what answered")
                    if late > keeps:
                        HITS.add("lag of what answers instead" if answer[0] else "lag of what is created")
                    self.ends[key].append(((question, answer), late))
        return self.ends[key]

    def move(self, at, step, wait):
        """The position after a wait and a step; a word for why not."""
        done, olds, stretch, slack, cost, past = at
        s = self.model.steps[step]
        before, after = self.state(done), self.state(done | {step})
        d_before, d_after = self.state(done, s["disrupts"]), self.state(done | {step}, s["disrupts"])
        takes = s["takes"] or 0
        ready = self.waited(olds, wait)
        left = self.stepped(ready, before, after, takes)
        last = len(done) + 1 == len(self.model.order)
        unknown, seconds, waits = cost
        lengths, disturbs = {}, bool(s["disrupts"])
        for promise in self.promises:
            pid = promise["id"]
            hard = [x.promise(promise) != UP for x in (before, d_before, d_after, after)]
            halfway = pid in self.half_done(done, step)
            stood, rose = self.dark(before, promise, olds), self.dark(before, promise, ready)
            within = halfway or self.dark(d_before, promise, ready) or self.dark(d_after, promise, left)
            hard.insert(3, halfway)
            if not (hard[0] or hard[4]) and (hard[1] or hard[2]):
                HITS.add("disruption")
            ends = self.dark(after, promise, left)
            if promise["hold"] == "always" and pid not in self.hopeless and not rose and (within or ends):
                return "always"
            if promise["hold"] == "finally":
                if last and hard[-1] and pid not in self.hopeless:
                    return "finally"
                continue
            disturbs = disturbs or ends  # a step that only mends is still ahead of time
            waiting = 0 if not stood else wait if hard[0] else min(wait, self.tail(before, promise, olds))
            clock = self.tail(before, promise, ready) if rose and not any(hard) else 0
            if any(hard) or (not rose and (within or ends)) or (ends and self.tail(after, promise, left) > max(clock - takes, 0)):
                running, whole = takes, True
            else:  # nothing but what is old already: as long as it lasts
                running, whole = min(takes, clock), False
            rest = self.tail(after, promise, left) if last and ends and not hard[-1] else 0
            if pid not in self.hopeless:
                unknown += whole and s["takes"] is None
                seconds += waiting + running + rest
            so_far = stretch[pid] + waiting if stood else 0
            now = (so_far if rose else 0) + running
            if promise["hold"] == "at_most" and pid not in self.hopeless:
                if so_far > promise["limit"] or (rose or within or ends) and now + rest > promise["limit"] or last and hard[-1]:
                    return "at_most"
            lengths[pid] = now if ends else 0
        window = self.model.data.get("window")
        if window is not None and slack is not None:
            slack -= wait
        elif window is not None and disturbs:
            slack = window - sum(self.model.steps[x]["takes"] or 0 for x in self.model.order if x not in done)
        if slack is not None and slack < 0:
            HITS.add("window")
            return "window"
        return done | {step}, left, lengths, slack, (unknown, seconds, waits + wait), (past, step, left)

    def pauses(self, at):
        """The waits that can make a difference: until an old answer is gone, or is possible no longer than a present one will be,
        whoever comes in its place."""
        published = self.state(at[0]).published()
        found = {0}
        for (question, answer), (sure, _) in at[1].items():
            found.add(sure)
            now, keeps, ttl, _ = published.get(question, (None, 0, 0, 0))
            if now == answer:
                found |= {sure - max(keeps, ttl + lag) for lag in self.lags_of(question)}
        return sorted(w for w in found if w >= 0)

    def lags_of(self, question):
        """Of those who decide what is answered in some state, whatever the order."""
        if not self.model.lags:
            return {0}
        if not self.late:
            steps = self.model.order
            for done in (frozenset(x) for n in range(len(steps) + 1) for x in itertools.combinations(steps, n)):
                for other, answer in self.state(done).published().items():
                    self.late.setdefault(other, {0}).add(answer[3])
        return self.late.get(question, {0})

    # ── the way back ──────────────────────────────────────────────────────────
    def undone(self, olds, step, done, forward, upper):
        """What may be remembered after the undo of a step that leads back to `done`, for each wait before it that keeps all
        that is promised `always`; none when no wait does."""
        kept = []
        for wait in self.pauses((done | {step}, olds)):
            left, broken = self.undone_after(olds, step, done, wait, forward, upper)
            if broken is None:
                kept.append(left)
        return kept

    def undone_after(self, olds, step, done, wait, forward, upper):
        """What may be remembered after that wait and the undo of a step that leads back to `done`, and the first promise `always`
        that this breaks, None. `forward`: what was remembered there before the step was made; `upper`: after it."""
        s = self.model.steps[step]
        above, below = self.state(done | {step}), self.state(done)
        d_above, d_below = self.state(done | {step}, s["disrupts"]), self.state(done, s["disrupts"])
        ready = self.waited(olds, wait)
        left = self.stepped(ready, above, below, 0)
        for promise in self.promises:
            if promise["hold"] != "always" or promise["id"] in self.hopeless or any(x.promise(promise) != UP for x in (above, d_above, d_below, below)):
                continue  # down on the way forward too, or mended by this very step
            was, then, stood = ready, left, ready
            if self.dark(below, promise, forward):  # not mended yet, for those who had these answers
                HITS.add("mended for those who asked before, too")
                was, then = ({k: v for k, v in o.items() if k not in forward} for o in (ready, left))
            if self.dark(above, promise, upper):
                stood = {k: v for k, v in ready.items() if k not in upper}
            if not self.dark(above, promise, stood) and (self.dark(d_above, promise, was) or self.dark(d_below, promise, then) or self.dark(below, promise, then)):
                return left, promise["id"]
        return left, None

    def remembered(self, order):
        """What somebody may have an old answer to, in each state of an order with its waits."""
        remembered, done = [{}], frozenset()
        for step in order:
            s, before = self.model.steps[step], self.state(done)
            done = done if s.get("wait") else done | {step}
            remembered.append(self.waited(remembered[-1], s["takes"]) if s.get("wait") else
                              self.stepped(remembered[-1], before, self.state(done), s["takes"] or 0))
        return remembered

    @staticmethod
    def waits_from(waits, failed):
        """How long each undo waits on the way back from a state: of its [seconds, since] the first whose step had begun."""
        return [next((seconds for seconds, since in told if since < failed), 0) for told in waits]

    def back_waits(self, order, waits):
        """What is wrong with the waits between undos, for each step of an order its [seconds, since], the longest first: in each way
        back from a state of it they keep what is promised `always`, and none is longer than it has to be. None when nothing is."""
        for step, told in zip(order, waits):
            if any(a[0] <= b[0] or a[1] <= b[1] for a, b in zip(told, told[1:])):
                return "the undo of %s waits %s, which a runbook cannot say" % (step, told)
            if len(told) > 1:
                HITS.add("waits of several lengths on the way back")
        remembered = self.remembered(order)
        for failed in range(len(order), 0, -1):
            olds, now = remembered[failed], self.waits_from(waits, failed)
            for k in range(failed, 0, -1):
                step, wait = order[k - 1], now[k - 1]
                if self.model.steps[step].get("wait"):
                    continue
                if self.model.steps[step]["irreversible"]:
                    break
                done = frozenset(s for s in order[:k - 1] if not self.model.steps[s].get("wait"))
                left, broken = self.undone_after(olds, step, done, wait, remembered[k - 1], remembered[k])
                if broken:
                    return "the undo of %s, back from state %d, waits %gs, and %s is broken by old answers" % (step, failed, wait, broken)
                if wait:
                    HITS.add("wait on the way back")
                whole = failed == len(order) or self.model.steps[order[failed]]["irreversible"]
                shorter = wait and (self.shorter if whole else self.shorter_from)(order, remembered, waits, failed, k, wait, olds, done)
                if wait and shorter is not None:
                    return "the undo of %s, back from state %d, waits %gs where %gs will do" % (step, failed, wait, shorter)
                olds = left
        return None

    def ever_fails(self, steps, key):
        """Does an old answer make some promise fail in some state of the way back?"""
        (floor, question), answer = key
        states = [self.state(s for s in steps[:n] if not self.model.steps[s].get("wait")) for n in range(len(steps) + 1)]
        return any(state.recalled(p, frozenset({(question, answer)})) != UP for state in states for p in self.promises
                   if "client" in p and self.model.floor[p["client"]] == floor and state.promise(p) == UP)

    def kept_back(self, order, remembered, now, failed):
        """Do these waits keep what is promised `always` on the way back from a state?"""
        olds = remembered[failed]
        for k in range(failed, 0, -1):
            if self.model.steps[order[k - 1]].get("wait"):
                continue
            if self.model.steps[order[k - 1]]["irreversible"]:
                break
            done = frozenset(s for s in order[:k - 1] if not self.model.steps[s].get("wait"))
            olds, broken = self.undone_after(olds, order[k - 1], done, now[k - 1], remembered[k - 1], remembered[k])
            if broken:
                return False
        return True

    def kept(self, order, remembered, failed, k, wait, olds, done):
        """The shorter waits before the undo of step k that keep what is promised `always` across it."""
        step = order[k - 1]
        about = {key: times for key, times in olds.items() if self.ever_fails(order[:failed], key)}
        return [w for w in self.pauses((done | {step}, about)) if w < wait and self.undone_after(olds, step, done, w, remembered[k - 1], remembered[k])[1] is None]

    def shorter_from(self, order, remembered, waits, failed, k, wait, olds, done):
        """A shorter wait before the undo of step k that keeps what is promised `always` and makes no outage longer, where the way
        back begins in this state; or None."""
        now = self.waits_from(waits, failed)
        outages = self.outage_back(order, remembered, now, failed)
        for less in self.kept(order, remembered, failed, k, wait, olds, done):
            changed = now[:k - 1] + [less] + now[k:]
            if self.kept_back(order, remembered, changed, failed):
                outages_then = self.outage_back(order, remembered, changed, failed)
                if all(outages_then.get(p, 0) <= outages.get(p, 0) for p in {*outages, *outages_then}):
                    return less
        return None

    def shorter(self, order, remembered, waits, failed, k, wait, olds, done):
        """A shorter wait before the undo of step k that keeps what is promised `always` and makes no outage longer, wherever the
        way back begins; or None. A wait that no `always` asks for is there only for a promise `at_most` that would be broken without."""
        step = order[k - 1]
        kept = self.kept(order, remembered, failed, k, wait, olds, done)
        if not kept:
            return None
        limit = {p["id"]: p.get("limit") for p in self.promises}
        outages = self.outages_back(order, remembered, waits)
        for less in kept:
            changed = waits[:k - 1] + [[[min(less, seconds), since] for seconds, since in waits[k - 1]]] + waits[k:]
            if self.kept_back(order, remembered, self.waits_from(changed, failed), failed):
                outages_then = self.outages_back(order, remembered, changed)
                if all(outages_then[p] <= outages[p] for p in outages):
                    return less
        # As long as it takes for the shortest outage: but not when the plan without any such wait keeps its limits.
        bare, at, left = [[list(told[0] if told else (0, 0))] for told in waits], failed, remembered[failed]
        while at > 0 and not self.model.steps[order[at - 1]]["irreversible"]:
            if not self.model.steps[order[at - 1]].get("wait"):
                below = frozenset(s for s in order[:at - 1] if not self.model.steps[s].get("wait"))
                for w in self.pauses((below | {order[at - 1]}, left)):
                    after, broken = self.undone_after(left, order[at - 1], below, w, remembered[at - 1], remembered[at])
                    if broken is None:
                        break
                bare[at - 1][0][0], left = w, after
            at -= 1
        if bare[k - 1][0][0] < wait and all(length <= limit[p] for p, length in self.outages_back(order, remembered, bare).items()):
            return bare[k - 1][0][0]
        return None

    def outages_back(self, order, remembered, waits):
        """Of each promise `at_most` that is up at the end: the longest that it is down at a stretch on the way back from any state."""
        worst = {}
        for failed in range(1, len(order) + 1):
            for pid, length in self.outage_back(order, remembered, self.waits_from(waits, failed), failed).items():
                worst[pid] = max(worst.get(pid, 0), length)
        return worst

    def outage_back(self, order, remembered, now, failed):
        """Of each promise `at_most` that is up at the end: how long it is down at a stretch on the way back from a state of an
        order, infinitely where it stays down."""
        olds, longest = remembered[failed], {}
        promises = [p for p in self.promises if p["hold"] == "at_most" and p["id"] not in self.hopeless]
        stretch = {p["id"]: 0 for p in promises}
        undone = [s for s in order[:failed]]
        steps = []
        while undone and not self.model.steps[undone[-1]]["irreversible"]:
            steps.append(undone.pop())
        steps = [s for s in steps if not self.model.steps[s].get("wait")]
        for n, step in enumerate(steps):
            s, wait = self.model.steps[step], now[order.index(step)]
            takes = s["takes"] or 0
            done = frozenset(x for x in undone + steps[n + 1:] if not self.model.steps[x].get("wait"))
            above, below = self.state(done | {step}), self.state(done)
            during = self.state(done | {step}, s["disrupts"]), self.state(done, s["disrupts"])
            ready = self.waited(olds, wait)
            left = self.stepped(ready, above, below, takes)
            for p in promises:
                pid = p["id"]
                up, low = above.promise(p) == UP, below.promise(p) == UP
                hard = not up or not low or any(x.promise(p) != UP for x in during) or pid in self.half_done(done, step)
                stood, rose, ends = self.dark(above, p, olds), self.dark(above, p, ready), self.dark(below, p, left)
                if stood:
                    stretch[pid] += wait if not up else min(wait, self.tail(above, p, olds))
                    longest[pid] = max(longest.get(pid, 0), stretch[pid])
                if not rose:
                    stretch[pid] = 0
                clock = self.tail(above, p, ready) if rose and not hard else 0
                tail = self.tail(below, p, left) if ends and low else 0
                if hard or tail > max(clock - takes, 0) or self.tail(during[1], p, left) > 0:
                    stretch[pid] += takes
                else:  # the world is at either end while the undo runs
                    stretch[pid] += min(takes, max(clock, *(self.tail(x, p, ready) for x in during)))
                rest = tail if n + 1 == len(steps) else 0
                longest[pid] = max(longest.get(pid, 0), stretch[pid] + rest)
                if not ends:
                    stretch[pid] = 0
            olds = left
        bottom = self.state(frozenset(x for x in undone if not self.model.steps[x].get("wait")))
        for p in promises:
            if bottom.promise(p) != UP and undone:
                longest[p["id"]] = math.inf
        return longest

    def back_lengths(self, order, waits, said):
        """What is wrong with what is said of the promises `at_most` on the way back; None when nothing is."""
        worst, told = self.outages_back(order, self.remembered(order), waits), {}
        for number, seconds in said:
            pid = self.promises[number]["id"]
            told[pid] = max(told.get(pid, 0), math.inf if seconds is None else seconds)
        for promise in self.promises:
            pid = promise["id"]
            broken = promise["hold"] == "at_most" and worst.get(pid, 0) > promise["limit"]
            if broken:
                HITS.add("at_most broken on the way back")
            if broken != (pid in told):
                return "on the way back %s is down for %gs, and %s" % (pid, worst[pid], "nothing is said" if broken else "a warning says %gs" % told[pid])
            if broken and told[pid] != worst[pid]:
                return "on the way back %s is down for %gs, and not for %gs" % (pid, worst[pid], told[pid])
        return None

    def way_back(self, past):
        """May all be undone from each state of an order, with waits, without old answers breaking what is promised `always`?"""
        while past is not None:
            point, memories = past, [past[2]]
            done = self.done_at(past)
            while point is not None and not self.model.steps[point[1]]["irreversible"]:
                done = done - {point[1]}
                following = {}
                for olds in memories:
                    for left in self.undone(olds, point[1], done, point[0][2] if point[0] else {}, point[2]):
                        following[tuple(sorted(left.items(), key=str))] = left
                memories = list(following.values())
                if not memories:
                    HITS.add("way back broken by old answers")
                    return False
                point = point[0]
            past = past[0]
        return True

    @staticmethod
    def done_at(past):
        done = set()
        while past is not None:
            done.add(past[1])
            past = past[0]
        return frozenset(done)

    # ── orders ────────────────────────────────────────────────────────────────
    def start(self):
        return frozenset(), {}, {p["id"]: 0 for p in self.promises}, None, (0, 0, 0), None

    def follow(self, order, forgiven=()):
        """What the order with its waits costs; None when it is not admissible."""
        at, wait = self.start(), 0
        for step in order:
            if self.model.steps[step].get("wait"):
                wait += self.model.steps[step]["takes"]
                continue
            if self.step_problem(at[0], step) not in (None, *forgiven):
                return None
            at = self.move(at, step, wait)
            if isinstance(at, str):
                return None
            wait = 0
        return at[4] if self.way_back(at[5]) else None

    def timeline(self, order):
        """What each promise is in each state, waits included."""
        line = {p["id"]: [self.first.promise(p)] for p in self.promises}
        done, olds = frozenset(), {}
        for step in order:
            s = self.model.steps[step]
            before = self.state(done)
            if s.get("wait"):
                olds = self.waited(olds, s["takes"])
            else:
                done |= {step}
                olds = self.stepped(olds, before, self.state(done), s["takes"] or 0)
            for p in self.promises:
                verdict = self.state(done).promise(p)
                line[p["id"]].append(MAYBE if verdict == UP and self.dark(self.state(done), p, olds) else verdict)
        return line

    def depends(self, promise):
        """The steps that make a difference to a promise in some state, whatever the order."""
        steps = self.model.order
        verdicts = {done: self.state(done).promise(promise)
                    for n in range(len(steps) + 1) for done in map(frozenset, itertools.combinations(steps, n))}
        return {s for done, verdict in verdicts.items() for s in steps if s not in done and verdicts[done | {s}] != verdict}

    def moves(self, at, step, generous):
        """The positions after a step. Waits are put in where a promise `always` needs one; where `generous`, for a shorter
        outage too."""
        for wait in self.pauses(at):
            to = self.move(at, step, wait)
            if not isinstance(to, str):
                if wait:
                    HITS.add("wait")
                yield to
            if not generous and to != "always":
                return

    def best(self, blocks=None):
        """The best of all orders, as (unknown lengths, seconds, seconds waited, irreversible flags, positions); with `blocks`, of
        those that run them one after the other. None when none is admissible."""
        for generous in (False, True):
            found = self.search((), [self.start()], generous, blocks, None)
            if found is not None:
                return found
        return None

    def search(self, order, places, generous, blocks, best):
        """Goes through all the orders that begin with this one. A beginning that costs more than a whole order is left: what
        follows adds to it."""
        if len(order) == len(self.model.order):
            flags, positions = tuple(bool(self.model.steps[s]["irreversible"]) for s in order), tuple(self.model.position[s] for s in order)
            for at in sorted(places, key=lambda at: at[4]):
                whole = at[4] + (flags, positions)
                if (best is None or whole < best) and self.way_back(at[5]):
                    return whole
            return best
        done = frozenset(order)
        steps = next(b for b in blocks if not set(b) <= done) if blocks else self.model.order
        for step in steps:
            if step in done or self.step_problem(done, step):
                continue
            following = [to for at in places for to in self.moves(at, step, generous) if best is None or to[4] <= best[:3]]
            if following:
                best = self.search(order + (step,), following, generous, blocks, best)
        return best


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        judge = Judge(Model(json.load(file)))
    best = judge.best()
    order = [judge.model.order[i] for i in best[4]] if best else None
    json.dump({"best": best and best[:3], "order": order, "timeline": order and judge.timeline(order)}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
