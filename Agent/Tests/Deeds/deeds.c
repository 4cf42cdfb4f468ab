// SPDX-License-Identifier: Apache-2.0
// deeds CGROUP KIND FIRST SECOND ...    enters a cgroup and does one thing after the other, each in a process of its own: what
//                                       KIND says with FIRST and SECOND (`-` where there is no such). Prints 0 or the
//                                       error's number, a line each.
// deeds CGROUP loop KIND DENIED ALLOWED does the same to two files without pause, on each CPU at once. For each byte of its
//                                       input it prints what became of it so far; it ends with its input:
//                                         DENIED refused, DENIED done, ALLOWED done, ALLOWED refused, other errors
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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

static int opened(int file) {
  if (file < 0) return errno;
  close(file);
  return 0;
}

/// A file that is open only for as long as it is found by another way.
static int again(int file, int flags) {
  if (file < 0) return errno;
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  return opened(open(path, flags));
}

static int byHandle(const char *path) {
  struct {
    struct file_handle head;
    char room[128];
  } handle = {.head.handle_bytes = 128};
  int mountID, root = open("/", O_RDONLY | O_DIRECTORY);
  char folder[4096];
  snprintf(folder, sizeof folder, "%s", path);
  *strrchr(folder, '/') = 0;
  int mount = open(folder, O_RDONLY | O_DIRECTORY);
  if (name_to_handle_at(AT_FDCWD, path, &handle.head, &mountID, 0)) return errno;
  int result = opened(open_by_handle_at(mount < 0 ? root : mount, &handle.head, O_RDONLY));
  return result;
}

static int byRing(const char *path) {
  struct io_uring_params parameters = {0};
  int ring = syscall(__NR_io_uring_setup, 1, &parameters);
  if (ring < 0) return errno;
  size_t size = parameters.cq_off.cqes + parameters.cq_entries * sizeof(struct io_uring_cqe);
  size_t other = parameters.sq_off.array + parameters.sq_entries * sizeof(unsigned);
  char *rings = mmap(NULL, size > other ? size : other, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
  struct io_uring_sqe *entry = mmap(
    NULL, parameters.sq_entries * sizeof *entry, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
  if (rings == MAP_FAILED || entry == MAP_FAILED || !(parameters.features & IORING_FEAT_SINGLE_MMAP)) return errno;
  *entry = (struct io_uring_sqe){.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (unsigned long)path};
  ((unsigned *)(rings + parameters.sq_off.array))[0] = 0;
  __atomic_store_n((unsigned *)(rings + parameters.sq_off.tail), 1, __ATOMIC_RELEASE);
  if (syscall(__NR_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0) return errno;
  int result = ((struct io_uring_cqe *)(rings + parameters.cq_off.cqes))->res;
  return result < 0 ? -result : 0;
}

/// A program in memory that has the contents of a file.
static int fromMemory(const char *path) {
  int from = open(path, O_RDONLY | O_CLOEXEC), memory = syscall(__NR_memfd_create, "copy", 0);
  if (from < 0 || memory < 0) return errno;
  char bytes[65536];
  for (ssize_t size; (size = read(from, bytes, sizeof bytes)) > 0;)
    if (write(memory, bytes, size) != size) return EIO;
  char *arguments[] = {"copy", NULL};
  syscall(__NR_execveat, memory, "", arguments, environ, AT_EMPTY_PATH);
  return errno;
}

static int loadProgram(void) {
  struct bpf_insn code[] = {{.code = 0xb7}, {.code = 0x95}};
  union bpf_attr attributes = {.prog_type = BPF_PROG_TYPE_SOCKET_FILTER, .insn_cnt = 2, .insns = (unsigned long)code,
    .license = (unsigned long)"GPL", .prog_name = "deeds"};
  return opened(syscall(__NR_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes));
}

static int makeMap(void) {
  union bpf_attr attributes = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
  return opened(syscall(__NR_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes));
}

static int failed(long result) { return result < 0 ? errno : 0; }

static int deed(const char *kind, const char *first, const char *second) {
  int file;
#define IS(name) (!strcmp(kind, name))
  if (IS("open")) return opened(open(first, O_RDONLY));
  if (IS("write")) return opened(open(first, O_WRONLY));
  if (IS("both")) return opened(open(first, O_RDWR));
  if (IS("empty")) return opened(open(first, O_RDONLY | O_TRUNC));
  if (IS("create")) return opened(open(first, O_CREAT | O_EXCL | O_WRONLY, 0600));
  if (IS("nameless")) return opened(open(first, O_TMPFILE | O_RDWR, 0600));
  if (IS("openat2")) {
    struct open_how how = {.flags = O_RDONLY};
    return opened(syscall(__NR_openat2, AT_FDCWD, first, &how, sizeof how));
  }
  if (IS("relative")) return chdir(first) ? errno : opened(open(second, O_RDONLY));
  if (IS("chroot")) return chroot(first) || chdir("/") ? errno : opened(open(second, O_RDONLY));
  if (IS("path")) return again(open(first, O_PATH), O_RDONLY);
  if (IS("handle")) return byHandle(first);
  if (IS("ring")) return byRing(first);
  if (IS("unlinked")) {
    file = open(first, O_PATH);
    return unlink(first) ? errno : again(file, O_RDONLY);
  }
  if (IS("mkdir")) return failed(mkdir(first, 0700));
  if (IS("mknod")) return failed(mknod(first, S_IFIFO | 0600, 0));
  if (IS("unlink")) return failed(unlink(first));
  if (IS("rmdir")) return failed(rmdir(first));
  if (IS("rename")) return failed(rename(first, second));
  if (IS("exchange")) return failed(syscall(__NR_renameat2, AT_FDCWD, first, AT_FDCWD, second, 2));
  if (IS("link")) return failed(link(first, second));
  if (IS("symlink")) return failed(symlink(first, second));
  if (IS("chmod")) return failed(chmod(first, strtol(second, NULL, 8)));
  if (IS("chown")) return failed(chown(first, 1, 1));
  if (IS("truncate")) return failed(truncate(first, 0));
  if (IS("map")) {
    if ((file = open(first, O_RDONLY)) < 0) return errno;
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0) == MAP_FAILED ? errno : 0;
  }
  if (IS("exec")) {
    char *arguments[] = {"program", strcmp(second, "-") ? (char *)second : NULL, NULL};
    execve(first, arguments, environ);
    return errno;
  }
  if (IS("execat")) {
    char *arguments[] = {"program", NULL};
    if ((file = open(first, O_PATH)) < 0) return errno;
    syscall(__NR_execveat, file, "", arguments, environ, AT_EMPTY_PATH);
    return errno;
  }
  if (IS("memory")) return fromMemory(first);
  if (IS("signal")) return failed(kill(atoi(first), atoi(second)));
  if (IS("attach")) return failed(ptrace(PTRACE_SEIZE, atoi(first), 0, 0));
  if (IS("peek")) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%s/environ", first);
    return opened(open(path, O_RDONLY));
  }
  if (IS("descriptor")) {
    int process = syscall(__NR_pidfd_open, atoi(first), 0);
    return process < 0 ? errno : opened(syscall(__NR_pidfd_getfd, process, atoi(second), 0));
  }
  if (IS("program")) return loadProgram();
  if (IS("array")) return makeMap();
  if (IS("module")) {
    if ((file = open(first, O_RDONLY)) < 0) return errno;
    return failed(syscall(__NR_finit_module, file, "", 0));
  }
  if (IS("modulebytes")) {
    char bytes[64] = {0};
    return failed(syscall(__NR_init_module, bytes, sizeof bytes, ""));
  }
  if (IS("mount")) return unshare(CLONE_NEWNS) ? errno : failed(mount(first, second, first, 0, NULL));
  if (IS("bind")) {
    // What is opened behind the other name.
    if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) return errno;
    return failed(mount(first, second, NULL, MS_BIND, NULL));
  }
  if (IS("bound")) {
    if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) return errno;
    char folder[4096];
    snprintf(folder, sizeof folder, "%s", first);
    char *name = strrchr(folder, '/');
    *name++ = 0;
    char path[8192];
    snprintf(path, sizeof path, "%s/%s", second, name);
    return mount(folder, second, NULL, MS_BIND, NULL) ? errno : opened(open(path, O_RDONLY));
  }
  if (IS("umount")) return failed(umount2(first, MNT_DETACH));
  fprintf(stderr, "there is no deed %s\n", kind);
  exit(2);
}

