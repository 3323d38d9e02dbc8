/* The readers of the stream: opens them, reads them, and checks that each gets every message once, whole, and in the same order as all. */
#ifndef FOLLOWERS_H
#define FOLLOWERS_H
#include "histogram.h"
#include "source.h"
#include "stream-reader.h"

/* Messages between the first follower and the last one, at most. */
#define ORDER_SLOTS (1u << 20)

struct follower {
  enum source source;
  struct stream_reader reader;
  struct followers *all;
  int fd;
  /* Has had a message, so it is known to follow. */
  int is_ready;
  /* Reads no further once it is ready. */
  int is_stalled;
  int is_closed;
  /* Messages that it had. */
  uint32_t position;
};

struct followers {
  struct follower *list;
  int count, heads, ready, stalled, closed;
  size_t message_bytes;
  /* The order in which the first one got the messages; what all others are held against. */
  uint32_t *order;
  uint32_t ordered;
  /* For each message: how many have it. */
  uint32_t *had_by;
  /* All that came; without those that only say that a follower follows. */
  uint64_t events, delivered;
  uint64_t misordered, malformed;
  struct histogram *latencies;
  /* Called when the last follower has message n. */
  void (*on_complete)(void *owner, uint32_t n);
  void *owner;
};

void start_followers(struct followers *all, int most, size_t message_bytes);

/* Connects until there are `count` of them and asks for the stream. The last `stalled` ones will stop reading. */
void open_followers(struct followers *all, int port, int epoll, int count, int stalled);

/* Reads what has come for one. */
void read_follower(struct followers *all, struct follower *follower, int epoll);

/* Followers that must have a message for it to be complete. */
int reading_followers(const struct followers *all);
#endif
