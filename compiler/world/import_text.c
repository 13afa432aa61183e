/* What answers say -> how a plan writes it: addresses, ports, names, URLs, strings.
 * Needs untrusted text. Guarantees that what is returned is read by the plan's own scanner as the value that is meant; NULL for what
 * is none. */
#include "world/import.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

const char *plan_address(struct import *im, const char *text) {
  struct value v = {0};
  const char *why;
  if (!text || !value_address(text, strlen(text), &v, &why)) return NULL;
  return address_text(im->arena, &v.from);
}

static const char *printed(struct import *im, const struct value *v) {
  struct text out = {.arena = im->arena};
  value_print(&out, &im->c->names, v);
  return text_done(&out);
}

const char *plan_range(struct import *im, const char *text) {
  struct value v = {0};
  const char *why;
  if (!text) return NULL;
  size_t n = strlen(text);
  if (value_cidr(text, n, &v, &why) || value_address(text, n, &v, &why) || value_range(text, n, &v, &why)) return printed(im, &v);
  /* MetalLB takes blanks around the hyphen. */
  char *tight = arena_alloc(im->arena, n + 1, 1);
  size_t k = 0;
  for (size_t i = 0; i < n; i++)
    if (text[i] != ' ') tight[k++] = text[i];
  return k < n && value_range(tight, k, &v, &why) ? printed(im, &v) : NULL;
}

bool address_private(const char *text) {
  static const char *const ranges[] = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7", "fe80::/10", "::1/128"};
  struct value v = {0}, range;
  const char *why;
  if (!text || !value_address(text, strlen(text), &v, &why)) return false;
  for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
    range = (struct value){0};
    if (value_cidr(ranges[i], strlen(ranges[i]), &range, &why) && value_within(&v, &range)) return true;
  }
  return false;
}

const char *plan_host(struct import *im, const char *text) {
  if (!text || !*text) return NULL;
  size_t n = strlen(text);
  if (n > 1 && text[n - 1] == '.') n--;
  if (n > 255) return NULL;
  char *out = arena_copy(im->arena, text, n);
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)out[i];
    bool star = c == '*' && i == 0 && n > 2 && out[1] == '.';
    if (!isalnum(c) && c != '-' && c != '_' && !(c == '.' && i && out[i - 1] != '.') && !star) return NULL;
    out[i] = (char)tolower(c);
  }
  const char *last = strrchr(out, '.');
  last = last ? last + 1 : out;
  bool number = strspn(last, "0123456789") == strlen(last); /* meant as an address */
  return out[n - 1] == '.' || out[0] == '.' || number ? NULL : out;
}

const char *plan_port(struct import *im, int64_t from, int64_t to, const char *proto) {
  bool known = proto && (!strcmp(proto, "tcp") || !strcmp(proto, "udp") || !strcmp(proto, "sctp"));
  if (from < 1 || to > 65535 || from > to || !known) return NULL;
  return from == to ? arena_print(im->arena, "%d/%s", (int)from, proto) : arena_print(im->arena, "%d-%d/%s", (int)from, (int)to, proto);
}

const char *plan_url(struct import *im, const char *text) {
  struct value v = {0};
  const char *why;
  if (!text || !value_url(&im->c->names, text, strlen(text), &v, &why)) return NULL;
  size_t scheme = strspn(text, "abcdefghijklmnopqrstuvwxyz");
  for (const char *p = text; *p; p++) {
    unsigned char c = (unsigned char)*p;
    if (c <= ' ' || c >= 0x7f) return NULL;
    if (strchr("\"'{}(),#", c)) return plan_string(im, text);
  }
  if (!scheme || strncmp(text + scheme, "://", 3)) return plan_string(im, text);
  return text;
}

/* Bytes of the character at s that may stand in a plan and is seen there, 0 when it may not: no UTF-8 (a text that was cut short), a control
 * character, one that turns the direction of the text. */
