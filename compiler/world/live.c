/* A model and a world -> what the world says of each value that the plan tells how to look at.
 * Needs a proof (which states there are). Guarantees: every look ends as declared, different or unknown with a reason; a secret is in
 * no text that is kept; requests run together, only those that wait for a secret wait. */
#include "world/live_inside.h"

#include <string.h>

/* ── What is to be asked ───────────────────────────────────────────────────── */

static const char *name_at(const struct asking *a, uint32_t id) { return name_text(&a->m->c->names, id); }

static bool there(const struct model *m, uint32_t resource, const bool *done) {
  uint32_t exists = name_find(&m->c->names, "exists", 6);
  const struct value *v = exists == NONE ? NULL : attribute_value(m, resource, exists, done);

  return v == NULL || v->type != V_BOOL || v->number != 0;
}

static uint32_t filter_add(struct asking *a, const char *text) {
  for (uint32_t i = 0; i < a->filters.n; i++) /* few: kinds times attributes, and those with names in them */
    if (strcmp(a->filters.at[i], text) == 0) return i;
  array_push(a->arena, &a->filters, text);
  return a->filters.n - 1;
}

static struct look *look_new(struct asking *a, uint32_t resource, const struct observation *o) {
  const struct attribute *attribute = attribute_find(a->m, resource, o->attribute);
  bool written = attribute != NULL && attribute->written;
  struct look look = {.verdict = LOOK_UNKNOWN, .resource = resource, .attribute = o->attribute, .filter = o->filter, .name = name_at(a, a->m->resources.at[resource].name), .part = name_at(a, o->attribute),
                      .declared = value_plain(&a->m->c->arena, a->m, &o->declared), .at = written ? attribute->at : resource_span(a->m, resource)};

  array_push(a->arena, &a->live->looks, look);
  return &a->live->looks.at[a->live->looks.n - 1];
}

/* How many looks a question has. */
static uint32_t looks_of(const struct job *job) { return job->secret != NONE ? 0 : job->existence ? 1 : job->command->observe_count; }

static void job_add(struct asking *a, const struct command *c, uint32_t resource, uint32_t secret, bool existence) {
  struct job job = {.command = c, .resource = resource, .secret = secret, .first = a->live->looks.n, .existence = existence};

  job.filters = arena_array(a->arena, uint32_t, (size_t)c->observe_count + 1);
  for (uint32_t i = 0; i < c->observe_count; i++) {
    job.filters[i] = c->observes[i].filter == NULL ? NONE : filter_add(a, c->observes[i].filter);
    if (secret == NONE && !existence) look_new(a, resource, &c->observes[i]);
  }
  if (existence) {
    struct look look = {.verdict = LOOK_UNKNOWN, .resource = resource, .attribute = NONE, .name = name_at(a, a->m->resources.at[resource].name),
                        .part = "exists", .declared = "not there", .at = resource_span(a->m, resource)};

    array_push(a->arena, &a->live->looks, look);
  }
  array_push(a->arena, &a->jobs, job);
}

/* What is not there in the state that is compared is asked for as it is at the plan's other end. */
static void resource_add(struct asking *a, uint32_t resource) {
  bool existence = !there(a->m, resource, a->done);
  struct block b = resource_observe(a->m, resource, existence ? a->other : a->done);

  for (uint32_t i = 0; i < b.n; i++)
    if (b.at[i].observe_count > 0) job_add(a, &b.at[i], resource, NONE, existence);
}

/* A secret of a store: its commands become questions too, once. */
static void secret_add(struct asking *a, uint32_t secret) {
  const char *why = NULL, *name = name_at(a, a->m->secrets.at[secret].name);

  if (a->wanted[secret]) return;
  a->wanted[secret] = true;
  if (credentials_want(a->credentials, secret, &why) != PENDING) return;
  struct block b = secret_fetch_whole(a->m, secret, a->start);
  bool asked = false;

  for (uint32_t i = 0; i < b.n; i++) {
    bool value = false;

    for (uint32_t k = 0; k < b.at[i].observe_count; k++) value |= strcmp(name_at(a, b.at[i].observes[k].attribute), "value") == 0;
    /* How long a token lives matters where it is needed later. */
    if (b.at[i].observe_count == 0 || (!value && !a->m->secrets.at[secret].at_use)) continue;
    job_add(a, &b.at[i], NONE, secret, false);
    a->jobs.at[a->jobs.n - 1].aside = !value;
    asked |= value;
  }
  if (!asked) credentials_put(a->credentials, secret, NULL, arena_print(a->arena, "secret `%s`: its source does not say how to fetch it", name));
}

static void pieces_want(struct asking *a, const struct pieces *p) {
  for (uint32_t i = 0; i < p->n; i++)
    if (p->at[i].type == PIECE_SECRET) secret_add(a, p->at[i].secret);
}

