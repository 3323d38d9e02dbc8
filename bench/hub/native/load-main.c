/* The load generator: `load saturate|paced|idle|stalled key=value…` -> one line of JSON a result.
 * Ends by itself, with its parent, or after two minutes. */
#define _GNU_SOURCE
#include "fail.h"
#include "load.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* A window in which other programs took more than this of the time is measured again, so often at most; the quietest counts. */
#define MOST_DISTURBANCE 0.05
#define MOST_TURNS 2

/* How long messages may take to come to all when nothing more is sent, and how long nothing may come at all meanwhile. */
#define MOST_DRAIN_MS 20000
#define MOST_QUIET_MS 3000

static struct load load;

static const char *text_of(int count, char **args, const char *key) {
  size_t length = strlen(key);
  for (int index = 2; index < count; index++)
    if (strncmp(args[index], key, length) == 0 && args[index][length] == '=') return args[index] + length + 1;
  return NULL;
}

static int number_of(int count, char **args, const char *key, int otherwise) {
  const char *text = text_of(count, args, key);
  return text ? atoi(text) : otherwise;
}

static void run_ms(int ms) { run_until(&load, now_us() + (uint64_t)ms * 1000); }

/* How much of the time the server or this program was ready to run and others ran. */
static double disturbance_of(const struct window *window) {
  return (window->server_waited + window->load_waited) / window->seconds;
}

static int is_disturbed(const struct window *window) { return disturbance_of(window) > MOST_DISTURBANCE; }

/* Sends nothing more and waits until what was sent is with all, or nothing has come for a while. */
static void drain(void) {
  uint64_t delivered = 0;
  int quiet_ms = 0;
  load.keep_on = 0;
  for (int ms = 0; ms < MOST_DRAIN_MS && quiet_ms < MOST_QUIET_MS && load.completed < load.published; ms += 10) {
    run_ms(10);
    quiet_ms = load.followers.delivered == delivered ? quiet_ms + 10 : 0;
    delivered = load.followers.delivered;
  }
}

/* Keeps `outstanding` messages on their way: the next is sent when one is with all followers. */
static void keep_outstanding(int outstanding) {
  add_publishers(&load, outstanding);
  load.keep_on = outstanding;
  for (int index = 0; index < outstanding; index++)
    if (load.publishers[index].awaited == 0 && load.is_complete[index]) publish_next(&load, index);
}

/* `rate` messages a second, whatever the server does. */
static void publish_for(int rate, int ms) {
  uint64_t start = now_us(), end = start + (uint64_t)ms * 1000;
  for (uint64_t beat = 0;; beat++) {
    uint64_t due = start + beat * 1000000u / (uint64_t)rate;
    run_until(&load, due < end ? due : end);
    if (due >= end) return;
    publish_next(&load, 0);
  }
}

static void print_window(const struct window *window) {
  printf("\"perSecond\":%.1f,\"seconds\":%.4f,\"serverCpuSeconds\":%.5f,\"serverWaitedSeconds\":%.5f,", window->per_second,
         window->seconds, window->server_cpu, window->server_waited);
  printf("\"loadCpuSeconds\":%.5f,\"loadWaitedSeconds\":%.5f", window->load_cpu, window->load_waited);
}

/* The faults that no server may have, and the end of a result. */
static void print_checks(void) {
  const struct followers *followers = &load.followers;
  drain();
  printf("\"published\":%u,\"unpublished\":%u,\"incomplete\":%u,\"misordered\":%llu,\"malformed\":%llu,\"closed\":%d}\n",
         load.published, load.unpublished, load.published - load.completed, (unsigned long long)followers->misordered,
         (unsigned long long)followers->malformed, followers->closed);
  fflush(stdout);
}

/* As many messages as the server can carry with so many on their way. */
static void measure_saturated(int outstanding, int measure_ms) {
  struct window window, best = {0};
  drain();
  keep_outstanding(outstanding);
  run_ms(measure_ms / 4);
  for (int turn = 0; turn < MOST_TURNS && (turn == 0 || is_disturbed(&best)); turn++) {
    open_window(&load, &window);
    run_ms(measure_ms);
    close_window(&load, &window);
    if (turn == 0 || disturbance_of(&window) < disturbance_of(&best)) best = window;
  }
  printf("{\"outstanding\":%d,", outstanding);
  print_window(&best);
  printf("}");
}

