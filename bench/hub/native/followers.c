#define _GNU_SOURCE
#include "followers.h"
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

/* Ports of one address run out; each address of 127/8 has its own. */
#define FOLLOWERS_PER_ADDRESS 10000
/* A kernel that takes megabytes for a reader that does not read would hide what the server holds for it. */
#define STALLED_RECEIVE_BYTES 4096

void start_followers(struct followers *all, int most, size_t message_bytes) {
  memset(all, 0, sizeof *all);
  all->list = calloc((size_t)most, sizeof *all->list);
  all->order = calloc(ORDER_SLOTS, sizeof *all->order);
  all->had_by = calloc(ORDER_SLOTS, sizeof *all->had_by);
  all->message_bytes = message_bytes;
  if (!all->list || !all->order || !all->had_by) fail("memory");
}

int reading_followers(const struct followers *all) { return all->count - all->stalled; }

static int connect_follower(int port, int index, int is_stalled) {
  int one = 1, receive_bytes = STALLED_RECEIVE_BYTES;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) fail("socket");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (is_stalled) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  struct sockaddr_in from = {.sin_family = AF_INET};
  from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (uint32_t)(index / FOLLOWERS_PER_ADDRESS));
  if (bind(fd, (struct sockaddr *)&from, sizeof from) < 0) fail("bind");
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");
  return fd;
}

void open_followers(struct followers *all, int port, int epoll, int count, int stalled) {
  char request[512];
  int bytes = snprintf(request, sizeof request,
                       "GET /events HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: text/event-stream\r\nCache-Control: no-cache\r\n\r\n",
                       port);
  for (int index = all->count; index < count; index++) {
    struct follower *follower = &all->list[index];
    memset(follower, 0, sizeof *follower);
    start_stream_reader(&follower->reader);
    follower->source = FOLLOWER;
    follower->all = all;
    follower->is_stalled = index >= count - stalled;
    follower->fd = connect_follower(port, index, follower->is_stalled);
    if (send(follower->fd, request, (size_t)bytes, MSG_NOSIGNAL) != bytes) fail("send");
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = follower};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, follower->fd, &event) < 0) fail("epoll_ctl");
    all->count++;
    all->stalled += follower->is_stalled;
  }
}

static void count_event(void *owner, const struct stream_event *event) {
  struct follower *follower = owner;
  struct followers *all = follower->all;
  all->events++;
  if (event->data_bytes != all->message_bytes) all->malformed++;
  if (!follower->is_ready) {
    follower->is_ready = 1;
    all->ready++;
  }
  /* Only says that the follower follows. */
  if (event->n == FIRST_N) return;
  all->delivered++;
  if (all->latencies) add_to_histogram(all->latencies, now_us() - event->t);

  uint32_t position = follower->position++;
  if (position == all->ordered) all->order[all->ordered++ % ORDER_SLOTS] = event->n;
  else if (all->order[position % ORDER_SLOTS] != event->n) all->misordered++;
  uint32_t *had_by = &all->had_by[event->n % ORDER_SLOTS];
  if (++*had_by < (uint32_t)reading_followers(all)) return;
  *had_by = 0;
  if (all->on_complete) all->on_complete(all->owner, event->n);
}

void read_follower(struct followers *all, struct follower *follower, int epoll) {
  static char bytes[256 * 1024];
  ssize_t count = recv(follower->fd, bytes, sizeof bytes, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    epoll_ctl(epoll, EPOLL_CTL_DEL, follower->fd, NULL);
    follower->is_closed = 1;
    all->closed++;
    return;
  }
  int had_head = follower->reader.state != IN_HEAD;
  feed_stream_reader(&follower->reader, bytes, (size_t)count, count_event, follower);
  if (follower->reader.state == IS_WRONG) fail("a follower was not answered with 200");
  if (!had_head && follower->reader.state != IN_HEAD) all->heads++;
  if (follower->is_stalled && follower->is_ready) epoll_ctl(epoll, EPOLL_CTL_DEL, follower->fd, NULL);
}
