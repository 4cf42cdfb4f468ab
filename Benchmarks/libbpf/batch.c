// SPDX-License-Identifier: Apache-2.0
// batch MAP-ID CHUNK: reads a hash map of 8-byte keys and values.
#include "common.h"

int main(int argc, char **argv)
{
	require(argc > 2, "batch MAP-ID CHUNK");
	int map = bpf_map_get_fd_by_id((__u32)atoi(argv[1]));
	require(map >= 0, "opening the map");
	__u32 chunk = (__u32)atoi(argv[2]);
	while (meter_next()) {
		uint64_t sum = 0, elements = 0;
		meter_start();
		uint64_t *keys = malloc(chunk * sizeof *keys), *values = malloc(chunk * sizeof *values);
		__u32 positions[2];
		void *position = NULL;
		for (int step = 0, done = 0; !done; step++) {
			__u32 count = chunk;
			void *next = &positions[step % 2];
			done = bpf_map_lookup_batch(map, position, next, keys, values, &count, NULL) != 0;
			require(!done || errno == ENOENT, "reading");
			for (__u32 i = 0; i < count; i++) sum += values[i];
			elements += count;
			position = next;
		}
		free(keys);
		free(values);
		meter_stop();
		require(sum != 1, "the values");
		meter_report(elements);
	}
}
