#include "histogram.h"

/* Exact below two doublings' steps; above, the highest bits. */
static int bucket_of(uint64_t us) {
  if (us < STEPS_PER_DOUBLING) return (int)us;
  int shift = 63 - __builtin_clzll(us) - 6;
  int bucket = (shift + 1) * STEPS_PER_DOUBLING + (int)((us >> shift) - STEPS_PER_DOUBLING);
  return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

static uint64_t start_of(int bucket) {
  if (bucket < STEPS_PER_DOUBLING) return (uint64_t)bucket;
  int shift = bucket / STEPS_PER_DOUBLING - 1;
  return (uint64_t)(STEPS_PER_DOUBLING + bucket % STEPS_PER_DOUBLING) << shift;
}

void add_to_histogram(struct histogram *histogram, uint64_t us) {
  histogram->buckets[bucket_of(us)]++;
  histogram->count++;
}

uint64_t percentile_of(const struct histogram *histogram, double fraction) {
  uint64_t due = (uint64_t)((double)histogram->count * fraction), seen = 0;
  for (int bucket = 0; bucket < BUCKETS; bucket++) {
    seen += histogram->buckets[bucket];
    if (seen > due) return start_of(bucket);
  }
  return 0;
}
