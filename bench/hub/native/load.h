/* One load: followers, publishers, and the loop that serves both. */
#ifndef LOAD_H
#define LOAD_H
#include "followers.h"
#include "publisher.h"
#include <sys/types.h>

#define MOST_PUBLISHERS 64
#define MOST_SERVERS 8

struct load {
  int port, epoll;
  pid_t servers[MOST_SERVERS];
  int server_count;
  struct followers followers;
  struct publisher publishers[MOST_PUBLISHERS];
  int publisher_count;
  /* Publishers that may send the next message when theirs is complete; 0 when nobody keeps on. */
  int keep_on;
  /* For each message: which publisher sent it. For each publisher: whether its message is complete. */
  uint8_t *sender;
  int is_complete[MOST_PUBLISHERS];
  uint32_t published, completed;
  /* What could not be sent because the server was too far behind. */
  uint32_t unpublished;
  /* It looks for what has come so often, in microseconds, and sleeps in between. Asleep in epoll_wait it would be woken by
   * nearly every write, and the server would pay for that: 3 us of 5 on a virtual machine, which no client far away costs it. */
  int poll_us;
};

/* What happened in a window of time. */
struct window {
  uint64_t start_us, delivered;
  double server_cpu, server_waited, load_cpu, load_waited;
  double seconds, per_second;
};

void start_load(struct load *load, int port, int most_followers, size_t message_bytes);

/* Opens followers until there are `count`, the last `stalled` of which will stop reading, and waits until all have had a message. */
void gather_followers(struct load *load, int count, int stalled);
void add_publishers(struct load *load, int count);

/* Publishes the next message over one of the publishers. */
void publish_next(struct load *load, int index);

/* Serves both sides until `deadline_us`. */
void run_until(struct load *load, uint64_t deadline_us);

void open_window(const struct load *load, struct window *window);
void close_window(const struct load *load, struct window *window);
#endif
