#include "message.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

uint64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return FIRST_T + (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

void write_message(char *to, size_t bytes, uint32_t n, uint64_t t) {
  char head[MESSAGE_PREFIX];
  int length = snprintf(head, sizeof head, "{\"n\":%u,\"t\":%llu,\"pad\":\"", n, (unsigned long long)t);
  memcpy(to, head, (size_t)length);
  memset(to + length, 'x', bytes - (size_t)length - 2);
  memcpy(to + bytes - 2, "\"}", 2);
}

static int read_digits(const char **at, const char *end, uint64_t *value) {
  const char *from = *at;
  uint64_t sum = 0;
  while (*at < end && **at >= '0' && **at <= '9') sum = sum * 10 + (uint64_t)(*(*at)++ - '0');
  *value = sum;
  return *at > from;
}

int parse_message(const char *text, size_t length, uint32_t *n, uint64_t *t) {
  const char *at = text, *end = text + length;
  uint64_t value;
  if (length < 16 || memcmp(at, "{\"n\":", 5) != 0) return 0;
  at += 5;
  if (!read_digits(&at, end, &value)) return 0;
  *n = (uint32_t)value;
  if (end - at < 5 || memcmp(at, ",\"t\":", 5) != 0) return 0;
  at += 5;
  return read_digits(&at, end, t);
}
