// SPDX-License-Identifier: GPL-2.0
//#variant: foo_p_renamed -Dfirst_args=last_args
/*
 * The RFC's example: a pointer that is set once and found again by every later load.
 *
 * The memory that foo_p points to comes from kmalloc, is used by this module only, and is freed by
 * exit only if the parameter "release" says so. It must not come from a slab cache that the module creates, because that cache
 * would have to be destroyed with the module.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <persistent.h>

struct foo {
	unsigned int loads;
	char first_args[32];
};

static __persistent struct foo *foo_p;

static char *note = "none";
module_param(note, charp, 0444);
MODULE_PARM_DESC(note, "remembered by the first load only");

static bool release;
module_param(release, bool, 0644);
MODULE_PARM_DESC(release, "free everything when the module is unloaded");

static int __init foo_init(void)
{
	if (!foo_p) {
		foo_p = kzalloc(sizeof(*foo_p), GFP_KERNEL);
		if (!foo_p)
			return -ENOMEM;
		strscpy(foo_p->first_args, note, sizeof(foo_p->first_args));
	}
	foo_p->loads++;
	pr_info("foo_p: load %u, first note \"%s\"\n", foo_p->loads, foo_p->first_args);
	return 0;
}

static void __exit foo_exit(void)
{
	pr_info("foo_p: unloaded, %u loads so far\n", foo_p->loads);
	/* Before "rmmod --discard": what only foo_p leads to would be lost with it. */
	if (release) {
		kfree(foo_p);
		foo_p = NULL;
	}
}

module_init(foo_init);
module_exit(foo_exit);
MODULE_DESCRIPTION("persistent data: a pointer that is set up once");
MODULE_LICENSE("GPL");
