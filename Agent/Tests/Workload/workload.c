// SPDX-License-Identifier: Apache-2.0
// Does known acts and writes a ledger of them, so that what the agent stored can be compared act by act.
//
//   merops-workload --acts N --folder D --ledger F [--processes P] [--rate R] [--namespaces] [--cgroup C] [--dns PORT]
//   merops-workload crowd N                              N processes that end at once: prints their two parents
//   merops-workload bomb N                               processes that start others until there are none to be had, N at
//                                                        most: prints how many there were, and how often there was none
//   merops-workload exit CODE LABEL                      what the workload starts: it ends with the code
//
// Each of P processes does its part of N acts, at most R acts a second in all, in the folder D, and connects to listeners
// of the workload's own on loopback. With --namespaces they take turns: one stays where it is, the others have a mount
// namespace, UTS and IPC namespaces and another user, a user namespace, a PID namespace for what they start, or a network
// namespace with listeners, of their own. With --cgroup each is in a cgroup below C. One line of the ledger F.K (K is the
// process) is one act, in order, with tabs:
//
//   PID  ACT  ERRNO  FIRST  SECOND  WHO
//
// WHO is the effective user and group, the cgroup's id or 0, and the numbers of the mount, network, user and PID namespaces, as the
// machine has them.
// ACT is the event's name. FIRST and SECOND are a path and a new path, a label and an exit code, an address and port, or a
// name that was asked for. A ledger is held in memory and written at the end, so that it adds no acts of its own.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct options {
  long acts, processes, rate, dns;
  int namespaces;
  const char *folder, *ledger, *cgroup;
};

// Who does the acts of this process, and of those that it starts.
static char who[160], whoIsStarted[160];

static struct {
  char *bytes;
  size_t count, capacity;
  long acts;
} ledger;

static void fail(const char *what) {
  fprintf(stderr, "merops-workload: %s: %s\n", what, strerror(errno));
  exit(1);
}

__attribute__((format(printf, 1, 2))) static void record(const char *format, ...) {
  if (ledger.capacity - ledger.count < 16384) {
    ledger.capacity = ledger.capacity * 2 + 65536;
    ledger.bytes = realloc(ledger.bytes, ledger.capacity);
    if (!ledger.bytes) fail("memory for the ledger");
  }
  va_list list;
  va_start(list, format);
  ledger.count += vsnprintf(ledger.bytes + ledger.count, 16384, format, list);
  va_end(list);
  ledger.acts++;
}

// One act of a path or two.
static void act(const char *name, int result, const char *first, const char *second) {
  record("%d\t%s\t%d\t%s\t%s\t%s\n", getpid(), name, result < 0 ? errno : 0, first, second, who);
}

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

// Sleeps until a process that does so many acts a second would be here.
static void keep(double rate, long long start) {
  if (rate <= 0) return;
  long long due = start + (long long)(ledger.acts * 1e9 / rate), left = due - now();
  if (left > 1000000) {
    struct timespec time = {left / 1000000000, left % 1000000000};
    nanosleep(&time, NULL);
  }
}

static int listener(int family, int type, int port, struct sockaddr_storage *address, socklen_t *length) {
  int descriptor = socket(family, type | SOCK_CLOEXEC, 0), one = 1;
  memset(address, 0, sizeof *address);
  address->ss_family = family;
  if (family == AF_INET) {
    struct sockaddr_in *v4 = (void *)address;
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK), v4->sin_port = htons(port), *length = sizeof *v4;
  } else {
    struct sockaddr_in6 *v6 = (void *)address;
    v6->sin6_addr = in6addr_loopback, v6->sin6_port = htons(port), *length = sizeof *v6;
  }
  if (descriptor < 0) fail("socket");
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(descriptor, (void *)address, *length) || getsockname(descriptor, (void *)address, length)) fail("bind");
  if (type == SOCK_STREAM && listen(descriptor, 4096)) fail("listen");
  return descriptor;
}

static void name(const struct sockaddr_storage *address, char *text, size_t size) {
  char host[INET6_ADDRSTRLEN];
  if (address->ss_family == AF_INET) {
    const struct sockaddr_in *v4 = (const void *)address;
    snprintf(text, size, "%s\t%d", inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host), ntohs(v4->sin_port));
  } else {
    const struct sockaddr_in6 *v6 = (const void *)address;
    snprintf(text, size, "%s\t%d", inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host), ntohs(v6->sin6_port));
  }
}

