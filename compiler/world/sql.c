/* A question -> the rows of a PostgreSQL server, over libpq. The only file that includes it.
 * Guarantees: the transaction is read only, the server stops the statement when its time is over, and so does this side. */
#include "world/sql.h"
#include "world/http.h"

#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEYS_MOST = 16, TEXT_MOST = 1 << 20 };

static int64_t clock_ms(void) {
  struct timespec t;

  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool wait_for(PGconn *c, bool out, int64_t until) {
  struct pollfd p = {.fd = PQsocket(c), .events = out ? POLLOUT : POLLIN};
  int64_t left = until - clock_ms();

  return p.fd >= 0 && left > 0 && poll(&p, 1, (int)left) > 0;
}

static bool connected(PGconn *c, int64_t until) {
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;

  while (state != PGRES_POLLING_OK) {
    if (state == PGRES_POLLING_FAILED || !wait_for(c, state == PGRES_POLLING_WRITING, until)) return false;
    state = PQconnectPoll(c);
  }
  return true;
}

/* The result of the last statement, NULL when there is none in time. */
static PGresult *result_of(PGconn *c, const char *statement, int64_t until) {
  PGresult *last = NULL;

  if (PQsendQuery(c, statement) == 0) return NULL;
  for (;;) {
    while (PQisBusy(c)) {
      if (!wait_for(c, false, until) || PQconsumeInput(c) == 0) {
        PQclear(last);
        return NULL;
      }
    }
    PGresult *next = PQgetResult(c);

    if (next == NULL) return last;
    if (last != NULL && PQresultStatus(last) == PGRES_FATAL_ERROR) PQclear(next);
    else PQclear(last), last = next;
  }
}

/* The server's words, in one line. */
static const char *said(struct arena *arena, const char *text, const char *otherwise) {
  size_t n = strlen(text);

  if (strncmp(text, "ERROR:  ", 8) == 0) text += 8, n -= 8;
  while (n > 0 && text[n - 1] == '\n') n--;
  return n == 0 ? otherwise : http_shown(arena, text, n, 200);
}

static const char *rows(struct arena *arena, const PGresult *r) {
  struct text out = {.arena = arena};

  for (int i = 0; i < PQntuples(r) && out.n < TEXT_MOST; i++) {
    for (int k = 0; k < PQnfields(r); k++) {
      if (k > 0) text_putc(&out, '|');
      text_add(&out, PQgetvalue(r, i, k), (size_t)PQgetlength(r, i, k));
    }
    text_putc(&out, '\n');
  }
  return text_done(&out);
}

struct sql_answer sql_ask(struct arena *arena, const struct sql_question *asked, int64_t milliseconds) {
  const char *keys[KEYS_MOST + 3], *values[KEYS_MOST + 3];
  struct sql_answer a = {0};
  uint32_t n = 0;
  int64_t until = clock_ms() + milliseconds;

  for (; n < KEYS_MOST && asked->keys[n] != NULL; n++) keys[n] = asked->keys[n], values[n] = asked->values[n];
  keys[n] = "application_name", values[n++] = "cutc check --live";
  keys[n] = NULL, values[n] = NULL;
  PGconn *c = PQconnectStartParams(keys, values, 1);

  if (c == NULL || PQstatus(c) == CONNECTION_BAD || !connected(c, until)) {
    a.reason = c != NULL && clock_ms() >= until ? "it does not answer in time" : said(arena, c == NULL ? "" : PQerrorMessage(c), "no connection");
    a.unreached = true;
    PQfinish(c);
    return a;
  }
  PGresult *r = result_of(c, arena_print(arena, "set default_transaction_read_only = on; set statement_timeout = %lld", (long long)milliseconds), until);

  if (r != NULL && PQresultStatus(r) == PGRES_COMMAND_OK) {
    PQclear(r);
    r = result_of(c, asked->query, until);
  }
  a.answered = r != NULL && PQresultStatus(r) == PGRES_TUPLES_OK;
  if (a.answered) a.text = rows(arena, r);
  else if (r == NULL) a.reason = clock_ms() >= until ? "it does not answer in time" : said(arena, PQerrorMessage(c), "it broke off");
  else a.reason = said(arena, PQresultErrorMessage(r), "the statement gives no rows");
  PQclear(r);
  PQfinish(c);
  return a;
}
