/* Puts the orders of all groups one after the other, and sets aside what has to be where a group has none.
 * Needs terms. Guarantees an order of all steps, always; what was set aside is in proving.aside, and for each promise (or
 * pair of constraints) of them there is one E252 with its clash. */
#include "prove/admit.h"

#include <stdlib.h>
#include <string.h>

/* Orders tried to make a window that is too short no longer than it has to be. */
enum { TIGHTEN = 12 };
/* So many steps of groups that act on each other through their lengths alone are searched as one group. */
enum { MERGE_STEPS = 64 };
/* What a step looked at from a state takes where the answers are known, in the unit of terrain_effort. */
enum { MOVE_EFFORT = 2 };

struct planning {
  struct model *m;
  struct proof *p;
  struct proving *v;
  struct terrain *t;
  ARRAY(struct breach) clashes; /* of the group at hand; .need is the term set aside */
  bool clashed;                 /* some group had one */
  bool crossing;                /* one that the lengths of other groups have a part in */
};

/* ── Steps that wait for each other ──────────────────────────────────────────────────────────────────────────────── */

struct circle {
  struct model *m;
  struct proving *v;
  uint32_t *first; /* per step: its first TERM_AFTER in proving.terms; one more at the end */
  uint32_t *from, *queue;
};

static void index_after(struct circle *c) {
  uint32_t i = 0;
  for (uint32_t s = 0; s < c->m->steps.n; s++) {
    while (i < c->v->term_count && (c->v->terms[i].type <= TERM_WINDOW || c->v->terms[i].step < s)) i++;
    while (i < c->v->term_count && c->v->terms[i].step == s && c->v->terms[i].type < TERM_AFTER) i++;
    c->first[s] = i;
  }
}

static bool is_after(const struct circle *c, uint32_t i, uint32_t step) {
  return i < c->v->term_count && c->v->terms[i].type == TERM_AFTER && c->v->terms[i].step == step;
}

/* The shortest way along `after` from a step back to itself, smallest ids first; its length, 0 when there is none. */
static uint32_t round_trip(struct circle *c, uint32_t start, uint32_t *cycle) {
  uint32_t head = 0, tail = 0;
  for (uint32_t i = 0; i < c->m->steps.n; i++) c->from[i] = NONE;
  c->queue[tail++] = start;
  while (head < tail) {
    uint32_t step = c->queue[head++];
    for (uint32_t i = c->first[step]; is_after(c, i, step); i++) {
      uint32_t next = c->v->terms[i].id;
      if (c->v->aside[i] || c->from[next] != NONE) continue;
      c->from[next] = step;
      if (next == start) {
        uint32_t n = 1;
        for (uint32_t at = step; at != start; at = c->from[at]) n++;
        cycle[0] = start;
        for (uint32_t at = step, k = n; at != start; at = c->from[at]) cycle[--k] = at;
        return n;
      }
      c->queue[tail++] = next;
    }
  }
  return 0;
}

/* Steps that no sequence can hold: each waits for another of them. Marks them; their number (Kahn, 1962). */
static uint32_t stuck(struct circle *c, bool *mark) {
  struct arena *a = &c->v->scratch;
  uint32_t n = c->m->steps.n, *waits = arena_array(a, uint32_t, n + 1), *count = arena_array(a, uint32_t, n + 2);
  uint32_t total = 0, head = 0, tail = 0;
  for (uint32_t s = 0; s < n; s++)
    for (uint32_t i = c->first[s]; is_after(c, i, s); i++)
      if (!c->v->aside[i]) waits[s]++, count[c->v->terms[i].id + 1]++, total++;
  for (uint32_t i = 0; i < n; i++) count[i + 1] += count[i];
  uint32_t *wakes = arena_array(a, uint32_t, total + 1), *at = arena_array(a, uint32_t, n + 1);
  if (n > 0) memcpy(at, count, n * sizeof *at);
  for (uint32_t s = 0; s < n; s++)
    for (uint32_t i = c->first[s]; is_after(c, i, s); i++)
      if (!c->v->aside[i]) wakes[at[c->v->terms[i].id]++] = s;
  for (uint32_t s = 0; s < n; s++) {
    mark[s] = waits[s] != 0;
    if (!mark[s]) c->queue[tail++] = s;
  }
  while (head < tail) {
    uint32_t s = c->queue[head++];
    for (uint32_t i = count[s]; i < count[s + 1]; i++)
      if (--waits[wakes[i]] == 0) mark[wakes[i]] = false, c->queue[tail++] = wakes[i];
  }
  return n - tail;
}

