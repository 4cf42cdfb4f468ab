/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What the corpus shares. Kernel structures are declared here by hand, with the fields that a program reads and no
 * more: the corpus builds on any machine, without a vmlinux.h, and CO-RE finds the rest. */
#pragma once
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>

#define GPL char LICENSE[] SEC("license") = "Dual BSD/GPL"
#define __core __attribute__((preserve_access_index))

typedef _Bool bool;
#define true 1
#define false 0

#ifndef __kptr
#define __kptr __attribute__((btf_type_tag("kptr")))
#endif

/* getpgid(2), whose number <asm/unistd.h> does not tell when it is compiled for BPF. */
#ifdef __TARGET_ARCH_x86
#define NR_GETPGID 121
#else
#define NR_GETPGID 155
#endif

/* Newer than the oldest uapi headers that the corpus is built with. */
enum {
	MAP_TYPE_CGRP_STORAGE = 32,
	MAP_TYPE_ARENA = 33,
	TCX_NEXT = -1,
	TCX_PASS = 0,
	TCX_DROP = 2,
};
#define F_MMAPABLE (1U << 10)
#define F_SEGV_ON_FAULT (1U << 17)

struct list_head {
	struct list_head *next, *prev;
} __core;

struct nsproxy;
struct files_struct;

typedef int kernel_pid_t;

struct mm_struct {
	unsigned long start_stack;
	unsigned long arg_start, arg_end;
} __core;

struct task_struct {
	int pid;
	int tgid;
	char comm[16];
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct mm_struct *mm;
	unsigned int flags;
	int exit_code;
} __core;

struct qstr {
	const unsigned char *name;
} __core;

struct dentry {
	struct qstr d_name;
	struct dentry *d_parent;
	struct inode *d_inode;
} __core;

struct inode {
	unsigned short i_mode;
	unsigned long i_ino;
} __core;

struct path {
	struct dentry *dentry;
} __core;

struct file {
	struct path f_path;
	struct inode *f_inode;
	unsigned int f_flags;
} __core;

struct linux_binprm {
	struct file *file;
	const char *filename;
	int argc;
} __core;

struct seq_file;
struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
} __core;

struct sk_buff {
	unsigned int len;
	void *head;
	unsigned char *data;
	__u16 protocol;
} __core;
