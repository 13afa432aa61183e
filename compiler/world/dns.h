/* Questions to one name server, the very one that is named. dns.c alone includes c-ares. */
#ifndef CUTC_DNS_H
#define CUTC_DNS_H

#include "base/base.h"

enum dns_type { DNS_A = 1, DNS_CNAME = 5, DNS_AAAA = 28 };
struct dns_question {
  const char *server;    /* an address */
  uint32_t port;
  const char *name;
  enum dns_type type;
};
struct dns_answer {
  bool answered;         /* by the server, also with "no such name" */
  bool authoritative;
  const char *const *values; /* addresses or a name (lower case, no final dot), sorted; in the arena */
  uint32_t count;
  uint32_t ttl;          /* the least of them, seconds */
  const char *reason;    /* why there is no answer; NULL */
};
/* Asks all of them at once; each has its answer within two tries of so many milliseconds. */
void dns_ask(struct arena *arena, const struct dns_question *asked, uint32_t n, struct dns_answer *answers, int64_t milliseconds);

#endif
