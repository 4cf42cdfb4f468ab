// SPDX-License-Identifier: Apache-2.0
// types BTF-FILE NAME [watch]: opens BTF and finds one structure.
#include "common.h"

int main(int argc, char **argv)
{
	require(argc > 2, "types BTF-FILE NAME");
	while (meter_next()) {
		if (argc > 3) meter_start_watching(); else meter_start();
		struct btf *types = btf__parse(argv[1], NULL);
		int id = btf__find_by_name_kind(types, argv[2], BTF_KIND_STRUCT);
		meter_stop();
		require(id > 0, "finding a type");
		btf__free(types);
		meter_report(1);
	}
}
