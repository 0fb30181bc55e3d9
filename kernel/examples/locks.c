// SPDX-License-Identifier: GPL-2.0
//#cflags: -g
/*
 * Locks, and an allocator of numbers that has a lock inside.
 *
 * A lock that stands alone is not marked: a fresh one at each load is what you want. A lock in a
 * kept structure is initialised by every init, also at a reload, because what lockdep knows of it
 * belongs to the code that was unloaded. For an IDA, an IDR or an XArray this is its inner lock;
 * the numbers and pointers in it stay.
 */
#define pr_fmt(fmt)	KBUILD_MODNAME ": " fmt

#include <linux/idr.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <persistent.h>

/* Not kept. */
static DEFINE_MUTEX(setup_lock);

static __persistent struct {
	spinlock_t lock;
	unsigned long loads;
} stats;

/*
 * "static __persistent DEFINE_IDA(numbers);" compiles too, with the mark in front of the macro,
 * but the initial value of a lock has the address of its name if the kernel has lock debugging:
 * insmod refuses the module there.
 */
static __persistent struct ida numbers;
static __persistent bool ready;

static bool release;
module_param(release, bool, 0644);
MODULE_PARM_DESC(release, "free everything when the module is unloaded");

static void initialise(void)
{
	spin_lock_init(&stats.lock);
	if (!ready)
		ida_init(&numbers);
	else
		spin_lock_init(&numbers.xa.xa_lock);
	ready = true;
}

static int __init locks_init(void)
{
	unsigned long loads;
	int number;

	initialise();
	mutex_lock(&setup_lock);
	number = ida_alloc(&numbers, GFP_KERNEL);
	mutex_unlock(&setup_lock);
	if (number < 0)
		return number;
	spin_lock(&stats.lock);
	loads = ++stats.loads;
	spin_unlock(&stats.lock);
	pr_info("load %lu, number %d\n", loads, number);
	return 0;
}

static void __exit locks_exit(void)
{
	if (release)
		ida_destroy(&numbers);
}

module_init(locks_init);
module_exit(locks_exit);
MODULE_DESCRIPTION("persistent data: locks and numbers");
MODULE_LICENSE("GPL");