static int once(const char *kind, const char *first, const char *second) {
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) exit(deed(kind, first, second));
  int status;
  if (child < 0 || waitpid(child, &status, 0) != child) return 255;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// What can be done to a file again and again: one that was made or removed is put right.
static int repeated(const char *kind, const char *path) {
  int result = deed(kind, path, "-");
  if (!strcmp(kind, "unlink") && result == 0) close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  if (!strcmp(kind, "create") && result == 0) unlink(path);
  return result;
}

static void work(int cpu, const char *kind, const char *denied, const char *allowed, struct counts *counts) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  sched_setaffinity(0, sizeof set, &set);
  // Each CPU has a file of its own: nobody removes another one's.
  char own[4096];
  snprintf(own, sizeof own, "%s-%d", allowed, cpu);
  close(open(own, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  while (!atomic_load_explicit(&counts->stopped, memory_order_relaxed)) {
    int result = repeated(kind, denied);
    atomic_fetch_add(result == 0 ? &counts->leaked : result == EPERM ? &counts->refused : &counts->failed, 1);
    result = repeated(kind, own);
    atomic_fetch_add(result == 0 ? &counts->allowed : result == EPERM ? &counts->wronged : &counts->failed, 1);
  }
  exit(0);
}

static void print(struct counts *counts) {
  printf("%lu %lu %lu %lu %lu\n", counts->refused, counts->leaked, counts->allowed, counts->wronged, counts->failed);
  fflush(stdout);
}

static int loop(const char *kind, const char *denied, const char *allowed) {
  struct counts *counts = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (counts == MAP_FAILED) return 2;
  cpu_set_t cpus;
  sched_getaffinity(0, sizeof cpus, &cpus);
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &cpus)) continue;
    // More than one on each: one is interrupted where another one goes on.
    for (int turn = 0; turn < 3; turn++)
      if (fork() == 0) {
        char own[4096];
        snprintf(own, sizeof own, "%s-%d", allowed, turn);
        work(cpu, kind, denied, own, counts);
      }
  }
  char byte;
  while (read(0, &byte, 1) == 1) print(counts);
  atomic_store(&counts->stopped, 1);
  int status, result = 0;
  while (wait(&status) > 0) result |= status;
  print(counts);
  return result ? 2 : 0;
}

int main(int count, char **arguments) {
  if (count < 5) return 2;
  enter(arguments[1]);
  if (!strcmp(arguments[2], "loop")) return count == 6 ? loop(arguments[3], arguments[4], arguments[5]) : 2;
  for (int index = 2; index + 2 < count; index += 3)
    printf("%d\n", once(arguments[index], arguments[index + 1], arguments[index + 2]));
  return 0;
}
