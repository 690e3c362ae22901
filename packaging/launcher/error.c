#include "launcher.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static noreturn void finish(const char *hint, const char *why, const char *format, va_list words) {
  fputs("error: ", stderr);
  vfprintf(stderr, format, words);
  if (why != NULL) fprintf(stderr, ": %s", why);
  fprintf(stderr, "\nhint: %s\n", hint);
  exit(1);
}

noreturn void fail(const char *hint, const char *format, ...) {
  va_list words;
  va_start(words, format);
  finish(hint, NULL, format, words);
}

noreturn void fail_errno(const char *hint, const char *format, ...) {
  const char *why = strerror(errno);
  va_list words;
  va_start(words, format);
  finish(hint, why, format, words);
}

void join(char *out, const char *folder, const char *name) {
  int length = snprintf(out, PATH_BYTES, "%s/%s", folder, name);
  if (length < 0 || length >= PATH_BYTES) {
    fail("Name a folder with a shorter path in NEURON_RUNTIME_FOLDER", "The path of %s in %.80s… is too long", name,
         folder);
  }
}