static size_t character(const unsigned char *s) {
  if (*s < 0x80) return *s >= ' ' && *s != 0x7f;
  size_t n = *s < 0xc2 ? 0 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : *s < 0xf5 ? 4 : 0;
  for (size_t i = 1; i < n; i++)
    if ((s[i] & 0xc0) != 0x80) return 0; /* the end of the text is none either */
  if ((n == 2 && *s == 0xc2 && s[1] < 0xa0) || (n == 3 && *s == 0xe0 && s[1] < 0xa0) || (n == 3 && *s == 0xed && s[1] > 0x9f)) return 0;
  if ((n == 4 && *s == 0xf0 && s[1] < 0x90) || (n == 4 && *s == 0xf4 && s[1] > 0x8f)) return 0;
  if (n == 3 && *s == 0xe2 && s[1] == 0x80 && (s[2] == 0x8e || s[2] == 0x8f || (s[2] >= 0xa8 && s[2] <= 0xae))) return 0;
  return n == 3 && *s == 0xe2 && s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9 ? 0 : n;
}

const char *shown(struct import *im, const char *text) {
  struct text out = {.arena = im->arena};
  for (const char *p = text; *p;) {
    size_t n = character((const unsigned char *)p);
    if (n) text_add(&out, p, n);
    else if ((unsigned char)*p < 0x80) text_putc(&out, ' ');
    p += n ? n : 1;
  }
  return text_done(&out);
}

const char *plan_string(struct import *im, const char *text) {
  struct text out = {.arena = im->arena};
  if (!text) return NULL;
  text_putc(&out, '"');
  for (const char *p = text; *p;) {
    size_t n = character((const unsigned char *)p);
    if (*p == '"' || *p == '\\') text_print(&out, "\\%c", *p);
    else if (*p == '\n') text_puts(&out, "\\n");
    else if (*p == '\t') text_puts(&out, "\\t");
    else if (*p == '$' && p[1] == '{') text_puts(&out, "$$");
    else if (n) text_add(&out, p, n);
    else if ((unsigned char)*p < 0x80) text_putc(&out, ' ');
    p += n ? n : 1;
  }
  text_putc(&out, '"');
  return text_done(&out);
}

bool plan_exact(const char *text) {
  for (size_t n = 1; *text && n; text += n) n = *text == '\n' || *text == '\t' ? 1 : character((const unsigned char *)text);
  return !*text;
}

const char *plan_seconds(struct import *im, int64_t s) {
  if (s < 0 || s > INT32_MAX) return NULL;
  if (s >= 86400 && s % 86400 == 0) return arena_print(im->arena, "%dd", (int)(s / 86400));
  if (s >= 3600 && s % 3600 == 0) return arena_print(im->arena, "%dh", (int)(s / 3600));
  if (s > 60 && s % 60 == 0) return arena_print(im->arena, "%dm", (int)(s / 60));
  return arena_print(im->arena, "%ds", (int)s);
}

void plan_list_add(struct import *im, struct plan_list *list, const char *item) {
  for (uint32_t i = 0; item && i < list->items.n; i++)
    if (!strcmp(list->items.at[i], item)) return;
  if (item) array_push(im->arena, &list->items, item);
}

const char *plan_list(struct import *im, const struct plan_list *list, bool brackets) {
  struct text out = {.arena = im->arena};
  if (!list->items.n) return NULL;
  brackets |= list->items.n > 1;
  if (brackets) text_putc(&out, '[');
  for (uint32_t i = 0; i < list->items.n; i++) text_print(&out, "%s%s", i ? ", " : "", list->items.at[i]);
  if (brackets) text_putc(&out, ']');
  return text_done(&out);
}

bool thing_serves(const struct thing *t, const char *port) {
  const char *ports = thing_get(t, "ports");
  size_t n = strlen(port);
  for (const char *p = ports; p && (p = strstr(p, port)); p++)
    if ((p[-1] == '[' || p[-1] == ' ') && (p[n] == ']' || p[n] == ',')) return true;
  return false;
}
