/* The names of a plan, and who owns them -> questions to those servers, and looks.
 * Needs facts alone: a `names` fact in force, asked of every resource that `owns` its domain in that zone and serves port 53. So a
 * secondary is asked as well as the primary. Guarantees that each server is compared by itself. */
#include "world/live_inside.h"

#include <stdlib.h>
#include <string.h>

struct named_value { /* a question, and the facts that say its answer */
  struct dns_question question;
  uint32_t fact, server;
  const char **wanted;
  uint32_t count;
};
struct dns_looking {
  struct asking *a;
  ARRAY(struct named_value) values;
};

static const char *name_at(const struct asking *a, uint32_t id) { return name_text(&a->m->c->names, id); }

static bool below(const char *name, const char *domain) {
  size_t n = strlen(name), d = strlen(domain);

  return n >= d && strcmp(name + n - d, domain) == 0 && (n == d || name[n - d - 1] == '.');
}

static bool in_force(const struct asking *a, const struct fact *f) { return guard_holds(a->m, f->guard, a->done) && !f->unknown; }

/* The address on which a resource serves DNS. */
static const struct fact *server_of(const struct asking *a, uint32_t resource) {
  for (uint32_t i = 0; i < a->m->facts.n; i++) {
    if (need_asleep(a->m, i) || (fact_asleep(a->m, i) && slot_by(a->m->facts.at[i]) != resource)) continue;
    const struct fact *f = fact_at(a->m, i);

    if (f->type == FACT_SERVES && f->by == resource && f->host.type == HOST_ADDRESS && f->proto != PROTO_TCP && f->port <= 53 &&
        (f->port == 53 || (f->port_end != NONE && f->port_end >= 53)) && in_force(a, f))
      return f;
  }
  return NULL;
}

/* What a `names` fact leads to, as an answer would say it; NULL for what no server says. */
static const char *target(const struct asking *a, const struct fact *f, enum dns_type *type) {
  if (f->to.type != TARGET_HOST) return NULL;
  if (f->to.host.type == HOST_NAME) return *type = DNS_CNAME, name_at(a, f->to.host.name);
  if (f->to.host.type != HOST_ADDRESS) return NULL;
  const char *text = address_text(a->arena, &f->to.host.from);

  *type = strchr(text, ':') != NULL ? DNS_AAAA : DNS_A;
  return text;
}

static void want(struct dns_looking *x, uint32_t fact, const struct fact *server, const char *name) {
  struct asking *a = x->a;
  enum dns_type type;
  const char *value = target(a, fact_at(a->m, fact), &type);
  struct named_value *v = NULL;

  if (value == NULL) return;
  for (uint32_t i = x->values.n; i-- > 0 && v == NULL;) {
    struct named_value *o = &x->values.at[i];

    if (o->server == server->by && fact_at(a->m, o->fact)->by == fact_at(a->m, fact)->by && o->question.type == type && strcmp(o->question.name, name) == 0) v = o;
  }
  if (v == NULL) {
    struct named_value new = {.question = {address_text(a->arena, &server->host.from), 53, name, type}, .fact = fact, .server = server->by};

    array_push(a->arena, &x->values, new);
    v = &x->values.at[x->values.n - 1];
  }
  const char **wanted = arena_array(a->arena, const char *, (size_t)v->count + 1);

  if (v->count > 0) memcpy(wanted, v->wanted, v->count * sizeof *wanted);
  wanted[v->count++] = value;
  v->wanted = wanted;
}

static void owners(struct dns_looking *x, uint32_t fact) {
  struct asking *a = x->a;
  const struct fact *f = fact_at(a->m, fact);
  bool pattern = f->host.type == HOST_PATTERN;
  const char *name = name_at(a, f->host.name);

  for (uint32_t i = 0; i < a->m->facts.n; i++) {
    if (fact_asleep(a->m, i)) continue;
    const struct fact *o = fact_at(a->m, i);

    if (o->type != FACT_OWNS || o->zone != f->zone || !in_force(a, o) || !below(name, name_at(a, o->host.name))) continue;
    const struct fact *server = server_of(a, o->by);

    /* A pattern is asked for by a name that nobody has. */
    if (server != NULL) want(x, fact, server, pattern ? arena_print(a->arena, "cutc-looks.%s", name) : name);
  }
}

/* ── Answers ───────────────────────────────────────────────────────────────── */

