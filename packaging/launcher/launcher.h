/*
 * The launcher of the self-extracting neuron-setup: a static program with a compressed payload behind it, which holds
 * deno and the bundled program. At the first start it unpacks the payload into a folder that bears its SHA-256; then,
 * and at every later start, it becomes the deno in there. docs/shipping.md says why it does what it does.
 */
#ifndef LAUNCHER_H
#define LAUNCHER_H

#include <stdint.h>
#include <stdnoreturn.h>

enum { HASH_BYTES = 32, HASH_TEXT = 2 * HASH_BYTES + 1, PATH_BYTES = 4096 };

/* The end of the file, little-endian. packaging/self_extracting.ts writes it. */
struct __attribute__((packed)) trailer {
  uint64_t payload_offset;
  uint64_t payload_bytes;
  uint64_t deno_bytes;    /* size of "deno" once unpacked */
  uint64_t program_bytes; /* size of "app/neuron-setup.js" */
  uint8_t sha256[HASH_BYTES]; /* of the payload as it is in the file */
  char magic[16];
};

struct payload {
  int fd;
  struct trailer trailer;
  char hash[HASH_TEXT];
};

/* error.c: one line of what, one of what to do, as every error of neuron-setup; ends with 1. */
noreturn void fail(const char *hint, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same with the system's word for errno behind it. */
noreturn void fail_errno(const char *hint, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "a/b" into a buffer of PATH_BYTES; ends with an error when it does not fit. */
void join(char *out, const char *folder, const char *name);

/* payload.c */
void open_payload(struct payload *payload);
/* Unpacks everything into an empty folder and makes it durable. */
void unpack(const struct payload *payload, const char *folder);

/* runtime.c: gives the path of the unpacked folder, which stays locked against sweeping while this process lives. */
void ensure_runtime(const struct payload *payload, char *folder);

/* trust.c: ends with an error when anybody but this user and root could change what is in the folder. */
void require_trusted(const char *real_path);

/* environment.c */
void open_standard_streams(void);
void clean_environment(const char *runtime);

#endif
