/* What the files of live share. Private to world/live*.c. */
#ifndef CUTC_LIVE_INSIDE_H
#define CUTC_LIVE_INSIDE_H

#include "script/emit.h"
#include "world/credentials.h"
#include "world/filter.h"
#include "world/kubeconfig.h"
#include "world/live.h"

/* A command of an `observe` or a `fetch`, on its way to an answer. */
struct job {
  const struct command *command;
  uint32_t resource;   /* whose values; NONE */
  uint32_t secret;     /* what is fetched; NONE */
  uint32_t first;      /* its first look */
  uint32_t *filters;   /* one per observation; NONE: the text itself */
  bool aside;          /* of a secret: says something of it, and not its value */
  bool existence;      /* the plan says that there is no such resource: one look, whether that is so */
  bool over;
};

/* A database that could not be reached: it is not waited for again. */
struct dead_base { const char *const *keys, *const *values; const char *reason; };
struct known_access { const char *origin; const struct kube_access *access; };

struct asking {
  struct arena *arena;
  struct model *m;
  const struct outside *w;
  struct live *live;
  struct credentials *credentials;
  const bool *start, *done, *other; /* the baseline; the state that is compared; the plan's other end */
  ARRAY(struct job) jobs;
  ARRAY(const char *) filters;
  struct filters *jq;
  ARRAY(struct known_access) accesses;
  ARRAY(struct dead_base) dead;
  bool *wanted, *absent;         /* per secret: asked for; its store says that there is none */
  int64_t *life, *access;        /* per secret: seconds that it, or what it is fetched with, lives on; -1 */
};

/* live_kube.c: a request without credentials gets those that the kubeconfig has for its origin. MISSING with a reason when they
 * cannot be used. */
enum ready live_access(struct asking *a, struct http_request *r, const char **why);
/* `kubectl get --raw PATH` as a request; false when the command is none, or there is no kubeconfig. */
bool live_kubectl(struct asking *a, const struct command *c, struct http_request *r, const char **why);

/* live_judge.c: an answer -> the verdict of a look. */
void live_judge(struct asking *a, struct look *look, const struct observation *o, struct filter_result r);
void live_judge_text(struct asking *a, struct look *look, const struct observation *o, const char *text, size_t n);
void live_absent(struct look *look);
/* A resource that is not to be there: `there` is what the answer says. */
void live_exists(struct look *look, bool there);
/* Does a filter's result speak of something that is there (no null, nothing empty)? */
bool live_something(const struct filter_result *r);
/* Is what was seen a value that the plan has in another state: was somebody here before? */
bool live_later(const struct asking *a, const struct look *look);
/* The text of a secret: the one string (or number) that the filter gave. NULL when it gave none. */
const char *live_secret_text(struct arena *arena, const struct filter_result *r);
/* The one whole number that the filter gave, -1 when it gave none. */
int64_t live_seconds(const struct filter_result *r);
/* Does a look change what the proof stands on? */
bool live_counts(const struct look *look);

/* live_sql.c: `psql` with its statement on standard input is asked over libpq; READY: `answer` is what came back. */
bool live_is_psql(const struct asking *a, const struct command *c);
enum ready live_psql(struct asking *a, const struct command *c, struct sql_answer *answer, const char **where, const char **why);
/* The locks on the state of the plan's stacks. */
void live_locks(struct asking *a, const struct proof *p);
/* live_code.c: what the code of the owners would do to what they own. After the other looks. */
void live_code(struct asking *a);
/* live_dns.c: names, asked of every server that owns them. */
void live_dns(struct asking *a);

#endif
