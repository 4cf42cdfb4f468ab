// SPDX-License-Identifier: Apache-2.0
// Loads an object by libbpf, as it is, attaches what says itself where it belongs, does a little of everything, and
// tells how often each program ran. What is attached goes with the process.
//
//     libbpf-load OBJECT PROGRAM...
//
// Lines of fields separated by tabs: "program NAME RUNS" and "map NAME RUNS" (of operations) for what was attached; RUNS
// is 0 for operations.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST 64

static int fail(const char *what, const char *name)
{
	fprintf(stderr, "%s %s: %s\n", what, name, strerror(errno));
	return 1;
}

// Runs a program after one that is not there, opens a file, connects to nobody.
static void act(void)
{
	struct sockaddr_in nobody = { .sin_family = AF_INET, .sin_port = htons(9),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int descriptor;
	pid_t child = fork();

	if (!child) {
		syscall(SYS_execveat, AT_FDCWD, "/nowhere", NULL, NULL, 0);
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	waitpid(child, NULL, 0);
	descriptor = open("/proc/self/stat", O_RDONLY);
	if (descriptor >= 0)
		close(descriptor);
	descriptor = socket(AF_INET, SOCK_STREAM, 0);
	connect(descriptor, (struct sockaddr *)&nobody, sizeof(nobody));
	close(descriptor);
}

static int is_wanted(const char *name, int count, char **wanted)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(wanted[i], name))
			return 1;
	return 0;
}

// Iterators run when they are read.
static void read_out(struct bpf_link *link)
{
	char bytes[4096];
	int descriptor = bpf_iter_create(bpf_link__fd(link));

	while (descriptor >= 0 && read(descriptor, bytes, sizeof(bytes)) > 0)
		;
	if (descriptor >= 0)
		close(descriptor);
}

static unsigned long long runs(struct bpf_program *program)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	return bpf_prog_get_info_by_fd(bpf_program__fd(program), &info, &size) ? 0 : info.run_cnt;
}

int main(int argc, char **argv)
{
	struct bpf_object *object;
	struct bpf_program *program, *attached[MOST];
	struct bpf_map *map;
	struct bpf_link *link;
	int count = 0, statistics = bpf_enable_stats(BPF_STATS_RUN_TIME);

	if (argc < 3) {
		fprintf(stderr, "usage: libbpf-load OBJECT PROGRAM...\n");
		return 2;
	}
	object = bpf_object__open_file(argv[1], NULL);
	if (!object)
		return fail("opening", argv[1]);
	bpf_object__for_each_program(program, object)
		bpf_program__set_autoload(program, is_wanted(bpf_program__name(program), argc - 2, argv + 2));
	if (bpf_object__load(object))
		return fail("loading", argv[1]);

	bpf_object__for_each_map(map, object)
		if (bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS) {
			if (!bpf_map__attach_struct_ops(map))
				return fail("attaching", bpf_map__name(map));
			printf("map\t%s\t0\n", bpf_map__name(map));
		}
	bpf_object__for_each_program(program, object) {
		if (!bpf_program__autoload(program) || count == MOST)
			continue;
		link = bpf_program__attach(program);
		if (link) {
			attached[count++] = program;
			if (bpf_program__type(program) == BPF_PROG_TYPE_TRACING &&
			    bpf_program__expected_attach_type(program) == BPF_TRACE_ITER)
				read_out(link);
		} else if (errno != EOPNOTSUPP) {
			return fail("attaching", bpf_program__name(program));
		}
	}
	// Linux passes a program over that interrupts another one, or a bpf(2) call: then once more.
	for (int round = 0, idle = 1; round < 100 && idle; round++) {
		act();
		idle = 0;
		for (int i = 0; i < count; i++)
			idle += !runs(attached[i]);
	}
	for (int i = 0; i < count; i++)
		printf("program\t%s\t%llu\n", bpf_program__name(attached[i]), runs(attached[i]));
	close(statistics);
	bpf_object__close(object);
	return 0;
}
