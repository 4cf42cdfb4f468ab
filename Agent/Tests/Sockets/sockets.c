// SPDX-License-Identifier: Apache-2.0
// Does known acts with sockets, in a network namespace of its own, and prints what the agent should report of them.
//
//   merops-sockets SCENARIO [NUMBER]
//
// One line is one act, with tabs; "-" is not said:
//
//   PID  ACT  ERRNO  SOURCE  PORT  DESTINATION  PORT  SENT  RECEIVED  SEGMENTS OUT  SEGMENTS IN  RETRANSMITS  RTT
//
// A connection's numbers are those of TCP_INFO. Of DNS and of UDP, summed up:
//
//   PID  unix.connect  ERRNO  NAME
//   ss  LINE                          what `ss -tin` says of a connection before it ends
//   PID  dns.query   TRANSPORT  NAME  TYPE
//   PID  dns.answer  TRANSPORT  NAME  TYPE  CODE  ADDRESS,...
//   PID  network.flow  DESTINATION  PORT  SENT  RECEIVED  PACKETS SENT  PACKETS RECEIVED
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
  struct sockaddr_storage bytes;
  socklen_t length;
} address;

static void fail(const char *what) {
  fprintf(stderr, "merops-sockets: %s: %s\n", what, strerror(errno));
  exit(errno == ENOSYS || errno == EPERM ? 77 : 1);
}

static int check(int result, const char *what) {
  if (result < 0) fail(what);
  return result;
}

static void name(const address *at, char text[80]) {
  char host[INET6_ADDRSTRLEN];
  if (!at) {
    strcpy(text, "-\t-");
  } else if (at->bytes.ss_family == AF_INET) {
    const struct sockaddr_in *v4 = (const void *)&at->bytes;
    snprintf(text, 80, "%s\t%d", inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host), ntohs(v4->sin_port));
  } else {
    const struct sockaddr_in6 *v6 = (const void *)&at->bytes;
    snprintf(text, 80, "%s\t%d", inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host), ntohs(v6->sin6_port));
  }
}

static address literal(const char *host, int port) {
  address at = {.length = sizeof(struct sockaddr_in6)};
  struct sockaddr_in *v4 = (void *)&at.bytes;
  struct sockaddr_in6 *v6 = (void *)&at.bytes;
  if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET, v4->sin_port = htons(port), at.length = sizeof *v4;
  } else if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6, v6->sin6_port = htons(port);
  } else {
    fail(host);
  }
  return at;
}

static address local(int descriptor) {
  address at = {.length = sizeof at.bytes};
  check(getsockname(descriptor, (void *)&at.bytes, &at.length), "getsockname");
  return at;
}

static address peer(int descriptor) {
  address at = {.length = sizeof at.bytes};
  check(getpeername(descriptor, (void *)&at.bytes, &at.length), "getpeername");
  return at;
}

static void tell(pid_t pid, const char *act, int error, const address *source, const address *destination) {
  char from[80], to[80];
  name(source, from), name(destination, to);
  printf("%d\t%s\t%d\t%s\t%s\t-\t-\t-\t-\t-\t-\n", pid, act, error, from, to);
}

static struct tcp_info facts(int descriptor) {
  struct tcp_info info = {0};
  socklen_t length = sizeof info;
  check(getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length), "TCP_INFO");
  return info;
}

// What will be told when the connection ends: sent and received as the program knows it, the rest as the kernel does.
static void tellClose(pid_t pid, int descriptor, long sent, long received) {
  struct tcp_info info = facts(descriptor);
  char from[80], to[80];
  address here = local(descriptor), there = peer(descriptor);
  name(&here, from), name(&there, to);
  printf(
    "%d\tnetwork.close\t0\t%s\t%s\t%ld\t%ld\t%u\t%u\t%u\t%u\n", pid, from, to, sent, received, info.tcpi_segs_out,
    info.tcpi_segs_in, info.tcpi_total_retrans, info.tcpi_rtt);
}

