// SPDX-License-Identifier: GPL-2.0
//#cflags: -g
//#variant: upgrade_v2 -DVERSION=2
//#variant: upgrade_v3 -DVERSION=3
/*
 * A structure whose meaning has changed twice. insmod converts fields by name, and cannot know that two
 * halves became one number, or milliseconds microseconds: init does it, with persistent_old(). The number
 * at the beginning of each structure tells which one is there.
 *
 * persistent_old() is NULL unless this load makes the variable anew: at a first load, and whenever the
 * type is the same as before.
 */
#define pr_fmt(fmt)	KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <persistent.h>

#ifndef VERSION
#define VERSION	1
#endif

struct run_time_v1 {
	u32 version;
	u32 low_ms, high_ms;
};

struct run_time_v2 {
	u32 version;
	u64 total_ms;
};

struct run_time_v3 {
	u32 version;
	u64 total_us;
};

#if VERSION == 1

static __persistent struct run_time_v1 run_time = { .version = 1 };

static void take_over(void)
{
	run_time.low_ms += 5;
}

static u64 total_us(void)
{
	return (run_time.low_ms + ((u64)run_time.high_ms << 32)) * 1000;
}

#elif VERSION == 2

static __persistent struct run_time_v2 run_time = { .version = 2 };

static void take_over(void)
{
	const struct run_time_v1 *old = persistent_old(run_time, struct run_time_v1);

	if (old)
		run_time.total_ms = old->low_ms + ((u64)old->high_ms << 32);
	run_time.total_ms += 5;
}

static u64 total_us(void)
{
	return run_time.total_ms * 1000;
}

#else

static __persistent struct run_time_v3 run_time = { .version = 3 };

static void take_over(void)
{
	const u32 *version = persistent_old(run_time, u32);
	const struct run_time_v1 *v1 = persistent_old(run_time, struct run_time_v1);
	const struct run_time_v2 *v2 = persistent_old(run_time, struct run_time_v2);

	/* All three are the same address: each version may be the one that was loaded before. */
	switch (version ? *version : 0) {
	case 1:
		run_time.total_us = (v1->low_ms + ((u64)v1->high_ms << 32)) * 1000;
		break;
	case 2:
		run_time.total_us = v2->total_ms * 1000;
		break;
	}
	run_time.total_us += 5000;
}

static u64 total_us(void)
{
	return run_time.total_us;
}

#endif

static int __init upgrade_init(void)
{
	take_over();
	pr_info("version %u, %llu microseconds\n", run_time.version, total_us());
	return 0;
}

static void __exit upgrade_exit(void)
{
}

module_init(upgrade_init);
module_exit(upgrade_exit);
MODULE_DESCRIPTION("persistent data: structures of several versions");
MODULE_LICENSE("GPL");
