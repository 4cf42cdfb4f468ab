// SPDX-License-Identifier: Apache-2.0
// Acts whose cost is measured.
//
//   merops-acts time ACT N TIMES                     N acts, TIMES times, each time by a new process on the last CPU;
//                                                    prints a line each time: nanoseconds of an act, and those of CPU
//   merops-acts flood ACT RATE SECONDS PROCESSES     so many processes, RATE acts a second in all (0: as many as they
//                                                    can); prints the acts, the seconds and the seconds of CPU
//
// ACT is one of
//   exec      a program that ends at once, started and waited for
//   open      a file that the process has not opened before; in a flood, one of 20,000 in turn
//   connect   to a listener of its own on loopback: connected, accepted, reset
//   chmod     fchmod of an open file
//   repeat    the same file opened again and again
//   ignored   an open of /dev/null
//   call      getppid
// Of a process of its own, so that it has opened nothing before. Files are in TMPDIR, and removed.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum act { EXEC, OPEN, CONNECT, CHMOD, REPEAT, IGNORED, CALL, ACTS };
static const char *const names[] = {"exec", "open", "connect", "chmod", "repeat", "ignored", "call"};

static void fail(const char *what) {
  fprintf(stderr, "merops-acts: %s: %s\n", what, strerror(errno));
  exit(1);
}

static double seconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

