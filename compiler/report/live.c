/* Looks at the world -> findings in words, a table, JSON.
 * Needs a compilation of the text that was looked for: places in it are the same. Guarantees one finding per value that differs, one
 * per reason for which values stayed unknown. */
#include "report/live.h"
#include "report/paint.h"

#include <stdlib.h>
#include <string.h>

static const char *called(struct compilation *c, const struct look *k) { return arena_print(&c->arena, "`%s.%s`", k->name, k->part); }
static const char *at_whom(struct compilation *c, const struct look *k) {
  return k->server != NULL ? arena_print(&c->arena, "at the name server %s", k->server) : "in the world";
}
static const char *worth(const struct look *k) { return k->absent ? "not there" : k->value.type == SEEN_NONE || k->seen[0] == '\0' ? "nothing" : k->seen; }

/* ── What differs ──────────────────────────────────────────────────────────── */

static void add_followers(struct compilation *c, struct finding *f, const struct live *l, const struct follow_list *follow, uint32_t look) {
  uint32_t n = 0;

  if (follow->broken || l->looks.at[look].left_out) {
    finding_remark(c, f, REMARK_NOTE, "the checks could not be run on what is there: write it into the plan and check again");
    return;
  }
  for (uint32_t i = 0; i < follow->n; i++) {
    const struct finding *x = follow->at[i].finding;

    if (follow->at[i].look != look && follow->at[i].look != NONE) continue;
    if (n++ < 6) finding_remark(c, f, REMARK_ALSO, "%s follows: %s", x->rule ? name_text(&c->names, x->rule) : code_text(x->code), x->message);
  }
  if (n > 6) finding_remark(c, f, REMARK_ALSO, "and %u more finding%s below that follow%s from it", n - 6, n == 7 ? "" : "s", n == 7 ? "s" : "");
  if (n == 0 && live_proved(l, look)) finding_remark(c, f, REMARK_NOTE, "on what is there, every check comes out as it does on the plan as written");
}

static void asked(struct compilation *c, struct finding *f, const struct look *k) {
  if (k->where == NULL) return;
  if (k->filter != NULL && !k->absent) finding_remark(c, f, REMARK_NOTE, "asked: %s, filter '%s'", k->where, k->filter);
  else finding_remark(c, f, REMARK_NOTE, "asked: %s", k->where);
  if (k->seen != NULL) finding_remark(c, f, REMARK_NOTE, "answered: %s", worth(k));
}

static void differs_at_end(struct compilation *c, const struct look *k, struct finding **f) {
  if (k->present) *f = finding_add(c, CODE_404, k->at, "`%s` is there again, and the plan deletes it", k->name);
  else if (k->absent) *f = finding_add(c, CODE_404, k->at, "`%s` is not there any more", k->name);
  else *f = finding_add(c, CODE_404, k->at, "%s is %s %s, and %s once the plan is done", called(c, k), worth(k), at_whom(c, k), k->declared);
  finding_caret(c, *f, k->arrived ? "%s: what it was before the plan" : "%s there", worth(k));
  asked(c, *f, k);
  finding_remark(c, *f, REMARK_HELP, "find out who changed it; what the plan's code does not say, the next apply of that code takes back");
}

static void differs_at_start(struct compilation *c, const struct live *l, const struct follow_list *follow, uint32_t i, struct finding **f) {
  const struct look *k = &l->looks.at[i];

  if (k->present) *f = finding_add(c, CODE_401, k->at, "`%s` is there already, and the plan creates it", k->name);
  else if (k->absent) *f = finding_add(c, CODE_401, k->at, "`%s` is not there, and the plan starts from it", k->name);
  else *f = finding_add(c, CODE_401, k->at, "%s is %s %s, and %s in the plan", called(c, k), worth(k), at_whom(c, k), k->declared);
  finding_caret(c, *f, k->present ? "%s already" : k->absent ? "%s" : "in the world it is %s", k->present ? "there" : worth(k));
  asked(c, *f, k);
  add_followers(c, *f, l, follow, i);
  if (k->arrived || k->present)
    finding_remark(c, *f, REMARK_HELP, "the plan may have been carried out, in part: `sh RUNBOOK status` says how far; or somebody else was faster: then take the change out of the plan");
  else
    finding_remark(c, *f, REMARK_HELP, "write what is there into the plan and check again, or bring the world to what the plan says before its first step");
}

static bool said_before(const struct live *l, uint32_t i) {
  for (uint32_t k = i; k-- > 0 && l->looks.at[k].resource == l->looks.at[i].resource;)
    if (l->looks.at[k].absent && l->looks.at[i].absent) return true;
  return false;
}

