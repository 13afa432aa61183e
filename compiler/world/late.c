/* Libraries that only some commands need (curl, libxml2, ldns, libpq, libjq) -> loaded at the first call of one of their functions.
 * They bring forty others, and to load them all takes as long as to check a small plan. Needs the names under which the
 * compiler would have linked them (late.h, made by the Makefile). Guarantees the functions of the libraries' own headers, checked
 * against them, under their own names; where a library is not there, a message and exit status 2. */
#include "late.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <jq.h>
#include <ldns/ldns.h>
#include <libpq-fe.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* A library that is loaded already is only found again. */
static void *late(const char *library, const char *name) {
  void *loaded = dlopen(library, RTLD_NOW), *function = loaded ? dlsym(loaded, name) : NULL;
  if (function) return function;
  fprintf(stderr, "cutc: this needs %s: %s\n", library, dlerror());
  exit(2);
}

#define CALL(library, name) ((__typeof__(&name))late(library, #name))
#define LATE(library, type, name, parameters, arguments)                                           \
  type name parameters { return CALL(library, name) arguments; }

/* ── curl ──────────────────────────────────────────────────────────────────── */

#undef curl_easy_setopt
#undef curl_easy_getinfo

/* What follows an option is told by its number. */
CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...) {
  __typeof__(&curl_easy_setopt) set = CALL(LATE_CURL, curl_easy_setopt);
  va_list rest;
  CURLcode code;
  va_start(rest, option);
  if (option < CURLOPTTYPE_OBJECTPOINT) code = set(easy, option, va_arg(rest, long));
  else if (option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB) code = set(easy, option, va_arg(rest, curl_off_t));
  else code = set(easy, option, va_arg(rest, void *)); /* a function, too */
  va_end(rest);
  return code;
}

CURLcode curl_easy_getinfo(CURL *easy, CURLINFO info, ...) {
  va_list rest;
  va_start(rest, info);
  CURLcode code = CALL(LATE_CURL, curl_easy_getinfo)(easy, info, va_arg(rest, void *));
  va_end(rest);
  return code;
}

LATE(LATE_CURL, CURLcode, curl_global_init, (long flags), (flags))
LATE(LATE_CURL, void, curl_global_cleanup, (void), ())
LATE(LATE_CURL, CURL *, curl_easy_init, (void), ())
LATE(LATE_CURL, void, curl_easy_cleanup, (CURL * easy), (easy))
LATE(LATE_CURL, const char *, curl_easy_strerror, (CURLcode code), (code))
LATE(LATE_CURL, CURLM *, curl_multi_init, (void), ())
LATE(LATE_CURL, CURLMcode, curl_multi_cleanup, (CURLM * multi), (multi))
LATE(LATE_CURL, CURLMcode, curl_multi_add_handle, (CURLM * multi, CURL *easy), (multi, easy))
LATE(LATE_CURL, CURLMcode, curl_multi_remove_handle, (CURLM * multi, CURL *easy), (multi, easy))
LATE(LATE_CURL, CURLMcode, curl_multi_perform, (CURLM * multi, int *running), (multi, running))
LATE(LATE_CURL, CURLMcode, curl_multi_poll, (CURLM * multi, struct curl_waitfd more[], unsigned n, int timeout, int *ready),
     (multi, more, n, timeout, ready))
LATE(LATE_CURL, CURLMsg *, curl_multi_info_read, (CURLM * multi, int *left), (multi, left))
LATE(LATE_CURL, struct curl_slist *, curl_slist_append, (struct curl_slist * list, const char *text), (list, text))
LATE(LATE_CURL, void, curl_slist_free_all, (struct curl_slist * list), (list))

/* ── libjq ─────────────────────────────────────────────────────────────────── */

LATE(LATE_JQ, jq_state *, jq_init, (void), ())
LATE(LATE_JQ, int, jq_compile, (jq_state * jq, const char *program), (jq, program))
LATE(LATE_JQ, void, jq_start, (jq_state * jq, jv value, int flags), (jq, value, flags))
LATE(LATE_JQ, jv, jq_next, (jq_state * jq), (jq))
LATE(LATE_JQ, void, jq_teardown, (jq_state **jq), (jq))
LATE(LATE_JQ, void, jq_set_error_cb, (jq_state * jq, jq_msg_cb said, void *data), (jq, said, data))
LATE(LATE_JQ, jv_kind, jv_get_kind, (jv v), (v))
LATE(LATE_JQ, jv, jv_copy, (jv v), (v))
LATE(LATE_JQ, void, jv_free, (jv v), (v))
LATE(LATE_JQ, jv, jv_invalid, (void), ())
LATE(LATE_JQ, jv, jv_invalid_get_msg, (jv v), (v))
LATE(LATE_JQ, jv, jv_null, (void), ())
LATE(LATE_JQ, jv, jv_number, (double n), (n))
LATE(LATE_JQ, jv, jv_array, (void), ())
LATE(LATE_JQ, jv, jv_array_append, (jv list, jv v), (list, v))
LATE(LATE_JQ, jv, jv_string, (const char *text), (text))
LATE(LATE_JQ, int, jv_string_length_bytes, (jv v), (v))
LATE(LATE_JQ, const char *, jv_string_value, (jv v), (v))
LATE(LATE_JQ, jv, jv_dump_string, (jv v, int flags), (v, flags))
LATE(LATE_JQ, jv, jv_parse_sized, (const char *text, int n), (text, n))

