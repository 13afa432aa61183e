/* Requests -> answers, over libcurl's multi interface. The only file that includes curl.
 * Guarantees what http.h says: credentials stay with the origin they were meant for, every wait has an end, and a host that cannot be
 * reached is tried by a few requests, not by each. */
#include "world/http_inside.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { RUNNING_MOST = 96, REDIRECTS_MOST = 5, WAIT_MOST = 20000 /* ms that a `retry-after` may ask for */, SILENT_MOST = 24, AWAY_MOST = 24,
       PACE_FIRST = 50, PACE_MOST = 2000 /* ms */ };

struct origin {
  const char *name;
  uint32_t running;
  int64_t since;           /* when the first of those that were sent away in a row was */
  int64_t pace, next, slowed; /* ms between two requests, once it has said that it is asked too much; when the next may go; when that was said */
  uint32_t silent, away;   /* tries in a row that ended without a word; that were sent away (429) */
  bool answered;           /* by anything at all */
  const char *dead;        /* why nobody needs to try any more */
  uint32_t first, last;    /* transfers that wait for their turn, NONE */
};

struct transfer {
  struct http_request request;
  http_done *done;
  void *data;
  uint32_t origin, next;   /* index; the next one that waits at the same origin */
  CURL *easy;
  struct curl_slist *headers, *resolve;
  char error[CURL_ERROR_SIZE];
  const char *url;         /* of this page, after redirects */
  unsigned tries, tried_page, redirects;
  bool over, restarted;
  int64_t started, due;    /* of the first try; of the next one */
  char *body;              /* malloc: wiped when it is given away */
  size_t length, cap, total, used; /* bytes of this page; how many it may have; those of the pages before it */
  bool too_large;
  char *link;
  struct pages pages;
};

struct http {
  struct arena *arena;
  struct http_options options;
  CURLM *multi;
  ARRAY(struct transfer *) transfers;
  ARRAY(struct origin) origins;
  ARRAY(uint32_t) later;   /* transfers that wait for their next try */
  uint32_t answered, running;
  uint64_t random;
};

