/* Secrets of the plan -> their values, in memory, and requests with them filled in.
 * Needs a world to ask for variables, files and the terminal; what stores give is put in from outside. Guarantees that no reason
 * holds a value. */
#include "world/credentials.h"

#include <string.h>

enum { LEAST = 4, LEAST_ENCODED = 8, FORMS = 5 /* itself, in a URL, and within base64 at three places */ };

struct credential {
  enum ready ready;
  bool wanted;
  char *value;
  char *forms[FORMS]; /* what is looked for in texts; NULL where it would say too little */
  const char *why;
};
struct credentials {
  struct arena *arena;
  struct model *m;
  const struct outside *w;
  struct credential *at;
  ARRAY(struct credential) others;
};

/* As a URL has it; NULL when that is no different. */
static char *in_url(struct arena *arena, const char *value) {
  struct text out = {.arena = arena};

  text_percent(&out, value, URL_UNRESERVED);
  return out.n > strlen(value) ? out.at : NULL;
}

/* What stands in base64 wherever `shift` bytes of a group of three come before it: without the characters that its neighbours change. */
static char *in_base64(struct arena *arena, const char *value, size_t shift) {
  size_t n = strlen(value);
  const char *padded = arena_print(arena, "%.*s%s", (int)shift, "xx", value), *all = http_base64(arena, padded, n + shift);
  size_t from = shift == 0 ? 0 : shift + 1, to = (n + shift) * 8 / 6;

  return to < from + LEAST_ENCODED ? NULL : arena_copy(arena, all + from, to - from);
}

static void forms(struct arena *arena, struct credential *s) {
  if (s->value == NULL || strlen(s->value) < LEAST) return;
  s->forms[0] = s->value;
  s->forms[1] = in_url(arena, s->value);
  for (size_t i = 0; i < 3; i++) s->forms[2 + i] = in_base64(arena, s->value, i);
}

static bool within(const struct credential *s, const char *text) {
  for (size_t i = 0; i < FORMS; i++)
    if (s->forms[i] != NULL && strstr(text, s->forms[i]) != NULL) return true;
  return false;
}

static void wipe(struct credential *s) {
  for (volatile char *c = s->value; c != NULL && *c != '\0'; c++) *c = '\0';
  for (size_t i = 0; i < FORMS; i++)
    for (volatile char *c = s->forms[i]; c != NULL && *c != '\0'; c++) *c = '\0';
}

struct credentials *credentials_new(struct arena *arena, struct model *m, const struct outside *w) {
  struct credentials *c = arena_new(arena, struct credentials);

  *c = (struct credentials){.arena = arena, .m = m, .w = w, .at = arena_array(arena, struct credential, (size_t)m->secrets.n + 1)};
  return c;
}

static void have(struct credentials *c, struct credential *s, const char *value, const char *why) {
  size_t n = value == NULL ? 0 : strlen(value);

  while (n > 0 && (value[n - 1] == '\n' || value[n - 1] == '\r')) n--;
  s->ready = n > 0 ? READY : MISSING;
  s->value = n > 0 ? arena_copy(c->arena, value, n) : NULL;
  s->why = why;
  forms(c->arena, s);
}

static void look_up(struct credentials *c, uint32_t secret) {
  struct credential *s = &c->at[secret];
  const struct secret *x = &c->m->secrets.at[secret];
  const char *name = name_text(&c->m->c->names, x->name), *argument = name_text(&c->m->c->names, x->argument), *why = NULL, *value;

  switch ((enum secret_source)x->source) {
  case SECRET_ENV:
    have(c, s, c->w->variable(c->w->data, argument), arena_print(c->arena, "secret `%s`: %s is not set in the environment", name, argument));
    break;
  case SECRET_FILE:
    value = c->w->file(c->w->data, argument, &why);
    have(c, s, value, arena_print(c->arena, "secret `%s`: the file %s %s%s", name, argument, value != NULL ? "is empty" : "cannot be read: ", value != NULL ? "" : why));
    break;
  case SECRET_PROMPT:
    have(c, s, c->w->prompt(c->w->data, *argument != '\0' ? argument : name),
         arena_print(c->arena, "secret `%s` is asked for at the terminal, and nothing was typed there", name));
    break;
  case SECRET_STORE: s->ready = PENDING; break;
  }
}

enum ready credentials_want(struct credentials *c, uint32_t secret, const char **why) {
  struct credential *s = &c->at[secret];

  if (!s->wanted) {
    s->wanted = true;
    look_up(c, secret);
  }
  if (s->ready == MISSING) *why = s->why;
  return s->ready;
}

void credentials_put(struct credentials *c, uint32_t secret, const char *value, const char *why) { have(c, &c->at[secret], value, why); }

enum ready credentials_fill(struct credentials *c, const struct pieces *p, const char **text, const char **why) {
  enum ready ready = READY;
  struct text out = {.arena = c->arena};

  for (uint32_t i = 0; i < p->n; i++) {
    const struct piece *piece = &p->at[i];

    if (piece->type == PIECE_SECRET) {
      enum ready one = credentials_want(c, piece->secret, why);

      if (one > ready) ready = one;
      if (one == READY) text_puts(&out, c->at[piece->secret].value);
    } else if (piece->text != NULL) {
      text_puts(&out, piece->text);
    }
  }
  *text = p->n > 0 ? text_done(&out) : NULL;
  return ready;
}

void credentials_know(struct credentials *c, const char *value) {
  struct credential one = {0};

  for (uint32_t i = 0; value != NULL && i < c->others.n; i++)
    if (strcmp(c->others.at[i].value, value) == 0) return;
  if (value == NULL) return;
  one.value = arena_copy(c->arena, value, strlen(value));
  forms(c->arena, &one);
  array_push(c->arena, &c->others, one);
}

bool credentials_within(const struct credentials *c, const char *text) {
  for (uint32_t i = 0; i < c->m->secrets.n; i++)
    if (within(&c->at[i], text)) return true;
  for (uint32_t i = 0; i < c->others.n; i++)
    if (within(&c->others.at[i], text)) return true;
  return false;
}

void credentials_wipe(struct credentials *c) {
  for (uint32_t i = 0; i < c->m->secrets.n; i++) wipe(&c->at[i]);
  for (uint32_t i = 0; i < c->others.n; i++) wipe(&c->others.at[i]);
}