static void measure_paced(int rate, int measure_ms) {
  static struct histogram latencies[MOST_TURNS];
  struct window windows[MOST_TURNS];
  int best = 0;
  drain();
  publish_for(rate, 300);
  for (int turn = 0; turn < MOST_TURNS && (turn == 0 || is_disturbed(&windows[best])); turn++) {
    memset(&latencies[turn], 0, sizeof latencies[turn]);
    load.followers.latencies = &latencies[turn];
    open_window(&load, &windows[turn]);
    publish_for(rate, measure_ms);
    close_window(&load, &windows[turn]);
    if (disturbance_of(&windows[turn]) < disturbance_of(&windows[best])) best = turn;
  }
  load.followers.latencies = NULL;
  printf("{\"rate\":%d,\"p50Us\":%llu,\"p99Us\":%llu,", rate, (unsigned long long)percentile_of(&latencies[best], 0.5),
         (unsigned long long)percentile_of(&latencies[best], 0.99));
  print_window(&windows[best]);
  printf("}");
}

/* Warms the server up, then measures at each number of a list like "1,4,16". */
static void measure_each(const char *list, int warm_ms, int measure_ms, void (*measure)(int, int)) {
  keep_outstanding(8);
  run_ms(warm_ms);
  printf("{\"windows\":[");
  for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
    measure(atoi(at), measure_ms);
    if (strchr(at, ',')) printf(",");
  }
  printf("],");
  print_checks();
}

/* Followers that have nothing to read: each line of standard input says how many there shall be. */
static void idle(void) {
  char line[32];
  while (fgets(line, sizeof line, stdin)) {
    gather_followers(&load, atoi(line), 0);
    printf("{\"open\":%d,\"closed\":%d}\n", load.followers.count, load.followers.closed);
    fflush(stdout);
  }
}

/* First all that read, then those that stop too, when standard input has said that what a busy server holds anyway is known. */
static void stall(int followers, int stalled, int rate, int warm_ms, int measure_ms) {
  gather_followers(&load, followers - stalled, 0);
  publish_for(rate, warm_ms);
  drain();
  printf("{\"ready\":true}\n");
  fflush(stdout);
  if (getchar() == EOF) return;
  gather_followers(&load, followers, stalled);
  publish_for(rate, measure_ms);
  printf("{");
  print_checks();
  for (;;) run_ms(100);
}

int main(int count, char **args) {
  const char *mode = count > 1 ? args[1] : "";
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  alarm(120);
  prctl(PR_SET_TIMERSLACK, 1);
  int followers = number_of(count, args, "followers", 1000);
  start_load(&load, number_of(count, args, "port", 0), number_of(count, args, "most", followers),
             (size_t)number_of(count, args, "bytes", 100));
  for (char *pid = strtok(strdup(text_of(count, args, "pids") ? text_of(count, args, "pids") : ""), ","); pid;
       pid = strtok(NULL, ","))
    load.servers[load.server_count++] = atoi(pid);
  load.poll_us = number_of(count, args, "poll", 50);
  add_publishers(&load, 1);
  int warm_ms = number_of(count, args, "warm", 1000), measure_ms = number_of(count, args, "measure", 1000);

  if (strcmp(mode, "saturate") == 0) {
    gather_followers(&load, followers, 0);
    measure_each(text_of(count, args, "outstanding"), warm_ms, measure_ms, measure_saturated);
  } else if (strcmp(mode, "paced") == 0) {
    gather_followers(&load, followers, 0);
    measure_each(text_of(count, args, "rates"), warm_ms, measure_ms, measure_paced);
  } else if (strcmp(mode, "idle") == 0) {
    idle();
  } else if (strcmp(mode, "stalled") == 0) {
    stall(followers, number_of(count, args, "stalled", 20), number_of(count, args, "rate", 1000), warm_ms, measure_ms);
  } else {
    fail("the mode must be saturate, paced, idle or stalled");
  }
}