/* E251: steps. One per circle, each step after the next, the last after the first; the wait of the last step in the source
 * is then set aside. */
static void break_circles(struct planning *g) {
  struct arena *a = &g->v->scratch;
  uint32_t n = g->m->steps.n;
  struct circle c = {.m = g->m, .v = g->v, .first = arena_array(a, uint32_t, n + 1)};
  c.from = arena_array(a, uint32_t, n + 1);
  c.queue = arena_array(a, uint32_t, n + 1);
  bool *mark = arena_array(a, bool, n + 1);
  index_after(&c);
  if (stuck(&c, mark) == 0) return;
  for (uint32_t s = 0; s < n; s++) {
    if (!mark[s]) continue;
    uint32_t *cycle = arena_array(&g->m->c->arena, uint32_t, n), length = round_trip(&c, s, cycle), last = 0;
    if (length == 0) continue;
    for (uint32_t i = 1; i < length; i++)
      if (cycle[i] > cycle[last]) last = i;
    for (uint32_t i = c.first[cycle[last]]; is_after(&c, i, cycle[last]); i++)
      if (g->v->terms[i].id == cycle[(last + 1) % length]) g->v->aside[i] = true;
    struct breach b = breach_new(CODE_251);
    b.step = s;
    b.steps = cycle;
    b.step_count = length;
    breach_add(g->m, g->p, b);
    g->p->order_holds = false;
    s--; /* it may lie on another circle */
  }
}

/* ── What is set aside ───────────────────────────────────────────────────────────────────────────────────────────── */

/* A rule or conflict that the plan waives binds only as long as that is possible. */
static bool waived(const struct planning *g, const struct term *t) {
  const struct forbidden *f = t->type == TERM_RULE ? &g->m->forbidden.at[t->id] : NULL;
  const char *code = t->type == TERM_RULE ? "E261" : "E241";
  for (uint32_t i = 0; i < g->m->waivers.n; i++) {
    const struct waiver *w = &g->m->waivers.at[i];
    if (!(f != NULL && w->what == f->rule) && strcmp(name_text(&g->m->c->names, w->what), code) != 0) continue;
    if (w->resource == NONE) return true;
    for (uint32_t k = 0; f != NULL && k < f->resource_count; k++)
      if (f->resources[k] == w->resource) return true;
    if (f == NULL && (fact_at(g->m, t->fact)->by == w->resource || fact_at(g->m, t->other)->by == w->resource)) return true;
  }
  return false;
}

static bool set_waived_aside(struct planning *g) {
  bool any = false;
  for (uint32_t i = 0; i < g->t->term_count; i++) {
    uint32_t term = g->t->terms[i];
    enum term_type type = (enum term_type)g->v->terms[term].type;
    if ((type != TERM_RULE && type != TERM_CONFLICT) || g->v->aside[term] || !waived(g, &g->v->terms[term])) continue;
    g->v->aside[term] = any = true;
  }
  return any;
}

/* Which member of a clash gives way: the last promise, else the last rule or conflict, else the window, else the last term of
 * a step that is not its `after`. */
static uint32_t gives_way(const struct planning *g, const struct clash *c) {
  uint32_t best = NONE;
  unsigned best_rank = 0;
  for (uint32_t i = 0; i < c->term_count; i++) {
    enum term_type type = (enum term_type)g->v->terms[c->terms[i]].type;
    unsigned rank = type == TERM_PROMISE ? 5 : type == TERM_RULE || type == TERM_CONFLICT ? 4 : type == TERM_WINDOW ? 3
                    : type == TERM_AFTER ? 1 : 2;
    if (rank >= best_rank) best = c->terms[i], best_rank = rank;
  }
  return best;
}

/* E252: promise (the one set aside) or forbidden, else step; terms (all of the clash but its steps), promises, steps,
 * not_minimal; and, set once there is a timeline, what check_clash says. */