static int listener(const char *host, int backlog) {
  address at = literal(host, 0);
  int descriptor = check(socket(at.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  check(bind(descriptor, (void *)&at.bytes, at.length), "bind");
  // After binding, getsockname names the port that the kernel chose.
  address bound = local(descriptor);
  tell(getpid(), "network.bind", 0, &bound, NULL);
  check(listen(descriptor, backlog), "listen");
  tell(getpid(), "network.listen", 0, &bound, NULL);
  return descriptor;
}

static int connected(const address *at, int flags) {
  int descriptor = check(socket(at->bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0), "socket");
  if (connect(descriptor, (void *)&at->bytes, at->length) < 0 && errno != EINPROGRESS) fail("connect");
  return descriptor;
}

static int accepted(int listening) { return check(accept4(listening, NULL, NULL, SOCK_CLOEXEC), "accept"); }

static void put(int descriptor, long count) {
  static char bytes[1 << 16];
  for (long part; count > 0; count -= part) {
    part = write(descriptor, bytes, count < (long)sizeof bytes ? count : (long)sizeof bytes);
    if (part <= 0) fail("write");
  }
}

static void take(int descriptor, long count) {
  static char bytes[1 << 16];
  for (long part; count > 0; count -= part) {
    part = read(descriptor, bytes, count < (long)sizeof bytes ? count : (long)sizeof bytes);
    if (part <= 0) fail("read");
  }
}

static void takeEnd(int descriptor) {
  char byte;
  if (read(descriptor, &byte, 1) != 0) fail("the end of the connection");
}

// The child ends with its parent.
static pid_t forked(void) {
  fflush(stdout);
  pid_t parent = getpid(), child = check(fork(), "fork");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(0);
  }
  return child;
}

static void join(pid_t child) {
  int status;
  if (waitpid(child, &status, 0) != child || status) {
    fprintf(stderr, "merops-sockets: a child failed\n");
    exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
  }
}

static void leave(void) {
  fflush(stdout);
  _exit(0);
}

// Connections that send and receive different numbers of bytes, the client closing first.
static void exchange(const char *host, const char *destination, int count) {
  int listening = listener(host, 128);
  address bound = local(listening);
  int port = ntohs(((struct sockaddr_in *)&bound.bytes)->sin_port);
  pid_t server = forked();
  if (server == 0) {
    for (int i = 0; i < count; i++) {
      int connection = accepted(listening);
      address here = local(connection), there = peer(connection);
      tell(getpid(), "network.accept", 0, &here, &there);
      take(connection, 1000 + i);
      put(connection, 70000 + i);
      takeEnd(connection);
      tellClose(getpid(), connection, 70000 + i, 1000 + i);
      close(connection);
    }
    leave();
  }
  close(listening);
  address at = literal(destination, port);
  for (int i = 0; i < count; i++) {
    int descriptor = connected(&at, 0);
    address here = local(descriptor);
    tell(getpid(), "network.connect", 0, &here, &at);
    put(descriptor, 1000 + i);
    take(descriptor, 70000 + i);
    tellClose(getpid(), descriptor, 1000 + i, 70000 + i);
    close(descriptor);
  }
  join(server);
}

// Connects and resets, while another process accepts: many connections end before they are accepted.
static void many(int count) {
  int listening = listener("127.0.0.1", 4096);
  address at = local(listening);
  pid_t server = forked();
  if (server == 0) {
    for (int i = 0; i < count; i++) close(accepted(listening));
    leave();
  }
  printf("%d\taccepts\t%d\n", server, count);
  for (int i = 0; i < count; i++) {
    int descriptor = connected(&at, 0);
    struct linger linger = {1, 0};
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(descriptor);
  }
  printf("%d\tconnects\t%d\n", getpid(), count);
  join(server);
}

static void refused(const char *host) {
  int listening = listener(host, 1);
  address at = local(listening);
  close(listening);
  int descriptor = check(socket(at.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  if (connect(descriptor, (void *)&at.bytes, at.length) == 0 || errno != ECONNREFUSED) fail("connect");
  tell(getpid(), "network.connect", ECONNREFUSED, NULL, &at);
}

static void unreachable(void) {
  address at = literal("192.0.2.1", 443);
  int descriptor = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  if (connect(descriptor, (void *)&at.bytes, at.length) == 0 || errno != ENETUNREACH) fail("connect");
  tell(getpid(), "network.connect", ENETUNREACH, NULL, &at);
}

// A listener whose queue is full answers nobody.
static void unanswered(int isClosed) {
  int listening = listener("127.0.0.1", 0);
  address at = local(listening);
  int first = connected(&at, 0);
  address here = local(first);
  tell(getpid(), "network.connect", 0, &here, &at);
  int descriptor = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (isClosed ? SOCK_NONBLOCK : 0), 0), "socket");
  int once = 1, error = isClosed ? EINPROGRESS : ETIMEDOUT;
  check(setsockopt(descriptor, IPPROTO_TCP, TCP_SYNCNT, &once, sizeof once), "TCP_SYNCNT");
  if (connect(descriptor, (void *)&at.bytes, at.length) == 0 || errno != error) fail("connect");
  here = local(descriptor);
  tell(getpid(), "network.connect", isClosed ? ECANCELED : ETIMEDOUT, isClosed ? &here : NULL, &at);
  close(descriptor);
}

// The same, but the listener makes room, and hears the second attempt.
static void retransmitted(void) {
  int listening = listener("127.0.0.1", 0);
  address at = local(listening);
  int first = connected(&at, 0), descriptor = connected(&at, SOCK_NONBLOCK);
  address here = local(first);
  tell(getpid(), "network.connect", 0, &here, &at);
  int connection = accepted(listening);
  tell(getpid(), "network.accept", 0, &at, &here);
  struct pollfd wait = {descriptor, POLLOUT, 0};
  check(poll(&wait, 1, -1), "poll");
  // From here on it waits: what is sent to it may come a moment later.
  check(fcntl(descriptor, F_SETFL, 0), "F_SETFL");
  here = local(descriptor);
  tell(getpid(), "network.connect", 0, &here, &at);
  close(connection);
  connection = accepted(listening);
  tell(getpid(), "network.accept", 0, &at, &here);
  put(connection, 7);
  take(descriptor, 7);
  tellClose(getpid(), descriptor, 0, 7);
}

static void setFilter(int descriptor, int isLossy) {
  // The kernel's random number: one segment in eight gets lost where it arrives.
  struct sock_filter code[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_RANDOM), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 7),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), BPF_STMT(BPF_RET | BPF_K, 0), BPF_STMT(BPF_RET | BPF_K, -1)};
  struct sock_fprog program = {sizeof code / sizeof *code, code};
  check(
    setsockopt(descriptor, SOL_SOCKET, isLossy ? SO_ATTACH_FILTER : SO_DETACH_FILTER, &program, sizeof program),
    "a socket filter");
}

