/* Functions and prefix constructors: host(x), join(list, "-"), ssh "x", … -> values.
 * up, disrupted and hairpins have no value of their own: they are conditions (eval_condition.c). */
#include "model/elaborate.h"
#include "model/eval.h"

#include <regex.h>
#include <string.h>

typedef struct value function(struct elaboration *e, const struct value *args, uint32_t n, struct span at);

static struct value wrong(struct elaboration *e, const char *name, const char *wants, const struct value *v) {
  finding_add(e->c, CODE_105, v->at, "`%s` wants %s, and %s", name, wants, value_described(e, v));
  return value_poison(v->at);
}

static struct value host_of(struct elaboration *e, const struct value *args, uint32_t n, struct span at) {
  (void)n;
  struct value v = args[0];
  if (v.type == V_STRING) {
    struct value parsed;
    if (value_fits(e, &args[0], type_plain(T_URL), &parsed) || value_fits(e, &args[0], type_plain(T_ENDPOINT), &parsed)) v = parsed;
    else return v;
  }
  if (v.type == V_ADDRESS) return v;
  if (v.type != V_URL && v.type != V_ENDPOINT) return wrong(e, "host", "a URL, an endpoint or an address", &args[0]);
  if (v.literal_host) return (struct value){.type = V_ADDRESS, .from = v.from, .to = v.from, .at = at};
  return (struct value){.type = V_STRING, .name = v.host, .at = at};
}

static struct value port_of(struct elaboration *e, const struct value *args, uint32_t n, struct span at) {
  (void)n;
  if (args[0].type != V_URL && args[0].type != V_ENDPOINT && args[0].type != V_PORT) return wrong(e, "port", "a URL, an endpoint or a port", &args[0]);
  return (struct value){.type = V_NUMBER, .number = args[0].lo, .at = at};
}

static struct value joined(struct elaboration *e, const struct value *args, uint32_t n, struct span at) {
  struct text out = {.arena = &e->c->arena};
  if (n > 1 && args[1].type != V_STRING) return wrong(e, "join", "a string to put between the items", &args[1]);
  const char *between = n > 1 ? name_text(&e->c->names, args[1].name) : " ";
  struct value single = args[0];
  uint32_t count = args[0].type == V_LIST ? args[0].count : 1;
  const struct value *items = args[0].type == V_LIST ? args[0].items : &single;
  for (uint32_t i = 0; i < count; i++) {
    if (i) text_puts(&out, between);
    if (!value_interpolate(e, &out, &items[i], false)) return wrong(e, "join", "items that have a text", &items[i]);
  }
  text_done(&out);
  return (struct value){.type = V_STRING, .name = name_of(&e->c->names, text_done(&out), out.n), .at = at};
}

static struct value length_of(struct elaboration *e, const struct value *args, uint32_t n, struct span at) {
  (void)n;
  if (args[0].type == V_LIST || args[0].type == V_MAP) return (struct value){.type = V_NUMBER, .number = args[0].count, .at = at};
  if (args[0].type == V_STRING) return (struct value){.type = V_NUMBER, .number = name_length(&e->c->names, args[0].name), .at = at};
  if (args[0].type == V_NONE) return (struct value){.type = V_NUMBER, .at = at};
  return wrong(e, "length", "a list, a map or a string", &args[0]);
}

static struct value basename_of(struct elaboration *e, const struct value *args, uint32_t n, struct span at) {
  (void)n;
  if (args[0].type != V_STRING && args[0].type != V_URL) return wrong(e, "basename", "a path", &args[0]);
  const char *text = name_text(&e->c->names, args[0].name), *slash = strrchr(text, '/');
  return value_text_of(e, slash ? slash + 1 : text, at);
}

static struct value seconds_of(struct elaboration *e, const struct value *args, uint32_t n, struct span at) {
  (void)n;
  if (args[0].type != V_DURATION) return wrong(e, "seconds", "a duration", &args[0]);
  return (struct value){.type = V_NUMBER, .number = args[0].number / 1000, .at = at};
}

