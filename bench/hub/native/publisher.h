/* One keep-alive connection that publishes: one POST a message, sent without waiting for the responses to those before. */
#ifndef PUBLISHER_H
#define PUBLISHER_H
#include "message.h"
#include "source.h"

#define PUBLISHER_OUT_BYTES (4u << 20)

struct publisher {
  enum source source;
  /* -1 while it has no connection: a server may close one that has had nothing to do. */
  int fd;
  int port, epoll;
  size_t message_bytes;
  /* Responses that are due. */
  int awaited;
  /* What the socket has not taken yet. */
  char *out;
  size_t out_bytes;
  /* The head of a response as far as it has come, and what is left of its body. */
  char head[2048];
  size_t head_bytes, body_left;
};

void start_publisher(struct publisher *publisher, int port, int epoll, size_t message_bytes);

/* Returns 0 where the server is so far behind that there is no more room. */
int publish(struct publisher *publisher, uint32_t n);

/* Reads what has come; `awaited` goes down by one with each response. */
void read_publisher(struct publisher *publisher);
#endif