static void job_want(struct asking *a, const struct command *c) {
  pieces_want(a, &c->bearer);
  pieces_want(a, &c->basic);
  pieces_want(a, &c->body);
  pieces_want(a, &c->input);
  for (uint32_t i = 0; i < c->header_count; i++) pieces_want(a, &c->headers[i].value);
  for (uint32_t i = 0; i < c->env_count; i++) pieces_want(a, &c->env[i].value);
}

/* ── Requests ──────────────────────────────────────────────────────────────── */

static enum ready worse(enum ready a, enum ready b) { return a > b ? a : b; }

static enum ready request_of(struct asking *a, struct job *job, struct http_request *r, const char **why) {
  const struct command *c = job->command;
  struct credentials *k = a->credentials;
  struct http_header *headers = arena_array(a->arena, struct http_header, (size_t)c->header_count + 1);
  enum ready ready = READY;

  *r = (struct http_request){.method = name_at(a, c->method), .headers = headers, .header_count = c->header_count, .pages = true, .within = c->within};
  ready = worse(ready, credentials_fill(k, &c->url, &r->url, why));
  ready = worse(ready, credentials_fill(k, &c->bearer, &r->bearer, why));
  ready = worse(ready, credentials_fill(k, &c->basic, &r->basic, why));
  ready = worse(ready, credentials_fill(k, &c->body, &r->body, why));
  ready = worse(ready, credentials_fill(k, &c->cacert, &r->cacert, why));
  ready = worse(ready, credentials_fill(k, &c->resolve, &r->resolve, why));
  for (uint32_t i = 0; i < c->header_count; i++) {
    ready = worse(ready, credentials_fill(k, &c->headers[i].name, &headers[i].name, why));
    ready = worse(ready, credentials_fill(k, &c->headers[i].value, &headers[i].value, why));
  }
  if (r->body != NULL) r->body_length = strlen(r->body);
  for (uint32_t i = 0; i < c->status_count; i++) r->status[i] = c->status[i];
  r->status_count = c->status_count;
  for (uint32_t i = 0; i < c->observe_count; i++) r->any_body |= c->observes[i].filter == NULL;
  return ready == READY ? live_access(a, r, why) : ready;
}

/* ── What came back ────────────────────────────────────────────────────────── */

static void nobody_says(struct asking *a, struct job *job, const char *why, bool failed) {
  const char *clean = credentials_within(a->credentials, why) ? "the reason holds a secret, and is not shown" : why;

  job->over = true;
  if (job->aside) return;
  if (job->secret != NONE) {
    const char *name = name_at(a, a->m->secrets.at[job->secret].name);

    credentials_put(a->credentials, job->secret, NULL, arena_print(a->arena, "secret `%s`: %s", name, clean));
    return;
  }
  for (uint32_t i = 0; i < looks_of(job); i++) {
    a->live->looks.at[job->first + i].reason = clean;
    a->live->looks.at[job->first + i].failed = failed;
  }
}

static void secret_answer(struct asking *a, struct job *job, const struct http_answer *answer) {
  const struct secret *s = &a->m->secrets.at[job->secret];
  const char *name = name_at(a, s->name), *path = name_at(a, s->path), *field = name_at(a, s->field);

  for (uint32_t i = 0; i < job->command->observe_count; i++) {
    const char *part = name_at(a, job->command->observes[i].attribute), *value = answer->body;
    struct filter_result r = {.outcome = FILTER_FAILED};

    if (job->filters[i] != NONE) r = filters_run(a->jq, job->filters[i], answer->body, answer->length, path, field);
    if (strcmp(part, "lifetime") == 0) a->life[job->secret] = live_seconds(&r);
    if (strcmp(part, "access") == 0) a->access[job->secret] = live_seconds(&r);
    if (strcmp(part, "value") != 0) continue;
    if (job->filters[i] != NONE) value = r.outcome == FILTER_GAVE ? live_secret_text(a->arena, &r) : NULL;
    credentials_put(a->credentials, job->secret, value, arena_print(a->arena, "secret `%s`: its source has no %s at %s", name, field, path));
    a->absent[job->secret] = value == NULL || *value == '\0';
  }
}

/* Is there what the plan says not to be there? A filter that fails on the answer knows neither way. */
static void existence(struct asking *a, const struct job *job, const struct http_answer *answer) {
  struct look *look = &a->live->looks.at[job->first];
  bool any = false, gave = false;
  const char *why = NULL;

  for (uint32_t i = 0; i < job->command->observe_count && !any; i++) {
    struct filter_result r = {.outcome = FILTER_FAILED};

    if (job->filters[i] != NONE) r = filters_run(a->jq, job->filters[i], answer->body, answer->length, NULL, NULL);
    else any = answer->length > 0;
    gave |= r.outcome == FILTER_GAVE;
    any |= r.outcome == FILTER_GAVE && live_something(&r);
    if (r.why != NULL) why = r.why;
  }
  if (any || gave || why == NULL) live_exists(look, any);
  else look->reason = why, look->failed = true;
}

