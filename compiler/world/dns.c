/* Questions -> answers of the name servers that are named, over c-ares. The only file that includes it.
 * Guarantees: nobody else is asked (no search list, no hosts file, no other server), and every question ends. A refusal or a failure
 * of the server is no answer; "no such name" is one, without values. */
#include "world/dns.h"

#include <sys/select.h>

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <ares.h>
#include <ctype.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

enum { SERVERS_AT_ONCE = 64, QUESTIONS_AT_ONCE = 256 };
static const char mute[] = "it does not answer", nobody[] = "nobody answers there";

struct asking_dns {
  struct arena *arena;
  const struct dns_question *question;
  struct dns_answer *answer;
};

static const char *lower(struct arena *arena, const char *name) {
  char *s = arena_copy(arena, name, strlen(name));

  for (char *c = s; *c != '\0'; c++) *c = (char)tolower((unsigned char)*c);
  if (*s != '\0' && s[strlen(s) - 1] == '.') s[strlen(s) - 1] = '\0';
  return s;
}

static int by_text(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

/* A record's value at the name asked for (or behind the aliases that the answer brings along). */
static const char *value_of(struct arena *arena, unsigned type, const unsigned char *data, unsigned length, const unsigned char *all, int total) {
  char text[INET6_ADDRSTRLEN];
  char *name = NULL;
  long taken;

  if (type == DNS_A && length == 4 && inet_ntop(AF_INET, data, text, sizeof text) != NULL) return arena_copy(arena, text, strlen(text));
  if (type == DNS_AAAA && length == 16 && inet_ntop(AF_INET6, data, text, sizeof text) != NULL) return arena_copy(arena, text, strlen(text));
  if (type != DNS_CNAME || ares_expand_name(data, all, total, &name, &taken) != ARES_SUCCESS) return NULL;
  const char *out = lower(arena, name);

  ares_free_string(name);
  return out;
}

static unsigned two(const unsigned char *at) { return (unsigned)at[0] << 8 | at[1]; }

/* c-ares' own parsers look neither at the response code nor at the flags: the answer is read here, with its help for names. */
static void read_answer(struct asking_dns *x, const unsigned char *b, int n) {
  struct dns_answer *a = x->answer;
  const unsigned char *at = b + 12, *end = b + n;
  char *name = NULL;
  long taken;

  a->reason = "the answer cannot be read";
  if (n < 12 || (b[2] & 0x80) == 0 || (b[3] & 15) > 5) return;
  if ((b[3] & 15) != 0 && (b[3] & 15) != 3) {
    static const char *const codes[] = {"", "the question is malformed, it says", "it has failed (SERVFAIL)", "", "it does not know such questions (NOTIMP)", "it refuses to answer us (REFUSED)"};

    a->reason = codes[b[3] & 15];
    return;
  }
  a->authoritative = (b[2] & 4) != 0;
  for (unsigned i = two(b + 4); i > 0; i--) { /* the question */
    if (ares_expand_name(at, b, n, &name, &taken) != ARES_SUCCESS) return;
    ares_free_string(name);
    at += taken + 4;
    if (at > end) return;
  }
  unsigned count = two(b + 6);
  uint32_t found = 0;
  const char **values = arena_array(x->arena, const char *, (size_t)count + 1);

  for (unsigned i = 0; i < count; i++) {
    if (at >= end || ares_expand_name(at, b, n, &name, &taken) != ARES_SUCCESS) return;
    ares_free_string(name);
    at += taken;
    if (end - at < 10 || end - at - 10 < (ptrdiff_t)two(at + 8)) return;
    unsigned type = two(at), length = two(at + 8);
    uint32_t ttl = (uint32_t)two(at + 4) << 16 | two(at + 6);
    const char *value = type == (unsigned)x->question->type ? value_of(x->arena, type, at + 10, length, b, n) : NULL;

    at += 10 + length;
    if (value == NULL) continue;
    if (found == 0 || ttl < a->ttl) a->ttl = ttl;
    values[found++] = value;
  }
  qsort(values, found, sizeof *values, by_text);
  a->values = values;
  a->count = found;
  a->reason = NULL;
  a->answered = true;
}

static void on_answer(void *data, int status, int timeouts, unsigned char *bytes, int n) {
  struct asking_dns *x = data;

  (void)timeouts;
  if (bytes != NULL && n >= 12) read_answer(x, bytes, n);
  else if (status == ARES_ETIMEOUT) x->answer->reason = mute;
  else if (status == ARES_ECONNREFUSED) x->answer->reason = nobody;
  else x->answer->reason = ares_strerror(status);
}

/* A server that has answered none of the questions before is not waited for again: the reason, NULL. */
static const char *silent(const struct dns_question *asked, const struct dns_answer *answers, uint32_t from, uint32_t before, const struct dns_question *q) {
  const char *reason = NULL;

  for (uint32_t i = from; i < before; i++) {
    if (asked[i].port != q->port || strcmp(asked[i].server, q->server) != 0) continue;
    if (answers[i].reason == NULL) return NULL;
    reason = answers[i].reason;
  }
  return reason != NULL && (strcmp(reason, mute) == 0 || strcmp(reason, nobody) == 0) ? reason : NULL;
}

/* All questions to one server, through one channel. */
static ares_channel open_channel(const struct dns_question *q, int64_t milliseconds) {
  struct ares_options o = {.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP, .timeout = (int)milliseconds, .tries = 2};
  char lookups[] = "b";
  ares_channel channel;
  struct ares_addr_port_node node = {.family = strchr(q->server, ':') != NULL ? AF_INET6 : AF_INET, .udp_port = (int)q->port, .tcp_port = (int)q->port};

  o.lookups = lookups;
  if (inet_pton(node.family, q->server, &node.addr) != 1) return NULL;
  if (ares_init_options(&channel, &o, ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS) != ARES_SUCCESS) return NULL;
  if (ares_set_servers_ports(channel, &node) == ARES_SUCCESS) return channel;
  ares_destroy(channel);
  return NULL;
}

static void wait_for(ares_channel *channels, uint32_t n) {
  for (;;) {
    fd_set in, out;
    int most = 0;
    struct timeval least = {1, 0}, t;

    FD_ZERO(&in);
    FD_ZERO(&out);
    for (uint32_t i = 0; i < n; i++) {
      int k = ares_fds(channels[i], &in, &out);

      if (k == 0) continue;
      if (k > most) most = k;
      least = *ares_timeout(channels[i], &least, &t); /* the sooner of the two */
    }
    if (most == 0) return;
    if (select(most, &in, &out, NULL, &least) < 0) {
      FD_ZERO(&in);
      FD_ZERO(&out);
    }
    for (uint32_t i = 0; i < n; i++) ares_process(channels[i], &in, &out);
  }
}

void dns_ask(struct arena *arena, const struct dns_question *asked, uint32_t n, struct dns_answer *answers, int64_t milliseconds) {
  struct asking_dns *all = arena_array(arena, struct asking_dns, (size_t)n + 1);

  memset(answers, 0, n * sizeof *answers);
  ares_library_init(ARES_LIB_INIT_ALL);
  for (uint32_t from = 0, before = 0; from < n;) {
    ares_channel channels[SERVERS_AT_ONCE];
    const struct dns_question *of[SERVERS_AT_ONCE];
    uint32_t count = 0, i = from;

    for (; i < n && i < from + QUESTIONS_AT_ONCE; i++) {
      uint32_t k = 0;

      if ((answers[i].reason = silent(asked, answers, before, from, &asked[i])) != NULL) continue;

      while (k < count && (strcmp(of[k]->server, asked[i].server) != 0 || of[k]->port != asked[i].port)) k++;
      if (k == SERVERS_AT_ONCE) break;
      if (k == count) {
        of[k] = &asked[i];
        if ((channels[k] = open_channel(&asked[i], milliseconds)) == NULL) {
          answers[i].reason = "its address cannot be used";
          continue;
        }
        count++;
      }
      all[i] = (struct asking_dns){arena, &asked[i], &answers[i]};
      ares_query(channels[k], asked[i].name, ns_c_in, (int)asked[i].type, on_answer, &all[i]);
    }
    wait_for(channels, count);
    for (uint32_t k = 0; k < count; k++) ares_destroy(channels[k]);
    before = from;
    from = i;
  }
  ares_library_cleanup();
}
