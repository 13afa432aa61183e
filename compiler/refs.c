/* cutc refs [PLAN] [ADDRESS] [--root DIR]: who names what a plan gives up, or an address, in the plan and in files.
 * Needs a plan, or an address; a first argument that is no file is the address. Guarantees that an address alone is searched for
 * without any plan, and with the one of this folder when there is one. */
#include "commands.h"
#include "report/refs.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ── What is asked for ─────────────────────────────────────────────────────── */

static bool host_name(const char *s, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') || strchr("-_.", s[i]) || (s[i] & 0x80)))
      return false;
  return n > 0 && s[0] != '.' && s[0] != '-';
}

/* A name does not end in a number: that is an address which is misspelt, and nothing would be found for it. */
static bool numeric_end(const char *s, size_t n) {
  size_t digits = 0;

  while (digits < n && s[n - 1 - digits] >= '0' && s[n - 1 - digits] <= '9') digits++;
  return digits > 0 && (digits == n || s[n - 1 - digits] == '.');
}

/* An address, a name, an endpoint or a URL; with a port only mentions of that port, or of none. */
static bool asked_for(struct compilation *c, const char *text, struct refs_target *t) {
  struct arena *a = &c->arena;
  struct refs_ports *ports = arena_new(a, struct refs_ports);
  size_t n = strlen(text);
  struct value v;
  const char *why;

  *t = (struct refs_target){0};
  if (value_address(text, n, &v, &why)) {
    t->address = v.from;
    return true;
  }
  bool url = strstr(text, "://") != NULL;

  if (url ? value_url(&c->names, text, n, &v, &why) : value_endpoint(&c->names, text, n, &v, &why)) {
    *ports = (struct refs_ports){v.lo, v.hi};
    t->partly = v.lo != 0 || v.hi != 65535;
    t->ports = ports;
    t->port_count = 1;
    t->is_name = !v.literal_host;
    t->address = v.from;
    t->name = name_text(&c->names, v.host);
    return true;
  }
  while (n && text[n - 1] == '.')
    n--;
  if (!host_name(text, n) || numeric_end(text, n))
    return false;
  char *name = arena_copy(a, text, n);

  for (size_t i = 0; i < n; i++)
    if (name[i] >= 'A' && name[i] <= 'Z')
      name[i] = (char)(name[i] + 32);
  t->is_name = true;
  t->name = name;
  return true;
}

/* ── Findings ──────────────────────────────────────────────────────────────── */

static bool of_search(const struct finding *f) { return f->code == CODE_292 || f->code == CODE_293 || f->code == CODE_294; }

/* Only what the search has found is said and counted here; the rest is for `check`. */
static int status_of(struct compilation *c, const struct options *o) {
  uint32_t n = 0, errors = 0, warnings = 0;

  for (uint32_t i = 0; i < c->findings.n; i++)
    if (of_search(c->findings.at[i])) {
      const struct finding *f = c->findings.at[n++] = c->findings.at[i];

      errors += !f->waived && f->severity == SEV_ERROR;
      warnings += !f->waived && f->severity == SEV_WARNING;
    }
  c->findings.n = n;
  c->errors = errors;
  c->warnings = warnings;
  return errors || (o->deny_warnings && warnings) ? EXIT_FINDINGS : EXIT_CLEAN;
}

/* ── The command ───────────────────────────────────────────────────────────── */

static int print(const struct options *o, struct compiled *d, const struct refs_search *s, int status) {
  struct text out = {.arena = &d->c->arena};
  bool colour = options_colour(o, STDOUT_FILENO);
  const struct refs_report report = {d->c, d->model, d->proof, s, o->verbose, colour, o->quiet};

  if (s->found->problem) {
    fprintf(stderr, "cutc: nothing was searched: %s\n", s->found->problem);
    return EXIT_UNASKED;
  }
  if (status == EXIT_CLEAN && s->found->missing.n > 0 && s->found->missing.n >= s->query.root_count)
    status = EXIT_UNASKED; /* no folder of all that are to be searched is there */
  switch (o->format) {
  case FORMAT_TEXT: report_refs(&out, &report); break;
  case FORMAT_JSON: report_refs_json(&out, &report); break;
  case FORMAT_SARIF: case FORMAT_GITHUB: report_findings(&out, d->c, o->format, o->quiet, colour); break;
  }
  return options_write(STDOUT_FILENO, text_done(&out), out.n) ? status : EXIT_USAGE;
}

