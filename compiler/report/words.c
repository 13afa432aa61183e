/* Ids of the model -> the phrases that messages are made of.
 * Needs a model, and for places in the order a proof. Every phrase is complete in itself: names in backticks,
 * endpoints with port and protocol, times as a person says them. */
#include "report/words.h"

#include <string.h>

static struct arena *arena_of(const struct model *m) {
  return &m->c->arena;
}

static const char *text_of(const struct model *m, uint32_t name) {
  return name_text(&m->c->names, name);
}

static const char *resource_words(struct arena *a, const struct model *m, uint32_t resource) {
  if (resource >= m->resources.n) return "something";
  return arena_print(a, "`%s`", text_of(m, m->resources.at[resource].name));
}

const char *words_resource(const struct model *m, uint32_t resource) { return resource_words(arena_of(m), m, resource); }

static uint32_t place_of(const struct proof *p, uint32_t step) {
  if (p)
    for (uint32_t i = 0; i < p->order.n; i++)
      if (p->order.at[i] == step) return i;
  return NONE;
}

const char *words_step(const struct model *m, const struct proof *p, uint32_t step) {
  if (step >= m->steps.n) return "no step";
  const char *id = text_of(m, m->steps.at[step].name);
  uint32_t place = place_of(p, step);
  if (place == NONE) return arena_print(arena_of(m), "step `%s`", id);
  return arena_print(arena_of(m), "step %u (`%s`)", place + 1, id);
}

/* The same of the one at a place in the order. */
static const char *step_at(const struct model *m, const struct proof *p, uint32_t place) {
  uint32_t step = p->order.at[place];
  return step >= m->steps.n ? "no step" : arena_print(arena_of(m), "step %u (`%s`)", place + 1, text_of(m, m->steps.at[step].name));
}

const char *words_host(const struct model *m, const struct host *host) {
  struct arena *arena = arena_of(m);
  switch ((enum host_type)host->type) {
  case HOST_NONE: return "whatever arrives";
  case HOST_ADDRESS: return address_text(arena, &host->from);
  case HOST_RANGE: return arena_print(arena, "%s-%s", address_text(arena, &host->from), address_text(arena, &host->to));
  case HOST_NAME: return text_of(m, host->name);
  case HOST_PATTERN: return arena_print(arena, "*.%s", text_of(m, host->name));
  case HOST_UNKNOWN: return "an unknown address";
  }
  return "";
}

/* Host and port, an IPv6 address in brackets. */
static const char *endpoint(const struct model *m, const struct host *host, uint32_t port, enum proto proto, bool with_proto) {
  const char *text = words_host(m, host);
  if (port == NONE || port > 65535) return text;
  bool v6 = host->type == HOST_ADDRESS && strchr(text, ':') != NULL;
  return arena_print(arena_of(m), "%s%s%s:%u%s%s", v6 ? "[" : "", text, v6 ? "]" : "", port, with_proto ? "/" : "",
                     with_proto ? proto_text(proto) : "");
}

const char *words_need(const struct model *m, const struct need *need) {
  struct arena *arena = arena_of(m);
  switch ((enum need_type)need->type) {
  case NEED_RESOURCE: return words_resource(m, need->on);
  case NEED_COUNT: return arena_print(arena, "at least %u of %s", need->least, words_resources(m, need->of, need->of_count));
  case NEED_NEVER: return "a condition that does not hold";
  case NEED_ENDPOINT:
    if (need->vhost && need->proto == PROTO_TCP && (need->port == 443 || need->port == 80))
      return arena_print(arena, "%s://%s", need->port == 443 ? "https" : "http", words_host(m, &need->host));
    return endpoint(m, &need->host, need->port, need->proto, true);
  }
  return "";
}

const char *words_target(const struct model *m, const struct target *target) {
  switch ((enum target_type)target->type) {
  case TARGET_NONE: return "nothing";
  case TARGET_HOST: return endpoint(m, &target->host, target->port, PROTO_TCP, false);
  case TARGET_RESOURCE: return words_resource(m, target->resource);
  case TARGET_ROUTE:
    return arena_print(arena_of(m), "zone `%s`", target->zone < m->zones.n ? text_of(m, m->zones.at[target->zone].name) : "?");
  }
  return "";
}

const char *words_resources(const struct model *m, const uint32_t *resources, uint32_t n) { return words_resources_in(arena_of(m), m, resources, n); }

const char *words_resources_in(struct arena *a, const struct model *m, const uint32_t *resources, uint32_t n) {
  struct text out = {.arena = a};
  uint32_t shown = n > 9 ? 8 : n;
  for (uint32_t i = 0; i < shown; i++) {
    if (i) text_puts(&out, i + 1 == n ? " and " : ", ");
    text_puts(&out, resource_words(a, m, resources[i]));
  }
  if (shown < n) text_print(&out, " and %u more", n - shown);
  return text_done(&out);
}