static void word_differences(struct compilation *c, const struct model *m, const struct live *l, const struct follow_list *follow) {
  for (uint32_t i = 0; i < l->looks.n; i++) {
    const struct look *k = &l->looks.at[i];
    struct finding *f = NULL;

    if (k->verdict == LOOK_LEARNT) {
      f = finding_add(c, CODE_403, k->at, "%s is `unknown` in the plan, and %s in the world", called(c, k), worth(k));
      finding_caret(c, f, "%s in the world", worth(k));
      asked(c, f, k);
      finding_remark(c, f, REMARK_HELP, "write it into the plan: a runbook is only written for what the plan knows");
    } else if (k->verdict == LOOK_DIFFERENT && k->code) {
      f = finding_add(c, CODE_407, k->at, "the next apply of `%s` would change %s from %s to %s", k->server, called(c, k), k->declared, k->seen);
      finding_caret(c, f, "its owner's code says something else");
      finding_remark(c, f, REMARK_NOTE, "asked: %s", k->where);
      finding_remark(c, f, REMARK_HELP, "let the code of `%s` say what is there, and apply it, before anything else is changed", k->server);
    } else if (k->verdict == LOOK_DIFFERENT && k->lock) {
      f = finding_add(c, CODE_406, k->at, "the lock on the state of `%s` is held by %s", k->name, k->seen);
      finding_caret(c, f, "its apply would wait for the lock, or fail");
      asked(c, f, k);
      finding_remark(c, f, REMARK_HELP, "wait until that run is over; when nobody is behind it any more, the runbook's `unlock` ends just that session");
    } else if (k->verdict == LOOK_DIFFERENT && !said_before(l, i)) {
      if (l->target) differs_at_end(c, k, &f);
      else differs_at_start(c, l, follow, i, &f);
    }
    if (f != NULL) f->resource = m->resources.at[k->resource].name;
  }
}

/* ── What could not be looked at ───────────────────────────────────────────── */

/* Nothing is run here that a plan's author has written: whoever wants to know looks with the runbook, or by hand. */
static void word_command(struct compilation *c, struct finding *f, const struct live *l, const struct look *k) {
  finding_remark(c, f, REMARK_NOTE, "it is looked at so: %s%s%s%s", k->command, k->filter != NULL ? " | jq -r '" : "", k->filter != NULL ? k->filter : "", k->filter != NULL ? "'" : "");
  if (l->target) finding_remark(c, f, REMARK_HELP, "run that and compare: it is %s once the plan is done", k->declared != NULL ? k->declared : "said in the plan");
  else finding_remark(c, f, REMARK_HELP, "the runbook looks, and changes nothing: cutc emit -o runbook.sh, then ./runbook.sh preflight");
}

static void word_unknown(struct compilation *c, const struct model *m, const struct live *l) {
  bool *said = arena_array(&c->arena, bool, (size_t)l->looks.n + 1);

  for (uint32_t i = 0; i < l->looks.n; i++) {
    const struct look *k = &l->looks.at[i];
    struct text names = {.arena = &c->arena};
    uint32_t n = 0;

    if (k->verdict != LOOK_UNKNOWN || said[i]) continue;
    struct finding *f = finding_add(c, CODE_402, k->at, "%s", "");

    if (!k->failed) f->severity = SEV_NOTE;
    f->resource = m->resources.at[k->resource].name;
    for (uint32_t j = i; j < l->looks.n; j++) {
      const struct look *o = &l->looks.at[j];

      if (o->verdict != LOOK_UNKNOWN || said[j] || o->failed != k->failed || strcmp(o->reason, k->reason) != 0) continue;
      said[j] = true;
      if (n > 0 && n < 12) text_print(&names, "%s%s", n > 1 ? ", " : "", called(c, o));
      n++;
    }
    f->message = n == 1 ? arena_print(&c->arena, "%s could not be looked at: %s", called(c, k), k->reason)
                        : arena_print(&c->arena, "%s and %u other value%s could not be looked at: %s", called(c, k), n - 1, n == 2 ? "" : "s", k->reason);
    finding_caret(c, f, "nobody has looked at this");
    if (k->where != NULL) finding_remark(c, f, REMARK_NOTE, "asked: %s", k->where);
    if (k->command != NULL) word_command(c, f, l, k);
    if (n > 1) finding_remark(c, f, REMARK_ALSO, "%s%s", text_done(&names), n > 12 ? ", …" : "");
  }
}

static const char *time_text(struct compilation *c, int64_t milliseconds) {
  struct text t = {.arena = &c->arena};
  struct value v = {.type = V_DURATION, .number = milliseconds};

  value_print(&t, &c->names, &v);
  return text_done(&t);
}

/* A secret is kept to the end, for the way back; one that is fetched at use needs what it is fetched with until then. */
static void word_lifetime(struct compilation *c, const struct secret *x, const struct secret_look *s, int64_t total) {
  int64_t life = x->at_use ? s->access : s->life;

  if (life < 0 || life * 1000 >= total) return;
  struct finding *f = x->at_use ? finding_add(c, CODE_273, x->at, "what secret `%s` is fetched with lives %s more, and the plan takes %s: it is wanted again at use, and on the way back", s->name,
                                              time_text(c, life * 1000), time_text(c, total))
                                : finding_add(c, CODE_273, x->at, "secret `%s` lives %s more, and the plan takes %s: the way back may need it at the end", s->name, time_text(c, life * 1000),
                                              time_text(c, total));

  finding_caret(c, f, "so says its store now");
  finding_remark(c, f, REMARK_HELP, x->at_use ? "renew it, or get another one, right before the run" : "begin after it was changed, get one that lives longer, or split the plan");
}