/* ── sub(text, 'regex', "replacement") ─────────────────────────────────────── */

#define SUB_TEXT 4096u  /* bytes */
#define SUB_REGEX 256u
#define SUB_GROUPS 10u

/* The replacement, with \1 … \9 for what the groups matched. */
static void replaced(struct text *out, const char *text, const char *with, const regmatch_t *groups) {
  for (const char *p = with; *p; p++) {
    if (*p == '\\' && p[1] >= '0' && p[1] <= '9') {
      const regmatch_t *g = &groups[*++p - '0'];
      if (g->rm_so >= 0) text_add(out, text + g->rm_so, (size_t)(g->rm_eo - g->rm_so));
      continue;
    }
    if (*p == '\\' && p[1]) p++;
    text_putc(out, *p);
  }
}

/* Repetition counts and back references take memory and time beyond any bound. */
static bool modest(const char *regex) {
  for (const char *p = regex; *p; p++) {
    if (*p == '{' || (*p == '\\' && p[1] >= '1' && p[1] <= '9')) return false;
    if (*p == '\\' && p[1]) p++;
  }
  return true;
}

/* The first place of the text that fits, replaced; the text as it is when none does. */
static struct value substituted(struct elaboration *e, const struct value *args, uint32_t n, struct span at) {
  static const char *const wants[] = {"a text to look in", "a regular expression", "a text to put there"};
  for (uint32_t i = 0; i < n; i++)
    if (args[i].type != V_STRING) return wrong(e, "sub", wants[i], &args[i]);
  const char *text = name_text(&e->c->names, args[0].name), *regex = name_text(&e->c->names, args[1].name);
  if (strlen(text) > SUB_TEXT || strlen(regex) > SUB_REGEX || !modest(regex)) {
    struct finding *f = finding_add(e->c, CODE_105, args[1].at, "this is more than `sub` looks through");
    finding_remark(e->c, f, REMARK_NOTE, "at most %u bytes of text, and a regular expression of at most %u without `{…}` and back references", SUB_TEXT, SUB_REGEX);
    return value_poison(at);
  }
  regex_t compiled;
  int problem = regcomp(&compiled, regex, REG_EXTENDED);
  if (problem) {
    char why[128];
    regerror(problem, NULL, why, sizeof why);
    finding_add(e->c, CODE_105, args[1].at, "`%.60s` is no extended regular expression: %s", regex, why);
    return value_poison(at);
  }
  regmatch_t groups[SUB_GROUPS];
  struct text out = {.arena = &e->c->arena};
  struct value v = args[0];
  if (!regexec(&compiled, text, SUB_GROUPS, groups, 0)) {
    text_add(&out, text, (size_t)groups[0].rm_so);
    replaced(&out, text, name_text(&e->c->names, args[2].name), groups);
    text_puts(&out, text + groups[0].rm_eo);
    v = value_text_of(e, text_done(&out), at);
  }
  regfree(&compiled);
  v.at = at;
  return v;
}

/* ssh "x", file "x", env "X", jq '…', prompt "…": kept as they are, for who knows what to do with them. */
static bool constructor(struct elaboration *e, uint32_t name) {
  const struct word_table *w = e->words;
  return name == w->ssh || name == w->file || name == w->env || name == w->jq || name == w->prompt;
}

static const struct {
  const char *name;
  function *call;
  uint8_t least, most;
  bool stands; /* arguments are what they stand for */
} functions[] = {
    {"host", host_of, 1, 1, true},     {"port", port_of, 1, 1, true},         {"join", joined, 1, 2, false},
    {"length", length_of, 1, 1, true}, {"basename", basename_of, 1, 1, true}, {"seconds", seconds_of, 1, 1, true},
    {"sub", substituted, 3, 3, true},
};
#define FUNCTIONS (sizeof functions / sizeof functions[0])
static const char *const conditions[] = {"up", "disrupted", "changed", "hairpins", "overlaps"};

