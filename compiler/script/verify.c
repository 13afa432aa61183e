/* A script against what it has to be -> findings E311, each at the line that differs.
 * Needs runbook_build's result and the script's text. Guarantees: no finding means the same header, the same runtime, the same
 * steps in the same order, the same commands, no more and no less. */
#include "script/reader.h"

#include <stdlib.h>
#include <string.h>

struct comparing {
  struct compilation *c;
  const struct runbook *b;
  const char *text;
  size_t length;
  uint32_t source; /* NONE: count only */
  uint32_t found;
  struct script script;
  struct expectations want;
  const bool *displaced; /* per step of the order, from 1: another step stands there */
};

/* ── Findings ──────────────────────────────────────────────────────────────── */

static struct finding *differ(struct comparing *d, uint32_t start, uint32_t end, const char *message) {
  d->found++;
  if (d->source == NONE) return NULL;
  struct finding *f = finding_add(d->c, CODE_311, (struct span){d->source, start, end}, "%s", message);
  return f;
}

static const char *show(struct comparing *d, const char *statement) {
  const char *text = statement_show(&d->c->arena, statement);
  return strlen(text) > 400 ? arena_print(&d->c->arena, "%.400s…", text) : text;
}

static struct span script_place(void *data, uint32_t start, uint32_t end) {
  const struct span *base = data;
  return (struct span){base->source, base->start + start, base->start + end};
}

/* What somebody has written into a runbook is looked through like what stands in a plan. */
static void judge(struct comparing *d, const struct statement *s) {
  if (d->source == NONE) return;
  struct span base = {d->source, s->start, s->end};
  shell_check(d->c, d->text + s->start, s->end - s->start, d->b->m, script_place, &base);
}

/* Some words of a statement for people; of long ones, what is around the first byte that differs from the other. */
static const char *excerpt(struct comparing *d, const char *words, size_t n, const char *other, size_t m) {
  const char *text = statement_show(&d->c->arena, arena_copy(&d->c->arena, words, n));
  if (strlen(text) <= 80) return text;
  const char *against = statement_show(&d->c->arena, arena_copy(&d->c->arena, other, m));
  size_t at = 0, length = strlen(text);
  while (text[at] != '\0' && text[at] == against[at]) at++;
  size_t from = at > 20 ? at - 20 : 0, to = at + 40 < length ? at + 40 : length;
  while (from > 0 && ((unsigned char)text[from] & 0xc0) == 0x80) from--;
  while (to < length && ((unsigned char)text[to] & 0xc0) == 0x80) to++;
  return arena_print(&d->c->arena, "%s%.*s%s", from > 0 ? "…" : "", (int)(to - from), text + from, to < length ? "…" : "");
}

/* ": `A` instead of `B`", the words in which two statements differ; nothing when that cannot be said in few words. */
static const char *word_difference(struct comparing *d, const char *have, const char *want) {
  size_t n = strlen(have), m = strlen(want), head = 0, tail = 0;
  if (strchr(have, MARK_COMMAND) != NULL || strchr(want, MARK_COMMAND) != NULL) return "";
  for (size_t k = 0; k < n && k < m && have[k] == want[k]; k++)
    if (have[k] == SEP) head = k + 1;
  for (size_t k = 0; k <= n - head && k <= m - head; k++) {
    if ((n - k == head || have[n - k - 1] == SEP) && (m - k == head || want[m - k - 1] == SEP)) tail = k;
    if (k == n - head || k == m - head || have[n - 1 - k] != want[m - 1 - k]) break;
  }
  const char *mine = have + head, *other = want + head;
  size_t mine_n = n - head - tail, other_n = m - head - tail;
  if (mine_n == 0 && other_n == 0) return "";
  const char *a = excerpt(d, mine, mine_n, other, other_n), *b = excerpt(d, other, other_n, mine, mine_n);
  if (mine_n == 0) return arena_print(&d->c->arena, ": `%s` is missing", b);
  if (other_n == 0) return arena_print(&d->c->arena, ": `%s` is added", a);
  return arena_print(&d->c->arena, ": `%s` instead of `%s`", a, b);
}