// Waits until the other side has got everything.
static void settle(int descriptor) {
  while (1) {
    struct tcp_info info = facts(descriptor);
    if (!info.tcpi_unacked && !info.tcpi_notsent_bytes) return;
    usleep(1000);
  }
}

// A connection that loses segments both ways, and ends without sending more: by a reset.
static void lossy(const char *host) {
  int listening = listener(host, 5), small = 536;
  address at = local(listening);
  check(setsockopt(listening, IPPROTO_TCP, TCP_MAXSEG, &small, sizeof small), "TCP_MAXSEG");
  int client = connected(&at, 0), connection = accepted(listening);
  address here = local(client);
  tell(getpid(), "network.connect", 0, &here, &at);
  tell(getpid(), "network.accept", 0, &at, &here);
  setFilter(client, 1), setFilter(connection, 1);
  long rounds = 0;
  do {
    put(client, 50000), put(connection, 30000);
    take(connection, 50000), take(client, 30000);
    rounds++;
  } while (!facts(client).tcpi_total_retrans || !facts(connection).tcpi_total_retrans);
  setFilter(client, 0), setFilter(connection, 0);
  settle(client), settle(connection);
  tellClose(getpid(), client, rounds * 50000, rounds * 30000);
  tellClose(getpid(), connection, rounds * 30000, rounds * 50000);
  fflush(stdout);
  if (system("ss -tinHO state established | sed 's/^/ss\t/'") != 0) fail("ss");
  struct linger linger = {1, 0};
  setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  close(client);
}

static void nonblocking(void) {
  int listening = listener("::1", 5);
  address at = local(listening);
  int descriptor = connected(&at, SOCK_NONBLOCK);
  struct pollfd wait = {descriptor, POLLOUT, 0};
  check(poll(&wait, 1, -1), "poll");
  address here = local(descriptor);
  tell(getpid(), "network.connect", 0, &here, &at);
}

