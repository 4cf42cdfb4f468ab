// SPDX-License-Identifier: Apache-2.0
// connector CGROUP DENIED ALLOWED   enters a cgroup, and connects datagram sockets to two addresses without pause, on each
//                                   CPU at once. For each byte of its input it prints what became of it so far; it ends with
//                                   its input:
//                                     DENIED refused, DENIED connected, ALLOWED connected, ALLOWED refused, other errors
// connector CGROUP ADDRESS...       connects once to each address (ADDRESS/PORT/KIND) and prints 0 or the error's number, a
//                                   line each. KIND is tcp, udp, send (a datagram without a connection), fast (TCP Fast
//                                   Open) or bind
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct counts {
  atomic_ulong refused, leaked, allowed, wronged, failed;
  atomic_int stopped;
};

static void enter(const char *cgroup) {
  char path[4096];
  snprintf(path, sizeof path, "%s/cgroup.procs", cgroup);
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0 || write(file, "0", 1) != 1) {
    perror(path);
    exit(2);
  }
  close(file);
}

static socklen_t address(const char *text, int port, struct sockaddr_storage *result) {
  struct sockaddr_in *four = (struct sockaddr_in *)result;
  struct sockaddr_in6 *six = (struct sockaddr_in6 *)result;
  memset(result, 0, sizeof *result);
  if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    return sizeof *four;
  }
  if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    return sizeof *six;
  }
  fprintf(stderr, "%s is no address\n", text);
  exit(2);
}

static void work(int cpu, const char *denied, const char *allowed, struct counts *counts) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  sched_setaffinity(0, sizeof set, &set);
  struct sockaddr_storage bad, good;
  socklen_t badSize = address(denied, 9, &bad), goodSize = address(allowed, 9, &good);
  int badSocket = socket(bad.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  int goodSocket = socket(good.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (badSocket < 0 || goodSocket < 0) {
    perror("socket");
    exit(2);
  }
  while (!atomic_load_explicit(&counts->stopped, memory_order_relaxed)) {
    for (int round = 0; round < 64; round++) {
      if (connect(badSocket, (struct sockaddr *)&bad, badSize) == 0) atomic_fetch_add(&counts->leaked, 1);
      else if (errno == EPERM) atomic_fetch_add(&counts->refused, 1);
      else atomic_fetch_add(&counts->failed, 1);
      if (connect(goodSocket, (struct sockaddr *)&good, goodSize) == 0) atomic_fetch_add(&counts->allowed, 1);
      else if (errno == EPERM) atomic_fetch_add(&counts->wronged, 1);
      else atomic_fetch_add(&counts->failed, 1);
    }
  }
  exit(0);
}

static void print(struct counts *counts) {
  printf("%lu %lu %lu %lu %lu\n", counts->refused, counts->leaked, counts->allowed, counts->wronged, counts->failed);
  fflush(stdout);
}

static int loop(const char *denied, const char *allowed) {
  struct counts *counts = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (counts == MAP_FAILED) return 2;
  cpu_set_t cpus;
  sched_getaffinity(0, sizeof cpus, &cpus);
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &cpus)) continue;
    if (fork() == 0) work(cpu, denied, allowed, counts);
  }
  char byte;
  while (read(0, &byte, 1) == 1) print(counts);
  atomic_store(&counts->stopped, 1);
  int status, result = 0;
  while (wait(&status) > 0) result |= status;
  print(counts);
  return result ? 2 : 0;
}

static int once(char *text) {
  char *port = strchr(text, '/'), *kind = port ? strchr(port + 1, '/') : NULL;
  if (!kind) return -1;
  *port++ = 0;
  *kind++ = 0;
  struct sockaddr_storage place;
  socklen_t size = address(text, atoi(port), &place);
  int type = strcmp(kind, "tcp") && strcmp(kind, "fast") ? SOCK_DGRAM : SOCK_STREAM;
  int number = socket(place.ss_family, type | SOCK_CLOEXEC, 0);
  if (number < 0) return errno;
  int result = !strcmp(kind, "send")   ? sendto(number, "x", 1, 0, (struct sockaddr *)&place, size) < 0
               : !strcmp(kind, "fast") ? sendto(number, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&place, size) < 0
               : !strcmp(kind, "bind") ? bind(number, (struct sockaddr *)&place, size)
                                       : connect(number, (struct sockaddr *)&place, size);
  int error = result == 0 ? 0 : errno;
  close(number);
  return error;
}

int main(int count, char **arguments) {
  if (count < 3) return 2;
  enter(arguments[1]);
  if (count == 4 && !strchr(arguments[2], '/')) return loop(arguments[2], arguments[3]);
  for (int index = 2; index < count; index++) printf("%d\n", once(arguments[index]));
  return 0;
}