/* The secret that a line could show, NULL. Those that only hand one over are known by their names. */
static const char *secret_at_hand(struct comparing *d, const char *statement) {
  static const char asked[] = {'w', 's', 'e', 'c', 'r', 'e', 't', SEP, 'w', '\0'};
  static const char *const silent[] = {"wcut_header", "wcut_basic", "wcut_stdin", "wcut_body"};
  for (size_t i = 0; i < sizeof silent / sizeof *silent; i++)
    if (strncmp(statement, silent[i], strlen(silent[i])) == 0) return NULL;
  const char *name = strstr(statement, asked), *file = strstr(statement, "/secret.");
  if (name != NULL) name += sizeof asked - 1;
  else if (file != NULL) name = file + strlen("/secret.");
  else return NULL;
  return arena_copy(&d->c->arena, name, strcspn(name, "\x1f\x03\x02 /\"'"));
}

static void tell_secret(struct comparing *d, struct finding *f, const char *statement) {
  const char *secret = secret_at_hand(d, statement);
  if (secret != NULL) finding_remark(d->c, f, REMARK_NOTE, "it has the secret `%s` in its hands: what it prints stands in the log", secret);
}

static void changed(struct comparing *d, const struct statement *s, const char *want, const char *what) {
  struct finding *f = differ(d, s->start, s->end, arena_print(&d->c->arena, "%s: this is not what the plan says%s", what, word_difference(d, s->text, want)));
  if (f != NULL) {
    finding_caret(d->c, f, "the plan says `%s`", show(d, want));
    if (secret_at_hand(d, want) == NULL) tell_secret(d, f, s->text);
    finding_remark(d->c, f, REMARK_HELP, "change the plan and emit the runbook again, or put the line back");
  }
  judge(d, s);
}

static void added(struct comparing *d, const struct statement *s, const char *what) {
  struct finding *f = differ(d, s->start, s->end, arena_print(&d->c->arena, "%s: this is not in the plan", what));
  if (f != NULL) {
    finding_caret(d->c, f, "added");
    tell_secret(d, f, s->text);
    finding_remark(d->c, f, REMARK_HELP, "put it into the plan and emit the runbook again, or take it out");
  }
  judge(d, s);
}

static void removed(struct comparing *d, uint32_t start, uint32_t end, const char *want, const char *what) {
  struct finding *f = differ(d, start, end, arena_print(&d->c->arena, "%s: `%s` is missing", what, show(d, want)));
  if (f == NULL) return;
  finding_caret(d->c, f, "the plan has it here");
  if (strstr(what, ", verify") != NULL) finding_remark(d->c, f, REMARK_NOTE, "without it the step counts as done, whatever it has done");
}

static void moved(struct comparing *d, const struct statement *s, const char *what) {
  struct finding *f = differ(d, s->start, s->end, arena_print(&d->c->arena, "%s: this stands in another place than in the plan", what));
  if (f == NULL) return;
  finding_caret(d->c, f, "moved");
  finding_remark(d->c, f, REMARK_HELP, "the order of commands is the plan's: put the line back");
}

/* ── Statements of one function: longest common subsequence ────────────────── */

/* Lists beyond this are compared line by line; no function of a runbook is that long. */
#define LONGEST 1000u

struct lists {
  const struct statement *have;
  const char *const *want;
  uint32_t n, m, start, end; /* bytes of the place to name when something is missing at the end */
  const char *what;
};

/* A line that both sides have equally often has only moved. */
static bool has_moved(const struct lists *l, const char *statement) {
  uint32_t have = 0, want = 0;
  for (uint32_t i = 0; i < l->n && l->n <= LONGEST; i++) have += strcmp(l->have[i].text, statement) == 0;
  for (uint32_t i = 0; i < l->m && l->m <= LONGEST; i++) want += strcmp(l->want[i], statement) == 0;
  return have > 0 && have == want;
}

static void report_gap(struct comparing *d, const struct lists *l, uint32_t i, uint32_t i_end, uint32_t k, uint32_t k_end) {
  while (i < i_end && k < k_end) {
    if (has_moved(l, l->have[i].text)) moved(d, &l->have[i++], l->what);
    else if (has_moved(l, l->want[k])) k++;
    else changed(d, &l->have[i++], l->want[k++], l->what);
  }
  for (; i < i_end; i++) {
    if (has_moved(l, l->have[i].text)) moved(d, &l->have[i], l->what);
    else added(d, &l->have[i], l->what);
  }
  for (; k < k_end; k++) {
    if (has_moved(l, l->want[k])) continue;
    uint32_t start = i < l->n ? l->have[i].start : i > 0 ? l->have[i - 1].start : l->start;
    uint32_t end = i < l->n ? l->have[i].end : i > 0 ? l->have[i - 1].end : l->end;
    removed(d, start, end, l->want[k], l->what);
  }
}

