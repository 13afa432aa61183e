/* A value, and the text of a URL before it -> the value as it can stand there.
 * Needs the pieces so far. Guarantees: a name with blanks, `&`, `#` or letters of any script is one part of the URL; nothing is
 * encoded twice. */
#include "model/commands.h"

#include <ctype.h>
#include <string.h>

/* Does the text so far end within the value of a parameter? */
static bool within_parameter(struct pieces before) {
  bool query = false, value = false;
  for (uint32_t i = 0; i < before.n; i++)
    for (const char *s = before.at[i].type == PIECE_VALUE ? before.at[i].text : ""; *s != '\0'; s++) {
      query |= *s == '?';
      value = query && (*s == '=' || (value && *s != '&'));
    }
  return value;
}

const char *url_text(struct arena *arena, struct pieces before, const char *text) {
  struct text out = {.arena = arena};
  bool parameter = within_parameter(before);
  if (before.n == 0) return text;
  for (const unsigned char *s = (const unsigned char *)text; *s != '\0'; s++) {
    bool encoded = *s == '%' && isxdigit(s[1]) && isxdigit(s[2]);
    bool fits = isalnum(*s) || strchr("-._~/:,;*@!$'()[]=?", *s) != NULL || encoded || (strchr("&+", *s) != NULL && !parameter);
    if (fits) text_putc(&out, (char)*s);
    else text_print(&out, "%%%02X", *s);
  }
  return text_done(&out);
}