static void word_secrets(struct compilation *c, const struct model *m, const struct live *l, int64_t total) {
  for (uint32_t i = 0; i < l->secrets.n; i++) {
    const struct secret_look *s = &l->secrets.at[i];
    const struct secret *x = &m->secrets.at[s->secret];

    if (s->there) word_lifetime(c, x, s, total);
    if (s->there) continue;
    struct finding *f = finding_add(c, s->failed ? CODE_402 : CODE_405, x->at, "%s", s->reason);

    finding_caret(c, f, s->failed ? "could not be had here" : "it is not there");
    finding_remark(c, f, REMARK_NOTE, "the runbook fetches it before its first step, and refuses to start without it");
  }
}

static void mark_followers(struct compilation *c, const struct live *l, const struct follow_list *follow) {
  for (uint32_t i = 0; i < follow->n; i++)
    for (uint32_t k = 0; k < c->findings.n; k++) {
      struct finding *f = c->findings.at[k];

      if (f != follow->at[i].finding) continue;
      if (follow->at[i].look == NONE) finding_remark(c, f, REMARK_NOTE, "this follows from what is really there, not from the plan as written");
      else {
        const struct look *x = &l->looks.at[follow->at[i].look];

        finding_remark(c, f, REMARK_NOTE, "this follows from what is really there: %s is %s", called(c, x), worth(x));
      }
    }
}

void word_live(struct compilation *c, const struct model *m, const struct live *l, const struct follow_list *f, int64_t total) {
  mark_followers(c, l, f);
  word_differences(c, m, l, f);
  word_unknown(c, m, l);
  word_secrets(c, m, l, total);
}

/* ── The table ─────────────────────────────────────────────────────────────── */

static void line(struct text *out, const struct look *k, unsigned wide, bool colour) {
  static const struct { const char *mark; enum style style; } marks[] = {
      [LOOK_DECLARED] = {"=", STYLE_GOOD}, [LOOK_DIFFERENT] = {"!", STYLE_ERROR}, [LOOK_LEARNT] = {"+", STYLE_NOTE}, [LOOK_UNKNOWN] = {"?", STYLE_WARNING}};
  unsigned name = (unsigned)(strlen(k->name) + strlen(k->part)) + 1;

  text_puts(out, "  ");
  paint_style(out, marks[k->verdict].style, colour);
  text_puts(out, marks[k->verdict].mark);
  paint_style(out, STYLE_PLAIN, colour);
  text_print(out, " %s.%s%*s  ", k->name, k->part, (int)(wide > name ? wide - name : 0), "");
  if (k->verdict == LOOK_UNKNOWN) paint_puts(out, k->reason);
  else if (k->absent) text_puts(out, "not there");
  else paint_puts(out, k->verdict == LOOK_DECLARED ? k->seen : worth(k));
  if (k->verdict == LOOK_DIFFERENT && !k->absent) {
    text_puts(out, k->code ? " after its next apply, now " : ", the plan says ");
    paint_puts(out, k->declared);
  }
  if (k->server != NULL && k->verdict != LOOK_UNKNOWN) text_print(out, k->code ? "  (the code of %s)" : "  (name server %s)", k->server);
  text_putc(out, '\n');
}

void report_live(struct text *out, const struct live *l, bool colour, bool verbose) {
  uint32_t count[4] = {0};
  unsigned wide = 0;

  for (uint32_t i = 0; i < l->looks.n; i++) {
    const struct look *k = &l->looks.at[i];
    unsigned n = (unsigned)(strlen(k->name) + strlen(k->part)) + 1;

    count[k->verdict]++;
    if ((verbose || k->verdict != LOOK_DECLARED) && n > wide && n < 60) wide = n;
  }
  text_print(out, "the world (%s): %u value%s as declared, %u different, %u unknown", l->target ? "against the plan's end" : "against the plan's start",
             count[LOOK_DECLARED], count[LOOK_DECLARED] == 1 ? "" : "s", count[LOOK_DIFFERENT], count[LOOK_UNKNOWN]);
  if (count[LOOK_LEARNT] > 0) text_print(out, ", %u that the plan does not know", count[LOOK_LEARNT]);
  text_putc(out, '\n');
  for (uint32_t i = 0; i < l->looks.n; i++)
    if (verbose || l->looks.at[i].verdict != LOOK_DECLARED) line(out, &l->looks.at[i], wide, colour);
  text_putc(out, '\n');
}