/* An address and no plan. */
static int bare(const struct options *o, struct compiled *d, const struct refs_target *target) {
  struct refs_search s = {.asked = true, .query = {.base = ".", .roots = (const char *const[]){o->root ? o->root : "."}, .root_count = 1,
                                                   .targets = target, .target_count = 1}};

  s.found = refs_find(&d->c->arena, &s.query);
  if (s.found->missing.n) {
    fprintf(stderr, "cutc: there is no folder `%s`\n", s.query.roots[0]);
    return EXIT_USAGE;
  }
  return print(o, d, &s, EXIT_CLEAN);
}

static int about_plan(const struct options *o, const char *path) {
  struct compiled d = compile(path);
  int status = EXIT_FINDINGS;

  compile_search(&d, path, &(struct compile_search){.always = true, .root = o->root});
  if (d.search) {
    status = print(o, &d, d.search, status_of(d.c, o));
  } else {
    struct text out = {.arena = &d.c->arena};

    report_findings(&out, d.c, FORMAT_TEXT, o->quiet, options_colour(o, STDERR_FILENO));
    options_write(STDERR_FILENO, text_done(&out), out.n);
    for (uint32_t i = 0; i < d.c->findings.n; i++)
      if (d.c->findings.at[i]->severity == SEV_ERROR && d.c->findings.at[i]->code < CODE_101)
        status = EXIT_USAGE;
  }
  compilation_free(d.c);
  return status;
}

/* `plan` may be NULL; one that was not named and cannot be understood does not matter. */
static int about_address(const struct options *o, const char *plan, bool named, const char *address) {
  struct compiled d = plan ? compile(plan) : (struct compiled){.c = compilation_new()};
  struct refs_target *target = arena_new(&d.c->arena, struct refs_target);
  int status = EXIT_CLEAN;

  if (!asked_for(d.c, address, target)) {
    fprintf(stderr, "cutc: `%s` is no file, and no address, endpoint or name either\n", address);
    status = EXIT_USAGE;
  } else if (o->format == FORMAT_SARIF || o->format == FORMAT_GITHUB) {
    fprintf(stderr, "cutc: an address gives no findings: leave it out, or take text or json as the format\n");
    status = EXIT_USAGE;
  } else if (plan && named && !d.proof) {
    struct text out = {.arena = &d.c->arena};

    report_findings(&out, d.c, FORMAT_TEXT, o->quiet, options_colour(o, STDERR_FILENO));
    options_write(STDERR_FILENO, text_done(&out), out.n);
    status = EXIT_FINDINGS;
  } else if (d.proof) {
    status = print(o, &d, refs_search_plan(d.model, plan, o->root, target, 1), EXIT_CLEAN);
  } else {
    d.model = NULL;
    status = bare(o, &d, target);
  }
  compilation_free(d.c);
  return status;
}

static bool is_file(const char *word) {
  size_t n = strlen(word);

  return strcmp(word, "-") == 0 || access(word, F_OK) == 0 || (n > 4 && strcmp(word + n - 4, ".cut") == 0);
}

int command_refs(struct options *o) {
  if (o->count == 2)
    return about_address(o, o->arguments[0], true, o->arguments[1]);
  if (o->count == 1 && !is_file(o->arguments[0]))
    return about_address(o, options_look_for_plan(o), false, o->arguments[0]);
  const char *path = o->count ? o->arguments[0] : options_find_plan(o);

  return path ? about_plan(o, path) : EXIT_USAGE;
}
