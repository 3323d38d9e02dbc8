#define _GNU_SOURCE
#include "load.h"
#include "cpu.h"
#include "fail.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 512
/* Followers that are opened at once, and those that may wait for their head: a herd is another question. */
#define OPENED_AT_ONCE 100
#define MOST_WAITING 1000
#define QUIET_US 200000
#define READY_WITHIN_US 60000000u

static void on_complete(void *owner, uint32_t n) {
  struct load *load = owner;
  int index = load->sender[n % ORDER_SLOTS];
  load->completed++;
  load->is_complete[index] = 1;
  if (index < load->keep_on && load->publishers[index].awaited == 0) publish_next(load, index);
}

void start_load(struct load *load, int port, int most_followers, size_t message_bytes) {
  memset(load, 0, sizeof *load);
  load->port = port;
  load->poll_us = 500;
  load->epoll = epoll_create1(EPOLL_CLOEXEC);
  load->sender = calloc(ORDER_SLOTS, sizeof *load->sender);
  if (load->epoll < 0 || !load->sender) fail("epoll");
  start_followers(&load->followers, most_followers, message_bytes);
  load->followers.on_complete = on_complete;
  load->followers.owner = load;
}

void add_publishers(struct load *load, int count) {
  for (; load->publisher_count < count; load->publisher_count++) {
    int index = load->publisher_count;
    start_publisher(&load->publishers[index], load->port, load->epoll, load->followers.message_bytes);
    load->is_complete[index] = 1;
  }
}

void publish_next(struct load *load, int index) {
  uint32_t n = FIRST_N + 1 + load->published;
  if (!publish(&load->publishers[index], n)) {
    load->unpublished++;
    return;
  }
  load->sender[n % ORDER_SLOTS] = (uint8_t)index;
  load->is_complete[index] = 0;
  load->published++;
}

static void serve_publisher(struct load *load, struct publisher *publisher) {
  int index = (int)(publisher - load->publishers);
  int awaited = publisher->awaited;
  read_publisher(publisher);
  if (index >= load->keep_on || publisher->awaited == awaited) return;
  if (publisher->awaited == 0 && load->is_complete[index]) publish_next(load, index);
}

/* Returns how much there was to do. */
static int serve_once(struct load *load) {
  struct epoll_event events[EVENTS];
  int count = epoll_wait(load->epoll, events, EVENTS, 0);
  if (count < 0 && errno != EINTR) fail("epoll_wait");
  for (int index = 0; index < count; index++) {
    void *source = events[index].data.ptr;
    switch (*(enum source *)source) {
      case FOLLOWER: read_follower(&load->followers, source, load->epoll); break;
      case PUBLISHER: serve_publisher(load, source); break;
    }
  }
  return count;
}

void run_until(struct load *load, uint64_t deadline_us) {
  for (;;) {
    int served = serve_once(load);
    uint64_t now = now_us();
    if (now >= deadline_us) return;
    /* A full batch: there is more. */
    if (served == EVENTS) continue;
    uint64_t sleep_us = deadline_us - now < (uint64_t)load->poll_us ? deadline_us - now : (uint64_t)load->poll_us;
    struct timespec pause = {.tv_nsec = (long)sleep_us * 1000};
    nanosleep(&pause, NULL);
  }
}

/* Until for a while nothing has come: what was published before is with all who follow. */
static void run_until_quiet(struct load *load) {
  uint64_t events;
  do {
    events = load->followers.events;
    run_until(load, now_us() + QUIET_US);
  } while (load->followers.events != events);
}

void gather_followers(struct load *load, int count, int stalled) {
  struct followers *followers = &load->followers;
  uint64_t give_up = now_us() + READY_WITHIN_US;
  while (followers->count < count) {
    int next = followers->count + OPENED_AT_ONCE < count ? followers->count + OPENED_AT_ONCE : count;
    int stalled_now = stalled - (count - next);
    open_followers(followers, load->port, load->epoll, next, stalled_now > 0 ? stalled_now : 0);
    uint64_t patience = now_us() + 100000;
    /* Some servers send the head only with the first message. */
    do run_until(load, now_us() + 1000);
    while (followers->count - followers->heads > MOST_WAITING && now_us() < patience);
  }
  while (followers->ready < followers->count) {
    if (now_us() > give_up || followers->closed > 0) {
      fprintf(stderr, "load: of %d followers %d have a head and %d a message, %d are closed\n", followers->count, followers->heads,
              followers->ready, followers->closed);
      errno = 0;
      fail("not all followers got a message within a minute");
    }
    publish(&load->publishers[0], FIRST_N);
    run_until_quiet(load);
  }
}

void open_window(const struct load *load, struct window *window) {
  window->delivered = load->followers.delivered;
  window->server_cpu = window->server_waited = 0;
  for (int index = 0; index < load->server_count; index++) {
    struct cpu_times times = cpu_times_of(load->servers[index]);
    window->server_cpu += times.used;
    window->server_waited += times.waited;
  }
  struct cpu_times own = cpu_times_of(getpid());
  window->load_cpu = own.used;
  window->load_waited = own.waited;
  window->start_us = now_us();
}

void close_window(const struct load *load, struct window *window) {
  struct window end;
  open_window(load, &end);
  window->seconds = (double)(end.start_us - window->start_us) / 1e6;
  window->delivered = end.delivered - window->delivered;
  window->server_cpu = end.server_cpu - window->server_cpu;
  window->server_waited = end.server_waited - window->server_waited;
  window->load_cpu = end.load_cpu - window->load_cpu;
  window->load_waited = end.load_waited - window->load_waited;
  window->per_second = (double)window->delivered / window->seconds;
}
