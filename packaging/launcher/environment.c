/* What the one who starts us hands over besides words: streams and variables. */
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* A closed one would be taken by the next file that is opened, and be written to as if it were a terminal. */
void open_standard_streams(void) {
  for (int fd = 0; fd <= 2; fd++) {
    if (fcntl(fd, F_GETFD) != -1 || errno != EBADF) continue;
    if (open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd) _exit(1);
  }
}

/* Settings of the person's own deno, node and dynamic linker: they are not meant for this program. */
static const char *const foreign[] = {"LD_", "DENO_", "NODE_", "V8_", "RUST_", "GLIBC_TUNABLES=", "GCONV_PATH="};

/* A company's certificate authority is meant for whatever downloads. */
static const char kept[] = "NODE_EXTRA_CA_CERTS=";

static int is_foreign(const char *variable) {
  if (strncmp(variable, kept, sizeof kept - 1) == 0) return 0;
  for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
    if (strncmp(variable, foreign[i], strlen(foreign[i])) == 0) return 1;
  }
  return 0;
}

static void set(const char *name, const char *value) {
  if (setenv(name, value, 1) != 0) fail_errno("Free some memory and start it again", "Cannot set %s", name);
}

void clean_environment(const char *runtime) {
  char **to = environ;
  for (char **from = environ; from != NULL && *from != NULL; from++) {
    if (!is_foreign(*from)) *to++ = *from;
  }
  if (to != NULL) *to = NULL;

  char path[PATH_BYTES];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length < 0) fail_errno("Mount /proc and start it again", "Cannot find out where this program is");
  path[length] = '\0';
  /* Read by provision/host/program.ts: units of systemd start this file, not what it unpacked. */
  set("NEURON_PROGRAM", path);
  set("NEURON_RUNTIME", runtime);

  char cache[PATH_BYTES];
  join(cache, runtime, "cache");
  /* V8's code cache, which makes the second start faster than the first. */
  set("DENO_DIR", cache);
  set("DENO_NO_UPDATE_CHECK", "1");
}