// A connection that was there before somebody looked: it ends when the standard input does.
static void earlier(void) {
  int listening = listener("127.0.0.1", 5);
  address at = local(listening);
  int client = connected(&at, 0), connection = accepted(listening);
  put(client, 3), take(connection, 3);
  fflush(stdout);
  char byte;
  while (read(0, &byte, 1) > 0) {}
  put(client, 4), take(connection, 4);
  tellClose(getpid(), client, 7, 0);
  tellClose(getpid(), connection, 0, 7);
  close(client), close(connection);
}

static void bindings(void) {
  address loopback = literal("127.0.0.1", 0);
  int first = check(socket(AF_INET, SOCK_STREAM, 0), "socket"), second = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  check(bind(first, (void *)&loopback.bytes, loopback.length), "bind");
  address at = local(first);
  tell(getpid(), "network.bind", 0, &at, NULL);
  if (bind(second, (void *)&at.bytes, at.length) == 0 || errno != EADDRINUSE) fail("bind");
  tell(getpid(), "network.bind", EADDRINUSE, &at, NULL);
  int datagrams = check(socket(AF_INET6, SOCK_DGRAM, 0), "socket");
  loopback = literal("::1", 0);
  check(bind(datagrams, (void *)&loopback.bytes, loopback.length), "bind");
  at = local(datagrams);
  tell(getpid(), "network.bind", 0, &at, NULL);
  // The kernel chooses the port while it begins to listen.
  check(listen(second, 7), "listen");
  at = local(second);
  tell(getpid(), "network.listen", 0, &at, NULL);
}

static void sendDescriptor(int channel, int descriptor) {
  char byte = 0, control[CMSG_SPACE(sizeof(int))] = {0};
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET, head->cmsg_type = SCM_RIGHTS, head->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(head), &descriptor, sizeof descriptor);
  check(sendmsg(channel, &message, 0), "sendmsg");
}

static int receiveDescriptor(int channel) {
  char byte, control[CMSG_SPACE(sizeof(int))];
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  check(recvmsg(channel, &message, MSG_CMSG_CLOEXEC), "recvmsg");
  int descriptor;
  memcpy(&descriptor, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof descriptor);
  return descriptor;
}

// One process accepts, another one uses the connection: it got the socket by SCM_RIGHTS, or by fork.
static void handedOver(int byMessage) {
  int listening = listener("127.0.0.1", 5), channel[2];
  address at = local(listening);
  check(socketpair(AF_UNIX, SOCK_STREAM, 0, channel), "socketpair");
  pid_t worker = byMessage ? forked() : 0;
  if (byMessage && worker == 0) {
    int connection = receiveDescriptor(channel[1]);
    take(connection, 10);
    put(connection, 20);
    takeEnd(connection);
    tellClose(getpid(), connection, 20, 10);
    leave();
  }
  int client = connected(&at, 0), connection = accepted(listening);
  address here = local(client);
  tell(getpid(), "network.connect", 0, &here, &at);
  tell(getpid(), "network.accept", 0, &at, &here);
  if (byMessage) {
    sendDescriptor(channel[0], connection);
  } else {
    worker = forked();
    if (worker == 0) {
      close(client);
      take(connection, 10);
      put(connection, 20);
      takeEnd(connection);
      tellClose(getpid(), connection, 20, 10);
      leave();
    }
  }
  close(connection);
  put(client, 10);
  take(client, 20);
  tellClose(getpid(), client, 10, 20);
  close(client);
  join(worker);
}

// io_uring without a library: one entry at a time.
static struct {
  int descriptor;
  unsigned *tail, *mask, *array, *head, *completed;
  struct io_uring_sqe *entries;
  struct io_uring_cqe *completions;
} ring;

