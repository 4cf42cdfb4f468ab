// SPDX-License-Identifier: Apache-2.0
#include "meter.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t wall, cpu, allocations, allocated_before;
static bool watching;
static int64_t in_use, most_in_use;

static uint64_t now(clockid_t clock)
{
	struct timespec time;
	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

bool meter_next(void)
{
	int character;
	while ((character = getchar()) != EOF)
		if (character == '\n') return true;
	return false;
}

void meter_start(void)
{
	allocated_before = allocations;
	in_use = most_in_use = 0;
	cpu = now(CLOCK_THREAD_CPUTIME_ID);
	wall = now(CLOCK_MONOTONIC);
}

void meter_start_watching(void)
{
	meter_start();
	watching = true;
}

void meter_stop(void)
{
	wall = now(CLOCK_MONOTONIC) - wall;
	cpu = now(CLOCK_THREAD_CPUTIME_ID) - cpu;
	watching = false;
	allocated_before = allocations - allocated_before;
}

void meter_report(uint64_t operations)
{
	printf("%llu %llu %llu %llu %lld\n", (unsigned long long)wall, (unsigned long long)cpu,
	       (unsigned long long)operations, (unsigned long long)allocated_before, (long long)most_in_use);
	fflush(stdout);
}

/* The C library's allocator, counted. Each side is one thread, so plain variables do. */

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

static void *counted(void *memory)
{
	allocations++;
	if (watching && memory) {
		in_use += (int64_t)malloc_usable_size(memory);
		if (in_use > most_in_use) most_in_use = in_use;
	}
	return memory;
}

static void gone(void *memory)
{
	if (watching && memory) in_use -= (int64_t)malloc_usable_size(memory);
}

void *malloc(size_t size) { return counted(__libc_malloc(size)); }

void *calloc(size_t count, size_t size) { return counted(__libc_calloc(count, size)); }

void *realloc(void *memory, size_t size)
{
	gone(memory);
	return counted(__libc_realloc(memory, size));
}

void *memalign(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size)); }

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size)
{
	void *made = memalign(alignment, size);
	if (!made) return ENOMEM;
	*memory = made;
	return 0;
}

void free(void *memory)
{
	gone(memory);
	__libc_free(memory);
}