static int64_t clock_ms(void) {
  struct timespec t;

  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void wipe(void *at, size_t n) {
  volatile unsigned char *bytes = at;

  while (n-- > 0) *bytes++ = 0;
}

/* ── Setting up ────────────────────────────────────────────────────────────── */

struct http *http_open(struct arena *arena, const struct http_options *options) {
  struct http *h = arena_new(arena, struct http);

  h->arena = arena;
  if (options != NULL) h->options = *options;
  if (h->options.connect == 0) h->options.connect = 5000;
  if (h->options.total == 0) h->options.total = 15000;
  if (h->options.patience == 0) h->options.patience = 60000;
  if (h->options.tries == 0) h->options.tries = 4;
  if (h->options.per_host == 0) h->options.per_host = 24;
  if (h->options.most == 0) h->options.most = (size_t)32 << 20;
  h->random = (uint64_t)clock_ms() * 0x9E3779B97F4A7C15u | 1;
  curl_global_init(CURL_GLOBAL_DEFAULT);
  h->multi = curl_multi_init();
  return h;
}

static uint32_t origin_of(struct http *h, const char *name) {
  for (uint32_t i = 0; i < h->origins.n; i++) /* a plan has a handful of them */
    if (strcmp(h->origins.at[i].name, name) == 0) return i;
  array_push(h->arena, &h->origins, (struct origin){.name = name, .first = NONE, .last = NONE});
  return h->origins.n - 1;
}

static void queue(struct http *h, uint32_t id) {
  struct transfer *t = h->transfers.at[id];
  struct origin *o = &h->origins.at[t->origin];

  t->next = NONE;
  if (o->first == NONE) o->first = id;
  else h->transfers.at[o->last]->next = id;
  o->last = id;
}

uint32_t http_add(struct http *h, const struct http_request *request, http_done *done, void *data) {
  struct transfer *t = arena_new(h->arena, struct transfer);
  const char *origin = http_origin(h->arena, request->url);

  t->request = *request;
  t->done = done;
  t->data = data;
  t->url = request->url;
  /* With another address behind the same name, another place. */
  t->origin = origin_of(h, request->resolve == NULL ? origin : arena_print(h->arena, "%s at %s", origin, request->resolve));
  array_push(h->arena, &h->transfers, t);
  queue(h, h->transfers.n - 1);
  return h->transfers.n - 1;
}

/* ── Curl's side of a transfer ─────────────────────────────────────────────── */

static size_t on_body(char *bytes, size_t one, size_t n, void *data) {
  struct transfer *t = data;

  n *= one;
  if (n > t->total || t->length > t->total - n) {
    t->too_large = true;
    return 0;
  }
  if (t->length + n + 1 > t->cap) {
    size_t cap = t->cap > 0 ? t->cap : 4096;

    while (cap < t->length + n + 1) cap *= 2;
    char *grown = malloc(cap);

    if (grown == NULL) return 0;
    if (t->length > 0) memcpy(grown, t->body, t->length);
    if (t->body != NULL) wipe(t->body, t->length);
    free(t->body);
    t->body = grown;
    t->cap = cap;
  }
  memcpy(t->body + t->length, bytes, n);
  t->length += n;
  t->body[t->length] = '\0';
  return n;
}

static size_t on_header(char *bytes, size_t one, size_t n, void *data) {
  struct transfer *t = data;

  n *= one;
  if (n > 5 && n < 8192 && strncasecmp(bytes, "link:", 5) == 0 && t->link == NULL) t->link = strndup(bytes + 5, n - 5);
  return n;
}

static void drop_body(struct transfer *t) {
  if (t->body != NULL) wipe(t->body, t->length);
  free(t->body);
  free(t->link);
  t->body = t->link = NULL;
  t->length = t->cap = 0;
}

static void add_header(struct http *h, struct transfer *t, const char *name, const char *value) {
  char *line = arena_print(h->arena, *value != '\0' ? "%s: %s" : "%s;", name, value);

  t->headers = curl_slist_append(t->headers, line);
  wipe(line, strlen(line));
}

static bool broken(const char *text) { return text != NULL && text[strcspn(text, "\r\n")] != '\0'; }

/* A value with a line break would be two headers: such a request is not sent at all. */
static bool unsendable(const struct http_request *r) {
  bool any = broken(r->bearer);

  for (uint32_t i = 0; i < r->header_count; i++) any |= broken(r->headers[i].name) || broken(r->headers[i].value);
  return any;
}

static void set_blob(CURL *easy, CURLoption option, const char *text) {
  struct curl_blob blob = {.data = (void *)(uintptr_t)text, .len = text == NULL ? 0 : strlen(text), .flags = CURL_BLOB_COPY};

  if (text != NULL) curl_easy_setopt(easy, option, &blob);
}

static void set_trust(struct transfer *t) {
  const struct http_request *r = &t->request;
  const char *bundle = getenv("CURL_CA_BUNDLE"), *file = getenv("SSL_CERT_FILE"), *dir = getenv("SSL_CERT_DIR");

  curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, 2L);
  if (r->ca_pem != NULL) {
    set_blob(t->easy, CURLOPT_CAINFO_BLOB, r->ca_pem);
  } else if (r->cacert != NULL) {
    curl_easy_setopt(t->easy, CURLOPT_CAINFO, r->cacert);
  } else if (bundle != NULL && *bundle != '\0') {
    curl_easy_setopt(t->easy, CURLOPT_CAINFO, bundle);
  } else {
    if (file != NULL && *file != '\0') curl_easy_setopt(t->easy, CURLOPT_CAINFO, file);
    if (dir != NULL && *dir != '\0') curl_easy_setopt(t->easy, CURLOPT_CAPATH, dir);
  }
  set_blob(t->easy, CURLOPT_SSLCERT_BLOB, r->cert_pem);
  set_blob(t->easy, CURLOPT_SSLKEY_BLOB, r->key_pem);
}