static void openRing(void) {
  struct io_uring_params params = {0};
  ring.descriptor = check(syscall(SYS_io_uring_setup, 4, &params), "io_uring_setup");
  size_t size = params.sq_off.array + params.sq_entries * sizeof(unsigned);
  size_t completions = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
  char *sq = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring.descriptor, IORING_OFF_SQ_RING);
  char *cq = mmap(
    NULL, completions, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring.descriptor, IORING_OFF_CQ_RING);
  ring.entries = mmap(
    NULL, params.sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
    ring.descriptor, IORING_OFF_SQES);
  if (sq == MAP_FAILED || cq == MAP_FAILED || ring.entries == MAP_FAILED) fail("mmap");
  ring.tail = (void *)(sq + params.sq_off.tail), ring.mask = (void *)(sq + params.sq_off.ring_mask);
  ring.array = (void *)(sq + params.sq_off.array);
  ring.head = (void *)(cq + params.cq_off.head), ring.completed = (void *)(cq + params.cq_off.ring_mask);
  ring.completions = (void *)(cq + params.cq_off.cqes);
}

static int submit(int operation, int descriptor, const void *at, unsigned long long length) {
  unsigned tail = *ring.tail, index = tail & *ring.mask;
  ring.entries[index] = (struct io_uring_sqe){
    .opcode = operation, .fd = descriptor, .addr = (unsigned long)at, .off = length};
  ring.array[index] = index;
  __atomic_store_n(ring.tail, tail + 1, __ATOMIC_RELEASE);
  check(syscall(SYS_io_uring_enter, ring.descriptor, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0), "io_uring_enter");
  unsigned head = *ring.head;
  int result = ring.completions[head & *ring.completed].res;
  __atomic_store_n(ring.head, head + 1, __ATOMIC_RELEASE);
  return result;
}

static void throughRing(void) {
  openRing();
  int listening = listener("127.0.0.1", 5);
  address at = local(listening);
  int client = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  if (submit(IORING_OP_CONNECT, client, &at.bytes, at.length) != 0) fail("connect through io_uring");
  address here = local(client);
  tell(getpid(), "network.connect", 0, &here, &at);
  int connection = submit(IORING_OP_ACCEPT, listening, NULL, 0);
  if (connection < 0) fail("accept through io_uring");
  put(client, 5);
  take(connection, 5);
  tell(getpid(), "network.accept", 0, &at, &here);
  int closed = listener("127.0.0.1", 5);
  at = local(closed);
  close(closed);
  int second = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  if (submit(IORING_OP_CONNECT, second, &at.bytes, at.length) != -ECONNREFUSED) fail("connect through io_uring");
  tell(getpid(), "network.connect", ECONNREFUSED, NULL, &at);
}

// A question for NAME.test, without the compression that nobody uses in questions.
static size_t question(unsigned char *packet, int id, const char *label, int type) {
  size_t size = strlen(label), count = 12;
  memset(packet, 0, 12);
  packet[0] = id >> 8, packet[1] = id, packet[2] = 1, packet[5] = 1;
  packet[count++] = size;
  memcpy(packet + count, label, size), count += size;
  memcpy(packet + count, "\4test\0", 6), count += 6;
  packet[count++] = type >> 8, packet[count++] = type, packet[count++] = 0, packet[count++] = 1;
  return count;
}

// The answer: an alias, and the addresses of what it leads to, with pointers; of a name "none..." NXDOMAIN, of a name
// "bad..." a pointer to itself, of a name "short..." the header only; of a name "long..." over UDP, nothing but that it does
// not fit.
static size_t answer(unsigned char *packet, size_t count, int isTCP) {
  static const unsigned char alias[] = {0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 6, 3, 'c', 'd', 'n', 0, 0};
  int isSix = packet[count - 3] == 28;
  packet[2] = 0x81, packet[3] = 0x80;
  if (!memcmp(packet + 13, "none", 4)) return packet[3] |= 3, count;
  if (!memcmp(packet + 13, "long", 4) && !isTCP) return packet[2] |= 2, count;
  if (!memcmp(packet + 13, "short", 5)) return 12;
  size_t target = count + 12;
  if (!memcmp(packet + 13, "bad", 3)) {
    packet[7] = 1;
    packet[count] = 0xc0 | count >> 8, packet[count + 1] = count;
    return count + 2;
  }
  packet[7] = 3;
  memcpy(packet + count, alias, sizeof alias);
  // "cdn" and the root: the data has five bytes.
  packet[count + 11] = 5, count += sizeof alias - 1;
  for (int i = 0; i < 2; i++) {
    unsigned char record[] = {0xc0 | target >> 8, target, 0, isSix ? 28 : 1, 0, 1, 0, 0, 0, 60, 0, isSix ? 16 : 4};
    memcpy(packet + count, record, sizeof record), count += sizeof record;
    inet_pton(isSix ? AF_INET6 : AF_INET, isSix ? (i ? "2001:db8::2" : "2001:db8::1") : (i ? "192.0.2.2" : "192.0.2.1"),
      packet + count);
    count += isSix ? 16 : 4;
  }
  return count;
}