// Of this process, and of those that it started and waited for.
static double cpuSeconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_CHILDREN, &usage);
  return seconds(CLOCK_PROCESS_CPUTIME_ID) + usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
         (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

// What the acts need, made before they begin.
struct place {
  char folder[64], program[80];
  long files;
  int listening, file;
  struct sockaddr_in address;
  socklen_t length;
};

static const char *path(const struct place *place, long index) {
  static char text[128];
  snprintf(text, sizeof text, "%s/%ld", place->folder, index);
  return text;
}

// A program of three instructions, as its start and end are to be measured and not a dynamic linker.
static void writeProgram(struct place *place) {
#ifdef __x86_64__
  static const unsigned char code[] = {0x31, 0xff, 0xb8, 60, 0, 0, 0, 0x0f, 0x05};  // exit(0)
  struct {
    Elf64_Ehdr head;
    Elf64_Phdr segment;
    unsigned char code[sizeof code];
  } file = {
      .head = {.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = 1, .e_entry = 0x400000 + 120, .e_phoff = 64,
               .e_ehsize = 64, .e_phentsize = 56, .e_phnum = 1},
      .segment = {.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = 0x400000, .p_paddr = 0x400000, .p_align = 4096,
                  .p_filesz = 120 + sizeof code, .p_memsz = 120 + sizeof code},
  };
  memcpy(file.head.e_ident, "\x7f" "ELF\2\1\1", 7);
  memcpy(file.code, code, sizeof code);
  snprintf(place->program, sizeof place->program, "%s/merops-true", place->folder);
  int descriptor = open(place->program, O_CREAT | O_WRONLY | O_CLOEXEC, 0700);
  if (write(descriptor, &file, 120 + sizeof code) < 0 || close(descriptor)) fail(place->program);
#else
  strcpy(place->program, "/bin/true");
#endif
}

static void prepare(struct place *place, enum act act, long files) {
  const char *base = getenv("TMPDIR");
  snprintf(place->folder, sizeof place->folder, "%s/merops-acts-XXXXXX", base ? base : "/tmp");
  if (!mkdtemp(place->folder)) fail(place->folder);
  writeProgram(place);
  place->files = act == OPEN ? files : 1;
  for (long i = 0; i < place->files; i++) {
    place->file = open(path(place, i), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (place->file < 0) fail(path(place, i));
    if (i + 1 < place->files) close(place->file);
  }
  place->length = sizeof place->address;
  place->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  place->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(place->listening, (void *)&place->address, place->length) || listen(place->listening, 64) ||
      getsockname(place->listening, (void *)&place->address, &place->length))
    fail("listen");
}

static void tidy(const struct place *place) {
  for (long i = 0; i < place->files; i++) unlink(path(place, i));
  if (!strncmp(place->program, place->folder, strlen(place->folder))) unlink(place->program);
  rmdir(place->folder);
}

static void openOnce(const char *name) {
  int descriptor = open(name, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(name);
  close(descriptor);
}

static void once(enum act act, const struct place *place, long index) {
  switch (act) {
  case EXEC: {
    pid_t child = vfork();
    if (child == 0) {
      execl(place->program, "merops-true", (char *)NULL);
      _exit(127);
    }
    if (child < 0 || waitpid(child, NULL, 0) != child) fail("exec");
    break;
  }
  case OPEN: openOnce(path(place, index % place->files)); break;
  case CONNECT: {
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(descriptor, (void *)&place->address, place->length)) fail("connect");
    // A reset, so that no port of the machine waits in TIME_WAIT.
    struct linger linger = {1, 0};
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(descriptor);
    close(accept4(place->listening, NULL, NULL, SOCK_CLOEXEC));
    break;
  }
  case CHMOD:
    if (fchmod(place->file, 0600)) fail("fchmod");
    break;
  case REPEAT: openOnce(path(place, 0)); break;
  case IGNORED: openOnce("/dev/null"); break;
  case CALL: syscall(SYS_getppid); break;
  case ACTS: break;
  }
}

static void pin(long cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  sched_setaffinity(0, sizeof set, &set);
}

static void wait_for(pid_t child) {
  int status;
  if (child < 0 || waitpid(child, &status, 0) != child || status) fail("a process of the acts");
}

static int measure(enum act act, long count, long times) {
  pin(sysconf(_SC_NPROCESSORS_ONLN) - 1);
  struct place place;
  prepare(&place, act, count);
  for (long time = 0; time < times; time++) {
    pid_t child = fork();
    if (child == 0) {
      // Some before, so that caches are warm.
      if (act != OPEN)
        for (long i = 0; i < count / 10; i++) once(act, &place, i);
      double begin = seconds(CLOCK_MONOTONIC), cpu = cpuSeconds();
      for (long i = 0; i < count; i++) once(act, &place, i);
      cpu = cpuSeconds() - cpu;
      printf("%.1f %.1f\n", (seconds(CLOCK_MONOTONIC) - begin) / count * 1e9, cpu / count * 1e9);
      fflush(stdout);
      _exit(0);
    }
    wait_for(child);
    // Whoever watches catches up.
    nanosleep(&(struct timespec){0, 20000000}, NULL);
  }
  tidy(&place);
  return 0;
}

static int flood(enum act act, double rate, double limit, long processes) {
  struct result {
    long acts;
    double seconds, cpu;
  } *results = mmap(NULL, processes * sizeof *results, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pid_t children[64];
  if (processes < 1 || processes > 64) return fprintf(stderr, "merops-acts: 1 to 64 processes\n"), 2;
  for (long k = 0; k < processes; k++) {
    children[k] = fork();
    if (children[k] != 0) continue;
    pin(k % sysconf(_SC_NPROCESSORS_ONLN));
    struct place place;
    prepare(&place, act, 20000);
    // In the midst of others, and at its own time.
    double begin = seconds(CLOCK_MONOTONIC), cpu = cpuSeconds(), now = begin;
    long done = 0;
    while (now < begin + limit) {
      long due = rate > 0 ? (long)((now - begin) * rate / processes) : done + 64;
      if (due <= done) {
        nanosleep(&(struct timespec){0, 500000}, NULL);
      } else {
        for (long end = due < done + 64 ? due : done + 64; done < end; done++) once(act, &place, done);
      }
      now = seconds(CLOCK_MONOTONIC);
    }
    results[k] = (struct result){done, now - begin, cpuSeconds() - cpu};
    tidy(&place);
    _exit(0);
  }
  struct result sum = {0};
  for (long k = 0; k < processes; k++) {
    wait_for(children[k]);
    sum.acts += results[k].acts;
    sum.cpu += results[k].cpu;
    if (results[k].seconds > sum.seconds) sum.seconds = results[k].seconds;
  }
  printf("%ld %.3f %.3f\n", sum.acts, sum.seconds, sum.cpu);
  return 0;
}

int main(int count, char **words) {
  enum act act = 0;
  while (count > 2 && act < ACTS && strcmp(names[act], words[2])) act++;
  if (act < ACTS && count == 5 && !strcmp(words[1], "time")) return measure(act, atol(words[3]), atol(words[4]));
  if (act < ACTS && count == 6 && !strcmp(words[1], "flood"))
    return flood(act, atof(words[3]), atof(words[4]), atol(words[5]));
  fprintf(stderr, "usage: merops-acts time ACT N TIMES | flood ACT RATE SECONDS PROCESSES\n");
  return 2;
}
