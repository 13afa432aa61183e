/* A runbook as data -> the plan's own values as shell: its constants, the lists of preflight, steps and promises.
 * Needs runbook_build's result. Guarantees: as emit.c, which does the commands. */
#include "script/emit.h"

#include <string.h>

static const char *name_at(const struct runbook *b, uint32_t id) { return name_text(&b->m->c->names, id); }

/* ── The plan's tables ─────────────────────────────────────────────────────── */

void constants_print(struct text *out, const struct runbook *b) {
  text_puts(out, "cut_plan=");
  quote_word(out, name_at(b, b->m->plan));
  text_print(out, "\ncut_digest=%.16s\ncut_steps=%u\ncut_promises=%u\n", b->digest, b->p->order.n, b->m->promises.n);
  struct text kept = {.arena = out->arena}, at_use = {.arena = out->arena};
  for (uint32_t i = 0; i < b->secrets.n; i++) {
    const struct secret *s = &b->m->secrets.at[b->secrets.at[i]];
    if (s->at_use) text_print(&at_use, "%s%s", at_use.n > 0 ? " " : "", name_at(b, s->name));
    else text_print(&kept, "%s%u:%s", kept.n > 0 ? " " : "", i + 1, name_at(b, s->name));
  }
  text_print(out, "cut_secrets='%s'\ncut_at_use='%s'\n", text_done(&kept), text_done(&at_use));
  if (runbook_long(b)) text_print(out, "cut_part=%u\ncut_observations=%u\n", PART_SIZE, b->observations);
}

/* A function of n lines; beyond LIST_SIZE of them, one function for each so many, and one that calls these. */
struct list { struct text *out; const char *name; uint32_t n, i; };

static struct list list_open(struct text *out, const char *name, uint32_t n) {
  struct list l = {out, name, n, 0};
  if (n <= LIST_SIZE) text_print(out, "\n%s() {\n", name);
  return l;
}

/* Before each line. */
static void list_line(struct list *l) {
  if (l->n > LIST_SIZE && l->i % LIST_SIZE == 0) text_print(l->out, "%s\n%s_%u() {\n", l->i > 0 ? "}\n" : "", l->name, l->i / LIST_SIZE + 1);
  l->i++;
}

static void list_close(struct list *l) {
  if (l->n > LIST_SIZE) {
    text_print(l->out, "}\n\n%s() {\n", l->name);
    for (uint32_t k = 0; k * LIST_SIZE < l->n; k++) text_print(l->out, "  %s_%u\n", l->name, k + 1);
  }
  text_print(l->out, "%s}\n", l->n == 0 ? "  :\n" : "");
}

static void print_locks(struct text *out, const struct runbook *b) {
  struct list list = list_open(out, "plan_locks", b->locks.n);
  for (uint32_t i = 0; i < b->locks.n; i++) {
    const struct state_lock *l = &b->locks.at[i];
    list_line(&list);
    if (l->connection != NULL) text_print(out, "  cut_state_lock %u ", i + 1);
    else text_puts(out, "  cut_blind_lock ");
    quote_word(out, name_at(b, b->m->resources.at[l->stack].name));
    text_putc(out, ' ');
    quote_word(out, l->connection != NULL ? l->schema : LOCK_BLIND);
    if (l->connection != NULL) {
      text_putc(out, ' ');
      quote_word(out, l->workspace);
      text_putc(out, ' ');
      quote_word(out, l->steps);
    }
    text_putc(out, '\n');
  }
  list_close(&list);
  for (uint32_t i = 0; i < b->locks.n; i++) {
    const struct pieces *p = b->locks.at[i].connection;
    if (p == NULL) continue;
    text_print(out, "\nlock_%u() {\n", i + 1);
    for (uint32_t n = 0; n < p->n; n++)
      for (uint32_t k = 0; k < b->secrets.n && p->at[n].type == PIECE_SECRET; k++)
        if (b->secrets.at[k] == p->at[n].secret && b->m->secrets.at[p->at[n].secret].at_use)
          text_print(out, "  cut_fetch %u:%s || return\n", k + 1, name_at(b, b->m->secrets.at[p->at[n].secret].name));
    text_puts(out, "  cut_compose");
    compose_print(out, b, p);
    text_puts(out, "\n}\n");
  }
}

static bool stays(const struct unit *u) {
  for (uint32_t e = 0; e < u->command->expect_count; e++)
    if (u->command->expects[e].type == EXPECT_UNCHANGED) return true;
  return false;
}

/* Writes the commands whose output has to stay, or only counts them. */
static uint32_t print_baseline(struct list *l, const struct runbook *b, struct arena *arena) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < b->sequences.n && b->unchanged; i++) {
    const struct sequence *s = &b->sequences.at[i];
    if (s->type != SEQ_VERIFY || !s->unchanged) continue;
    const struct unit *units = sequence_units(b, s, arena);
    for (uint32_t k = 0; k < s->count; k++) {
      const struct unit *u = &units[k];
      if (!stays(u)) continue;
      n++;
      if (l == NULL) continue;
      list_line(l);
      text_print(l->out, "  cut_baseline %s\n", u->name);
    }
  }
  return n;
}