static void set_request(struct http *h, struct transfer *t) {
  const struct http_request *r = &t->request;

  if (r->method != NULL && strcmp(r->method, "HEAD") == 0) {
    curl_easy_setopt(t->easy, CURLOPT_NOBODY, 1L);
  } else if (r->body != NULL) {
    curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_length);
    curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, r->body);
    curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, r->method != NULL ? r->method : "POST");
  } else if (r->method != NULL && strcmp(r->method, "GET") != 0) {
    curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, r->method);
  }
  for (uint32_t i = 0; i < r->header_count; i++) add_header(h, t, r->headers[i].name, r->headers[i].value);
  if (r->bearer != NULL) {
    char *value = arena_print(h->arena, "Bearer %s", r->bearer);

    add_header(h, t, "Authorization", value);
    wipe(value, strlen(value));
  }
  if (r->basic != NULL) {
    curl_easy_setopt(t->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
    curl_easy_setopt(t->easy, CURLOPT_USERPWD, r->basic);
  }
  if (t->headers != NULL) curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
}

static void start(struct http *h, uint32_t id) {
  struct transfer *t = h->transfers.at[id];
  int64_t now = clock_ms(), total = t->request.within > 0 ? t->request.within : h->options.total;

  if (t->started == 0) t->started = now;
  if (total > t->started + h->options.patience - now) total = t->started + h->options.patience - now;
  drop_body(t);
  t->total = h->options.most > t->used ? h->options.most - t->used : 0;
  t->tries++;
  t->tried_page++;
  t->error[0] = '\0';
  t->easy = curl_easy_init();
  curl_easy_setopt(t->easy, CURLOPT_URL, t->url);
  curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(t->easy, CURLOPT_FOLLOWLOCATION, 0L); /* redirects are judged here: curl would take X-API-Key along */
  curl_easy_setopt(t->easy, CURLOPT_UNRESTRICTED_AUTH, 0L);
  curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(h->options.connect < total ? h->options.connect : total));
  curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)(total > 1 ? total : 1));
  curl_easy_setopt(t->easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
  curl_easy_setopt(t->easy, CURLOPT_USERAGENT, "cutc/" CUTC_VERSION);
  curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->error);
  curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
  curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
  curl_easy_setopt(t->easy, CURLOPT_PRIVATE, (void *)(uintptr_t)id);
  if (t->request.resolve != NULL) {
    bool six = strchr(t->request.resolve, ':') != NULL && *t->request.resolve != '[';

    t->resolve = curl_slist_append(NULL, arena_print(h->arena, six ? "::[%s]:" : "::%s:", t->request.resolve));
    curl_easy_setopt(t->easy, CURLOPT_CONNECT_TO, t->resolve);
  }
  set_trust(t);
  set_request(h, t);
  h->origins.at[t->origin].running++;
  h->running++;
  curl_multi_add_handle(h->multi, t->easy);
}

static void stop(struct http *h, struct transfer *t) {
  curl_multi_remove_handle(h->multi, t->easy);
  curl_easy_cleanup(t->easy);
  curl_slist_free_all(t->headers);
  curl_slist_free_all(t->resolve);
  t->easy = NULL;
  t->headers = t->resolve = NULL;
  h->origins.at[t->origin].running--;
  h->running--;
}

/* ── Answers ───────────────────────────────────────────────────────────────── */

