/* The live check against a recorded world: which questions are asked, when, with what, and what becomes of the answers. */
#include "cutc.h"
#include "world/run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct canned { const char *path, *body; unsigned status; };
struct recording {
  const struct canned *answers;
  char asked[4096];         /* "METHOD URL bearer token header\n", rounds parted by "--\n" */
};

static void note(struct recording *r, const char *text) {
  size_t n = strlen(r->asked);

  snprintf(r->asked + n, sizeof r->asked - n, "%s", text);
}

static void http(void *data, const struct http_request *asked, uint32_t n, struct http_answer *answers) {
  struct recording *r = data;

  for (uint32_t i = 0; i < n; i++) {
    const struct canned *c = r->answers;
    char line[512];

    while (c->path != NULL && strstr(asked[i].url, c->path) == NULL) c++;
    snprintf(line, sizeof line, "%s %s%s%s%s%s\n", asked[i].method, asked[i].url, asked[i].bearer != NULL ? " bearer " : "", asked[i].bearer != NULL ? asked[i].bearer : "",
             asked[i].header_count > 0 ? " header " : "", asked[i].header_count > 0 ? asked[i].headers[0].value : "");
    note(r, line);
    answers[i] = (struct http_answer){.outcome = c->path == NULL ? HTTP_UNREACHED : c->status == 200 ? HTTP_ANSWERED : HTTP_REFUSED, .status = c->status,
                                      .body = c->path == NULL ? "" : c->body, .reason = c->path == NULL ? "nobody there" : c->status == 200 ? NULL : "no"};
    answers[i].length = strlen(answers[i].body);
  }
  note(r, "--\n");
}

static const char *variable(void *data, const char *name) {
  (void)data;
  return strcmp(name, "VAULT_TOKEN") == 0 ? "hvs.test" : NULL;
}

static const char *file(void *data, const char *path, const char **why) {
  (void)data, (void)path;
  *why = "no files here";
  return NULL;
}

static const char *const plan = "plan demo { operator = ops }\n"
                                "use std/net\nuse std/kubernetes\nuse std/vault\n"
                                "client ops { }\n"
                                "vault vault { url = https://10.0.20.30:8200 }\n"
                                "secret k8s { from = vault  path = \"secret/k8s\"  field = \"token\" }\n"
                                "kubernetes cluster { api = https://10.0.20.10:6443  token = secret k8s }\n"
                                "lb_service a { address = 10.0.20.1  ports = [80/tcp]  via = cluster }\n"
                                "lb_service b { address = 10.0.20.2 -> 10.0.20.4  ports = [80/tcp]  via = cluster }\n"
                                "ip_pool p { range = [10.0.20.1-10.0.20.9, 10.0.21.0/24] }\n";

static struct live *look(struct compiled *d, struct recording *r, bool target) {
  char path[] = "/tmp/cutc-live-XXXXXX";
  int fd = mkstemp(path);
  struct outside w = {.data = r, .http = http, .variable = variable, .file = file};

  assert_true(fd >= 0 && write(fd, plan, strlen(plan)) == (ssize_t)strlen(plan));
  close(fd);
  *d = compile(path);
  unlink(path);
  assert_non_null(d->proof);
  return live_ask(d->model, d->proof, &w, &(struct live_options){.target = target});
}

static const struct look *of(const struct live *l, const char *name, const char *part) {
  for (uint32_t i = 0; i < l->looks.n; i++)
    if (strcmp(l->looks.at[i].name, name) == 0 && strcmp(l->looks.at[i].part, part) == 0) return &l->looks.at[i];
  fail_msg("no look at %s.%s", name, part);
  return NULL;
}

#define SERVICE(ip) "{\"metadata\": {}, \"spec\": {\"externalTrafficPolicy\": \"Cluster\"}, \"status\": {\"loadBalancer\": {\"ingress\": [{\"ip\": \"" ip "\"}]}}}"
static const struct canned world[] = {
    {"/v1/secret/data/k8s", "{\"data\": {\"data\": {\"token\": \"k8s-token\"}, \"metadata\": {}}}", 200},
    {"/services/a", SERVICE("10.0.20.1"), 200},
    {"/services/b", SERVICE("10.0.20.3"), 200},
    {"/ipaddresspools/p", "{\"spec\": {\"addresses\": [\"10.0.21.0/24\", \"10.0.20.1-10.0.20.9\"]}}", 200},
    {0},
};

