/* What is behind the launcher in the file, and how it becomes files. */
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

static const char magic[16] = "NEURON-SETUP-1";
static const char again[] = "Get neuron-setup again: this copy of it is not as it was made";
static const char room[] =
    "Free 150 MB there, or name another folder of yours in NEURON_RUNTIME_FOLDER; it must allow programs to be run";

void open_payload(struct payload *payload) {
  payload->fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (payload->fd < 0) fail_errno("Mount /proc and start it again", "Cannot open this program's own file");
  off_t size = lseek(payload->fd, 0, SEEK_END);
  struct trailer *trailer = &payload->trailer;
  ssize_t got = pread(payload->fd, trailer, sizeof *trailer, size - (off_t)sizeof *trailer);
  if (got != (ssize_t)sizeof *trailer || memcmp(trailer->magic, magic, sizeof magic) != 0 ||
      trailer->payload_offset + trailer->payload_bytes + sizeof *trailer != (uint64_t)size) {
    fail(again, "This neuron-setup is damaged: its end is missing");
  }
  for (int i = 0; i < HASH_BYTES; i++) sprintf(payload->hash + 2 * i, "%02x", trailer->sha256[i]);
}

struct stream {
  const struct payload *payload;
  uint64_t at; /* of the payload */
  SHA2_CTX hash;
  ZSTD_DStream *zstd;
  ZSTD_inBuffer input;
  uint8_t buffer[1 << 17];
};

static void refill(struct stream *stream) {
  const struct trailer *trailer = &stream->payload->trailer;
  uint64_t left = trailer->payload_bytes - stream->at;
  size_t wanted = left < sizeof stream->buffer ? (size_t)left : sizeof stream->buffer;
  ssize_t got = pread(stream->payload->fd, stream->buffer, wanted, (off_t)(trailer->payload_offset + stream->at));
  if (got < 0) fail_errno("Is the disk it lies on all right? See the kernel's log", "Cannot read this program's own file");
  if (got == 0) fail(again, "This neuron-setup is damaged: it ends early");
  SHA256Update(&stream->hash, stream->buffer, (size_t)got);
  stream->at += (uint64_t)got;
  stream->input = (ZSTD_inBuffer){stream->buffer, (size_t)got, 0};
}

/* Exactly so many bytes. */
static void read_unpacked(struct stream *stream, void *to, size_t bytes) {
  ZSTD_outBuffer output = {to, bytes, 0};
  while (output.pos < bytes) {
    size_t before = output.pos;
    size_t result = ZSTD_decompressStream(stream->zstd, &output, &stream->input);
    if (ZSTD_isError(result)) fail(again, "This neuron-setup is damaged: %s", ZSTD_getErrorName(result));
    if (output.pos == before && stream->input.pos == stream->input.size) refill(stream);
  }
}

struct __attribute__((packed)) entry {
  uint32_t mode;
  uint64_t bytes;
  uint16_t name_bytes; /* 0: the end */
};

/* The folders of "a/b/c" below `folder`. */
static void make_folders(const char *folder, const char *name) {
  char path[PATH_BYTES];
  join(path, folder, name);
  for (char *slash = path + strlen(folder) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
    *slash = '\0';
    if (mkdir(path, 0755) != 0 && errno != EEXIST) fail_errno(room, "Cannot make the folder %s", path);
    *slash = '/';
  }
}

static void unpack_file(struct stream *stream, const struct entry *entry, const char *folder, const char *name) {
  static uint8_t buffer[1 << 20];
  char path[PATH_BYTES];
  make_folders(folder, name);
  join(path, folder, name);
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, entry->mode & 0755);
  if (fd < 0) fail_errno(room, "Cannot make %s", path);
  for (uint64_t left = entry->bytes; left > 0;) {
    size_t part = left < sizeof buffer ? (size_t)left : sizeof buffer;
    read_unpacked(stream, buffer, part);
    for (size_t done = 0; done < part;) {
      ssize_t wrote = write(fd, buffer + done, part - done);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) fail_errno(room, "Cannot write %s", path);
      done += (size_t)wrote;
    }
    left -= part;
  }
  if (fsync(fd) != 0 || close(fd) != 0) fail_errno(room, "Cannot write %s", path);
}

void unpack(const struct payload *payload, const char *folder) {
  static struct stream stream;
  stream.payload = payload;
  stream.zstd = ZSTD_createDStream();
  if (stream.zstd == NULL) fail("Free some memory and start it again", "There is no memory left to unpack with");
  SHA256Init(&stream.hash);
  for (;;) {
    struct entry entry;
    char name[256];
    read_unpacked(&stream, &entry, sizeof entry);
    if (entry.name_bytes == 0) break;
    if (entry.name_bytes >= sizeof name) fail(again, "This neuron-setup is damaged: a name is too long");
    read_unpacked(&stream, name, entry.name_bytes);
    name[entry.name_bytes] = '\0';
    if (name[0] == '/' || strstr(name, "..") != NULL) fail(again, "This neuron-setup is damaged: a name leads outside");
    unpack_file(&stream, &entry, folder, name);
  }
  while (stream.at < payload->trailer.payload_bytes) refill(&stream);
  uint8_t digest[HASH_BYTES];
  SHA256Final(digest, &stream.hash);
  if (memcmp(digest, payload->trailer.sha256, sizeof digest) != 0) {
    fail(again, "This neuron-setup is damaged: its SHA-256 is not what it was made with");
  }
  ZSTD_freeDStream(stream.zstd);
}
