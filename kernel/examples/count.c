// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include <persistent.h>

static __persistent unsigned int loads;

static int __init count_init(void) { pr_info("count: load %u\n", ++loads); return 0; }
static void __exit count_exit(void) { }
module_init(count_init);
module_exit(count_exit);
MODULE_LICENSE("GPL");