static void compare_lists(struct comparing *d, struct lists l) {
  uint32_t head = 0;
  while (head < l.n && head < l.m && strcmp(l.have[head].text, l.want[head]) == 0) head++;
  if (head == l.n && head == l.m) return;
  if (l.n - head > LONGEST || l.m - head > LONGEST) {
    report_gap(d, &l, head, l.n, head, l.m);
    return;
  }
  uint32_t rows = l.n - head, columns = l.m - head;
  uint32_t *length = arena_array(&d->c->arena, uint32_t, (size_t)(rows + 1) * (columns + 1));
  for (uint32_t i = rows; i-- > 0;) {
    for (uint32_t k = columns; k-- > 0;) {
      uint32_t *at = &length[i * (columns + 1) + k];
      uint32_t down = at[columns + 1], right = at[1];
      if (strcmp(l.have[head + i].text, l.want[head + k]) == 0) *at = at[columns + 2] + 1;
      else *at = down > right ? down : right;
    }
  }
  uint32_t i = 0, k = 0, from_i = 0, from_k = 0;
  while (i < rows && k < columns) {
    const uint32_t *at = &length[i * (columns + 1) + k];
    if (strcmp(l.have[head + i].text, l.want[head + k]) == 0) {
      report_gap(d, &l, head + from_i, head + i, head + from_k, head + k);
      from_i = ++i, from_k = ++k;
    } else if (at[columns + 1] >= at[1]) {
      i++;
    } else {
      k++;
    }
  }
  report_gap(d, &l, head + from_i, l.n, head + from_k, l.m);
}

/* ── Functions ─────────────────────────────────────────────────────────────── */

struct named { const char *name; uint32_t index; };

static int by_name(const void *a, const void *b) {
  const struct named *x = a, *y = b;
  int order = strcmp(x->name, y->name);
  return order != 0 ? order : x->index < y->index ? -1 : x->index > y->index;
}

static uint32_t find(const struct named *list, uint32_t n, const char *name) {
  uint32_t low = 0, high = n;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (strcmp(list[middle].name, name) < 0) low = middle + 1;
    else high = middle;
  }
  return low < n && strcmp(list[low].name, name) == 0 ? low : NONE;
}

static struct named *sorted(struct comparing *d, uint32_t *n, bool want) {
  uint32_t total = want ? d->want.functions.n : d->script.functions.n;
  struct named *list = arena_array(&d->c->arena, struct named, total + 1);
  *n = 0;
  for (uint32_t i = 0; i < total; i++) {
    const char *name = want ? d->want.functions.at[i].name : d->script.functions.at[i].name;
    if (*name != '\0') list[(*n)++] = (struct named){name, i};
  }
  qsort(list, *n, sizeof *list, by_name);
  return list;
}

/* The step that a function `step_N…` is of, 0. */
static uint32_t step_of(const struct comparing *d, const char *name) {
  if (strncmp(name, "step_", 5) != 0) return 0;
  char *end;
  unsigned long n = strtoul(name + 5, &end, 10);
  return end != name + 5 && (*end == '\0' || *end == '_') && n <= d->b->p->order.n ? (uint32_t)n : 0;
}

static bool displaced(const struct comparing *d, const char *name) { return d->displaced[step_of(d, name)]; }

/* Steps in whose place another one stands: told once, and what else differs there is not told beside it. */
static void compare_steps(struct comparing *d, const struct named *have, uint32_t had) {
  static const char id[] = "wcut_id=";
  bool *at = arena_array(&d->c->arena, bool, d->b->p->order.n + 1);
  for (uint32_t i = 0; i < d->want.functions.n; i++) {
    const struct expected *e = &d->want.functions.at[i];
    uint32_t step = step_of(d, e->name), found = find(have, had, e->name);
    if (step == 0 || strchr(e->name + 5, '_') != NULL || found == NONE || e->count == 0) continue;
    const struct function *f = &d->script.functions.at[have[found].index];
    const struct statement *s = f->count > 0 ? &d->script.statements.at[f->first] : NULL;
    const char *want = d->want.statements.at[e->first];
    if (s == NULL || strncmp(s->text, id, sizeof id - 1) != 0 || strcmp(s->text, want) == 0) continue;
    at[step] = true;
    const char *stands = statement_show(&d->c->arena, s->text) + sizeof id - 2;
    struct finding *finding = differ(d, s->start, s->end, arena_print(&d->c->arena, "%s: here stands `%s`, so the steps are not in the proven order", e->what, stands));
    if (finding == NULL) continue;
    finding_caret(d->c, finding, "the plan says `%s`", show(d, want));
    finding_remark(d->c, finding, REMARK_HELP, "put the steps back into their order, or emit the runbook again; what else differs in this one shows then");
  }
  d->displaced = at;
}