static void answered(struct asking *a, struct job *job, const struct http_answer *answer) {
  const struct command *c = job->command;

  if (answer->outcome != HTTP_ANSWERED) {
    bool absent = answer->status == 404 && answer->outcome == HTTP_REFUSED && *answer->body == '{';

    if (!absent || job->secret != NONE) {
      if (job->secret != NONE && !job->aside) a->absent[job->secret] = absent;
      nobody_says(a, job, answer->reason, !absent);
      return;
    }
    for (uint32_t i = 0; i < looks_of(job); i++) {
      if (job->existence) live_exists(&a->live->looks.at[job->first], false);
      else live_absent(&a->live->looks.at[job->first + i]);
    }
  } else if (job->existence) {
    existence(a, job, answer);
  } else if (job->secret != NONE) {
    secret_answer(a, job, answer);
  } else {
    for (uint32_t i = 0; i < c->observe_count; i++) {
      struct look *look = &a->live->looks.at[job->first + i];

      if (job->filters[i] == NONE) live_judge_text(a, look, &c->observes[i], answer->body, answer->length);
      else live_judge(a, look, &c->observes[i], filters_run(a->jq, job->filters[i], answer->body, answer->length, NULL, NULL));
    }
  }
  job->over = true;
}

/* ── Rounds ────────────────────────────────────────────────────────────────── */

/* What was asked, without who asks: a URL may hold a user and a password. */
static const char *request_text(struct asking *a, const struct http_request *r) {
  const char *path = strstr(r->url, "://"), *host = path == NULL ? r->url : path + 3, *end = host + strcspn(host, "/?#");

  for (const char *s = host; s < end; s++)
    if (*s == '@') host = s + 1;
  return arena_print(a->arena, "%s %.*s%s", r->method != NULL ? r->method : "GET", path == NULL ? 0 : (int)(path + 3 - r->url), r->url, host);
}

static void where(struct asking *a, struct job *job, const char *text) {
  for (uint32_t i = 0; i < looks_of(job); i++) a->live->looks.at[job->first + i].where = text;
}

static void left_out(struct asking *a, struct job *job) {
  const char *line = pieces_text(a->arena, &job->command->line, "RUN", "WORK");
  size_t word = strcspn(line, " ");

  for (uint32_t i = 0; i < looks_of(job); i++) a->live->looks.at[job->first + i].command = line;

  nobody_says(a, job, arena_print(a->arena, "it is looked at with a command (`%.*s …`), which only the runbook's preflight runs", (int)(word < 40 ? word : 40), line), false);
}

/* A command that is none of HTTP. False: it has to wait for a secret. */
static bool ask_command(struct asking *a, struct job *job) {
  struct sql_answer answer = {0};
  const char *why = NULL, *place = NULL;

  if (a->w->sql == NULL || !live_is_psql(a, job->command)) {
    left_out(a, job);
    return true;
  }
  enum ready ready = live_psql(a, job->command, &answer, &place, &why);

  where(a, job, place);
  if (ready == PENDING) return false;
  if (ready == MISSING) {
    nobody_says(a, job, why, true);
    return true;
  }
  struct http_answer as_text = {.outcome = HTTP_ANSWERED, .body = answer.text, .length = answer.answered ? strlen(answer.text) : 0};

  if (answer.answered) answered(a, job, &as_text);
  else nobody_says(a, job, arena_print(a->arena, "%s: %s", place, answer.reason), true);
  return true;
}

/* Asks all that can be asked now; false when there was nothing. */
static bool ask_round(struct asking *a) {
  struct http_request *requests = arena_array(a->arena, struct http_request, (size_t)a->jobs.n + 1);
  uint32_t *jobs = arena_array(a->arena, uint32_t, (size_t)a->jobs.n + 1), n = 0;
  bool progress = false;

  for (uint32_t i = 0; i < a->jobs.n; i++) {
    struct job *job = &a->jobs.at[i];
    const char *why = NULL;

    if (job->over) continue;
    bool kubectl = job->command->type == CMD_RUN && live_kubectl(a, job->command, &requests[n], &why);

    if (job->command->type != CMD_HTTP && !kubectl) {
      if (ask_command(a, job)) progress = true;
      continue;
    }
    enum ready ready = !kubectl ? request_of(a, job, &requests[n], &why) : why != NULL ? MISSING : READY;

    if (requests[n].url != NULL) where(a, job, request_text(a, &requests[n]));
    if (ready == MISSING) nobody_says(a, job, why, true);
    else if (ready == READY) jobs[n++] = i;
  }
  if (n == 0) return progress;
  struct http_answer *answers = arena_array(a->arena, struct http_answer, n);

  a->w->http(a->w->data, requests, n, answers);
  a->live->asked += n;
  for (uint32_t i = 0; i < n; i++) answered(a, &a->jobs.at[jobs[i]], &answers[i]);
  return true;
}