void lists_print(struct text *out, const struct runbook *b) {
  struct list list = list_open(out, "plan_tools", b->tools.n);
  for (uint32_t i = 0; i < b->tools.n; i++) {
    list_line(&list);
    text_puts(out, "  cut_tool ");
    quote_word(out, b->tools.at[i].name);
    text_putc(out, ' ');
    quote_word(out, b->tools.at[i].dir != NULL ? b->tools.at[i].dir : ".");
    text_putc(out, '\n');
  }
  list_close(&list);
  list = list_open(out, "plan_observe", b->observations);
  for (uint32_t i = 0; i < b->observations; i++) {
    const struct sequence *s = &b->sequences.at[i];
    list_line(&list);
    text_print(out, "  %s %u ", s->made_by != NONE ? "cut_absent" : "cut_observe", i + 1);
    quote_word(out, name_at(b, b->m->resources.at[s->resource].name));
    if (s->made_by != NONE) text_print(out, " %u", s->made_by + 1);
    text_putc(out, '\n');
  }
  list_close(&list);
  list = list_open(out, "plan_unused", b->unused.n);
  for (uint32_t i = 0; i < b->unused.n; i++) {
    const struct unused *x = &b->unused.at[i];
    list_line(&list);
    text_puts(out, "  cut_unused ");
    const char *address = address_text(out->arena, &x->address);
    quote_word(out, strchr(address, ':') != NULL ? arena_print(out->arena, "[%s]", address) : address);
    text_putc(out, ' ');
    text_number(out, x->port);
    text_putc(out, ' ');
    quote_word(out, name_at(b, b->m->resources.at[x->resource].name));
    text_putc(out, '\n');
  }
  list_close(&list);
  print_locks(out, b);
  list = list_open(out, "plan_baseline", print_baseline(NULL, b, out->arena));
  print_baseline(&list, b, out->arena);
  list_close(&list);
}

static inline void variable(struct text *out, const char *name, const char *value) {
  text_puts(out, name);
  quote_word(out, value);
  text_putc(out, '\n');
}

static void number_or_none(struct text *out, const char *name, uint64_t n, bool known) {
  text_puts(out, name);
  if (known) text_number(out, n);
  else text_puts(out, "''");
  text_putc(out, '\n');
}

struct step_said step_said(const struct runbook *b, uint32_t k) {
  const struct step *s = &b->m->steps.at[b->p->order.at[k]];
  return (struct step_said){.number = k + 1,
                            .of = b->p->order.n,
                            .newer = b->newer[k] == NONE ? 0 : b->newer[k] + 1,
                            .takes = s->takes,
                            .name = name_at(b, s->name),
                            .place = "",
                            .title = name_at(b, s->title),
                            .final = s->irreversible != 0 ? name_at(b, s->irreversible) : "",
                            .hand = s->manual ? "1" : ""};
}

void step_print(struct text *out, const struct step_said *s) {
  text_puts(out, "\n# == Step ");
  text_number(out, s->number);
  text_puts(out, " of ");
  text_number(out, s->of);
  text_puts(out, ": ");
  text_puts(out, s->name);
  text_puts(out, " ==\n\nstep_");
  text_number(out, s->number);
  text_puts(out, "() { # ");
  text_puts(out, s->place);
  text_putc(out, '\n');
  variable(out, "  cut_id=", s->name);
  variable(out, "  cut_title=", s->title);
  number_or_none(out, "  cut_takes=", (uint64_t)whole_seconds(s->takes), s->takes >= 0);
  variable(out, "  cut_final=", s->final);
  variable(out, "  cut_hand=", s->hand);
  number_or_none(out, "  cut_newer=", s->newer, s->newer != 0);
  text_puts(out, "}\n");
}

static void print_promise(struct text *out, const struct runbook *b, uint32_t i) {
  struct model *m = b->m;
  const struct promise *p = &m->promises.at[i];
  const struct probe *x = &b->probes.at[i];
  struct text states = {.arena = out->arena};
  const struct timeline *t = &b->p->timeline[i];
  for (uint32_t k = 0; k <= b->p->order.n; k = timeline_change(t, k))
    if (k == 0 || timeline_at(t, k) != timeline_at(t, k - 1)) {
      if (k > 0) text_putc(&states, ' ');
      text_number(&states, k);
      text_putc(&states, ' ');
      text_puts(&states, state_word(timeline_at(t, k)));
    }
  text_print(out, "\npromise_%u() { # %s ", i + 1, name_at(b, p->id));
  place_print(out, m, p->at);
  text_putc(out, '\n');
  variable(out, "  cut_text=", name_at(b, p->text));
  variable(out, "  cut_states=", text_done(&states));
  variable(out, "  cut_blind=", x->blind != NULL ? x->blind : "");
  text_print(out, "}\n\nprobe_%u() {\n", i + 1);
  if (x->blind != NULL) {
    text_puts(out, "  :\n}\n");
    return;
  }
  text_puts(out, x->target != NULL ? "  cut_probe_url " : "  cut_probe_tcp ");
  quote_word(out, x->target != NULL ? x->target : x->address);
  if (x->target == NULL) text_print(out, " %u", x->port);
  if (x->host != NULL) {
    text_putc(out, ' ');
    quote_word(out, x->host);
  }
  text_puts(out, "\n}\n");
}

void promises_print(struct text *out, const struct runbook *b) {
  struct arena own = {0};
  text_puts(out, "\n# == Promises ==\n");
  for (uint32_t i = 0; i < b->m->promises.n; i++) {
    struct text part = {.arena = &own};
    print_promise(&part, b, i);
    text_take(out, &part);
  }
  arena_free(&own);
}