static void tellDNS(const char *transport, const char *label, int type, int hasAnswer) {
  const char *name = type == 28 ? "AAAA" : "A";
  printf("%d\tdns.query\t%s\t%s.test\t%s\n", getpid(), transport, label, name);
  if (!hasAnswer) return;
  int isGood = strncmp(label, "none", 4) && strncmp(label, "bad", 3) && strncmp(label, "short", 5);
  if (!strncmp(label, "long", 4) && strcmp(transport, "tcp")) isGood = 0;
  // An answer without its question says no name.
  printf(
    "%d\tdns.answer\t%s\t%s%s\t%s\t%s\t%s\n", getpid(), transport, strncmp(label, "short", 5) ? label : "-",
    strncmp(label, "short", 5) ? ".test" : "", strncmp(label, "short", 5) ? name : "-",
    strncmp(label, "none", 4) ? "NOERROR" : "NXDOMAIN",
    !isGood ? "-" : type == 28 ? "2001:db8::1,2001:db8::2" : "192.0.2.1,192.0.2.2");
}

static void serveNames(const char *host) {
  address at = literal(host, 53);
  int descriptor = check(socket(at.bytes.ss_family, SOCK_DGRAM, 0), "socket");
  int listening = check(socket(at.bytes.ss_family, SOCK_STREAM, 0), "socket");
  check(bind(descriptor, (void *)&at.bytes, at.length), "bind");
  check(bind(listening, (void *)&at.bytes, at.length), "bind");
  check(listen(listening, 5), "listen");
  if (forked() == 0) {
    for (;;) {
      unsigned char packet[2048];
      address from = {.length = sizeof from.bytes};
      ssize_t count = recvfrom(descriptor, packet, 512, 0, (void *)&from.bytes, &from.length);
      size_t size = answer(packet, count, 0);
      sendto(descriptor, packet, size, 0, (void *)&from.bytes, from.length);
    }
  }
  if (forked() == 0) {
    for (;;) {
      unsigned char packet[2048];
      int connection = accepted(listening);
      while (recv(connection, packet, 2, MSG_WAITALL) == 2) {
        size_t count = packet[1], size;
        check(recv(connection, packet + 2, count, MSG_WAITALL), "recv");
        size = answer(packet + 2, count, 1);
        packet[0] = size >> 8, packet[1] = size;
        if (write(connection, packet, size + 2) < 0) fail("write");
      }
      close(connection);
    }
  }
  close(descriptor), close(listening);
}

static unsigned short sum(const unsigned char *bytes, size_t count, unsigned total) {
  for (size_t i = 0; i < count; i++) total += i % 2 ? bytes[i] : bytes[i] << 8;
  while (total >> 16) total = (total & 0xffff) + (total >> 16);
  return total;
}

// In three pieces: half of the length, the other half and some of the question, the rest.
static void askOverTCP(int descriptor, unsigned char *packet, size_t count) {
  unsigned char length[2] = {count >> 8, count};
  int now = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &now, sizeof now);
  if (write(descriptor, length, 1) != 1) fail("write");
  packet[7] = length[1];
  if (write(descriptor, packet + 7, 9) != 9) fail("write");
  if (write(descriptor, packet + 16, count - 8) != (ssize_t)count - 8) fail("write");
  if (read(descriptor, length, 2) != 2) fail("read");
  take(descriptor, length[0] << 8 | length[1]);
}

static void askOverUDP(const address *at, const unsigned char *packet, size_t count, int isLoose) {
  unsigned char reply[2048];
  int descriptor = check(socket(at->bytes.ss_family, SOCK_DGRAM, 0), "socket");
  if (!isLoose) check(connect(descriptor, (void *)&at->bytes, at->length), "connect");
  check(sendto(descriptor, packet, count, 0, isLoose ? (void *)&at->bytes : NULL, isLoose ? at->length : 0), "sendto");
  check(recv(descriptor, reply, sizeof reply, 0), "recv");
  close(descriptor);
}