static struct cases unknown_function(struct elaboration *e, uint32_t node) {
  struct span at = node_span(e->tree, node);
  struct finding *f = finding_add(e->c, CODE_103, at, "there is no function `%s`", node_name(e, node));
  const char *known[FUNCTIONS + 12];
  uint32_t n = 0;
  for (size_t i = 0; i < FUNCTIONS; i++) known[n++] = functions[i].name;
  for (size_t i = 0; i < 5; i++) known[n++] = conditions[i];
  known[n++] = "old";
  known[n++] = "new";
  suggest(e, f, node_name(e, node), known, n);
  return cases_one(e, value_poison(at));
}

static struct cases each_combination(struct elaboration *e, const struct scope *s, uint32_t node, size_t which, uint32_t n) {
  struct span at = node_span(e->tree, node);
  struct cases *parts = arena_array(&e->c->arena, struct cases, n + 1u);
  uint32_t k = 0;
  for (uint32_t i = NODE(e, node)->child; i; i = NODE(e, i)->next, k++) {
    parts[k] = eval_node(e, s, i, NULL);
    if (which < FUNCTIONS && functions[which].stands) parts[k] = cases_stand(e, s, &parts[k]);
  }
  struct combos combos = combos_of(e, parts, n, at);
  struct cases_builder b = {.at = at};
  for (uint32_t c = 0; c < combos.n; c++) {
    struct value *args = arena_array(&e->c->arena, struct value, n + 1u), v = {0};
    bool known = true;
    for (uint32_t i = 0; i < n; i++) {
      args[i] = *combo_value(&combos, c, parts, i);
      if (args[i].type == V_UNKNOWN && known) known = false, v = args[i], v.at = at;
    }
    if (known && which < FUNCTIONS) v = functions[which].call(e, args, n, at);
    else if (known) v = (struct value){.type = V_CALL, .name = NODE(e, node)->text, .items = args, .count = n, .at = at};
    cases_add(e, &b, &v, combos.at[c].guard);
  }
  return b.cases.n ? b.cases : cases_one(e, value_poison(at));
}

struct cases eval_call(struct elaboration *e, const struct scope *s, uint32_t node) {
  const char *name = node_name(e, node);
  struct span at = node_span(e->tree, node);
  uint32_t n = 0;
  for (uint32_t i = NODE(e, node)->child; i; i = NODE(e, i)->next) n++;
  if (NODE(e, node)->text == e->words->old || NODE(e, node)->text == e->words->new) {
    struct scope there = scope_old(e, s, NODE(e, node)->text == e->words->new);
    if (n == 1) return eval_node(e, &there, NODE(e, node)->child, NULL);
    finding_add(e->c, CODE_105, at, "`%s` takes one thing, not %u", name, n);
    return cases_one(e, value_poison(at));
  }
  for (size_t i = 0; i < 5; i++)
    if (!strcmp(name, conditions[i])) {
      struct condition c = eval_plain_condition(e, s, node);
      struct cases_builder b = {.at = at};
      struct value v = {.type = V_BOOL, .number = 1, .at = at};
      for (uint32_t k = 0; k < c.yes.n; k++) cases_add(e, &b, &v, c.yes.at[k].guard);
      v.number = 0;
      for (uint32_t k = 0; k < c.no.n; k++) cases_add(e, &b, &v, c.no.at[k].guard);
      v = (struct value){.type = V_UNKNOWN, .at = at};
      for (uint32_t k = 0; k < c.unknown.n; k++) cases_add(e, &b, &v, c.unknown.at[k].guard);
      return b.cases.n ? b.cases : cases_one(e, value_poison(at));
    }
  size_t which = 0;
  while (which < FUNCTIONS && strcmp(name, functions[which].name)) which++;
  if (which == FUNCTIONS && !constructor(e, NODE(e, node)->text)) return unknown_function(e, node);
  if (which < FUNCTIONS && (n < functions[which].least || n > functions[which].most)) {
    finding_add(e->c, CODE_105, at, "`%s` takes %u %s, not %u", name, functions[which].least, functions[which].least == 1 ? "thing" : "things", n);
    return cases_one(e, value_poison(at));
  }
  return each_combination(e, s, node, which, n);
}