static void answer(struct http *h, uint32_t id, enum http_outcome outcome, unsigned status, const char *reason) {
  struct transfer *t = h->transfers.at[id];
  struct http_answer a = {.outcome = outcome, .status = status, .tries = t->tries, .pages = t->pages.n, .body = ""};

  if (reason != NULL) a.reason = http_covered(h->arena, &t->request, reason);
  if (t->pages.n > 1 && t->pages.all != NULL) {
    char *all = json_dumps(t->pages.all, JSON_COMPACT | JSON_ENCODE_ANY);

    if (all != NULL) {
      a.length = strlen(all);
      a.body = arena_copy(h->arena, all, a.length);
      wipe(all, a.length);
      free(all);
    }
  } else if (t->body != NULL) {
    a.body = arena_copy(h->arena, t->body, t->length);
    a.length = t->length;
  }
  json_decref(t->pages.all);
  t->pages.all = NULL;
  drop_body(t);
  a.took = t->started > 0 ? clock_ms() - t->started : 0;
  t->over = true;
  h->answered++;
  if (t->done != NULL) t->done(t->data, id, &a);
}

static int64_t jitter(struct http *h, int64_t milliseconds) {
  h->random ^= h->random << 13;
  h->random ^= h->random >> 7;
  h->random ^= h->random << 17;
  return milliseconds / 2 + (int64_t)(h->random % (uint64_t)(milliseconds + 1));
}

/* Another try, when there is one left and time for it; `asked` is what the server wants to be left alone for, in milliseconds. */
static bool again(struct http *h, uint32_t id, int64_t asked, unsigned most) {
  struct transfer *t = h->transfers.at[id];
  const char *method = t->request.method;
  int64_t wait = jitter(h, (int64_t)250 << (t->tried_page < 6 ? t->tried_page - 1 : 5)), now = clock_ms();

  if (asked > wait) wait = asked + jitter(h, 200) / 2;
  if (method != NULL && strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) return false;
  if (t->tried_page >= most || asked > WAIT_MOST || now + wait > t->started + h->options.patience) return false;
  t->due = now + wait;
  array_push(h->arena, &h->later, id);
  return true;
}

/* A limit is a host's, not a request's: what all of them do together has to become slower, and may become faster again. */
static void paced(struct origin *o, unsigned status) {
  int64_t now = clock_ms();

  if (status != 429) {
    o->pace -= o->pace / 16;
  } else if (o->pace == 0 || now - o->slowed > 4 * o->pace) { /* what was on its way already is no news */
    o->pace = o->pace == 0 ? PACE_FIRST : o->pace < PACE_MOST / 2 ? o->pace * 2 : PACE_MOST;
    o->slowed = now;
  }
}

/* Why curl has no answer. Curl's own words may hold the URL, so they are used only where they cannot. */
static const char *unreached(struct http *h, const struct transfer *t, CURLcode code, const char *place, bool connected) {
  struct arena *a = h->arena;
  const char *words = http_shown(a, t->error, strlen(t->error), 120);
  long proxy = 0;

  if (t->easy != NULL) curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &proxy);
  if (proxy >= 300) return arena_print(a, "the proxy before %s does not let us through (%ld)", place, proxy);
  if (code == CURLE_COULDNT_RESOLVE_HOST) return arena_print(a, "the name in %s has no address here", place);
  if (code == CURLE_COULDNT_RESOLVE_PROXY) return "the name of the proxy (https_proxy, http_proxy) has no address here";
  if (code == CURLE_COULDNT_CONNECT) return arena_print(a, "%s cannot be connected to", place);
  if (code == CURLE_OPERATION_TIMEDOUT && t->pages.n > 0)
    return arena_print(a, "the list of %s does not come to its end in time, only to page %u", place, t->pages.n);
  if (code == CURLE_OPERATION_TIMEDOUT && connected) return arena_print(a, "%s did not give a whole answer in time", place);
  if (code == CURLE_OPERATION_TIMEDOUT) return arena_print(a, "%s cannot be connected to in time", place);
  if (code == CURLE_PEER_FAILED_VERIFICATION) return arena_print(a, "the certificate of %s is not to be trusted: %s", place, words);
  if (code == CURLE_SSL_CACERT_BADFILE) return arena_print(a, "the file with the authorities to trust for %s cannot be read", place);
  if (code == CURLE_SSL_CERTPROBLEM) return arena_print(a, "the client certificate for %s cannot be used", place);
  if (code == CURLE_SSL_CONNECT_ERROR) return arena_print(a, "%s does not speak TLS with us: %s", place, words);
  if (connected && (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_WEIRD_SERVER_REPLY)) return arena_print(a, "what answers at %s does not speak HTTP", place);
  if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) return "the URL is none of HTTP";
  return arena_print(a, "%s broke off: %s", place, curl_easy_strerror(code));
}

