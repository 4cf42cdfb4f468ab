// SPDX-License-Identifier: Apache-2.0
// What libbpf hands to the kernel for an object: its maps, and each program's instructions after relocation. Prepared,
// not loaded: programs that this kernel would refuse are shown too.
//
//     libbpf-dump OBJECT [BTF]         BTF: the types of another kernel, which CO-RE relocates against
//
// Lines of fields separated by tabs:
//
//     map      NAME TYPE KEY-SIZE VALUE-SIZE MAX-ENTRIES FLAGS EXTRA NUMA-NODE
//     program  NAME SECTION TYPE ATTACH-TYPE FLAGS FUNCTIONS LINES
//              (of the records of functions and lines their number and FNV-1a: "12:cbf29ce484222325")
//     insn     16-HEX-DIGITS MAP       (a map's descriptor is shown as 0, its name follows; "-" for none)
//     load     NAME ATTACH-TYPE FLAGS ATTACH-BTF-ID
//              (what libbpf would load the program with; absent where it gives up before)
//     refused  NAME ERRNO MESSAGE      (libbpf would not prepare this program; NAME is "-" for the whole object)
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static char last_warning[400];
static const char *kernel_types;

// The object whose programs libbpf loads: its bpf(2) calls for them are shown, and do not happen.
static struct bpf_object *loading;

static int is_shown(const union bpf_attr *attributes)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, loading)
		if ((unsigned long)bpf_program__insns(program) == attributes->insns) {
			printf("load\t%s\t%u\t%u\t%u\n", bpf_program__name(program), attributes->expected_attach_type,
			       attributes->prog_flags, attributes->attach_btf_id);
			return 1;
		}
	return 0;
}

// In place of the C library's.
long syscall(long number, ...)
{
	static long (*next)(long, ...);
	va_list arguments;
	long values[6];

	va_start(arguments, number);
	for (int i = 0; i < 6; i++)
		values[i] = va_arg(arguments, long);
	va_end(arguments);
	if (loading && number == __NR_bpf && values[0] == BPF_PROG_LOAD && is_shown((const union bpf_attr *)values[1]))
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (!next)
		next = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	return next(number, values[0], values[1], values[2], values[3], values[4], values[5]);
}

static int note(enum libbpf_print_level level, const char *format, va_list arguments)
{
	if (level == LIBBPF_WARN) {
		vsnprintf(last_warning, sizeof(last_warning), format, arguments);
		for (char *c = last_warning; *c; c++)
			if (*c == '\n' || *c == '\t')
				*c = ' ';
	}
	return 0;
}

static struct bpf_object *open_object(const char *path)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .btf_custom_path = kernel_types);
	struct bpf_object *object = bpf_object__open_file(path, &options);
	struct bpf_map *map;

	if (!object)
		return NULL;
	bpf_object__for_each_map(map, object)
		bpf_map__set_pin_path(map, NULL); // nothing is to be left behind, nor taken from what is there
	return object;
}

// What a program's own loader sets before it loads, and libbpf cannot create a map without. It is not in instructions.
static void complete_maps(struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
		switch (bpf_map__type(map)) {
		case BPF_MAP_TYPE_STACK_TRACE:
			if (!bpf_map__value_size(map))
				bpf_map__set_value_size(map, 127 * sizeof(__u64));
			/* fallthrough */
		case BPF_MAP_TYPE_HASH:
		case BPF_MAP_TYPE_ARRAY:
		case BPF_MAP_TYPE_PERCPU_HASH:
		case BPF_MAP_TYPE_PERCPU_ARRAY:
		case BPF_MAP_TYPE_LRU_HASH:
		case BPF_MAP_TYPE_LRU_PERCPU_HASH:
			if (!bpf_map__max_entries(map))
				bpf_map__set_max_entries(map, 1);
			break;
		default:
			break;
		}
}

static void print_maps(struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
		printf("map\t%s\t%u\t%u\t%u\t%u\t%u\t%llu\t%u\n", bpf_map__name(map), bpf_map__type(map),
		       bpf_map__key_size(map), bpf_map__value_size(map), bpf_map__max_entries(map),
		       bpf_map__map_flags(map), (unsigned long long)bpf_map__map_extra(map), bpf_map__numa_node(map));
}

static void print_records(const void *records, __u32 count, size_t size)
{
	const unsigned char *bytes = records;
	unsigned long long hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < count * size; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3;
	printf("\t%u:%016llx", count, hash);
}

static const char *map_with(struct bpf_object *object, int descriptor)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
		if (bpf_map__fd(map) == descriptor)
			return bpf_map__name(map);
	return "?";
}

static void print_program(struct bpf_object *object, struct bpf_program *program)
{
	const struct bpf_insn *instructions = bpf_program__insns(program);
	size_t count = bpf_program__insn_cnt(program);

	printf("program\t%s\t%s\t%d\t%d\t%u", bpf_program__name(program), bpf_program__section_name(program),
	       bpf_program__type(program), bpf_program__expected_attach_type(program), bpf_program__flags(program));
	print_records(bpf_program__func_info(program), bpf_program__func_info_cnt(program), sizeof(struct bpf_func_info));
	print_records(bpf_program__line_info(program), bpf_program__line_info_cnt(program), sizeof(struct bpf_line_info));
	printf("\n");
	for (size_t i = 0; i < count; i++) {
		struct bpf_insn insn = instructions[i];
		int is_map = insn.code == (BPF_LD | BPF_IMM | BPF_DW) &&
			     (insn.src_reg == BPF_PSEUDO_MAP_FD || insn.src_reg == BPF_PSEUDO_MAP_VALUE);
		const char *map = is_map ? map_with(object, insn.imm) : "-";
		unsigned char bytes[sizeof(insn)];

		if (is_map)
			insn.imm = 0;
		memcpy(bytes, &insn, sizeof(insn));
		printf("insn\t");
		for (size_t b = 0; b < sizeof(bytes); b++)
			printf("%02x", bytes[b]);
		printf("\t%s\n", map);
	}
}

// Prepares the object with one program, or with all of those that libbpf loads when nobody chooses.
static int dump(const char *path, const char *only)
{
	struct bpf_object *object = open_object(path);
	struct bpf_program *program;
	int error;

	if (!object)
		return -errno;
	bpf_object__for_each_program(program, object)
		if (only)
			bpf_program__set_autoload(program, strcmp(bpf_program__name(program), only) == 0);
	complete_maps(object);
	last_warning[0] = 0;
	error = bpf_object__prepare(object);
	if (!error) {
		bpf_object__for_each_program(program, object)
			if (bpf_program__autoload(program))
				print_program(object, program);
		loading = object;
		bpf_object__load(object);
		loading = NULL;
	}
	bpf_object__close(object);
	return error;
}

int main(int argc, char **argv)
{
	struct bpf_object *object;
	struct bpf_program *program;
	int error, whole;

	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: libbpf-dump OBJECT [BTF]\n");
		return 2;
	}
	kernel_types = argv[2];
	libbpf_set_print(note);
	object = open_object(argv[1]);
	if (!object) {
		printf("refused\t-\t%d\t%s\n", errno, last_warning);
		return 0;
	}
	print_maps(object);
	whole = dump(argv[1], NULL);

	bpf_object__for_each_program(program, object) {
		if (!whole && bpf_program__autoload(program))
			continue;
		error = dump(argv[1], bpf_program__name(program));
		if (error)
			printf("refused\t%s\t%d\t%s\n", bpf_program__name(program), -error, last_warning);
	}
	bpf_object__close(object);
	return 0;
}
