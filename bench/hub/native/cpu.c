#include "cpu.h"
#include "fail.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In nanoseconds; /proc/PID/stat says the same in hundredths of a second, which is too coarse here. */
static struct cpu_times from_schedstat(pid_t pid) {
  char path[64];
  struct cpu_times sum = {0};
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *tasks = opendir(path);
  if (!tasks) fail("the server has ended");
  for (struct dirent *task; (task = readdir(tasks));) {
    unsigned long long used_ns = 0, waited_ns = 0;
    if (task->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "/proc/%d/task/%.20s/schedstat", pid, task->d_name);
    FILE *file = fopen(path, "r");
    if (!file) continue;
    if (fscanf(file, "%llu %llu", &used_ns, &waited_ns) == 2) {
      sum.used += (double)used_ns / 1e9;
      if (atoi(task->d_name) == pid) sum.waited = (double)waited_ns / 1e9;
    }
    fclose(file);
  }
  closedir(tasks);
  return sum;
}

static double from_stat(pid_t pid) {
  char path[64], text[1024];
  unsigned long user = 0, system = 0;
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *file = fopen(path, "r");
  if (!file) fail("the server has ended");
  size_t bytes = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[bytes] = 0;
  /* The name of the program may hold anything, but no parenthesis comes after its own. */
  const char *rest = strrchr(text, ')');
  if (!rest || sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
    fail("/proc/PID/stat");
  return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

struct cpu_times cpu_times_of(pid_t pid) {
  struct cpu_times times = from_schedstat(pid);
  if (times.used == 0) times.used = from_stat(pid);
  return times;
}
