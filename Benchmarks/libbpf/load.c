// SPDX-License-Identifier: Apache-2.0
// load OBJECT: opens, relocates and loads an object.
#include "common.h"

int main(int argc, char **argv)
{
	require(argc > 1, "load OBJECT");
	while (meter_next()) {
		meter_start();
		struct bpf_object *object = bpf_object__open_file(argv[1], NULL);
		require(object != NULL, "opening");
		require(bpf_object__load(object) == 0, "loading");
		meter_stop();
		bpf_object__close(object);
		meter_report(1);
	}
}
