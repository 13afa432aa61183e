/* Secrets of the plan -> their values, in memory, and requests with them filled in.
 * Needs a world to ask for variables, files and the terminal; what stores give is put in from outside. Guarantees that no reason
 * holds a value. */
#include "world/credentials.h"

#include <string.h>

struct credential {
  enum ready ready;
  bool wanted;
  char *value;
  const char *why;
};
struct credentials {
  struct arena *arena;
  struct model *m;
  const struct outside *w;
  struct credential *at;
};

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

bool credentials_within(const struct credentials *c, const char *text) {
  for (uint32_t i = 0; i < c->m->secrets.n; i++)
    if (c->at[i].value != NULL && strlen(c->at[i].value) >= 4 && strstr(text, c->at[i].value) != NULL) return true;
  return false;
}

void credentials_wipe(struct credentials *c) {
  for (uint32_t i = 0; i < c->m->secrets.n; i++)
    for (volatile char *s = c->at[i].value; s != NULL && *s != '\0'; s++) *s = '\0';
}
