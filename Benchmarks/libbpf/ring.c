// SPDX-License-Identifier: Apache-2.0
// ring OBJECT PROGRAM RECORDS: has a program write records, and reads them.
#include "common.h"

static uint64_t sum;

static int use(void *context, void *data, size_t length)
{
	(void)context;
	sum += *(uint64_t *)data + length;
	return 0;
}

int main(int argc, char **argv)
{
	require(argc > 3, "ring OBJECT PROGRAM RECORDS");
	struct bpf_object *object = bpf_object__open_file(argv[1], NULL);
	require(object && bpf_object__load(object) == 0, "loading");
	int program = bpf_program__fd(bpf_object__find_program_by_name(object, argv[2]));
	struct ring_buffer *ring =
		ring_buffer__new(bpf_object__find_map_fd_by_name(object, "ring"), use, NULL, NULL);
	require(program >= 0 && ring, "opening the ring");
	int records = atoi(argv[3]);
	char packet[64] = {0};
	while (meter_next()) {
		LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = packet, .data_size_in = sizeof packet, .repeat = records);
		require(bpf_prog_test_run_opts(program, &run) == 0, "writing records");
		meter_start();
		int read = ring_buffer__consume(ring);
		meter_stop();
		require(read == records, "reading what was written");
		meter_report((uint64_t)read);
	}
	fprintf(stderr, "%s", sum == 1 ? "\n" : "");
}