static void note_clash(struct planning *g, const struct clash *c, uint32_t term) {
  struct arena *a = &g->m->c->arena;
  const struct term *aside = &g->v->terms[term];
  struct breach b = breach_new(CODE_252);
  b.need = term;
  if (aside->type == TERM_PROMISE) b.promise = aside->id;
  else if (aside->type == TERM_RULE) b.forbidden = aside->id;
  b.step = aside->step;
  b.not_minimal = !c->minimal;
  b.steps = c->steps;
  b.step_count = c->step_count;
  struct term *terms = arena_array(a, struct term, c->term_count);
  uint32_t *promises = arena_array(a, uint32_t, c->term_count);
  for (uint32_t i = 0; i < c->term_count; i++) {
    terms[b.term_count++] = g->v->terms[c->terms[i]];
    if (g->v->terms[c->terms[i]].type == TERM_PROMISE) promises[b.promise_count++] = g->v->terms[c->terms[i]].id;
  }
  b.terms = terms;
  b.promises = promises;
  array_push(a, &g->clashes, b);
}

/* Promises set aside early may hold again once others are; in source order. */
static struct found reinstate(struct planning *g, struct found found) {
  if (g->clashes.n < 2 || terrain_spent(g->t)) return found;
  for (uint32_t term = 0; term < g->v->term_count; term++)
    for (uint32_t i = 0; i < g->clashes.n; i++) {
      if (g->clashes.at[i].need != term) continue;
      g->v->aside[term] = false;
      struct found again = order_search(g->t, g->v->aside);
      if (!again.any) {
        g->v->aside[term] = true;
        continue;
      }
      found = again;
      memmove(&g->clashes.at[i], &g->clashes.at[i + 1], (g->clashes.n - i - 1) * sizeof *g->clashes.at);
      g->clashes.n--;
      i--;
    }
  return found;
}

static int64_t waits_of(const struct planning *g, const struct found *f) {
  int64_t sum = 0;
  for (uint32_t i = 0; f->any && f->waits != NULL && i < g->t->n; i++) sum += f->waits[i];
  return sum;
}

/* The window as it is needed for an order; with one that is open already, what its waits add. */
static void fit_window(struct planning *g, const struct found *f) {
  struct proving *v = g->v;
  if (v->slack == INT64_MAX) {
    int64_t length = window_of(g->t, f->order, f->waits);
    v->window = length < 0 ? 0 : length;
  } else {
    v->window += waits_of(g, f) - v->slack;
    v->slack = waits_of(g, f);
  }
}

/* One millisecond less of it, or more again. */
static void turn_window(struct planning *g, int64_t by) {
  g->v->window += by;
  if (g->v->slack != INT64_MAX) g->v->slack += by;
}

/* A window that cannot be kept is still kept as short as can be: each order found says what the next has to beat. */
static struct found shortest_window(struct planning *g, struct found found) {
  uint32_t term = g->t->window_term == NONE ? NONE : g->t->terms[g->t->window_term];
  if (term == NONE || !g->v->aside[term] || !found.any) return found;
  fit_window(g, &found);
  g->v->aside[term] = false;
  for (uint32_t i = 0; i < TIGHTEN && !terrain_spent(g->t); i++) {
    turn_window(g, -1);
    struct found shorter = order_search(g->t, g->v->aside);
    if (!shorter.any) {
      turn_window(g, 1);
      break;
    }
    found = shorter;
    fit_window(g, &found);
  }
  return found;
}

/* What the order of a group leaves of the window. */
static void spend_window(struct planning *g, const struct found *f) {
  int64_t length = g->m->window < 0 || !f->any ? -1 : window_of(g->t, f->order, f->waits);
  if (g->v->slack != INT64_MAX) g->v->slack -= waits_of(g, f);
  else if (length >= 0) g->v->slack = g->v->window - length;
}

/* Has what other groups take a part in this? */
static bool crosses(const struct planning *g, const struct term *t) {
  if (t->type == TERM_WINDOW) return true;
  if (t->type != TERM_PROMISE) return false;
  if (g->t->caches != NULL && g->m->promises.at[t->id].hold == HOLD_AT_MOST) return true; /* old answers grow older meanwhile */
  if (g->t->elapsed == 0) return false;
  for (uint32_t i = 0; i < g->t->promise_count; i++)
    if (g->t->promises[i] == t->id) return bit_get(g->t->start->down, i);
  return false;
}