// An answer that does not fit into a datagram is asked for again, over TCP.
static void longAnswer(void) {
  unsigned char packet[2048];
  serveNames("127.0.0.1");
  address at = literal("127.0.0.1", 53);
  size_t count = question(packet + 8, 4711, "long", 1);
  askOverUDP(&at, packet + 8, count, 0);
  tellDNS("udp", "long", 1, 1);
  int descriptor = connected(&at, 0);
  askOverTCP(descriptor, packet, count);
  tellDNS("tcp", "long", 1, 1);
  close(descriptor);
}

static void names(const char *way) {
  static const char *const labels[] = {"www", "none-such", "bad-pointer", "short", "WwW", "x"};
  int isSix = !strcmp(way, "dns6"), isTCP = !strcmp(way, "dns-tcp"), isRaw = !strcmp(way, "dns-raw");
  int isLoose = !strcmp(way, "dns-sendto");
  const char *host = isSix ? "::1" : "127.0.0.1";
  serveNames(host);
  address at = literal(host, 53);
  int descriptor = -1;
  if (isTCP) descriptor = connected(&at, 0);
  for (int i = 0; i < 12; i++) {
    const char *label = labels[i / 2];
    int type = i % 2 ? 28 : 1;
    unsigned char packet[2048];
    size_t count = question(packet + 8, 4711 + i, label, type);
    if (isTCP) {
      askOverTCP(descriptor, packet, count);
    } else if (isRaw) {
      descriptor = check(socket(AF_INET, SOCK_RAW, IPPROTO_UDP), "socket");
      size_t length = count + 8;
      packet[0] = 40000 >> 8, packet[1] = (40000 + i) & 0xff, packet[2] = 0, packet[3] = 53;
      packet[4] = length >> 8, packet[5] = length, packet[6] = packet[7] = 0;
      unsigned short checksum = ~sum(packet, length, 0x7f00 + 1 + 0x7f00 + 1 + 17 + length);
      packet[6] = checksum >> 8, packet[7] = checksum;
      if (sendto(descriptor, packet, length, 0, (void *)&at.bytes, at.length) != (ssize_t)length) fail("sendto");
      // Its own question comes back to a raw socket, and the answer.
      while (recv(descriptor, packet, sizeof packet, 0) > 0 && packet[21] != 53) {}
      while (packet[20] != 0 || packet[21] != 53) check(recv(descriptor, packet, sizeof packet, 0), "recv");
      close(descriptor);
    } else {
      askOverUDP(&at, packet + 8, count, isLoose);
    }
    tellDNS(isTCP ? "tcp" : "udp", label, type, 1);
  }
}

// Datagrams of different sizes to one peer, from several sockets; each comes back twice as long.
static void datagrams(const char *host, int count) {
  address at = literal(host, 4711);
  int ready[2];
  check(pipe(ready), "pipe");
  pid_t server = forked();
  if (server == 0) {
    static char bytes[4096];
    int descriptor = check(socket(at.bytes.ss_family, SOCK_DGRAM, 0), "socket");
    check(bind(descriptor, (void *)&at.bytes, at.length), "bind");
    put(ready[1], 1);
    for (int i = 0; i < count; i++) {
      address from = {.length = sizeof from.bytes};
      ssize_t size = recvfrom(descriptor, bytes, sizeof bytes, 0, (void *)&from.bytes, &from.length);
      sendto(descriptor, bytes, 2 * size, 0, (void *)&from.bytes, from.length);
    }
    leave();
  }
  take(ready[0], 1);
  int descriptor = -1;
  static char bytes[4096];
  long sent = 0;
  for (int i = 0; i < count; i++) {
    if (i % 10 == 0) {
      if (i) close(descriptor);
      descriptor = check(socket(at.bytes.ss_family, SOCK_DGRAM, 0), "socket");
    }
    sent += check(sendto(descriptor, bytes, 1 + i % 700, 0, (void *)&at.bytes, at.length), "sendto");
    check(recv(descriptor, bytes, sizeof bytes, 0), "recv");
  }
  char to[80];
  name(&at, to);
  printf("%d\tnetwork.flow\t%s\t%ld\t%ld\t%d\t%d\n", getpid(), to, sent, 2 * sent, count, count);
  *strchr(to, '\t') = 0;
  printf("%d\tnetwork.flow\t%s\t-\t%ld\t%ld\t%d\t%d\n", server, to, 2 * sent, sent, count, count);
  join(server);
}

