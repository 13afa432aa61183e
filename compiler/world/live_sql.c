/* What the plan looks at in PostgreSQL -> questions over libpq, and looks.
 * Two things: an `observe` that is `psql` with its statement on standard input, and the lock on the state of each stack that the plan's
 * steps go through, as the runbook's preflight looks at it. */
#include "world/live_inside.h"

#include <string.h>

static const char *name_at(const struct asking *a, uint32_t id) { return name_text(&a->m->c->names, id); }

/* ── Databases ─────────────────────────────────────────────────────────────── */

static bool same_place(const struct dead_base *d, const struct sql_question *q) {
  uint32_t i = 0;

  while (d->keys[i] != NULL && q->keys[i] != NULL && strcmp(d->keys[i], q->keys[i]) == 0 && strcmp(d->values[i], q->values[i]) == 0) i++;
  return d->keys[i] == NULL && q->keys[i] == NULL;
}

/* Of a connection string that it cannot read, libpq says the part that it did not understand, and that may be of the password. What it
 * says of a server that it has found is no such thing. */
static bool of_password(const char *said, const char *connection) {
  static const char found[] = "connection to server", unknown[] = "could not translate host name \"";
  const char *at = strrchr(connection, '@'), *name = strncmp(said, unknown, sizeof unknown - 1) == 0 ? said + sizeof unknown - 1 : NULL;
  size_t n = name == NULL ? 0 : strcspn(name, "\"");

  if (strchr(said, '"') == NULL || strncmp(said, found, sizeof found - 1) == 0) return false;
  if (name == NULL || n == 0) return true;
  if (strstr(connection, "://") != NULL) return at == NULL || strncmp(at + 1, name, n) != 0;
  const char *host = strstr(connection, "host=");

  return host == NULL || strncmp(host + 5, name, n) != 0;
}

static void base_ask(struct asking *a, const struct sql_question *q, struct sql_answer *answer) {
  for (uint32_t i = 0; i < a->dead.n; i++)
    if (same_place(&a->dead.at[i], q)) {
      answer->reason = a->dead.at[i].reason;
      return;
    }
  a->live->asked++;
  a->w->sql(a->w->data, q, answer);
  for (uint32_t i = 0; answer->reason != NULL && q->keys[i] != NULL; i++)
    if (strcmp(q->keys[i], "dbname") == 0 && of_password(answer->reason, q->values[i]))
      answer->reason = "how to connect to it is said in a way that cannot be read, and a part of the password would show in how: signs such as `@`, `/` and `#` in it are written `%40`, `%2F`, `%23`";
  if (answer->unreached) array_push(a->arena, &a->dead, (struct dead_base){q->keys, q->values, answer->reason});
}

/* ── psql ──────────────────────────────────────────────────────────────────── */

/* `psql` with nothing but flags that say how it prints. */
bool live_is_psql(const struct asking *a, const struct command *c) {
  const char *line = c->type == CMD_RUN && c->has_input ? pieces_text(a->arena, &c->line, "", "") : "";

  if (strncmp(line, "psql", 4) != 0) return false;
  for (const char *s = line + 4; *s != '\0'; s++)
    if (strchr(" -XAtq", *s) == NULL) return false;
  return line[4] == ' ' || line[4] == '\0';
}

static const char *key_of(const char *variable) {
  static const char *const keys[][2] = {{"PGHOST", "host"}, {"PGHOSTADDR", "hostaddr"}, {"PGPORT", "port"}, {"PGDATABASE", "dbname"}, {"PGUSER", "user"},
                                        {"PGPASSWORD", "password"}, {"PGSSLMODE", "sslmode"}, {"PGSSLROOTCERT", "sslrootcert"}};

  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (strcmp(keys[i][0], variable) == 0) return keys[i][1];
  return NULL;
}

enum ready live_psql(struct asking *a, const struct command *c, struct sql_answer *answer, const char **where, const char **why) {
  const char **keys = arena_array(a->arena, const char *, (size_t)c->env_count + 2), **values = arena_array(a->arena, const char *, (size_t)c->env_count + 2);
  struct sql_question q = {.keys = keys, .values = values};
  enum ready ready = credentials_fill(a->credentials, &c->input, &q.query, why);
  uint32_t n = 0;
  const char *host = "here";