const char *words_time(struct arena *arena, int64_t milliseconds) {
  static const struct { int64_t length; const char *unit; } units[] = {{3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
  struct text out = {.arena = arena};
  if (milliseconds < 0) return "an unknown time";
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    if (milliseconds < units[i].length) continue;
    if (out.n) text_putc(&out, ' ');
    text_number(&out, (uint64_t)(milliseconds / units[i].length));
    text_puts(&out, units[i].unit);
    milliseconds %= units[i].length;
  }
  return out.n ? text_done(&out) : "0s";
}

const char *words_stop(const struct model *m, const struct trace *trace) {
  struct arena *arena = arena_of(m);
  if (!trace->n) return "nothing is reached";
  const struct link *last = &trace->at[trace->n - 1];
  const char *what = endpoint(m, &last->host, last->port, last->proto, true);
  switch ((enum link_type)last->type) {
  case LINK_NAME: case LINK_SERVES: case LINK_FORWARDS: case LINK_HOSTS: case LINK_ARRIVE:
    return arena_print(arena, "%s answers", words_resource(m, last->resource));
  case STOP_NO_NAME: return arena_print(arena, "no DNS knows the name %s", words_host(m, &last->host));
  case STOP_NOBODY: return arena_print(arena, "nothing answers at %s", what);
  case STOP_NOT_HOSTED:
    return arena_print(arena, "%s hosts nothing called %s", words_resource(m, last->resource), text_of(m, last->vhost));
  case STOP_DOWN: return arena_print(arena, "%s is down", words_resource(m, last->resource));
  case STOP_LOOP: return arena_print(arena, "the way comes back to %s: a loop", last->resource < m->resources.n ? words_resource(m, last->resource) : what);
  case STOP_TOO_LONG: return "the way has more than 32 hops";
  case STOP_UNKNOWN: return arena_print(arena, "where %s leads is unknown", words_resource(m, last->resource));
  }
  return "";
}

/* Adds a link's phrase unless it only repeats the one before. */
static void add_link(struct text *out, const char *phrase, const char **last) {
  if (*last && strcmp(*last, phrase) == 0) return;
  if (*last) text_puts(out, " → ");
  text_puts(out, phrase);
  *last = phrase;
}

const char *words_trace(const struct model *m, const struct trace *trace) {
  struct text out = {.arena = arena_of(m)};
  const char *last = NULL;
  for (uint32_t i = 0; i < trace->n; i++) {
    const struct link *l = &trace->at[i];
    if (l->type >= STOP_NO_NAME) {
      add_link(&out, words_stop(m, &(struct trace){.at = trace->at + i, .n = 1}), &last);
      continue;
    }
    if (l->host.type != HOST_NONE && l->type != LINK_HOSTS && l->type != LINK_ARRIVE)
      add_link(&out, l->type == LINK_NAME ? words_host(m, &l->host) : endpoint(m, &l->host, l->port, l->proto, false), &last);
    if (l->resource < m->resources.n) add_link(&out, words_resource(m, l->resource), &last);
  }
  return text_done(&out);
}

const char *words_states(const struct model *m, const struct proof *p, uint32_t first, uint32_t last) {
  struct arena *arena = arena_of(m);
  uint32_t n = p->order.n;
  if (first == NONE || first > n) return "in some state";
  if (first == 0 && last == 0 && n) return "before the first step";
  if (first == 0 && (last == NONE || last >= n)) return "in every state";
  if (first == 0) return arena_print(arena, "from the start until %s", step_at(m, p, last));
  const char *from = step_at(m, p, first - 1);
  if (last == NONE || last >= n) return arena_print(arena, "from %s on", from);
  return arena_print(arena, "from %s until %s", from, step_at(m, p, last));
}

/* A limit as the plan has it, to the millisecond. */
static const char *written(const struct model *m, const struct promise *p) {
  struct text out = {.arena = arena_of(m)};
  value_print(&out, &m->c->names, &(struct value){.type = V_DURATION, .prefix = p->limit_form, .number = p->limit});
  return text_done(&out);
}

const char *words_promise(const struct model *m, uint32_t promise) {
  if (promise >= m->promises.n) return "a promise";
  const struct promise *p = &m->promises.at[promise];
  const char *text = text_of(m, p->text);
  switch ((enum hold)p->hold) {
  case HOLD_ALWAYS: return arena_print(arena_of(m), "`%s always`", text);
  case HOLD_FINALLY: return arena_print(arena_of(m), "`%s finally`", text);
  case HOLD_AT_MOST: return arena_print(arena_of(m), "`%s down at most %s`", text, written(m, p));
  }
  return text;
}
