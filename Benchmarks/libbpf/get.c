// SPDX-License-Identifier: Apache-2.0
// get MAP-ID COUNT: looks 1024 keys of 4 bytes up by turns, with nothing but the system call.
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common.h"

int main(int argc, char **argv)
{
	require(argc > 2, "get MAP-ID COUNT");
	int map = bpf_map_get_fd_by_id((__u32)atoi(argv[1]));
	require(map >= 0, "opening the map");
	long count = atol(argv[2]);
	while (meter_next()) {
		uint64_t sum = 0;
		meter_start();
		for (long i = 0; i < count; i++) {
			__u32 key = i & 1023;
			uint64_t value = 0;
			union bpf_attr attributes;
			memset(&attributes, 0, 32);
			attributes.map_fd = (__u32)map;
			attributes.key = (uint64_t)&key;
			attributes.value = (uint64_t)&value;
			if (syscall(__NR_bpf, BPF_MAP_LOOKUP_ELEM, &attributes, 32) == 0) sum += value;
		}
		meter_stop();
		require(sum != 1, "the values");
		meter_report((uint64_t)count);
	}
}