  for (uint32_t i = 0; i < c->env_count; i++) {
    const char *value;
    enum ready one = credentials_fill(a->credentials, &c->env[i].value, &value, why);

    if (one > ready) ready = one;
    keys[n] = key_of(name_at(a, c->env[i].name));
    if (keys[n] == NULL || one != READY) continue;
    if (strcmp(keys[n], "host") == 0 && value != NULL) host = value;
    values[n++] = value != NULL ? value : "";
  }
  keys[n] = NULL; /* the last may have been left out */
  *where = arena_print(a->arena, "PostgreSQL at %s", host);
  if (ready == READY) base_ask(a, &q, answer);
  return ready;
}

/* ── Locks ─────────────────────────────────────────────────────────────────── */

static void quoted(struct text *out, const char *s, char quote) {
  text_putc(out, quote);
  for (; *s != '\0'; s++) {
    if (*s == quote) text_putc(out, quote);
    text_putc(out, *s);
  }
  text_putc(out, quote);
}

/* An advisory lock's key is the id of the workspace's row (Terraform, backend "pg"). */
static const char *holder_query(struct arena *arena, const struct state_lock *l) {
  struct text q = {.arena = arena};

  text_puts(&q, "select 'process ' || l.pid || coalesce(' of ' || a.usename, '') || coalesce(' from ' || host(a.client_addr), '') || ', ' || coalesce(a.state, 'unknown')"
                " || ' for ' || extract(epoch from now() - a.state_change)::bigint || ' s'"
                " from pg_locks l left join pg_stat_activity a on a.pid = l.pid join (select id as key from ");
  quoted(&q, l->schema, '"');
  text_puts(&q, ".states where name = ");
  quoted(&q, l->workspace, '\'');
  /* -1 is the one lock under which new workspaces are made. */
  text_puts(&q, " union all select -1) k on k.key = ((l.classid::bigint << 32) | l.objid::bigint)"
                " where l.locktype = 'advisory' and l.objsubid = 1 and l.granted and l.database = (select oid from pg_database where datname = current_database())");
  text_puts(&q, " limit 1");
  return text_done(&q);
}

static void look_at(struct asking *a, const struct state_lock *l) {
  const struct resource *r = &a->m->resources.at[l->stack];
  struct look look = {.verdict = LOOK_UNKNOWN, .resource = l->stack, .attribute = NONE, .name = name_at(a, r->name), .part = "lock", .declared = "free", .at = resource_span(a->m, l->stack), .lock = true};
  const char **keys = arena_array(a->arena, const char *, 2), **values = arena_array(a->arena, const char *, 2), *connection = NULL;
  struct sql_question q = {.keys = keys, .values = values, .query = holder_query(a->arena, l)};
  struct sql_answer answer = {0};

  look.where = arena_print(a->arena, "the lock of the workspace %s in the schema %s", l->workspace, l->schema);
  if (l->connection == NULL) {
    look.reason = "the `env` of the stack has no PG_CONN_STR, so nobody knows where its lock is";
  } else if (credentials_fill(a->credentials, l->connection, &connection, &look.reason) != READY) {
    look.failed = true;
    if (look.reason == NULL) look.reason = "its PG_CONN_STR could not be had";
  } else {
    keys[0] = "dbname";
    values[0] = connection;
    base_ask(a, &q, &answer);
    look.failed = !answer.answered;
    look.reason = answer.reason == NULL ? NULL : arena_print(a->arena, "the state database: %s", answer.reason);
    if (look.reason != NULL && credentials_within(a->credentials, look.reason)) look.reason = "the state database gives no answer, and a reason that holds a secret";
    if (answer.answered) {
      look.seen = *answer.text == '\0' ? "free" : http_shown(a->arena, answer.text, strlen(answer.text) - 1, 200);
      look.verdict = *answer.text == '\0' ? LOOK_DECLARED : LOOK_DIFFERENT;
    }
  }
  array_push(a->arena, &a->live->looks, look);
}

void live_locks(struct asking *a, const struct proof *p) {
  if (a->w->sql == NULL || a->live->target || a->m->steps.n == 0) return;
  const struct runbook *b = runbook_build(a->m, p);

  for (uint32_t i = 0; i < b->locks.n; i++) look_at(a, &b->locks.at[i]);
}
