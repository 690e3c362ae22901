#include "launcher.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* All rights: the program changes /etc, /boot and /sys, which deno allows to --allow-all alone. The rest keeps a
   deno.json, a lock file or a registry of whoever calls it out of it. */
static const char *const flags[] = {"run",       "--allow-all",   "--no-prompt", "--no-config",
                                    "--no-lock", "--no-remote",   "--no-npm"};
enum { FLAGS = sizeof flags / sizeof *flags };

/* deno does not start in a folder that is gone. */
static void leave_gone_folder(void) {
  char path[PATH_BYTES];
  if (getcwd(path, sizeof path) == NULL && errno != ERANGE && chdir("/") != 0) {
    fail_errno("Start it from another folder", "Cannot leave a working folder that is gone");
  }
}

int main(int count, char **words) {
  open_standard_streams();
  leave_gone_folder();
  struct payload payload;
  char runtime[PATH_BYTES], deno[PATH_BYTES], program[PATH_BYTES];
  open_payload(&payload);
  ensure_runtime(&payload, runtime);
  clean_environment(runtime);
  join(deno, runtime, "deno");
  join(program, runtime, "app/neuron-setup.js");

  const char **all = calloc((size_t)(count > 0 ? count : 1) + FLAGS + 2, sizeof *all);
  if (all == NULL) fail("Free some memory and start it again", "There is no memory left to start with");
  size_t used = 0;
  /* Not the name we were called by: deno is another program under some names. */
  all[used++] = "neuron-setup";
  for (size_t i = 0; i < FLAGS; i++) all[used++] = flags[i];
  all[used++] = program;
  for (int i = 1; i < count; i++) all[used++] = words[i];
  execv(deno, (char *const *)all);
  fail_errno("Name a folder of yours that allows programs to be run in NEURON_RUNTIME_FOLDER", "Cannot run %s", deno);
}
