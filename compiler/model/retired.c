/* The model -> what is there at the start and nobody has at the end.
 * Needs all facts and attributes. Guarantees that an address on which something goes on answering is given up in part only,
 * with the ports that are: who else shares the address is not told that he has to move. */
#include "model/retired.h"

#include <stdlib.h>
#include <string.h>

/* One thing that is said about an address or a name. */
struct said {
  bool is_name, answers, changes; /* a fact that answers for it; a value that the plan changes */
  bool start, end;
  struct address address;
  uint32_t name;
  uint32_t from, to;              /* ports, of what answers */
  uint32_t resource, step;
  struct span at;
  uint32_t serial;
};
struct said_list { struct said *at; uint32_t n, cap; };

struct retiring {
  struct model *m;
  const bool *nothing, *everything; /* steps done at the start and at the end */
  bool *leaves;                   /* resources that do not exist at the end */
  struct said_list said;
  ARRAY(uint32_t) wide;           /* facts that answer for ranges and patterns at the end */
};

static struct span readable(const struct model *m, struct span at, uint32_t resource) {
  return at.source < m->c->sources.n && !m->c->sources.at[at.source].library ? at : resource_span(m, resource);
}

static void say(struct retiring *x, struct said s) {
  s.serial = x->said.n;
  array_push(&x->m->c->arena, &x->said, s);
}

/* ── Facts ─────────────────────────────────────────────────────────────────── */

/* The step with which a fact ends. */
static uint32_t ending(const struct model *m, uint32_t guard) {
  const struct guard *g = &m->guards.at[guard];

  for (uint32_t i = 0; i < g->n; i++)
    if (g->steps[i] & 1) {
      uint32_t step = g->steps[i] >> 1;

      return step < m->steps.n ? step : m->parts.at[step - m->steps.n].step;
    }
  return NONE;
}

static void facts(struct retiring *x) {
  const struct model *m = x->m;

  for (uint32_t i = 0; i < m->facts.n; i++) {
    if (need_asleep(m, i)) continue;
    const struct fact *f = fact_at(m, i);
    bool address = f->host.type == HOST_ADDRESS && (f->type == FACT_SERVES || f->type == FACT_FORWARDS);
    bool name = f->host.type == HOST_NAME && f->type != FACT_OWNS && f->type != FACT_NEEDS;

    if ((f->host.type == HOST_RANGE || f->host.type == HOST_PATTERN) && f->type != FACT_OWNS && f->type != FACT_NEEDS &&
        f->to.type != TARGET_ROUTE && guard_holds(m, f->guard, x->everything))
      array_push(&m->c->arena, &x->wide, i);
    if ((!address && !name) || f->unknown || f->to.type == TARGET_ROUTE)
      continue;
    struct span at = f->span;

    uint32_t attribute = fact_attribute(m, f);

    if (attribute != NONE)
      at = m->attributes.at[attribute].hops ? m->attributes.at[attribute].hops[0] : m->attributes.at[attribute].at;
    say(x, (struct said){.is_name = name, .answers = true, .address = f->host.from, .name = name ? f->host.name : 0,
                         .start = guard_holds(m, f->guard, x->nothing), .end = guard_holds(m, f->guard, x->everything),
                         .from = f->port == NONE ? 0 : f->port, .to = f->port == NONE ? 65535 : f->port_end == NONE ? f->port : f->port_end,
                         .resource = f->by, .step = ending(m, f->guard), .at = readable(m, at, f->by)});
  }
}

/* Does a range or a pattern still answer for it at the end? */
static bool covered(const struct retiring *x, const struct said *s) {
  const struct model *m = x->m;
  const char *name = name_text(&m->c->names, s->name);

  for (uint32_t i = 0; i < x->wide.n; i++) {
    const struct fact *f = fact_at(m, x->wide.at[i]);

    if (!s->is_name && f->host.type == HOST_RANGE && memcmp(f->host.from.bytes, s->address.bytes, 16) <= 0 &&
        memcmp(s->address.bytes, f->host.to.bytes, 16) <= 0)
      return true;
    if (s->is_name && f->host.type == HOST_PATTERN) {
      const char *suffix = name_text(&m->c->names, f->host.name);
      size_t n = strlen(name), k = strlen(suffix);

      if (n > k + 1 && name[n - k - 1] == '.' && strcmp(name + n - k, suffix) == 0)
        return true;
    }
  }
  return false;
}

/* ── Values ────────────────────────────────────────────────────────────────── */

static void value(struct retiring *x, const struct value *v, const struct said *as) {
  struct said s = *as;

  if (v->type == V_LIST || v->type == V_MAP) {
    for (uint32_t i = 0; i < v->count; i++)
      value(x, &v->items[i], as);
    return;
  }
  if (v->type != V_ADDRESS && v->type != V_ENDPOINT && v->type != V_URL)
    return;
  s.is_name = v->type != V_ADDRESS && !v->literal_host;
  s.address = v->from;
  s.name = s.is_name ? v->host : 0;
  say(x, s);
}