/* Which terms an order of the group breaks: local, with stretches that are too long. */
static void broken_by(struct planning *g, const uint32_t *order, uint64_t *broken) {
  struct terrain *t = g->t;
  struct arena a = {0};
  uint64_t *fails = arena_array(&a, uint64_t, t->term_words), *during = arena_array(&a, uint64_t, t->promise_words);
  int64_t *down_for = arena_array(&a, int64_t, t->promise_count + 1);
  struct spot *at = t->start;
  for (uint32_t i = 0; i < t->n; i++) {
    struct spot *to = spot_after(t, at, order[i]);
    move_look(t, at, order[i], to, fails, during);
    for (uint32_t w = 0; w < t->term_words; w++) broken[w] |= fails[w];
    for (uint32_t k = 0; k < t->promise_count; k++) {
      const struct promise *p = &g->m->promises.at[t->promises[k]];
      if (!bit_get(at->down, k)) down_for[k] = 0;
      if (bit_get(at->down, k) || bit_get(to->down, k) || bit_get(during, k))
        down_for[k] += known_length(&g->m->steps.at[t->group->steps[order[i]]]);
      if (p->hold == HOLD_AT_MOST && down_for[k] > p->limit) bit_put(broken, t->promise_term[k]);
    }
    at = to;
  }
  for (uint32_t k = 0; k < t->promise_count; k++)
    if (bit_get(at->down, k)) bit_put(broken, t->promise_term[k]);
  arena_free(&a);
}

static unsigned tier(enum term_type type) {
  return type == TERM_PROMISE ? 0 : type <= TERM_WINDOW ? 1 : type == TERM_AFTER ? 3 : 2;
}

/* Too large to say what clashes: whole tiers are set aside until an order is, and only what it breaks stays so. */
static struct found order_roughly(struct planning *g) {
  struct terrain *t = g->t;
  struct found found = {0};
  struct arena a = {0};
  bool *mine = arena_array(&a, bool, t->term_count + 1);
  uint64_t *broken = arena_array(&a, uint64_t, t->term_words);
  for (unsigned now = 0; now < 4 && !found.any; now++) {
    for (uint32_t i = 0; i < t->term_count; i++)
      if (!g->v->aside[t->terms[i]] && tier((enum term_type)g->v->terms[t->terms[i]].type) == now)
        mine[i] = g->v->aside[t->terms[i]] = true;
    found = order_search(t, g->v->aside);
  }
  if (found.any) broken_by(g, found.order, broken);
  for (uint32_t i = 0; i < t->term_count; i++) {
    uint32_t term = t->terms[i];
    if (!mine[i]) continue;
    g->v->aside[term] = bit_get(broken, i);
    if (g->v->aside[term]) note_clash(g, &(struct clash){.terms = &term, .term_count = 1}, term);
  }
  arena_free(&a);
  found.exact = false;
  return found;
}

/* Promises that only old answers break are set aside, last in the source first; what is set aside in vain comes back. Their
 * findings say where they are broken, and for how long. */
static struct found order_forgetting(struct planning *g) {
  struct terrain *t = g->t;
  struct found found = {.exact = true};
  if (t->caches == NULL) return found;
  t->forgetful = true;
  found = order_search(t, g->v->aside);
  t->forgetful = false;
  if (!found.any) return found;
  uint32_t *mine = arena_array(&g->m->c->arena, uint32_t, t->promise_count + 1), n = 0;
  found.any = false;
  for (uint32_t i = t->promise_count; i-- > 0 && !found.any;) {
    uint32_t term = t->terms[t->promise_term[i]];
    if (g->v->aside[term] || g->m->promises.at[t->promises[i]].hold == HOLD_FINALLY) continue;
    g->v->aside[mine[n++] = term] = true;
    if (!terrain_spent(t)) found = order_search(t, g->v->aside);
  }
  if (!found.any && terrain_spent(t)) found = order_search(t, g->v->aside); /* all of them at once */
  for (uint32_t i = 0; i < n && found.any && !terrain_spent(t); i++) {
    g->v->aside[mine[i]] = false;
    struct found again = order_search(t, g->v->aside);
    if (again.any) {
      found = again;
      continue;
    }
    g->v->aside[mine[i]] = true;
    g->crossing = g->crossing || crosses(g, &g->v->terms[mine[i]]);
  }
  g->p->order_holds = false;
  g->clashed = true;
  g->crossing = g->crossing || t->window_term != NONE; /* which other groups open, or fill */
  return found;
}

