/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Goes in front of the copy of a source file whose variables `cargo xtask histories` marks. Each
 * marked variable gets an entry that says where this module sees it. With history_idle=1 the
 * module's own init and exit do not run, so that what is kept can be read before it changes.
 */
#include "persistent.h"

struct history_entry {
	char file[64];
	char name[64];
	const volatile void *address;
	unsigned long size;
};

#define HISTORY_ENTRY(variable)	\
	static const struct history_entry history_entry_##variable	\
	__attribute__((__section__(".rodata.history"), __used__)) = {	\
		KBUILD_BASENAME, #variable, &variable, sizeof(variable) };

#define HISTORY_INIT(init)	\
	static int history_idle;	\
	module_param(history_idle, int, 0444);	\
	static int __init history_init(void) { return history_idle ? 0 : init(); }	\
	module_init(history_init)

#define HISTORY_EXIT(exit)	\
	static void __exit history_exit(void) { if (!history_idle) exit(); }	\
	module_exit(history_exit)
