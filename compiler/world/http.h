/* HTTP for whoever asks the world: many requests at once, each ends in an answer or a reason.
 *
 * What callers may rely on: TLS is verified; credentials (bearer, basic, every header) leave for the origin of the URL and
 * nowhere else, whatever redirects say; no text made here holds a credential or a query; nothing waits longer than it may;
 * an answer is untrusted bytes of a bounded size. http.c alone includes curl. */
#ifndef CUTC_HTTP_H
#define CUTC_HTTP_H

#include "base/base.h"

struct http_header { const char *name, *value; };

struct http_request {
  const char *method;                 /* NULL: GET. Only GET and HEAD are ever tried again */
  const char *url;                    /* http or https */
  const struct http_header *headers;
  uint32_t header_count;
  const char *bearer;                 /* NULL, or the token after "Authorization: Bearer " */
  const char *basic;                  /* NULL, or "user:password" */
  const char *body;                   /* NULL: none */
  size_t body_length;
  const char *cacert;                 /* a file with the authorities to trust; NULL: CURL_CA_BUNDLE, SSL_CERT_FILE, the system's */
  const char *ca_pem, *cert_pem, *key_pem; /* the same as texts, and a client's certificate with its key; NULL */
  const char *resolve;                /* an address to connect to instead of what the name of the URL means; NULL */
  unsigned status[8], status_count;   /* wanted; none: 2xx */
  bool pages;                         /* a list that comes in pages is asked for to its end and given as one document */
  bool any_body;                      /* the answer need not be JSON, and is not judged by what it says of itself */
  int64_t within;                     /* milliseconds for one try, 0: as the options say */
};

enum http_outcome {
  HTTP_ANSWERED,   /* an answer with a wanted status, which does not call itself an error */
  HTTP_REFUSED,    /* the server says no: credentials, rights, no such thing, an error of its own */
  HTTP_UNREACHED,  /* no answer: name, connection, certificate, time */
  HTTP_GARBLED     /* an answer that is none: not JSON, too large, a redirect to somebody else, pages without end */
};
struct http_answer {
  enum http_outcome outcome;
  unsigned status;      /* of the last answer, 0 for none */
  const char *body;     /* NUL-terminated, never NULL; in the arena of the run */
  size_t length;
  const char *reason;   /* why it is no HTTP_ANSWERED, one sentence without a final dot; NULL otherwise */
  unsigned tries, pages;
  int64_t took;         /* milliseconds, waiting for turns and tries included */
};

struct http_options {
  int64_t connect;      /* milliseconds, 0: 5 s */
  int64_t total;        /* for one try, 0: 15 s */
  int64_t patience;     /* for all tries, pages and waits of one request, 0: 60 s */
  unsigned tries;       /* 0: 4 */
  unsigned per_host;    /* connections to one host at a time, 0: 24 */
  size_t most;          /* bytes of one answer, all its pages together; 0: 32 MiB */
};

/* Called when a request has its answer, in no particular order; it may add requests. */
typedef void http_done(void *data, uint32_t request, const struct http_answer *answer);

struct http;
/* Answers live in the arena. Never returns NULL. */
struct http *http_open(struct arena *arena, const struct http_options *options);
/* Adds a request (its texts have to live until it is answered) and returns its number, counted from 0. */
uint32_t http_add(struct http *h, const struct http_request *request, http_done *done, void *data);
/* Runs until every request is answered. `tick`, when not NULL, is called at least ten times a second with the number answered. */
void http_run(struct http *h, void (*tick)(void *data, uint32_t answered), void *data);
void http_close(struct http *h);

/* What an answer says is wrong with itself, whatever its status: Kubernetes' Status, Cloudflare's `success`, Technitium's `status`
 * (always HTTP 200), Vault's `errors`, pfSense's envelope. NULL when it complains of nothing or is no JSON. In the arena; from
 * the answer, so cleaned of control characters and cut short. */
const char *http_complaint(struct arena *arena, unsigned status, const char *body, size_t length);
/* scheme://host:port of a URL, lower case, without user, path and query; "" when it is none. */
const char *http_origin(struct arena *arena, const char *url);
/* In base64, as basic authentication has it; in the arena. */
const char *http_base64(struct arena *arena, const char *text, size_t n);
/* An answer's text as it may be shown: control characters replaced, at most `most` bytes. */
const char *http_shown(struct arena *arena, const char *text, size_t n, size_t most);

#endif