static void failed(struct http *h, uint32_t id, CURLcode code, const char *place, const char *reason) {
  struct transfer *t = h->transfers.at[id];
  struct origin *o = &h->origins.at[t->origin];
  bool fleeting = code == CURLE_COULDNT_CONNECT || code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR;

  if (t->too_large) {
    answer(h, id, HTTP_GARBLED, 0, arena_print(h->arena, "the answer of %s is larger than %zu MiB", place, h->options.most >> 20));
    return;
  }
  if (fleeting && again(h, id, 0, 2)) return;
  bool place_itself = code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT || code == CURLE_OPERATION_TIMEDOUT;

  /* One that has stopped to answer is left alone too, once that is no accident: else each of many would wait for its own time-out. */
  if (code == CURLE_OPERATION_TIMEDOUT) o->silent++;
  if (place_itself && (!o->answered || o->silent >= SILENT_MOST)) o->dead = reason;
  answer(h, id, HTTP_UNREACHED, 0, reason);
}

/* A redirect within the origin is followed. One to another place is the end where there is something to keep. */
static bool redirected(struct http *h, uint32_t id, unsigned status, const char *to, const char *place) {
  struct transfer *t = h->transfers.at[id];
  bool read = t->request.method == NULL || strcmp(t->request.method, "GET") == 0 || strcmp(t->request.method, "HEAD") == 0;

  if (status < 301 || status > 308 || (status > 303 && status < 307) || to == NULL) return false;
  const char *there = http_origin(h->arena, to);

  if (strcmp(there, http_origin(h->arena, t->url)) != 0) {
    answer(h, id, HTTP_GARBLED, status, arena_print(h->arena, "%s sends us on to %s (%u): credentials stay where they belong, so nobody went there",
                                                    place, *there != '\0' ? http_shown(h->arena, there, strlen(there), 120) : "somewhere that is no URL", status));
    return true;
  }
  if (!read || ++t->redirects > REDIRECTS_MOST) {
    answer(h, id, HTTP_GARBLED, status, read ? arena_print(h->arena, "%s sends us round in circles", place)
                                             : arena_print(h->arena, "%s answers a change with a redirect (%u)", place, status));
    return true;
  }
  t->url = arena_copy(h->arena, to, strlen(to));
  t->tried_page = 0;
  queue(h, id);
  return true;
}

static bool wanted(const struct http_request *r, unsigned status) {
  for (unsigned i = 0; i < r->status_count; i++)
    if (r->status[i] == status) return true;
  return r->status_count == 0 && status >= 200 && status < 300;
}

static const char *refusal(struct http *h, const struct transfer *t, unsigned status, const char *said, const char *place) {
  const struct http_request *r = &t->request;
  const char *tail = said != NULL ? arena_print(h->arena, ": %s", said) : "";
  bool given = r->bearer != NULL || r->basic != NULL || r->header_count > 0 || r->cert_pem != NULL;

  if (status == 401 || status == 403)
    return given ? arena_print(h->arena, "%s does not let us look with these credentials (%u%s)", place, status, tail)
                 : arena_print(h->arena, "%s asks for credentials, and the plan gives none (%u%s)", place, status, tail);
  if (status == 407) return arena_print(h->arena, "the proxy before %s asks for credentials (407)", place);
  if (status == 404 || status == 410) return arena_print(h->arena, "%s knows nothing of the sort (%u%s)", place, status, tail);
  if (status == 429) return arena_print(h->arena, "%s is asked too much and wants to be left alone (429%s)", place, tail);
  if (wanted(r, status)) return arena_print(h->arena, "%s answers with an error%s", place, tail);
  return arena_print(h->arena, "%s answers with status %u%s", place, status, tail);
}

