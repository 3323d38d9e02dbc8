/* Latencies in microseconds, in buckets that are less than 2 % wide. */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H
#include <stdint.h>

#define STEPS_PER_DOUBLING 64
#define BUCKETS (40 * STEPS_PER_DOUBLING)

struct histogram {
  uint64_t buckets[BUCKETS];
  uint64_t count;
};

void add_to_histogram(struct histogram *histogram, uint64_t us);
/* The value that `fraction` of all do not exceed. */
uint64_t percentile_of(const struct histogram *histogram, double fraction);
#endif
