// SPDX-License-Identifier: GPL-2.0
//#cflags: -g
/* A module of two source files. Each file may have a "resets" of its own: a name holds for its file. */
#define pr_fmt(fmt)	KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <persistent.h>

#include "several.h"

static __persistent unsigned long resets = 100;

static int __init several_init(void)
{
	resets++;
	receive();
	pr_info("%lu received, %lu and %lu resets\n", received, resets, resets_of_rx());
	return 0;
}

static void __exit several_exit(void)
{
}

module_init(several_init);
module_exit(several_exit);
MODULE_DESCRIPTION("persistent data: two source files");
MODULE_LICENSE("GPL");