static const char *function_what(struct comparing *d, const struct function *f) {
  return arena_print(&d->c->arena, "function `%s`", f->name);
}

/* Functions that are there and should not be, twice, or in another place than the plan's order gives them. */
static void compare_order(struct comparing *d, const struct named *want, uint32_t wanted) {
  uint32_t latest = 0;
  bool *seen = arena_array(&d->c->arena, bool, d->want.functions.n + 1), late = false;
  for (uint32_t i = 0; i < d->script.functions.n; i++) {
    const struct function *f = &d->script.functions.at[i];
    if (*f->name == '\0') continue;
    uint32_t at = find(want, wanted, f->name);
    if (displaced(d, f->name)) continue;
    if (at == NONE || seen[want[at].index]) {
      differ(d, f->start, f->end, arena_print(&d->c->arena, "%s is %s", function_what(d, f), at == NONE ? "not in the plan" : "written twice"));
      for (uint32_t k = 0; k < f->count && d->source != NONE; k++) judge(d, &d->script.statements.at[f->first + k]);
      continue;
    }
    uint32_t index = want[at].index;
    seen[index] = true;
    if (index < latest && !late)
      differ(d, f->start, f->end,
             arena_print(&d->c->arena, "%s stands after what the plan has behind it: `%s`", d->want.functions.at[index].what, d->want.functions.at[latest].name));
    late = index < latest;
    if (index > latest) latest = index;
  }
}

static void compare_functions(struct comparing *d) {
  uint32_t wanted, had;
  struct named *want = sorted(d, &wanted, true), *have = sorted(d, &had, false);
  compare_steps(d, have, had);
  compare_order(d, want, wanted);
  uint32_t start = 0, end = 0; /* the function before, for what is missing after it */
  for (uint32_t i = 0; i < d->want.functions.n; i++) {
    const struct expected *e = &d->want.functions.at[i];
    if (*e->name == '\0' || displaced(d, e->name)) continue;
    uint32_t at = find(have, had, e->name);
    bool whole = d->script.broken == NONE; /* what an unclosed quote has swallowed is not missing */
    if (at == NONE) {
      if (whole) differ(d, start, end, arena_print(&d->c->arena, "%s: the function `%s` is missing", e->what, e->name));
      continue;
    }
    const struct function *f = &d->script.functions.at[have[at].index];
    if (!whole && have[at].index + 1 >= d->script.functions.n) continue;
    start = f->start, end = f->end;
    compare_lists(d, (struct lists){d->script.statements.at + f->first, d->want.statements.at + e->first, f->count, e->count, f->start, f->end, e->what});
  }
}

/* What stands outside of functions: the plan's values and the call at the end. */
static void compare_outside(struct comparing *d) {
  ARRAY(struct statement) have = {0};
  ARRAY(const char *) want = {0};
  if (d->script.broken != NONE) return;
  for (uint32_t i = 0; i < d->script.functions.n; i++)
    if (*d->script.functions.at[i].name == '\0') array_push(&d->c->arena, &have, d->script.statements.at[d->script.functions.at[i].first]);
  for (uint32_t i = 0; i < d->want.functions.n; i++)
    if (*d->want.functions.at[i].name == '\0') array_push(&d->c->arena, &want, d->want.statements.at[d->want.functions.at[i].first]);
  compare_lists(d, (struct lists){have.at, want.at, have.n, want.n, 0, 0, "outside of all functions"});
}

/* ── Header and runtime, byte by byte ──────────────────────────────────────── */

/* The first byte at which two texts differ, and the line it is in. */
static size_t line_end(const char *text, size_t n, size_t at) {
  while (at < n && text[at] != '\n') at++;
  return at;
}

static size_t line_start(const char *text, size_t at) {
  while (at > 0 && text[at - 1] != '\n') at--;
  return at;
}