static struct found order_somehow(struct planning *g) {
  struct found found = order_search(g->t, g->v->aside);
  if (!found.any && set_waived_aside(g)) found = order_search(g->t, g->v->aside);
  if (!found.any) found = order_forgetting(g);
  while (!found.any) {
    struct clash c = {0};
    if (!terrain_spent(g->t)) c = clash_find(g->t, g->v->aside);
    if (terrain_spent(g->t) || (!c.minimal && c.term_count > 8)) {
      g->clashed = true;
      return order_roughly(g);
    }
    uint32_t term = gives_way(g, &c);
    if (term == NONE) break; /* not reached: a group without terms has an order */
    g->v->aside[term] = true;
    note_clash(g, &c, term);
    g->clashed = true;
    for (uint32_t i = 0; i < c.term_count; i++) g->crossing = g->crossing || crosses(g, &g->v->terms[c.terms[i]]);
    found = order_search(g->t, g->v->aside);
    if (!found.any) found = order_forgetting(g);
  }
  return shortest_window(g, reinstate(g, found));
}

/* A window that is too short, and a single constraint of one step, have findings of their own that say so. */
static bool alone(const struct planning *g, const struct breach *b) {
  return g->v->terms[b->need].type == TERM_WINDOW || (b->term_count == 1 && b->terms[0].type != TERM_PROMISE);
}

static void take_order(struct planning *g, const struct group *group, const struct found *f, bool *done) {
  struct arena *a = &g->m->c->arena;
  struct component c = {g->p->order.n, group->n, f->looked_at, f->kept, f->exact};
  for (uint32_t i = 0; i < group->n; i++) {
    uint32_t step = group->steps[f->any ? f->order[i] : i];
    if (f->any && f->waits != NULL && f->waits[i] > 0) {
      array_push(a, &g->p->pauses, (struct pause){g->p->order.n, f->waits[i]});
      g->v->elapsed += f->waits[i];
    }
    g->v->position[step] = g->p->order.n;
    array_push(a, &g->p->order, step);
    g->v->elapsed += known_length(&g->m->steps.at[step]);
    if (g->v->apart) continue;
    done_put(g->m, done, step, true);
    array_push(&g->v->scratch, &g->v->changed, step);
  }
  array_push(a, &g->p->components, c);
  if (g->clashes.n > 0) g->p->order_holds = false;
  for (uint32_t i = 0; i < g->clashes.n; i++)
    if (!alone(g, &g->clashes.at[i])) breach_add(g->m, g->p, g->clashes.at[i]);
  g->clashes.n = 0;
  if (f->exact) return;
  struct breach b = breach_new(CODE_253); /* steps: of the group; limit: prefixes kept */
  uint32_t *steps = arena_array(a, uint32_t, group->n);
  memcpy(steps, group->steps, group->n * sizeof *steps);
  b.steps = steps;
  b.step_count = group->n;
  b.limit = (int64_t)f->kept;
  breach_add(g->m, g->p, b);
}

static int compare_clashes(const void *x, const void *y) {
  const struct breach *a = x, *b = y;
  bool clash_a = a->code == CODE_252, clash_b = b->code == CODE_252;
  if (clash_a != clash_b || !clash_a) return a->code < b->code ? -1 : a->code > b->code;
  return a->need < b->need ? -1 : a->need > b->need;
}

/* One step that nobody asks anything of: it takes nothing down, and no promise, rule or need depends on it. Most of the groups of a
 * large plan are such, and need no ground to search. */
static bool indifferent(const struct planning *g, const struct group *group) {
  const struct step *s = &g->m->steps.at[group->steps[0]];
  if (group->n > 1 || group->resources.n > 0 || s->disrupts_count > 0 || g->v->window_index != NONE) return false;
  for (uint32_t i = 0; i < group->terms.n; i++) {
    enum term_type type = (enum term_type)g->v->terms[group->terms.at[i]].type;
    if (type != TERM_BACK && type != TERM_UNDO_BACK) return false;
  }
  return true;
}

