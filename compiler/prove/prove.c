/* The proof: a model -> an order, what holds in each state, and all that does not.
 * Needs an elaborated model. Guarantees an order of all steps, and all findings in one run: a breach in one place hides none
 * elsewhere, and one broken thing is said once. */
#include "prove/prove.h"

#include <string.h>

struct check {
  const char *name;
  check_function *run;
  bool proves;   /* tries changes by proving again: not in a trial */
};

/* Every check, in the order it runs; causes come before what they cause. Codes: beside the functions in prove.h. */
static const struct check checks[] = {
    {.name = "conflict", .run = check_conflict},
    {.name = "dangling", .run = check_dangling},
    {.name = "stale", .run = check_stale},
    {.name = "circular", .run = check_circular},
    {.name = "rules", .run = check_rules},
    {.name = "cold start", .run = check_cold},
    {.name = "landing", .run = check_landing},
    {.name = "coming back", .run = check_back},
    {.name = "promises", .run = check_promises},
    {.name = "lengths", .run = check_lengths},
    {.name = "waits back", .run = check_back_waits},
    {.name = "way back", .run = check_way_back},
    {.name = "window", .run = check_window},
    {.name = "undo", .run = check_undo},
    {.name = "inverse", .run = check_inverse},
    {.name = "probes", .run = check_probes},
    {.name = "clash", .run = check_clash},
    {.name = "rests", .run = check_rests, .proves = true},
    {.name = "mends", .run = check_mends, .proves = true},
    {.name = "ways out", .run = check_ways, .proves = true},
};

static bool in_list(const uint32_t *list, uint32_t n, uint32_t id) {
  for (uint32_t i = 0; i < n; i++)
    if (list[i] == id) return true;
  return false;
}

static bool names_term(const struct breach *clash, enum term_type type, uint32_t step, uint32_t id) {
  for (uint32_t i = 0; i < clash->term_count; i++)
    if (clash->terms[i].type == type && (step == NONE || clash->terms[i].step == step) &&
        (id == NONE || clash->terms[i].id == id))
      return true;
  return false;
}

/* Is `b` only what a clash was reported for? */
static bool follows(const struct breach *clash, const struct breach *b) {
  if (clash->code != CODE_252) return false;
  const struct term *aside = &clash->terms[0];
  for (uint32_t i = 1; i < clash->term_count; i++)
    if (aside->type != TERM_PROMISE) aside = &clash->terms[i];
  switch ((int)b->code) {
  case CODE_261: return clash->forbidden == b->forbidden;
  case CODE_241: return aside->type != TERM_PROMISE && names_term(clash, TERM_CONFLICT, NONE, NONE) &&
                        clash->promise == NONE && in_list(&b->fact, 1, aside->fact);
  case CODE_211: return clash->promise == NONE && names_term(clash, TERM_NEED, b->step, b->need);
  case CODE_231: return clash->promise == NONE && names_term(clash, TERM_UNDO_NEED, b->step, b->need);
  case CODE_214: return clash->promise == NONE && names_term(clash, TERM_LANDS, b->step, b->fact);
  case CODE_213: return clash->promise == NONE && names_term(clash, b->backward ? TERM_UNDO_BACK : TERM_BACK, b->step, NONE);
  default: return false;
  }
}

/* A clash of one step with one promise is not one when that step is the trouble half-done. */
static bool told_better(const struct proof *p, const struct breach *clash) {
  if (clash->code != CODE_252 || clash->step_count != 1 || clash->term_count != 1) return false;
  for (uint32_t i = 0; i < p->breaches.n; i++)
    if (p->breaches.at[i].code == CODE_235 && p->breaches.at[i].step == clash->steps[0] &&
        in_list(p->breaches.at[i].promises, p->breaches.at[i].promise_count, clash->promise))
      return true;
  return false;
}

/* Leaves out what another breach has said. */
static void say_once(struct proof *p) {
  uint32_t kept = 0;
  bool any = false;
  for (uint32_t i = 0; i < p->breaches.n; i++) any = any || p->breaches.at[i].code == CODE_252;
  for (uint32_t i = 0; any && i < p->breaches.n; i++) {
    bool drop = told_better(p, &p->breaches.at[i]);
    for (uint32_t k = 0; k < p->breaches.n && !drop; k++) drop = follows(&p->breaches.at[k], &p->breaches.at[i]);
    p->breaches.at[i].mended |= drop;
    if (drop) p->breaches.at[i].code = CODE_COUNT;
  }
  for (uint32_t i = 0; i < p->breaches.n; i++)
    if (p->breaches.at[i].code != CODE_COUNT) p->breaches.at[kept++] = p->breaches.at[i];
  p->breaches.n = kept;
}

static struct proof *run(struct model *m, struct facts_sorting *sorting, bool quiet) {
  struct proof *p = arena_new(&m->c->arena, struct proof);
  struct proving *v = arena_new(&m->c->arena, struct proving);
  p->proving = v;
  v->quiet = quiet;
  v->state = state_sorted(m, sorting);
  terms_build(m, v);
  order_find(m, p, v);
  waits_insert(m, p, v);
  timeline_draw(m, p, v);
  bool said = false;
  for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
    if (checks[i].proves && quiet) continue;
    if (checks[i].proves && !said) say_once(p), said = true;
    checks[i].run(m, p, v->state);
  }
  if (!said) say_once(p);
  while (v->spare_count > 0) arena_free(&v->spare[--v->spare_count]);
  arena_free(&v->scratch);
  return p;
}

struct proof *prove(struct model *m) { return run(m, NULL, false); }

struct proof *prove_sorted(struct model *m, struct facts_sorting *sorting) { return run(m, sorting, false); }

struct proof *prove_quietly(struct model *m) { return run(m, NULL, true); }