static bool first_difference(struct comparing *d, size_t from, size_t length, const char *want, size_t want_length, const char *what) {
  size_t i = 0;
  while (i < length && i < want_length && d->text[from + i] == want[i]) i++;
  if (i == length && i == want_length) return false;
  size_t start = line_start(want, i < want_length ? i : want_length), end = line_end(want, want_length, start);
  const char *line = arena_copy(&d->c->arena, want + start, end - start);
  size_t here = from + line_start(d->text + from, i);
  struct finding *f = differ(d, (uint32_t)here, (uint32_t)line_end(d->text, d->length, here), what);
  if (f != NULL) finding_caret(d->c, f, "should be `%s`", line);
  return true;
}

/* Reads the header; `runtime` is where the runtime begins. */
static void compare_header(struct comparing *d, size_t runtime) {
  if (d->source == NONE) {
    for (size_t i = 0; i < runtime; i = line_end(d->text, d->length, i) + 1)
      if (d->text[i] != '#' && d->text[i] != '\n') d->found++;
    return;
  }
  struct text want = {.arena = &d->c->arena};
  text_puts(&want, "#!/bin/sh\n");
  runbook_header(&want, d->b);
  text_putc(&want, '\n');
  const char *digest = strstr(d->text, "\n# Digest    sha256 ");
  if (digest != NULL && digest < d->text + runtime && strncmp(digest + 20, d->b->digest, 64) != 0) {
    uint32_t at = (uint32_t)(digest + 1 - d->text);
    struct finding *f = differ(d, at, (uint32_t)line_end(d->text, d->length, at), "this runbook was emitted from another version of the plan or of cutc");
    if (f != NULL) finding_caret(d->c, f, "the plan has %s", d->b->digest);
  } else {
    first_difference(d, 0, runtime, text_done(&want), want.n, "the header does not say what the plan says");
  }
}

/* The layout and the comments too, once the meaning is the same. */
static void compare_bytes(struct comparing *d) {
  struct text want = {.arena = &d->c->arena};
  runbook_print(&want, d->b);
  if (!first_difference(d, 0, d->length, text_done(&want), want.n, "the words are the same, but they are not written as they were emitted")) return;
  struct finding *f = d->c->findings.at[d->c->findings.n - 1];
  if (d->text[f->at.start] != '#' || strncmp(d->text + f->at.start, PART_MARK, strlen(PART_MARK)) == 0) return;
  f->message = "a comment is not as it was emitted";
  f->severity = SEV_WARNING;
}

/* Where the runtime begins in a script, and where it ends; false when it is not in there. */
static bool find_runtime(const char *text, size_t *from, size_t *to) {
  const char *first = strstr(text, RUNTIME_FIRST), *last = first != NULL ? strstr(first, "\n" RUNTIME_LAST "\n") : NULL;
  if (last == NULL) return false;
  *from = (size_t)(first - text);
  *to = (size_t)(last - text) + strlen("\n" RUNTIME_LAST "\n");
  return true;
}

bool runbook_met(const struct runbook *b, const char *text, size_t length, struct stretch at) {
  size_t n, from, to;
  const char *runtime = runtime_text(&n);
  return find_runtime(text, &from, &to) && n == to - from && memcmp(runtime, text + from, n) == 0 && expectations_met(b, text + to, length - to, at, NULL);
}

uint32_t runbook_read(struct compilation *c, const struct runbook *b, const char *text, size_t length, uint32_t source) {
  struct comparing d = {.c = c, .b = b, .text = text, .length = length, .source = source};
  size_t length_of_runtime, from, to;
  const char *runtime = runtime_text(&length_of_runtime);
  if (!find_runtime(text, &from, &to)) {
    differ(&d, 0, (uint32_t)line_end(text, length, 0), "this is no runbook of cutc: the runtime is not in it");
    return d.found;
  }
  if (source == NONE && runbook_met(b, text, length, (struct stretch){0, b->sequences.n, true, true})) return 0;
  compare_header(&d, from);
  first_difference(&d, from, to - from, runtime, length_of_runtime, "the runtime is not that of this cutc");
  script_read(&c->arena, &d.script, text + to, length - to, (uint32_t)to);
  if (d.script.broken != NONE) differ(&d, d.script.broken, (uint32_t)line_end(text, length, d.script.broken), "the script cannot be read from here on: a quote or a bracket is not closed");
  d.want = expectations_build(b);
  compare_functions(&d);
  compare_outside(&d);
  if (d.found == 0 && source != NONE) compare_bytes(&d);
  return d.found;
}

uint32_t script_verify(struct compilation *c, uint32_t script, struct runbook *b) {
  const struct source *s = &c->sources.at[script];
  b->digest = digest_plan(b->m, script);
  return runbook_read(c, b, s->text, s->length, script);
}