/* First the secret, with the store's own token; then all that wait for it at once. */
static void rounds(void **state) {
  struct recording r = {.answers = world};
  struct compiled d;
  struct live *l = look(&d, &r, false);
  (void)state;

  assert_string_equal(r.asked, "GET https://10.0.20.30:8200/v1/secret/data/k8s header hvs.test\n--\n"
                               "GET https://10.0.20.10:6443/api/v1/namespaces/default/services/a bearer k8s-token\n"
                               "GET https://10.0.20.10:6443/api/v1/namespaces/default/services/b bearer k8s-token\n"
                               "GET https://10.0.20.10:6443/apis/metallb.io/v1beta1/namespaces/metallb-system/ipaddresspools/p bearer k8s-token\n--\n");
  assert_int_equal(of(l, "a", "address")->verdict, LOOK_DECLARED);
  assert_int_equal(of(l, "a", "sharing")->verdict, LOOK_DECLARED); /* none, as the plan has it */
  assert_int_equal(of(l, "p", "range")->verdict, LOOK_DECLARED);   /* in another order */
  assert_int_equal(of(l, "b", "address")->verdict, LOOK_DIFFERENT);
  assert_string_equal(of(l, "b", "address")->seen, "10.0.20.3");
  assert_false(of(l, "b", "address")->arrived);
  assert_int_equal(l->failed, 0);
  assert_int_equal(live_seen(l).n, 1);
  assert_true(l->secrets.n == 2 && l->secrets.at[0].there && l->secrets.at[1].there);
  compilation_free(d.c);
}

/* What was seen takes the baseline's place, and the arrow leads where it did. */
static void proven_on_it(void **state) {
  struct recording r = {.answers = world};
  struct compiled d;
  struct live *l = look(&d, &r, false);
  struct seen_list seen = live_seen(l);
  struct compiled e = compile_seen(&d, d.c->sources.at[0].path, &seen);
  const struct attribute *a = attribute_find(e.model, resource_find(e.model, name_str(&e.c->names, "b")), name_str(&e.c->names, "address"));
  (void)state;

  assert_int_equal(a->cases.n, 2);
  assert_string_equal(address_text(&e.c->arena, &a->cases.at[0].value.from), "10.0.20.3");
  assert_string_equal(address_text(&e.c->arena, &a->cases.at[1].value.from), "10.0.20.4");
  compilation_free(e.c);
  compilation_free(d.c);
}

/* A secret that cannot be had is the reason for what it was wanted for; nothing is asked without it. */
static void no_secret(void **state) {
  static const struct canned none[] = {{"/v1/secret", "{\"errors\": []}", 404}, {0}};
  struct recording r = {.answers = none};
  struct compiled d;
  struct live *l = look(&d, &r, false);
  (void)state;

  assert_null(strstr(r.asked, "6443"));
  assert_int_equal(of(l, "a", "address")->verdict, LOOK_UNKNOWN);
  assert_non_null(strstr(of(l, "a", "address")->reason, "secret `k8s`"));
  assert_true(l->failed > 0);
  compilation_free(d.c);
}

/* Afterwards it is the other end that counts. */
static void at_the_end(void **state) {
  struct recording r = {.answers = world};
  struct compiled d;
  struct live *l = look(&d, &r, true);
  (void)state;

  assert_string_equal(of(l, "b", "address")->declared, "10.0.20.4");
  assert_int_equal(of(l, "b", "address")->verdict, LOOK_DIFFERENT);
  assert_true(l->target);
  compilation_free(d.c);
}

/* A program may close its output and go on: its time is over all the same. */
static void a_program_without_output(void **state) {
  struct arena arena = {0};
  const char *const words[] = {"sh", "-c", "exec >&- 2>&-; sleep 60", NULL};
  struct run_request request = {.words = words, .within = 200};
  struct run_answer answer;

  (void)state;
  alarm(20);
  answer = run_program(&arena, &request);
  alarm(0);
  assert_int_equal(answer.status, -1);
  assert_non_null(strstr(answer.reason, "it was not done after"));
  arena_free(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(rounds), cmocka_unit_test(proven_on_it), cmocka_unit_test(no_secret), cmocka_unit_test(at_the_end), cmocka_unit_test(a_program_without_output)};

  return cmocka_run_group_tests(tests, NULL, NULL);
}