// Connects and ends by a reset, so that no port of the machine waits in TIME_WAIT.
static void connectTo(const struct sockaddr_storage *address, socklen_t length) {
  int descriptor = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) fail("socket");
  int result = connect(descriptor, (const void *)address, length);
  char text[80];
  int error = errno;
  name(address, text, sizeof text);
  record("%d\tnetwork.connect\t%d\t%s\t%s\n", getpid(), result < 0 ? error : 0, text, who);
  struct linger linger = {1, 0};
  setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  close(descriptor);
}

// A question for the A record of a name of two labels, and its answer.
static void ask(int port, const char *label) {
  unsigned char packet[300] = {0x12, 0x34, 1, 0, 0, 1};
  size_t count = 12, size = strlen(label);
  packet[count++] = size;
  memcpy(packet + count, label, size), count += size;
  memcpy(packet + count, "\4test\0\0\1\0\1", 10), count += 10;
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct timeval limit = {5, 0};
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (connect(descriptor, (void *)&server, sizeof server) || send(descriptor, packet, count, 0) < 0) fail("question");
  record("%d\tdns.query\t0\t%s.test\tA\t%s\n", getpid(), label, who);
  if (recv(descriptor, packet, sizeof packet, 0) > 0)
    record("%d\tdns.answer\t0\t%s.test\t192.0.2.7\t%s\n", getpid(), label, who);
  close(descriptor);
}

static void answerQuestions(int descriptor) {
  static const unsigned char answer[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7};
  for (;;) {
    unsigned char packet[600];
    struct sockaddr_storage from;
    socklen_t length = sizeof from;
    ssize_t count = recvfrom(descriptor, packet, 500, 0, (void *)&from, &length);
    if (count < 12) continue;
    packet[2] = 0x81, packet[3] = 0x80, packet[7] = 1;
    memcpy(packet + count, answer, sizeof answer);
    sendto(descriptor, packet, count + sizeof answer, 0, (void *)&from, length);
  }
}

static void acceptAll(int descriptor) {
  for (;;) {
    int connection = accept4(descriptor, NULL, NULL, SOCK_CLOEXEC);
    if (connection >= 0) close(connection);
  }
}

static void start(const char *program, const char *label, int code) {
  char text[12];
  snprintf(text, sizeof text, "%d", code);
  pid_t child = vfork();
  if (child == 0) {
    execl(program, "merops-workload", "exit", text, label, (char *)NULL);
    _exit(127);
  }
  if (child < 0) fail("vfork");
  int status;
  if (waitpid(child, &status, 0) != child) fail("waitpid");
  record("%d\tprocess.exec\t0\t%s\t%s\t%s\n", child, program, label, whoIsStarted);
  record("%d\tprocess.exit\t%d\t%s\t%s\t%s\n", child, WEXITSTATUS(status), text, label, whoIsStarted);
}

struct places {
  struct sockaddr_storage ok[2], refused;
  socklen_t lengths[2], refusedLength;
  pid_t helpers[3];
  int started;
};

static pid_t helper(void (*body)(int), int descriptor) {
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    body(descriptor);
  }
  return child;
}

// Opens what the workload connects to, in this network namespace.
static void openPlaces(struct places *places, long dns) {
  places->started = 0;
  int closed = listener(AF_INET, SOCK_STREAM, 0, &places->refused, &places->refusedLength);
  // A port that was just closed refuses.
  close(closed);
  for (int i = 0; i < 2; i++) {
    int descriptor = listener(i ? AF_INET6 : AF_INET, SOCK_STREAM, 0, &places->ok[i], &places->lengths[i]);
    places->helpers[places->started++] = helper(acceptAll, descriptor);
    close(descriptor);
  }
  if (dns) {
    struct sockaddr_storage address;
    socklen_t length;
    int descriptor = listener(AF_INET, SOCK_DGRAM, dns, &address, &length);
    places->helpers[places->started++] = helper(answerQuestions, descriptor);
    close(descriptor);
  }
}

static void closePlaces(const struct places *places) {
  for (int i = 0; i < places->started; i++) kill(places->helpers[i], SIGKILL), waitpid(places->helpers[i], NULL, 0);
}

static void waitForever(int descriptor) {
  (void)descriptor;
  for (;;) pause();
}

static void setLoopbackUp(void) {
  int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
  if (ioctl(descriptor, SIOCSIFFLAGS, &request)) fail("set lo up");
  close(descriptor);
}

static unsigned long inode(const char *path) {
  struct stat status;
  if (stat(path, &status)) fail(path);
  return status.st_ino;
}

// Joins a cgroup of its own below C; returns the cgroup's id.
static unsigned long enterCgroup(const char *parent, int index) {
  char path[4200], file[4300];
  snprintf(path, sizeof path, "%s/%d", parent, index);
  if (mkdir(path, 0755)) fail(path);
  snprintf(file, sizeof file, "%s/cgroup.procs", path);
  int descriptor = open(file, O_WRONLY | O_CLOEXEC);
  if (descriptor < 0 || write(descriptor, "0", 1) != 1) fail(file);
  close(descriptor);
  return inode(path);
}