static const char *no_json(struct http *h, const struct transfer *t, const char *place) {
  size_t at = strspn(t->body != NULL ? t->body : "", " \t\r\n");

  if (t->length == 0) return arena_print(h->arena, "%s answers with nothing at all", place);
  if (t->body[at] == '<') return arena_print(h->arena, "%s answers with a page of HTML instead of JSON: a proxy or a login page stands before it", place);
  return arena_print(h->arena, "%s answers with something that is no JSON", place);
}

/* An answer with a wanted status: its own word, then the next page. */
static void judged(struct http *h, uint32_t id, unsigned status, const char *place) {
  struct transfer *t = h->transfers.at[id];
  json_t *j = t->request.any_body ? NULL : http_json(t->body != NULL ? t->body : "", t->length);
  const char *said = j == NULL ? NULL : http_complaint_in(h->arena, status, j), *wrong = NULL, *next = NULL;

  if (t->request.any_body || said != NULL || j == NULL) {
    json_decref(j);
    if (t->request.any_body) answer(h, id, HTTP_ANSWERED, status, NULL);
    else if (said != NULL) answer(h, id, HTTP_REFUSED, status, refusal(h, t, status, said, place));
    else answer(h, id, HTTP_GARBLED, status, no_json(h, t, place));
    return;
  }
  if (t->request.pages) next = pages_take(&t->pages, h->arena, j, t->request.url, t->link, &wrong);
  else json_decref(j);
  if (next != NULL && strcmp(http_origin(h->arena, next), http_origin(h->arena, t->request.url)) != 0) wrong = "its next page is somewhere else";
  if (next != NULL && wrong == NULL && t->pages.n > 1 && strcmp(next, t->url) == 0) wrong = "the same page comes again and again";
  if (wrong != NULL) {
    answer(h, id, HTTP_GARBLED, status, arena_print(h->arena, "the list of %s cannot be read to its end: %s", place, wrong));
  } else if (next == NULL) {
    answer(h, id, HTTP_ANSWERED, status, NULL);
  } else {
    t->used += t->length;
    t->url = next;
    t->tried_page = t->redirects = 0;
    queue(h, id);
  }
}

static void finished(struct http *h, uint32_t id, CURLcode code) {
  struct transfer *t = h->transfers.at[id];
  struct origin *o = &h->origins.at[t->origin];
  const char *place = http_origin(h->arena, t->request.url), *to = NULL;
  long status = 0;
  curl_off_t wait = 0, connected = 0;

  curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &wait);
  curl_easy_getinfo(t->easy, CURLINFO_CONNECT_TIME_T, &connected);
  curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &to);
  if (to != NULL) to = arena_copy(h->arena, to, strlen(to));
  const char *why = code == CURLE_OK ? NULL : unreached(h, t, code, place, connected > 0 || status > 0 || o->answered); /* a connection that is used again says nothing */

  stop(h, t);
  if (status > 0) {
    o->answered = true;
    o->silent = 0;
    o->away = status == 429 ? o->away + 1 : 0;
    if (o->away <= 1) o->since = clock_ms();
    paced(o, (unsigned)status);
  }
  if (code != CURLE_OK) {
    failed(h, id, code, place, why);
    return;
  }
  unsigned s = (unsigned)status;

  if (wanted(&t->request, s)) {
    judged(h, id, s, place);
    return;
  }
  if (redirected(h, id, s, to, place)) return;
  /* Nobody gets in, for long: who still waits need not try. */
  bool closed = s == 429 && o->away >= AWAY_MOST && clock_ms() - o->since > h->options.patience / 3;

  if ((s == 429 || s >= 500) && !closed && again(h, id, wait > 0 && wait < 1000000 ? (int64_t)wait * 1000 : 0, s == 429 ? 2 * h->options.tries : h->options.tries)) return;
  if (s == 410 && t->pages.n > 0 && !t->restarted) { /* the list has changed under us: from its start, once */
    json_decref(t->pages.all);
    t->pages = (struct pages){0};
    t->used = 0;
    t->restarted = true;
    t->url = t->request.url;
    queue(h, id);
    return;
  }
  const char *said = t->body == NULL ? NULL : http_complaint(h->arena, s, t->body, t->length);
  const char *reason = refusal(h, t, s, said, place);

  if (closed) o->dead = reason;
  if (said == NULL && t->length > 0 && !t->request.any_body) {
    json_t *j = http_json(t->body, t->length);

    if (j == NULL) reason = arena_print(h->arena, "%s, with no word of JSON", reason);
    json_decref(j);
  }
  answer(h, id, HTTP_REFUSED, s, reason);
}

