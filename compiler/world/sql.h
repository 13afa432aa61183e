/* One question to a PostgreSQL server, read only. sql.c alone includes libpq. */
#ifndef CUTC_SQL_H
#define CUTC_SQL_H

#include "base/base.h"

struct sql_question {
  const char *const *keys, *const *values; /* of the connection, ended by NULL; the key "dbname" may hold a whole connection string */
  const char *query;
};
struct sql_answer {
  bool answered;
  bool unreached;     /* no connection came about */
  const char *text;   /* columns parted by `|`, rows by line ends, as `psql -At` prints them; in the arena */
  const char *reason; /* why there is no answer; NULL */
};
/* Ends within so many milliseconds. */
struct sql_answer sql_ask(struct arena *arena, const struct sql_question *asked, int64_t milliseconds);

#endif
