/* A proof -> its order and timeline as JSON, the member `timeline` of what `check --format json` prints.
 * Needs the proof. Guarantees output that grows with the steps and with what changes for a promise, not with their product. */
#include "model/json.h"
#include "report/live.h"
#include "report/machine.h"

#include <string.h>

static void steps(struct text *out, const struct model *m, const struct proof *p) {
  int64_t begins = 0;

  text_puts(out, "    \"steps\": [");
  for (uint32_t k = 0; k < p->order.n; k++) {
    const struct step *s = &m->steps.at[p->order.at[k]];

    text_print(out, "%s\n      {\"step\": %u, \"id\": ", k ? "," : "", k + 1);
    json_step(out, m, p->order.at[k]);
    text_puts(out, ", \"title\": ");
    json_name(out, m, s->title);
    text_puts(out, ", \"begins\": ");
    json_seconds(out, begins);
    text_puts(out, ", \"takes\": ");
    json_seconds(out, s->takes);
    text_print(out, ", \"wait\": %s}", s->wait ? "true" : "false");
    begins = begins < 0 || s->takes < 0 ? -1 : begins + s->takes;
  }
  text_puts(out, p->order.n ? "\n    ],\n" : "],\n");
}

/* The states of a promise, equal neighbours together. */
static void states(struct text *out, const struct timeline *t, uint32_t n) {
  static const char *const verdicts[] = {[UP] = "up", [DOWN] = "down", [UNKNOWN] = "unknown", [MAYBE] = "maybe"};

  text_puts(out, "\"states\": [");
  for (uint32_t k = 0, end; k <= n; k = end) {
    enum verdict now = timeline_at(t, k);

    for (end = timeline_change(t, k); end <= n && timeline_at(t, end) == now;)
      end = timeline_change(t, end);
    end = end > n ? n + 1 : end;
    text_print(out, "%s{\"is\": \"%s\", \"from\": %u, \"to\": %u}", k ? ", " : "", verdicts[now], k, end - 1);
  }
  text_puts(out, "]");
}

static void promise(struct text *out, const struct model *m, const struct proof *p, uint32_t i) {
  static const char *const holds[] = {[HOLD_ALWAYS] = "always", [HOLD_AT_MOST] = "at_most", [HOLD_FINALLY] = "finally"};
  const struct promise *asked = &m->promises.at[i];
  const struct timeline *t = &p->timeline[i];

  text_puts(out, "\"id\": ");
  json_name(out, m, asked->id);
  text_puts(out, ", \"promise\": ");
  json_name(out, m, asked->text);
  text_print(out, ", \"hold\": \"%s\", \"limit\": ", holds[asked->hold]);
  json_seconds(out, asked->hold == HOLD_AT_MOST ? asked->limit : -1);
  text_puts(out, ",\n       ");
  states(out, t, p->order.n);
  text_puts(out, ", \"down_during\": [");
  for (uint32_t k = 0; k < t->during.n; k++)
    text_print(out, "%s%u", k ? ", " : "", t->during.at[k] + 1);
  text_puts(out, "], \"outage\": ");
  json_seconds(out, t->outage);
  text_print(out, ", \"or_more\": %s, \"back\": ", t->outage_open ? "true" : "false");
  json_seconds(out, t->back);
}

static void timeline(struct text *out, const struct model *m, const struct proof *p) {
  uint32_t open = 0;

  for (uint32_t k = 0; k < p->order.n; k++)
    open += m->steps.at[p->order.at[k]].takes < 0;
  text_print(out, "  \"timeline\": {\n    \"proven\": %s,\n    \"takes\": ", p->order_holds && !m->c->errors ? "true" : "false");
  json_seconds(out, p->total);
  text_print(out, ",\n    \"of_unknown_length\": %u,\n", open);
  steps(out, m, p);
  text_puts(out, "    \"promises\": [");
  for (uint32_t i = 0; i < m->promises.n; i++) {
    text_puts(out, i ? ",\n      {" : "\n      {");
    promise(out, m, p, i);
    text_putc(out, '}');
  }
  text_puts(out, m->promises.n ? "\n    ]\n  }" : "]\n  }");
}

void report_check_json(struct text *out, struct compilation *c, const struct model *m, const struct proof *p, const struct live *l) {
  static const char end[] = "\n}\n";

  if (l)
    report_live_json(out, c, l);
  else
    machine_json(out, c);
  if (!p || out->n < strlen(end))
    return;
  out->n -= strlen(end); /* one member more */
  text_puts(out, ",\n");
  timeline(out, m, p);
  text_puts(out, end);
}