/* ── Turns ─────────────────────────────────────────────────────────────────── */

static void take_turns(struct http *h) {
  int64_t now = clock_ms();

  for (uint32_t i = 0; i < h->origins.n; i++) {
    while (h->origins.at[i].first != NONE) {
      struct origin *o = &h->origins.at[i];
      uint32_t id = o->first;

      if (o->dead == NULL && (o->running >= h->options.per_host || h->running >= RUNNING_MOST || now < o->next)) break;
      o->next = o->pace > 0 ? now + o->pace : 0;
      o->first = h->transfers.at[id]->next;
      if (unsendable(&h->transfers.at[id]->request))
        answer(h, id, HTTP_REFUSED, 0, arena_print(h->arena, "a credential for %s has a line break within it, and no header can have that: it is not what was meant, or more than that", o->name));
      else if (o->dead != NULL) answer(h, id, HTTP_UNREACHED, 0, o->dead);
      else start(h, id);
    }
  }
}

/* Those whose wait is over; returns how long the next one has to, at most 100 ms. */
static int wake(struct http *h) {
  int64_t now = clock_ms(), soonest = now + 100;
  uint32_t kept = 0, n = h->later.n;

  for (uint32_t i = 0; i < n; i++) {
    struct transfer *t = h->transfers.at[h->later.at[i]];

    if (t->due <= now) {
      queue(h, h->later.at[i]);
      continue;
    }
    if (t->due < soonest) soonest = t->due;
    h->later.at[kept++] = h->later.at[i];
  }
  h->later.n = kept;
  for (uint32_t i = 0; i < h->origins.n; i++)
    if (h->origins.at[i].first != NONE && h->origins.at[i].next > now && h->origins.at[i].next < soonest) soonest = h->origins.at[i].next;
  return (int)(soonest - now);
}

void http_run(struct http *h, void (*tick)(void *data, uint32_t answered), void *data) {
  while (h->answered < h->transfers.n) {
    int wait = wake(h), busy = 0, left;
    CURLMsg *message;

    take_turns(h);
    curl_multi_perform(h->multi, &busy);
    while ((message = curl_multi_info_read(h->multi, &left)) != NULL) {
      void *id;

      if (message->msg != CURLMSG_DONE) continue;
      CURLcode code = message->data.result;

      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &id);
      finished(h, (uint32_t)(uintptr_t)id, code);
      wait = 0;
    }
    if (tick != NULL) tick(data, h->answered);
    if (h->answered < h->transfers.n) curl_multi_poll(h->multi, NULL, 0, wait, NULL);
  }
}

void http_close(struct http *h) {
  curl_multi_cleanup(h->multi);
  curl_global_cleanup();
}
