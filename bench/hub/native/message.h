/* The message that travels: `{"n":1000000007,"t":1000011230456789,"pad":"xxx…"}`, always as long as it was asked to be.
 * n numbers it, t says when it was sent. Both begin high, so that they never change their number of digits. */
#ifndef MESSAGE_H
#define MESSAGE_H
#include <stddef.h>
#include <stdint.h>

#define FIRST_N 1000000000u
#define FIRST_T 1000000000000000ull
/* What fits before the padding, and is enough of a `data:` line to parse it. */
#define MESSAGE_PREFIX 64
#define MESSAGE_MAX_BYTES 4096

/* The clock of all times here: monotonic, in microseconds, from FIRST_T on. */
uint64_t now_us(void);

/* Writes a message of exactly `bytes` bytes. */
void write_message(char *to, size_t bytes, uint32_t n, uint64_t t);

/* Reads n and t from the beginning of a message. Returns 0 where it is none. */
int parse_message(const char *text, size_t length, uint32_t *n, uint64_t *t);
#endif
