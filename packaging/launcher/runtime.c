/*
 * The folder with what was unpacked: <base>/<sha256>. It gets this name by a rename when all of it is on the disk, so
 * that one with this name is whole. Who runs from it holds a shared lock on it; who unpacks or sweeps holds <base>/lock.
 */
#include "launcher.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char elsewhere[] = "Name another folder of yours in NEURON_RUNTIME_FOLDER; it must allow programs to be run";

static int absolute(const char *path) { return path != NULL && path[0] == '/'; }

/* Where this user's runtimes are. A relative HOME means nothing: the working folder may be anybody's. */
static void choose_base(char *base) {
  const char *named = getenv("NEURON_RUNTIME_FOLDER"), *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
  if (named != NULL && named[0] != '\0') {
    if (!absolute(named)) fail("Name an absolute path", "NEURON_RUNTIME_FOLDER is %s: no absolute path", named);
    snprintf(base, PATH_BYTES, "%s", named);
  } else if (geteuid() == 0) {
    snprintf(base, PATH_BYTES, "/var/lib/neuron/runtime");
  } else if (absolute(cache)) {
    join(base, cache, "neuron/runtime");
  } else if (absolute(home)) {
    join(base, home, ".cache/neuron/runtime");
  } else {
    snprintf(base, PATH_BYTES, "/var/tmp/neuron-%u/runtime", (unsigned)geteuid());
  }
}

/* mkdir -p; folders that did not exist are this user's alone, as the state folder must be. */
static void make_base(char *base) {
  for (char *at = base + 1;; at++) {
    if (*at != '/' && *at != '\0') continue;
    char end = *at;
    *at = '\0';
    if (mkdir(base, 0700) != 0 && errno != EEXIST) fail_errno(elsewhere, "Cannot make the folder %s", base);
    *at = end;
    if (end == '\0') return;
  }
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk) {
  (void)status, (void)type, (void)walk;
  return remove(path);
}

static void remove_tree(const char *path) { nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

static void sync_folder(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || fsync(fd) != 0) fail_errno(elsewhere, "Cannot make %s durable", path);
  close(fd);
}

/* A file that something else cut short or removed would only end in words that nobody understands. */
static int has_file(const char *folder, const char *name, uint64_t bytes) {
  char path[PATH_BYTES];
  struct stat status;
  join(path, folder, name);
  return lstat(path, &status) == 0 && S_ISREG(status.st_mode) && (uint64_t)status.st_size == bytes &&
         (status.st_uid == 0 || status.st_uid == geteuid()) && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static int is_whole(const char *folder, const struct payload *payload) {
  return has_file(folder, "deno", payload->trailer.deno_bytes) &&
         has_file(folder, "app/neuron-setup.js", payload->trailer.program_bytes);
}

/*
 * Takes the shared lock on the folder and keeps it open over exec, as long as the program runs. Looks again then: what
 * the lock is on may just have been swept away.
 */
static int hold(const char *folder, const struct payload *payload) {
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (fd < 0) return 0;
  struct stat held, named;
  if (flock(fd, LOCK_SH) == 0 && fstat(fd, &held) == 0 && lstat(folder, &named) == 0 && held.st_dev == named.st_dev &&
      held.st_ino == named.st_ino && is_whole(folder, payload)) {
    return 1;
  }
  close(fd);
  return 0;
}

/* Nobody runs from it: out of the way under a name that no start looks for, then away. */
static void sweep_one(const char *base, const char *name) {
  char path[PATH_BYTES], dying[PATH_BYTES];
  join(path, base, name);
  join(dying, base, "dying");
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return;
  if (flock(fd, LOCK_EX | LOCK_NB) == 0 && rename(path, dying) == 0) remove_tree(dying);
  close(fd);
}

static int is_hash(const char *name) {
  return strlen(name) == HASH_TEXT - 1 && strspn(name, "0123456789abcdef") == HASH_TEXT - 1;
}

/* Other versions, and what a killed start left. The lock of the base is held. */
static void sweep(const char *base, const char *keep) {
  DIR *folder = opendir(base);
  if (folder == NULL) return;
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    if (is_hash(entry->d_name) && strcmp(entry->d_name, keep) != 0) sweep_one(base, entry->d_name);
  }
  closedir(folder);
}

/* What is being unpacked: taken away again when that fails, so that a full disk is not made fuller. */
static char unfinished[PATH_BYTES];

static void remove_unfinished(void) {
  if (unfinished[0] != '\0') remove_tree(unfinished);
}

static void unpack_once(const char *base, const char *folder, const struct payload *payload) {
  char lock[PATH_BYTES], fresh[PATH_BYTES], dying[PATH_BYTES];
  join(lock, base, "lock");
  join(fresh, base, "unpacking");
  join(dying, base, "dying");
  int fd = open(lock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) fail_errno(elsewhere, "Cannot make %s", lock);
  while (flock(fd, LOCK_EX) != 0) {
    if (errno != EINTR) fail_errno(elsewhere, "Cannot lock %s", lock);
  }
  /* Of a start that was killed, or had no room. */
  remove_tree(fresh);
  remove_tree(dying);
  if (!is_whole(folder, payload)) {
    sweep(base, payload->hash);
    /* Damaged: who still runs from it keeps what it has open. */
    if (rename(folder, dying) == 0) remove_tree(dying);
    if (mkdir(fresh, 0755) != 0) fail_errno(elsewhere, "Cannot make the folder %s", fresh);
    strcpy(unfinished, fresh);
    unpack(payload, fresh);
    sync_folder(fresh);
    if (rename(fresh, folder) != 0) fail_errno(elsewhere, "Cannot give %s its name", folder);
    unfinished[0] = '\0';
    sync_folder(base);
  }
  close(fd);
}

void ensure_runtime(const struct payload *payload, char *folder) {
  char wanted[PATH_BYTES], base[PATH_BYTES];
  mode_t mask = umask(022);
  atexit(remove_unfinished);
  choose_base(wanted);
  if (realpath(wanted, base) == NULL) {
    make_base(wanted);
    if (realpath(wanted, base) == NULL) fail_errno(elsewhere, "Cannot find the folder %s", wanted);
  }
  require_trusted(base);
  join(folder, base, payload->hash);
  for (int attempt = 0; !hold(folder, payload); attempt++) {
    if (attempt == 5) fail(elsewhere, "What was unpacked into %s does not stay there", folder);
    unpack_once(base, folder, payload);
  }
  require_trusted(folder);
  umask(mask);
}