/* All groups one after the other. */
static void run_groups(struct planning *g, const struct group *groups, uint32_t n) {
  struct arena *a = &g->m->c->arena;
  bool *done = done_new(g->m);
  g->crossing = g->clashed = false;
  g->v->elapsed = 0;
  g->v->slack = INT64_MAX;
  g->p->order.at = arena_grow(a, NULL, 0, &g->p->order.cap, g->m->steps.n + 1, sizeof *g->p->order.at);
  g->p->components.at = arena_grow(a, NULL, 0, &g->p->components.cap, n + 1, sizeof *g->p->components.at);
  for (uint32_t i = 0; i < n; i++) {
    if (indifferent(g, &groups[i])) {
      take_order(g, &groups[i], &(struct found){.any = true, .exact = true, .order = &(uint32_t){0}, .looked_at = 1}, done);
      continue;
    }
    g->t = terrain_new(g->m, g->v, &groups[i], done);
    for (uint32_t k = 0; k < groups[i].n; k++) g->v->forgotten[groups[i].steps[k]] = g->t->caches == NULL;
    struct found f = order_somehow(g);
    spend_window(g, &f);
    g->v->effort += terrain_effort(g->t) + MOVE_EFFORT * g->t->moves;
    terrain_free(g->t);
    take_order(g, &groups[i], &f, done);
  }
}

static struct group *merge(struct planning *g, const struct group *groups, uint32_t n) {
  struct arena *a = &g->v->scratch;
  struct group *all = arena_new(a, struct group);
  bool *mine = arena_array(a, bool, g->m->resources.n + 1);
  all->steps = arena_array(a, uint32_t, g->m->steps.n + 1);
  for (uint32_t i = 0; i < g->m->steps.n; i++) all->steps[all->n++] = i;
  for (uint32_t i = 0; i < n; i++) {
    all->irreversible = all->irreversible || groups[i].irreversible;
    for (uint32_t k = 0; k < groups[i].resources.n; k++) mine[groups[i].resources.at[k]] = true;
  }
  for (uint32_t i = 0; i < g->m->resources.n; i++)
    if (mine[i]) array_push(a, &all->resources, i);
  for (uint32_t i = 0; i < g->v->term_count; i++)
    if (g->v->term_steps[i].n > 0) array_push(a, &all->terms, i);
  return all;
}

/* Groups do not act on each other, but their lengths do: on the window, and on what is down from the start. Where one after the
 * other they do not fit, all steps are one group, if that is not too large; a plan is refused only when no order fits. */
static void order_groups(struct planning *g, const struct group *groups, uint32_t n) {
  struct arena *a = &g->m->c->arena;
  struct proof before = *g->p;
  bool *aside = arena_array(&g->v->scratch, bool, g->v->term_count + 1);
  if (g->v->term_count > 0) memcpy(aside, g->v->aside, g->v->term_count * sizeof *aside);
  run_groups(g, groups, n);
  if (!g->crossing || n < 2 || g->m->steps.n > MERGE_STEPS) return;
  struct proof apart = *g->p;
  int64_t window = g->v->window;
  uint32_t *position = g->v->position;
  bool *aside_apart = g->v->aside;
  memset(&before.order, 0, sizeof before.order);
  memset(&before.pauses, 0, sizeof before.pauses);
  memset(&before.components, 0, sizeof before.components);
  before.breaches.cap = before.breaches.n; /* what is appended now lies elsewhere */
  *g->p = before;
  g->v->aside = aside;
  g->v->window = g->m->window;
  g->v->position = arena_array(a, uint32_t, g->m->steps.n + 1);
  run_groups(g, merge(g, groups, n), 1);
  if (!g->clashed) return;
  *g->p = apart;
  g->v->aside = aside_apart;
  g->v->window = window;
  g->v->position = position;
}

void order_find(struct model *m, struct proof *p, struct proving *v) {
  struct planning g = {.m = m, .p = p, .v = v};
  v->position = arena_array(&m->c->arena, uint32_t, m->steps.n + 1);
  v->window = m->window;
  for (uint32_t i = 0; i < m->steps.n; i++) v->total += known_length(&m->steps.at[i]);
  p->order_holds = true;
  for (uint32_t i = 0; i < v->term_count; i++)
    if (v->hopeless[i] || (v->aside[i] && v->terms[i].type > TERM_WINDOW)) p->order_holds = false;
  break_circles(&g);
  uint32_t circles = p->breaches.n, n;
  struct group *groups = components_find(m, v, &n);
  order_groups(&g, groups, n);
  if (p->breaches.n - circles > 1)
    qsort(p->breaches.at + circles, p->breaches.n - circles, sizeof *p->breaches.at, compare_clashes);
}
