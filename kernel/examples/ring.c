// SPDX-License-Identifier: GPL-2.0
//#cflags: -g
/*
 * A log of 256 KiB in a ring buffer, with its positions on cache lines of their own; text and numbers
 * that can be set as parameters; a counter inside a function.
 *
 * Alignment goes with the mark: __aligned(n) up to a page, ____cacheline_aligned (four underscores).
 * What names a section does not: __read_mostly, __ro_after_init, __cacheline_aligned (two). A variable
 * has one section, and the mark is that.
 */
#define pr_fmt(fmt)	KBUILD_MODNAME ": " fmt

#include <linux/cache.h>
#include <linux/module.h>
#include <linux/string.h>
#include <persistent.h>

#define RING_SIZE	(256 << 10)

/* Large and zero at first: it takes no room in the module's file. */
static __persistent_bss char ring[RING_SIZE];

static __persistent struct {
	unsigned long head ____cacheline_aligned;
	unsigned long lost ____cacheline_aligned;
} position;

/*
 * Text is an array. "static __persistent char *label = ..." would keep a pointer to a string that is
 * gone with the module.
 */
static __persistent char label[32] = "none";
module_param_string(label, label, sizeof(label), 0644);
MODULE_PARM_DESC(label, "goes before each line; kept unless the command line sets it");

/* Numbers and arrays of numbers; the command line wins over what is kept. */
static __persistent int levels[3] = { 1, 2, 3 };
static __persistent unsigned int level_count = ARRAY_SIZE(levels);
module_param_array(levels, int, &level_count, 0644);
MODULE_PARM_DESC(levels, "kept unless the command line sets them");

static void append(const char *text)
{
	/* A static variable in a function is kept like any other. */
	static __persistent unsigned int lines;
	char line[80];
	int length = scnprintf(line, sizeof(line), "%u %s: %s\n", ++lines, label, text);

	/* What does not fit behind the rest starts again at the beginning. */
	if (position.head + length > RING_SIZE) {
		position.lost++;
		position.head = 0;
	}
	memcpy(ring + position.head, line, length);
	position.head += length;
}

static int __init ring_init(void)
{
	append("loaded");
	pr_info("%lu bytes, level %d; the first line is %.*s\n", position.head, levels[0],
		(int)strcspn(ring, "\n"), ring);
	return 0;
}

static void __exit ring_exit(void)
{
	append("unloaded");
}

module_init(ring_init);
module_exit(ring_exit);
MODULE_DESCRIPTION("persistent data: a ring buffer, text and numbers");
MODULE_LICENSE("GPL");