/* The code of an owner is looked at with what its `env` gives. */
static void secrets_of_owners(struct asking *a) {
  uint32_t env = name_find(&a->m->c->names, "env", 3);

  for (uint32_t i = 0; i < a->m->resources.n && env != NONE; i++) {
    uint32_t owner = resource_owner(a->m, i);
    const struct value *v = owner == NONE ? NULL : attribute_value(a->m, owner, env, a->done);

    for (uint32_t k = 0; v != NULL && v->type == V_MAP && k < v->count; k++)
      if (v->items[k].type == V_SECRET) secret_add(a, v->items[k].id);
  }
}

/* Every secret that the plan's steps use has to be there when the runbook starts. */
static void secrets_of_steps(struct asking *a) {
  for (uint32_t i = 0; i < a->m->steps.n && !a->live->target; i++)
    for (uint32_t k = 0; k < a->m->steps.at[i].secret_count; k++) secret_add(a, a->m->steps.at[i].secrets[k]);
}

static void secrets_found(struct asking *a) {
  for (uint32_t i = 0; i < a->m->secrets.n; i++) {
    if (!a->wanted[i]) continue;
    struct secret_look s = {.secret = i, .name = name_at(a, a->m->secrets.at[i].name), .life = a->life[i], .access = a->access[i]};

    s.there = credentials_want(a->credentials, i, &s.reason) == READY;
    s.failed = !s.there && !a->absent[i];
    a->live->failed += s.failed;
    array_push(a->arena, &a->live->secrets, s);
  }
}

struct live *live_ask(struct model *m, const struct proof *p, const struct outside *w, const struct live_options *o) {
  struct arena *arena = &m->c->arena;
  struct asking a = {.arena = arena, .m = m, .w = w, .live = arena_new(arena, struct live)};

  a.live->arena = arena;

  a.live->target = o->target;
  a.start = proof_done(m, p, 0);
  bool *end = proof_done(m, p, p->order.n);

  a.done = o->target ? end : a.start;
  a.other = o->target ? a.start : end;
  a.credentials = credentials_new(arena, m, w);
  a.wanted = arena_array(arena, bool, (size_t)m->secrets.n + 1);
  a.life = arena_array(arena, int64_t, (size_t)m->secrets.n + 1);
  a.access = arena_array(arena, int64_t, (size_t)m->secrets.n + 1);
  for (uint32_t i = 0; i < m->secrets.n; i++) a.life[i] = a.access[i] = -1;
  a.absent = arena_array(arena, bool, (size_t)m->secrets.n + 1);
  for (uint32_t i = 0; i < m->resources.n; i++) resource_add(&a, i);
  secrets_of_steps(&a);
  secrets_of_owners(&a);
  for (uint32_t i = 0; i < a.jobs.n; i++) job_want(&a, a.jobs.at[i].command); /* grows by what it wants */
  a.jq = filters_open(arena, a.filters.at, a.filters.n, 3000);
  while (ask_round(&a)) continue;
  for (uint32_t i = 0; i < a.jobs.n; i++)
    if (!a.jobs.at[i].over) nobody_says(&a, &a.jobs.at[i], "the secrets that it takes wait for each other", true);
  filters_close(a.jq);
  live_dns(&a);
  live_locks(&a, p);
  live_code(&a);
  secrets_found(&a);
  for (uint32_t i = 0; i < a.live->looks.n; i++) a.live->failed += a.live->looks.at[i].verdict == LOOK_UNKNOWN && a.live->looks.at[i].failed;
  credentials_wipe(a.credentials);
  return a.live;
}

bool live_proved(const struct live *l, uint32_t look) { return live_counts(&l->looks.at[look]); }

bool live_leave_out(struct live *l, const struct model *m) {
  bool any = false;

  for (uint32_t i = 0; i < l->looks.n; i++) {
    struct look *k = &l->looks.at[i];
    struct value v;

    if (!live_counts(k) || seen_value(m, k->resource, k->attribute, &k->value, &v)) continue;
    k->left_out = any = true;
  }
  return any;
}

struct seen_list live_seen(const struct live *l) {
  struct seen *at = NULL;
  uint32_t n = 0;

  for (uint32_t i = 0; i < l->looks.n; i++) n += live_counts(&l->looks.at[i]);
  if (n > 0) at = arena_array(l->arena, struct seen, n);
  n = 0;
  for (uint32_t i = 0; i < l->looks.n; i++)
    if (live_counts(&l->looks.at[i])) at[n++] = l->looks.at[i].value;
  return (struct seen_list){at, n};
}
