/* What one core can do: a server that knows nothing but this benchmark. Each turn of its loop, what was published is written to each
 * follower with one call. Shows that the load generator can take more than any subject gives. Prints its URL, ends with its parent. */
#define _GNU_SOURCE
#include "fail.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST_CONNECTIONS 20000
#define REQUEST_BYTES 16384

struct connection {
  /* Its place among the followers; -1 when it is none. */
  int place;
  char *request;
  size_t bytes;
};

static struct connection connections[MOST_CONNECTIONS];
static int followers[MOST_CONNECTIONS], follower_count;
static char due[1 << 22];
static size_t due_bytes;

static void end_connection(int fd) {
  struct connection *connection = &connections[fd];
  if (connection->place >= 0) {
    int last = followers[--follower_count];
    followers[connection->place] = last;
    connections[last].place = connection->place;
  }
  free(connection->request);
  memset(connection, 0, sizeof *connection);
  close(fd);
}

static void write_all(int fd, const char *bytes, size_t count) {
  /* Blocks: the load generator reads, or nothing goes on. */
  while (count > 0) {
    ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes += sent;
    count -= (size_t)sent;
  }
}

/* Takes whole requests off the front. */
static void handle_requests(int fd) {
  static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
  static const char accepted[] = "HTTP/1.1 204 No Content\r\n\r\n";
  struct connection *connection = &connections[fd];
  for (;;) {
    char *end = memmem(connection->request, connection->bytes, "\r\n\r\n", 4);
    if (!end) return;
    size_t head_bytes = (size_t)(end + 4 - connection->request), body_bytes = 0;
    const char *length = memmem(connection->request, head_bytes, "Content-Length: ", 16);
    if (length) body_bytes = strtoul(length + 16, NULL, 10);
    if (connection->bytes < head_bytes + body_bytes) return;
    if (connection->request[0] == 'P') {
      int written = sprintf(due + due_bytes, "%zx\r\ndata: ", body_bytes + 8);
      memcpy(due + due_bytes + written, end + 4, body_bytes);
      memcpy(due + due_bytes + (size_t)written + body_bytes, "\n\n\r\n", 4);
      due_bytes += (size_t)written + body_bytes + 4;
      write_all(fd, accepted, sizeof accepted - 1);
    } else {
      write_all(fd, head, sizeof head - 1);
      connection->place = follower_count;
      followers[follower_count++] = fd;
    }
    connection->bytes -= head_bytes + body_bytes;
    memmove(connection->request, connection->request + head_bytes + body_bytes, connection->bytes);
  }
}

static void read_connection(int fd) {
  struct connection *connection = &connections[fd];
  ssize_t count = recv(fd, connection->request + connection->bytes, REQUEST_BYTES - connection->bytes, 0);
  if (count <= 0) {
    end_connection(fd);
    return;
  }
  connection->bytes += (size_t)count;
  handle_requests(fd);
}

static void accept_connection(int listener, int epoll) {
  int one = 1, fd = accept(listener, NULL, NULL);
  if (fd < 0) return;
  if (fd >= MOST_CONNECTIONS) {
    close(fd);
    return;
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  connections[fd] = (struct connection){.place = -1, .request = malloc(REQUEST_BYTES)};
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int main(void) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGPIPE, SIG_IGN);
  int listener = socket(AF_INET, SOCK_STREAM, 0), epoll = epoll_create1(0);
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, 4096) < 0) fail("listen");
  getsockname(listener, (struct sockaddr *)&address, &length);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  printf("http://127.0.0.1:%d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    struct epoll_event events[256];
    int count = epoll_wait(epoll, events, 256, -1);
    for (int index = 0; index < count; index++) {
      if (events[index].data.fd == listener) accept_connection(listener, epoll);
      else read_connection(events[index].data.fd);
    }
    for (int place = 0; place < follower_count && due_bytes > 0; place++) write_all(followers[place], due, due_bytes);
    due_bytes = 0;
  }
}