// Where a worker of that index works, and as whom.
static void settle(const struct options *options, int index, struct places *places, pid_t *first) {
  unsigned long cgroup = options->cgroup ? enterCgroup(options->cgroup, index) : 0;
  unsigned user = geteuid(), group = getegid();
  int turn = options->namespaces ? index % 6 : 0;
  if (turn == 1 && unshare(CLONE_NEWNS)) fail("unshare a mount namespace");
  if (turn == 2 && unshare(CLONE_NEWUTS | CLONE_NEWIPC)) fail("unshare");
  if (turn == 3 && unshare(CLONE_NEWUSER)) fail("unshare a user namespace");
  if (turn == 4) {
    if (unshare(CLONE_NEWPID)) fail("unshare a PID namespace");
    // Without its first process nothing else starts in it.
    *first = helper(waitForever, -1);
  }
  if (turn == 5) {
    if (unshare(CLONE_NEWNET)) fail("unshare a network namespace");
    setLoopbackUp();
    openPlaces(places, options->dns);
  }
  const char *format = "%u,%u,%lu,%lu,%lu,%lu,%lu";
  unsigned long mounts = inode("/proc/self/ns/mnt"), network = inode("/proc/self/ns/net"),
                users = inode("/proc/self/ns/user"), here = inode("/proc/self/ns/pid"),
                below = inode("/proc/self/ns/pid_for_children");
  if (turn == 2) {
    user = 65534, group = 65533;
    if (setresgid(group, group, group) || setresuid(user, user, user)) fail("become another user");
  }
  snprintf(who, sizeof who, format, user, group, cgroup, mounts, network, users, here);
  snprintf(whoIsStarted, sizeof whoIsStarted, format, user, group, cgroup, mounts, network, users, below);
}

static void work(const struct options *options, int index, const struct places *outside) {
  struct places inside = *outside;
  const struct places *places = &inside;
  pid_t first = 0;
  settle(options, index, &inside, &first);
  char program[4096], a[4200], b[4200], label[64];
  ssize_t count = readlink("/proc/self/exe", program, sizeof program - 1);
  if (count < 0) fail("/proc/self/exe");
  program[count] = 0;
  long part = options->acts / options->processes;
  double rate = (double)options->rate / options->processes;
  long long begin = now();
  for (long i = 0; ledger.acts < part; i++) {
    snprintf(label, sizeof label, "w%d-%ld", index, i);
    snprintf(a, sizeof a, "%s/%s", options->folder, label);
    snprintf(b, sizeof b, "%s/%s.new", options->folder, label);
    int descriptor = open(a, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    act("file.create", descriptor, a, "");
    if (descriptor >= 0) close(descriptor);
    for (int again = 0; again < 2; again++) {
      descriptor = open(a, O_RDONLY | O_CLOEXEC);
      act(again ? "file.repeats" : "file.open", descriptor, a, "");
      if (descriptor >= 0) close(descriptor);
    }
    descriptor = open(a, O_WRONLY | O_CLOEXEC);
    act("file.write", descriptor, a, "");
    if (descriptor >= 0) close(descriptor);
    act("file.rename", rename(a, b), a, b);
    descriptor = open(a, O_RDONLY | O_CLOEXEC);
    act("file.open", descriptor, a, "");
    act("file.chmod", chmod(b, 0640), b, "");
    act("file.link", link(b, a), b, a);
    act("file.unlink", unlink(a), a, "");
    act("file.symlink", symlink(b, a), a, b);
    act("file.unlink", unlink(a), a, "");
    act("file.unlink", unlink(b), b, "");
    act("file.unlink", unlink(b), b, "");
    if (i % 4 == 0) connectTo(&places->ok[i / 4 % 2], places->lengths[i / 4 % 2]);
    if (i % 32 == 1) connectTo(&places->refused, places->refusedLength);
    if (options->dns && i % 8 == 2) ask(options->dns, label);
    if (i % 16 == 3) start(program, label, i / 16 % 256);
    keep(rate, begin);
  }
  if (first) kill(first, SIGKILL), waitpid(first, NULL, 0);
  if (inside.helpers[0] != outside->helpers[0]) closePlaces(&inside);
}

// Two parents, with half of the children each, one after the other: child I ends with I modulo 256. One in twenty executes
// the workload first.
static int crowd(long count) {
  pid_t parents[2];
  for (int side = 0; side < 2; side++) {
    parents[side] = fork();
    if (parents[side] < 0) fail("fork");
    if (parents[side]) continue;
    for (long i = 0; i < count / 2; i++) {
      char code[12];
      snprintf(code, sizeof code, "%ld", i % 256);
      pid_t child = vfork();
      if (child == 0) {
        if (i % 20 == 0) execl("/proc/self/exe", "merops-workload", "exit", code, "crowd", (char *)NULL);
        _exit(i % 256);
      }
      int status;
      if (child < 0 || waitpid(child, &status, 0) != child || WEXITSTATUS(status) != i % 256) fail("a child");
    }
    _exit(0);
  }
  int status, isBad = 0;
  for (int side = 0; side < 2; side++) {
    printf("%d\n", parents[side]);
    if (waitpid(parents[side], &status, 0) < 0 || status) isBad = 1;
  }
  return isBad;
}

// Each process starts others until the kernel refuses, and waits for them. What they have in common lies in shared memory.
static int bomb(long count) {
  struct {
    _Atomic long left, started, refused;
  } *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) fail("mmap");
  shared->left = count;
  int isFirst = 1;
  for (;;) {
    if (shared->left-- <= 0) break;
    pid_t child = fork();
    if (child == 0) {
      isFirst = 0;
    } else if (child > 0) {
      shared->started++;
    } else {
      if (errno != EAGAIN) fail("fork");
      shared->refused++;
      // Who has nobody to wait for makes room for others.
      if (wait(NULL) < 0) break;
    }
  }
  while (wait(NULL) > 0) {}
  if (isFirst) printf("%ld %ld\n", shared->started, shared->refused);
  return 0;
}