static void values_of(struct retiring *x, const struct attribute *a) {
  const struct model *m = x->m;
  bool leaves = x->leaves[a->owner];
  uint32_t step = a->hop_count ? a->steps[0] : NONE;

  if (leaves && step == NONE) {
    const struct attribute *exists = attribute_find(m, a->owner, name_find(&m->c->names, "exists", 6));

    step = exists && exists->hop_count ? exists->steps[0] : NONE;
  }
  for (uint32_t k = 0; k < a->cases.n; k++) {
    struct said s = {.changes = a->hop_count > 0 || leaves, .resource = a->owner, .step = step,
                     .start = guard_holds(m, a->cases.at[k].guard, x->nothing),
                     .end = !leaves && guard_holds(m, a->cases.at[k].guard, x->everything),
                     .at = readable(m, a->hops ? a->hops[0] : a->at, a->owner)};

    if (s.start || s.end)
      value(x, &a->cases.at[k].value, &s);
  }
}

/* In the order of the resources: those that are made only now come last among the attributes. */
static void values(struct retiring *x) {
  const struct model *m = x->m;

  for (uint32_t r = 0; r < m->resources.n; r++) {
    struct attribute_range own = attributes_of(m, r);

    for (uint32_t i = own.at; i < own.end; i++)
      values_of(x, &m->attributes.at[i]);
  }
}

static void find_leaving(struct retiring *x) {
  const struct model *m = x->m;
  uint32_t name = name_find(&m->c->names, "exists", 6);

  x->leaves = arena_array(&m->c->arena, bool, m->resources.n + 1);
  for (uint32_t r = 0; r < m->resources.n && name != NONE; r++) {
    const struct value *v = attribute_value(m, r, name, x->everything);

    x->leaves[r] = v && v->type == V_BOOL && !v->number;
  }
}

/* ── Ports ─────────────────────────────────────────────────────────────────── */

static int by_port(const void *a, const void *b) {
  const struct port_range *x = a, *y = b;

  return x->from != y->from ? (x->from > y->from) - (x->from < y->from) : (x->to > y->to) - (x->to < y->to);
}

struct port_list { struct port_range *at; uint32_t n, cap; };

/* Sorted, without overlaps. */
static struct port_list joined(struct arena *a, const struct said *s, uint32_t n, bool end) {
  struct port_list all = {0}, out = {0};

  for (uint32_t i = 0; i < n; i++)
    if (s[i].answers && (end ? s[i].end : s[i].start))
      array_push(a, &all, (struct port_range){s[i].from, s[i].to});
  if (all.n)
    qsort(all.at, all.n, sizeof *all.at, by_port);
  for (uint32_t i = 0; i < all.n; i++) {
    struct port_range *last = out.n ? &out.at[out.n - 1] : NULL;

    if (last && all.at[i].from <= last->to)
      last->to = all.at[i].to > last->to ? all.at[i].to : last->to;
    else
      array_push(a, &out, all.at[i]);
  }
  return out;
}

static struct port_list without(struct arena *a, const struct port_list *all, const struct port_list *kept) {
  struct port_list out = {0};

  for (uint32_t i = 0, k = 0; i < all->n; i++) {
    uint32_t from = all->at[i].from, to = all->at[i].to;

    while (k < kept->n && kept->at[k].to < from)
      k++;
    for (uint32_t j = k; from <= to; j++) {
      if (j == kept->n || kept->at[j].from > to) {
        array_push(a, &out, (struct port_range){from, to});
        break;
      }
      if (kept->at[j].from > from)
        array_push(a, &out, (struct port_range){from, kept->at[j].from - 1});
      from = kept->at[j].to + 1;
    }
  }
  return out;
}

/* ── One address or name ───────────────────────────────────────────────────── */

static bool tells_nothing(const struct model *m, const struct said *s) {
  static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}, zero[16] = {0}, one[16] = {[15] = 1};
  const uint8_t *b = s->address.bytes;

  if (s->is_name)
    return !strchr(name_text(&m->c->names, s->name), '.');
  return memcmp(b, zero, 16) == 0 || memcmp(b, one, 16) == 0 || (memcmp(b, mapped, 12) == 0 && (b[12] == 127 || memcmp(b + 12, zero, 4) == 0));
}

static bool in_ports(const struct port_list *ports, const struct said *s) {
  for (uint32_t i = 0; i < ports->n; i++)
    if (s->from <= ports->at[i].to && ports->at[i].from <= s->to)
      return true;
  return false;
}

static void one(struct retiring *x, const struct said *s, uint32_t n, struct retired_list *list) {
  struct arena *a = &x->m->c->arena;
  bool answered = false, answers = false, changes = false, stays = false;
  const struct said *who = NULL;

  for (uint32_t i = 0; i < n; i++) {
    answered |= s[i].answers && s[i].start;
    answers |= s[i].answers && s[i].end;
    changes |= !s[i].answers && s[i].changes && s[i].start;
    stays |= s[i].end;
  }
  if (tells_nothing(x->m, s) || (!answered && !(changes && !stays)) || (s->is_name && answers))
    return;
  struct port_list start = joined(a, s, n, false), kept = joined(a, s, n, true), gone = without(a, &start, &kept);

  if ((answered && !gone.n) || covered(x, s))
    return;
  for (uint32_t i = 0; i < n && !who; i++)
    if (s[i].start && (answered ? s[i].answers && (answers ? !s[i].end && in_ports(&gone, &s[i]) : true) : s[i].changes))
      who = &s[i];
  if (!who)
    who = s;
  array_push(a, list, (struct retired){.is_name = s->is_name, .address = s->address, .name = s->name, .partly = answers,
                                       .ports = gone.at, .port_count = gone.n, .kept = kept.at, .kept_count = kept.n,
                                       .resource = who->resource, .step = who->step, .at = who->at});
}

