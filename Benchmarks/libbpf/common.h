/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "meter.h"

static inline void require(int holds, const char *what)
{
	if (holds) return;
	perror(what);
	exit(1);
}