static struct look *look_new(struct asking *a, const struct named_value *v, const char *part, const char *declared) {
  const struct fact *f = fact_at(a->m, v->fact);
  uint32_t name = name_find(&a->m->c->names, part, strlen(part));
  const struct attribute *x = name == NONE ? NULL : attribute_find(a->m, f->by, name);
  struct look look = {.verdict = LOOK_DECLARED, .resource = f->by, .attribute = name, .part = part, .name = name_at(a, a->m->resources.at[f->by].name),
                      .declared = declared, .at = x != NULL && x->written ? x->at : resource_span(a->m, f->by)};

  look.server = arena_print(a->arena, "%s (%s)", name_at(a, a->m->resources.at[v->server].name), v->question.server);
  look.where = arena_print(a->arena, "%s of the name server %s port %u", v->question.name, v->question.server, v->question.port);
  array_push(a->arena, &a->live->looks, look);
  return &a->live->looks.at[a->live->looks.n - 1];
}

static const char *joined(struct arena *arena, const char *const *at, uint32_t n) {
  struct text out = {.arena = arena};

  for (uint32_t i = 0; i < n; i++) text_print(&out, "%s%s", i > 0 ? ", " : "", at[i]);
  return text_done(&out);
}

static int by_text(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static void judge(struct asking *a, const struct named_value *v, const struct dns_answer *answer) {
  const struct fact *f = fact_at(a->m, v->fact);
  uint32_t attribute = fact_attribute(a->m, f);
  const char *part = attribute != NONE ? name_at(a, a->m->attributes.at[attribute].name) : "value";

  qsort(v->wanted, v->count, sizeof *v->wanted, by_text);
  struct look *look = look_new(a, v, part, joined(a->arena, v->wanted, v->count));

  if (!answer->answered) {
    look->verdict = LOOK_UNKNOWN;
    look->failed = true;
    look->reason = arena_print(a->arena, "the name server %s port %u: %s", v->question.server, v->question.port, answer->reason);
    return;
  }
  const char *all = joined(a->arena, answer->values, answer->count), *seen = http_shown(a->arena, all, strlen(all), 200);
  struct seen *items = arena_array(a->arena, struct seen, (size_t)answer->count + 1);

  for (uint32_t i = 0; i < answer->count; i++) items[i] = (struct seen){.type = SEEN_TEXT, .text = answer->values[i]};
  look->seen = answer->count == 0 ? "nothing" : seen;
  look->value = (struct seen){.type = answer->count == 0 ? SEEN_NONE : SEEN_LIST, .items = items, .count = answer->count};
  if (answer->count == 1) look->value = items[0];
  look->value.resource = look->name;
  look->value.attribute = look->part;
  if (strcmp(all, look->declared) != 0) {
    look->verdict = LOOK_DIFFERENT;
    look->arrived = live_later(a, look);
    return;
  }
  if (f->ttl == NONE || answer->count == 0) return;
  uint32_t ttl = name_find(&a->m->c->names, "ttl", 3);

  if (ttl == NONE || attribute_find(a->m, f->by, ttl) == NULL) return;
  /* A server that only passes on what it has heard counts down. */
  bool same = answer->authoritative ? answer->ttl == f->ttl : answer->ttl <= f->ttl;

  look = look_new(a, v, "ttl", arena_print(a->arena, "%us", f->ttl));
  look->seen = arena_print(a->arena, "%us", answer->ttl);
  look->value = (struct seen){.type = SEEN_TEXT, .text = look->seen, .resource = look->name, .attribute = look->part};
  if (!same) look->verdict = LOOK_DIFFERENT;
  look->arrived = !same && live_later(a, look);
}

void live_dns(struct asking *a) {
  struct dns_looking x = {.a = a};

  for (uint32_t i = 0; i < a->m->facts.n; i++) {
    if (fact_asleep(a->m, i)) continue;
    const struct fact *f = fact_at(a->m, i);

    if (f->type == FACT_NAMES && in_force(a, f) && (f->host.type == HOST_NAME || f->host.type == HOST_PATTERN)) owners(&x, i);
  }
  if (x.values.n == 0 || a->w->dns == NULL) return;
  struct dns_question *questions = arena_array(a->arena, struct dns_question, x.values.n);
  struct dns_answer *answers = arena_array(a->arena, struct dns_answer, x.values.n);

  for (uint32_t i = 0; i < x.values.n; i++) questions[i] = x.values.at[i].question;
  a->w->dns(a->w->data, questions, x.values.n, answers);
  a->live->asked += x.values.n;
  for (uint32_t i = 0; i < x.values.n; i++) judge(a, &x.values.at[i], &answers[i]);
}
