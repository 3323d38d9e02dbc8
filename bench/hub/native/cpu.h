/* CPU time of processes, in seconds. */
#ifndef CPU_H
#define CPU_H
#include <sys/types.h>

struct cpu_times {
  /* All threads, user and system. */
  double used;
  /* The main thread was ready to run and did not, because others ran. 0 where the kernel does not tell. */
  double waited;
};

struct cpu_times cpu_times_of(pid_t pid);
#endif