/* ── libxml2 ───────────────────────────────────────────────────────────────── */

LATE(LATE_XML, xmlParserCtxtPtr, xmlNewParserCtxt, (void), ())
LATE(LATE_XML, void, xmlFreeParserCtxt, (xmlParserCtxtPtr c), (c))
LATE(LATE_XML, void, xmlStopParser, (xmlParserCtxtPtr c), (c))
LATE(LATE_XML, xmlDocPtr, xmlCtxtReadMemory, (xmlParserCtxtPtr c, const char *text, int n, const char *url, const char *encoding, int options),
     (c, text, n, url, encoding, options))
LATE(LATE_XML, __typeof__(xmlCtxtGetLastError(NULL)), xmlCtxtGetLastError, (void *c), (c))
LATE(LATE_XML, xmlNodePtr, xmlDocGetRootElement, (const xmlDoc *doc), (doc))
LATE(LATE_XML, void, xmlFreeDoc, (xmlDocPtr doc), (doc))

/* ── ldns ──────────────────────────────────────────────────────────────────── */

LATE(LATE_LDNS, ldns_rdf *, ldns_dname_new_frm_str, (const char *text), (text))
LATE(LATE_LDNS, bool, ldns_dname_str_absolute, (const char *text), (text))
LATE(LATE_LDNS, ldns_status, ldns_dname_cat, (ldns_rdf * name, const ldns_rdf *behind), (name, behind))
LATE(LATE_LDNS, ldns_rdf *, ldns_rdf_clone, (const ldns_rdf *rdf), (rdf))
LATE(LATE_LDNS, char *, ldns_rdf2str, (const ldns_rdf *rdf), (rdf))
LATE(LATE_LDNS, void, ldns_rdf_deep_free, (ldns_rdf * rdf), (rdf))
LATE(LATE_LDNS, ldns_status, ldns_rr_new_frm_str, (ldns_rr * *rr, const char *text, uint32_t ttl, const ldns_rdf *origin, ldns_rdf **before),
     (rr, text, ttl, origin, before))
LATE(LATE_LDNS, ldns_rdf *, ldns_rr_owner, (const ldns_rr *rr), (rr))
LATE(LATE_LDNS, ldns_rr_type, ldns_rr_get_type, (const ldns_rr *rr), (rr))
LATE(LATE_LDNS, ldns_rr_class, ldns_rr_get_class, (const ldns_rr *rr), (rr))
LATE(LATE_LDNS, uint32_t, ldns_rr_ttl, (const ldns_rr *rr), (rr))
LATE(LATE_LDNS, size_t, ldns_rr_rd_count, (const ldns_rr *rr), (rr))
LATE(LATE_LDNS, ldns_rdf *, ldns_rr_rdf, (const ldns_rr *rr, size_t i), (rr, i))
LATE(LATE_LDNS, void, ldns_rr_free, (ldns_rr * rr), (rr))
LATE(LATE_LDNS, char *, ldns_rr_type2str, (const ldns_rr_type type), (type))
LATE(LATE_LDNS, uint32_t, ldns_str2period, (const char *text, const char **end), (text, end))
LATE(LATE_LDNS, const char *, ldns_get_errorstr_by_id, (ldns_status status), (status))

/* ── libpq ─────────────────────────────────────────────────────────────────── */

LATE(LATE_PQ, PGconn *, PQconnectStartParams, (const char *const *names, const char *const *values, int expand), (names, values, expand))
LATE(LATE_PQ, PostgresPollingStatusType, PQconnectPoll, (PGconn * c), (c))
LATE(LATE_PQ, ConnStatusType, PQstatus, (const PGconn *c), (c))
LATE(LATE_PQ, int, PQsocket, (const PGconn *c), (c))
LATE(LATE_PQ, char *, PQerrorMessage, (const PGconn *c), (c))
LATE(LATE_PQ, void, PQfinish, (PGconn * c), (c))
LATE(LATE_PQ, int, PQsendQuery, (PGconn * c, const char *query), (c, query))
LATE(LATE_PQ, int, PQconsumeInput, (PGconn * c), (c))
LATE(LATE_PQ, int, PQisBusy, (PGconn * c), (c))
LATE(LATE_PQ, PGresult *, PQgetResult, (PGconn * c), (c))
LATE(LATE_PQ, ExecStatusType, PQresultStatus, (const PGresult *r), (r))
LATE(LATE_PQ, char *, PQresultErrorMessage, (const PGresult *r), (r))
LATE(LATE_PQ, int, PQntuples, (const PGresult *r), (r))
LATE(LATE_PQ, int, PQnfields, (const PGresult *r), (r))
LATE(LATE_PQ, char *, PQgetvalue, (const PGresult *r, int row, int field), (r, row, field))
LATE(LATE_PQ, int, PQgetlength, (const PGresult *r, int row, int field), (r, row, field))
LATE(LATE_PQ, void, PQclear, (PGresult * r), (r))
