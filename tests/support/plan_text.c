/* Plans as text in tests (see the header). */
#include "plan_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct model *plan_model(struct compilation *c, const char *text) {
  static const char before[] = "plan test { operator = me }  use std/net  client me { zone = lan }  ";
  char path[] = "/tmp/cutc-test-XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  FILE *f = fdopen(fd, "wb");
  assert_non_null(f);
  fputs(before, f);
  fputs(text, f);
  fclose(f);
  struct model *m = model_build(c, path);
  unlink(path);
  assert_non_null(m);
  return m;
}

const char *plan_findings(struct compilation *c) {
  struct text t = {.arena = &c->arena};
  findings_sort(c);
  for (uint32_t i = 0; i < c->findings.n; i++)
    if (c->findings.at[i]->severity != SEV_NOTE) text_print(&t, "%s %s\n", code_text(c->findings.at[i]->code), c->findings.at[i]->message);
  return text_done(&t);
}

uint32_t plan_count(struct compilation *c, enum code code) {
  uint32_t n = 0;
  findings_sort(c); /* merges what is said twice */
  for (uint32_t i = 0; i < c->findings.n; i++) n += c->findings.at[i]->code == code;
  return n;
}

const char *plan_span(struct compilation *c, struct span at) {
  if (at.source >= c->sources.n || at.end > c->sources.at[at.source].length || at.end < at.start) return "nowhere";
  return arena_copy(&c->arena, c->sources.at[at.source].text + at.start, at.end - at.start);
}

static void add(struct text *t, const struct model *m, struct pieces p) {
  for (uint32_t i = 0; i < p.n; i++) {
    const struct piece *x = &p.at[i];
    const char *quote = x->in_quotes ? "\"" : "";
    switch ((enum piece_type)x->type) {
    case PIECE_SHELL: text_puts(t, x->text); break;
    case PIECE_VALUE: text_print(t, "[%s%s%s]", quote, x->text, quote); break;
    case PIECE_SECRET: text_print(t, "<%s>", name_text(&m->c->names, m->secrets.at[x->secret].name)); break;
    case PIECE_RUN: text_puts(t, "{run}"); break;
    case PIECE_WORK: text_puts(t, "{work}"); break;
    }
  }
}

static void named(struct text *t, const struct model *m, const char *name, struct pieces p) {
  if (p.n == 0) return;
  text_print(t, " %s=", name);
  add(t, m, p);
}

static void add_command(struct text *t, const struct model *m, const struct command *c) {
  static const char *const types[] = {"run", "http", "manual", "wait", "tcp", "dns"};
  text_puts(t, types[c->type]);
  named(t, m, "in", c->dir);
  if (c->type == CMD_HTTP) text_print(t, " %s", name_text(&m->c->names, c->method));
  if (c->type == CMD_WAIT) text_print(t, " %lld", (long long)c->wait);
  named(t, m, "line", c->line);
  named(t, m, "url", c->url);
  named(t, m, "stdin", c->input);
  named(t, m, "bearer", c->bearer);
  named(t, m, "basic", c->basic);
  named(t, m, c->body_is_file ? "body-file" : "body", c->body);
  named(t, m, "save", c->save);
  named(t, m, "name", c->dns_name);
  named(t, m, "server", c->dns_server);
  named(t, m, "expected", c->dns_expected);
  for (uint32_t i = 0; i < c->env_count; i++) named(t, m, name_text(&m->c->names, c->env[i].name), c->env[i].value);
  for (uint32_t i = 0; i < c->header_count; i++) {
    named(t, m, "header", c->headers[i].name);
    named(t, m, "is", c->headers[i].value);
  }
  for (uint32_t i = 0; i < c->status_count; i++) text_print(t, " status=%u", c->status[i]);
  if (c->within != 0) text_print(t, " within=%lld", (long long)c->within);
  for (uint32_t i = 0; i < c->expect_count; i++) {
    static const char *const ways[] = {"equal", "contains", "without", "matches", "unchanged", "status"};
    named(t, m, ways[c->expects[i].type], c->expects[i].operand);
  }
  for (uint32_t i = 0; i < c->observe_count; i++)
    text_print(t, " %s:=%s", name_text(&m->c->names, c->observes[i].attribute), c->observes[i].filter == NULL ? "output" : c->observes[i].filter);
  text_putc(t, '\n');
}

const char *plan_block(struct compilation *c, const struct model *m, struct block b) {
  struct text t = {.arena = &c->arena};
  for (uint32_t i = 0; i < b.n; i++) add_command(&t, m, &b.at[i]);
  return text_done(&t);
}

const char *plan_guard(struct compilation *c, const struct model *m, uint32_t guard) {
  struct text t = {.arena = &c->arena};
  const struct guard *g = &m->guards.at[guard];
  for (uint32_t i = 0; i < g->n; i++) {
    uint32_t id = g->steps[i] >> 1;
    uint32_t name = id < m->steps.n ? m->steps.at[id].name : m->resources.at[m->parts.at[id - m->steps.n].resource].name;
    text_print(&t, "%s%s%s", i == 0 ? "" : " ", (g->steps[i] & 1) != 0 ? "!" : "", name_text(&c->names, name));
  }
  return text_done(&t);
}

uint32_t plan_step(const struct model *m, const char *id) {
  uint32_t step = step_find(m, id);
  if (step == NONE) fail_msg("there is no step %s", id);
  return step;
}

struct block plan_step_block(struct model *m, const char *step, enum block_type type, const char *const *done) {
  bool *flags = arena_array(&m->c->arena, bool, (size_t)m->steps.n + m->parts.n + 1);
  for (; done != NULL && *done != NULL; done++) {
    uint32_t id = plan_step(m, *done);
    flags[id] = true;
    for (uint32_t i = 0; i < m->parts.n; i++)
      if (m->parts.at[i].step == id) flags[m->steps.n + i] = true;
  }
  return step_block(m, plan_step(m, step), type, flags);
}
