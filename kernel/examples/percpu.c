// SPDX-License-Identifier: GPL-2.0
//#cflags: -g
/*
 * Counters for hot paths: per-CPU data and an atomic.
 *
 * DEFINE_PER_CPU() and the mark exclude each other, since per-CPU variables have a section of their
 * own, which is freed with the module. Keep a pointer to what alloc_percpu() gave instead.
 */
#define pr_fmt(fmt)	KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/u64_stats_sync.h>
#include <persistent.h>

struct traffic {
	u64_stats_t packets;
	struct u64_stats_sync sync;
};

static __persistent struct traffic __percpu *traffic;

/* An atomic is a number: it needs no care. */
static __persistent atomic64_t loads = ATOMIC64_INIT(0);

static bool release;
module_param(release, bool, 0644);
MODULE_PARM_DESC(release, "free everything when the module is unloaded");

static void count(unsigned int packets)
{
	struct traffic *own = get_cpu_ptr(traffic);

	u64_stats_update_begin(&own->sync);
	u64_stats_add(&own->packets, packets);
	u64_stats_update_end(&own->sync);
	put_cpu_ptr(traffic);
}

static u64 total(void)
{
	u64 sum = 0, part;
	unsigned int start;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct traffic *of_cpu = per_cpu_ptr(traffic, cpu);

		do {
			start = u64_stats_fetch_begin(&of_cpu->sync);
			part = u64_stats_read(&of_cpu->packets);
		} while (u64_stats_fetch_retry(&of_cpu->sync, start));
		sum += part;
	}
	return sum;
}

static int __init percpu_init(void)
{
	int cpu;

	if (!traffic)
		traffic = alloc_percpu(struct traffic);
	if (!traffic)
		return -ENOMEM;
	/* On 32-bit kernels it is a lock, which every init initialises. */
	for_each_possible_cpu(cpu)
		u64_stats_init(&per_cpu_ptr(traffic, cpu)->sync);
	count(10);
	pr_info("load %lld, %llu packets\n", (long long)atomic64_inc_return(&loads), total());
	return 0;
}

static void __exit percpu_exit(void)
{
	if (release) {
		free_percpu(traffic);
		traffic = NULL;
	}
}

module_init(percpu_init);
module_exit(percpu_exit);
MODULE_DESCRIPTION("persistent data: per-CPU counters");
MODULE_LICENSE("GPL");