static int compare_key(const struct said *a, const struct said *b) {
  if (a->is_name != b->is_name)
    return a->is_name ? 1 : -1;
  if (a->is_name)
    return (a->name > b->name) - (a->name < b->name);
  return memcmp(a->address.bytes, b->address.bytes, 16);
}

static int by_key(const void *x, const void *y) {
  const struct said *a = x, *b = y;
  int d = compare_key(a, b);

  return d ? d : (a->serial > b->serial) - (a->serial < b->serial);
}

static int by_place(const void *x, const void *y) {
  const struct retired *a = x, *b = y;

  if (a->at.source != b->at.source)
    return a->at.source < b->at.source ? -1 : 1;
  if (a->at.start != b->at.start)
    return a->at.start < b->at.start ? -1 : 1;
  if (a->is_name != b->is_name)
    return a->is_name ? 1 : -1;
  return a->is_name ? (a->name > b->name) - (a->name < b->name) : memcmp(a->address.bytes, b->address.bytes, 16);
}

struct retired_list model_retired(struct model *m) {
  struct arena *a = &m->c->arena;
  uint32_t steps = m->steps.n + m->parts.n;
  bool *everything = arena_array(a, bool, steps + 1);
  struct retiring x = {.m = m, .nothing = arena_array(a, bool, steps + 1), .everything = everything};
  struct retired_list list = {0};

  memset(everything, 1, steps + 1);
  find_leaving(&x);
  facts(&x);
  values(&x);
  if (x.said.n)
    qsort(x.said.at, x.said.n, sizeof *x.said.at, by_key);
  for (uint32_t i = 0, n; i < x.said.n; i += n) {
    for (n = 1; i + n < x.said.n && compare_key(&x.said.at[i], &x.said.at[i + n]) == 0;)
      n++;
    one(&x, &x.said.at[i], n, &list);
  }
  if (list.n)
    qsort(list.at, list.n, sizeof *list.at, by_place);
  return list;
}

/* ── Who in the plan names something ───────────────────────────────────────── */

static bool names_it(const struct value *v, const struct address *address, uint32_t name, const struct names *names) {
  if (v->type == V_LIST || v->type == V_MAP) {
    for (uint32_t i = 0; i < v->count; i++)
      if (names_it(&v->items[i], address, name, names))
        return true;
    return false;
  }
  if (v->type == V_ADDRESS)
    return address && memcmp(v->from.bytes, address->bytes, 16) == 0;
  if (v->type == V_ENDPOINT || v->type == V_URL)
    return v->literal_host ? address && memcmp(v->from.bytes, address->bytes, 16) == 0 : name && v->host == name;
  return v->type == V_STRING && name && v->name == name;
}

static int mention_by_place(const void *x, const void *y) {
  const struct mention *a = x, *b = y;

  if (a->at.source != b->at.source)
    return a->at.source < b->at.source ? -1 : 1;
  if (a->at.start != b->at.start)
    return a->at.start < b->at.start ? -1 : 1;
  return a->attribute != b->attribute ? (a->attribute > b->attribute) - (a->attribute < b->attribute) : (a->index > b->index) - (a->index < b->index);
}

struct mention_list model_mentions(struct model *m, const struct address *address, uint32_t name) {
  struct arena *a = &m->c->arena;
  struct mention_list list = {0};

  attributes_of_all(m);
  for (uint32_t i = 0; i < m->attributes.n; i++) {
    const struct attribute *t = &m->attributes.at[i];

    for (uint32_t k = 0; k < t->cases.n; k++)
      if (names_it(&t->cases.at[k].value, address, name, &m->c->names)) {
        struct span at = t->hops && t->cases.n == t->hop_count + 1u ? t->hops[k] : t->at;

        array_push(a, &list, (struct mention){i, k, NONE, readable(m, at, t->owner)});
      }
  }
  for (uint32_t i = 0; i < m->promises.n; i++) {
    const struct need *n = &m->promises.at[i].endpoint;

    if (m->promises.at[i].type == PROMISE_ENDPOINT &&
        (n->host.type == HOST_ADDRESS ? address && memcmp(n->host.from.bytes, address->bytes, 16) == 0 : n->host.type == HOST_NAME && name && n->host.name == name))
      array_push(a, &list, (struct mention){NONE, 0, i, m->promises.at[i].at});
  }
  if (list.n)
    qsort(list.at, list.n, sizeof *list.at, mention_by_place);
  return list;
}
