/* Who else could change what is about to be executed. */
#include "launcher.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char own_folder[] = "Name a folder that only you can write to in NEURON_RUNTIME_FOLDER, or mend its rights";

/* A group named like its only member, as Fedora and Ubuntu give everybody, lets nobody else in. */
static int is_private_group(const struct stat *status) {
  return status->st_uid == geteuid() && status->st_gid == getegid() && status->st_gid == status->st_uid;
}

static void require_ours(const char *path, int is_last) {
  struct stat status;
  if (lstat(path, &status) != 0) fail_errno(own_folder, "Cannot look at %s", path);
  if (!S_ISDIR(status.st_mode)) fail(own_folder, "Refused to start from %s: it is no folder", path);
  if (status.st_uid != 0 && status.st_uid != geteuid()) {
    fail(own_folder, "Refused to start from %s: it belongs to user %u", path, (unsigned)status.st_uid);
  }
  mode_t writers = status.st_mode & (S_IWGRP | S_IWOTH);
  if (is_private_group(&status)) writers &= ~(mode_t)S_IWGRP;
  /* In a sticky folder nobody can rename what is somebody else's. */
  if (writers != 0 && (is_last || (status.st_mode & S_ISVTX) == 0)) {
    fail(own_folder, "Refused to start from %s: others can write there", path);
  }
}

void require_trusted(const char *real_path) {
  char path[PATH_BYTES];
  if (strlen(real_path) >= sizeof path) fail(own_folder, "The path %.80s… is too long", real_path);
  require_ours("/", 0);
  for (size_t end = 1; end <= strlen(real_path); end++) {
    if (real_path[end] != '/' && real_path[end] != '\0') continue;
    memcpy(path, real_path, end);
    path[end] = '\0';
    require_ours(path, real_path[end] == '\0');
  }
}