// The kernel puts sockets where others were that had the other side.
static void datagramsAgain(const char *host, int count) {
  for (int round = 0; round < 8; round++) {
    pid_t child = forked();
    if (child == 0) {
      datagrams(host, count);
      leave();
    }
    join(child);
  }
}

// Sockets by path, by an abstract name, and where there is none, in a folder of their own.
static void unixSockets(const char *folder) {
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  check(chdir(folder), folder);
  static const char *const given[] = {"socket", "@abstract", "none", "datagram"};
  for (int i = 0; i < 4; i++) {
    int type = i == 3 ? SOCK_DGRAM : SOCK_STREAM, length = 2 + strlen(given[i]);
    int server = check(socket(AF_UNIX, type, 0), "socket"), client = check(socket(AF_UNIX, type, 0), "socket");
    memset(at.sun_path, 0, sizeof at.sun_path);
    strcpy(at.sun_path, given[i]);
    if (i == 1) at.sun_path[0] = 0;
    if (i != 2) check(bind(server, (void *)&at, i == 1 ? length : (int)sizeof at), "bind");
    if (i < 2) check(listen(server, 5), "listen");
    int result = connect(client, (void *)&at, i == 1 ? length : (int)sizeof at);
    int isPath = i == 0 || i == 3;
    printf(
      "%d\tunix.connect\t%d\t%s%s%s\n", getpid(), result ? errno : 0, isPath ? folder : "", isPath ? "/" : "", given[i]);
    if (isPath) unlink(given[i]);
  }
}

static void raiseLoopback(void) {
  check(unshare(CLONE_NEWNET), "unshare");
  int descriptor = check(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING};
  check(ioctl(descriptor, SIOCSIFFLAGS, &request), "raising lo");
  close(descriptor);
}

int main(int count, char **words) {
  const char *scenario = count > 1 ? words[1] : "";
  int number = count > 2 ? atoi(words[2]) : 1;
  raiseLoopback();
  if (!strcmp(scenario, "ipv4")) exchange("127.0.0.1", "127.0.0.1", number);
  else if (!strcmp(scenario, "ipv6")) exchange("::1", "::1", number);
  else if (!strcmp(scenario, "mapped")) exchange("::", "::ffff:127.0.0.1", number);
  else if (!strcmp(scenario, "many")) many(number);
  else if (!strcmp(scenario, "refused")) refused("127.0.0.1");
  else if (!strcmp(scenario, "refused6")) refused("::1");
  else if (!strcmp(scenario, "unreachable")) unreachable();
  else if (!strcmp(scenario, "timeout")) unanswered(0);
  else if (!strcmp(scenario, "half-open")) unanswered(1);
  else if (!strcmp(scenario, "retransmitted")) retransmitted();
  else if (!strcmp(scenario, "lossy")) lossy("127.0.0.1");
  else if (!strcmp(scenario, "lossy6")) lossy("::1");
  else if (!strcmp(scenario, "nonblocking")) nonblocking();
  else if (!strcmp(scenario, "earlier")) earlier();
  else if (!strcmp(scenario, "bindings")) bindings();
  else if (!strcmp(scenario, "passed")) handedOver(1);
  else if (!strcmp(scenario, "inherited")) handedOver(0);
  else if (!strcmp(scenario, "unix") && count > 2) unixSockets(words[2]);
  else if (!strcmp(scenario, "dns-long")) longAnswer();
  else if (!strncmp(scenario, "dns", 3)) names(scenario);
  else if (!strcmp(scenario, "udp")) datagrams("127.0.0.1", number);
  else if (!strcmp(scenario, "udp-again")) datagramsAgain("127.0.0.1", number);
  else if (!strcmp(scenario, "udp6")) datagrams("::1", number);
  else if (!strcmp(scenario, "udp-mapped")) datagrams("::ffff:127.0.0.1", number);
  else if (!strcmp(scenario, "io_uring")) throughRing();
  else return fprintf(stderr, "merops-sockets: there is no scenario %s\n", scenario), 2;
  return 0;
}
