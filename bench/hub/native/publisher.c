#define _GNU_SOURCE
#include "publisher.h"
#include "fail.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

void start_publisher(struct publisher *publisher, int port, int epoll, size_t message_bytes) {
  memset(publisher, 0, sizeof *publisher);
  publisher->source = PUBLISHER;
  publisher->fd = -1;
  publisher->port = port;
  publisher->epoll = epoll;
  publisher->message_bytes = message_bytes;
  publisher->out = malloc(PUBLISHER_OUT_BYTES);
  if (!publisher->out) fail("memory");
}

static void connect_publisher(struct publisher *publisher) {
  int one = 1;
  publisher->fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)publisher->port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(publisher->fd, (struct sockaddr *)&to, sizeof to) < 0) fail("connect a publisher");
  setsockopt(publisher->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = publisher};
  if (epoll_ctl(publisher->epoll, EPOLL_CTL_ADD, publisher->fd, &event) < 0) fail("epoll_ctl");
}

static void flush(struct publisher *publisher) {
  if (publisher->out_bytes == 0) return;
  ssize_t sent = send(publisher->fd, publisher->out, publisher->out_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) fail("publish");
  if (sent <= 0) return;
  publisher->out_bytes -= (size_t)sent;
  memmove(publisher->out, publisher->out + sent, publisher->out_bytes);
}

int publish(struct publisher *publisher, uint32_t n) {
  if (publisher->out_bytes + 512 + publisher->message_bytes > PUBLISHER_OUT_BYTES) return 0;
  if (publisher->fd < 0) connect_publisher(publisher);
  char *to = publisher->out + publisher->out_bytes;
  int head = sprintf(to,
                     "POST /publish HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\n\r\n",
                     publisher->port, publisher->message_bytes);
  write_message(to + head, publisher->message_bytes, n, now_us());
  publisher->out_bytes += (size_t)head + publisher->message_bytes;
  publisher->awaited++;
  flush(publisher);
  return 1;
}

/* Its end was found: what does it say? */
static void end_head(struct publisher *publisher) {
  const char *head = publisher->head;
  if (strncmp(head, "HTTP/1.1 2", 10) != 0) {
    fprintf(stderr, "%.300s\n", head);
    errno = 0;
    fail("a message was not accepted");
  }
  const char *length = strcasestr(head, "\r\ncontent-length:");
  if (!length && strncmp(head + 9, "204", 3) != 0) fail("a response to a publisher must say how long it is");
  publisher->body_left = length ? strtoul(length + 17, NULL, 10) : 0;
  publisher->head_bytes = 0;
  publisher->awaited--;
}

void read_publisher(struct publisher *publisher) {
  char bytes[16384];
  ssize_t count = recv(publisher->fd, bytes, sizeof bytes, MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) {
    if (publisher->awaited > 0) fail("a publisher's connection was closed before its response");
    close(publisher->fd);
    publisher->fd = -1;
    return;
  }
  for (ssize_t at = 0; at < count; at++) {
    if (publisher->body_left > 0) {
      publisher->body_left--;
      continue;
    }
    if (publisher->head_bytes + 1 >= sizeof publisher->head) fail("a response's head is too long");
    publisher->head[publisher->head_bytes++] = bytes[at];
    publisher->head[publisher->head_bytes] = 0;
    if (bytes[at] != '\n' || publisher->head_bytes < 4) continue;
    if (memcmp(publisher->head + publisher->head_bytes - 4, "\r\n\r\n", 4) == 0) end_head(publisher);
  }
  flush(publisher);
}