static long number(const char *text, const char *option) {
  char *end;
  errno = 0;
  long value = strtol(text, &end, 10);
  if (*end || errno || value < 0) {
    fprintf(stderr, "merops-workload: %s needs a number, and %s is not one\n", option, text);
    exit(2);
  }
  return value;
}

int main(int count, char **words) {
  if (count == 4 && !strcmp(words[1], "exit")) return number(words[2], "exit");
  if (count == 3 && !strcmp(words[1], "crowd")) return crowd(number(words[2], "crowd"));
  if (count == 3 && !strcmp(words[1], "bomb")) return bomb(number(words[2], "bomb"));
  struct options options = {.processes = 1};
  for (int i = 1; i < count; i++) {
    const char *word = words[i];
    if (!strcmp(word, "--namespaces")) {
      options.namespaces = 1;
      continue;
    }
    if (i + 1 == count) return fprintf(stderr, "merops-workload: %s needs a value\n", word), 2;
    const char *value = words[++i];
    if (!strcmp(word, "--acts")) options.acts = number(value, word);
    else if (!strcmp(word, "--processes")) options.processes = number(value, word);
    else if (!strcmp(word, "--rate")) options.rate = number(value, word);
    else if (!strcmp(word, "--dns")) options.dns = number(value, word);
    else if (!strcmp(word, "--folder")) options.folder = value;
    else if (!strcmp(word, "--ledger")) options.ledger = value;
    else if (!strcmp(word, "--cgroup")) options.cgroup = value;
    else return fprintf(stderr, "merops-workload: there is no option %s\n", word), 2;
  }
  if (!options.acts || !options.folder || !options.ledger || !options.processes)
    return fprintf(stderr, "merops-workload: --acts, --folder and --ledger are needed\n"), 2;

  // One of them is another user.
  if (options.namespaces && chmod(options.folder, 0777)) fail(options.folder);
  struct places places;
  openPlaces(&places, options.dns);
  pid_t workers[1024];
  if (options.processes > 1024) return fprintf(stderr, "merops-workload: at most 1024 processes\n"), 2;
  for (int i = 0; i < options.processes; i++) {
    char path[4200];
    snprintf(path, sizeof path, "%s.%d", options.ledger, i);
    int descriptor = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (descriptor < 0) fail(path);
    workers[i] = fork();
    if (workers[i] < 0) fail("fork");
    if (workers[i] == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      work(&options, i, &places);
      for (size_t done = 0; done < ledger.count;) {
        ssize_t result = write(descriptor, ledger.bytes + done, ledger.count - done);
        if (result < 0) fail("the ledger");
        done += result;
      }
      _exit(0);
    }
    close(descriptor);
  }
  int failed = 0;
  for (int i = 0; i < options.processes; i++) {
    int status;
    if (waitpid(workers[i], &status, 0) < 0 || status) failed = 1;
  }
  closePlaces(&places);
  for (int i = 0; options.cgroup && i < options.processes; i++) {
    char path[4200];
    snprintf(path, sizeof path, "%s/%d", options.cgroup, i);
    if (rmdir(path)) fail(path);
  }
  return failed;
}
