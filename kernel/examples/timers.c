// SPDX-License-Identifier: GPL-2.0
//#cflags: -g
/*
 * A timer, delayed work, a workqueue and a thread.
 *
 * All of them run the module's code, so exit stops them and init sets them up again. What they work
 * with is kept: the counts, and when the timer is due. A timer or work item that stands alone is not
 * marked. One that is in a kept structure is cleared in exit, when it has been cancelled, so that no
 * pointer to its function is left; rmmod would warn of it.
 */
#define pr_fmt(fmt)	KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/timer.h>
#include <linux/version.h>
#include <linux/workqueue.h>
#include <persistent.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define timer_delete_sync	del_timer_sync
#endif

#define INTERVAL	(HZ / 20)

static __persistent struct {
	struct timer_list timer;
	/* In jiffies: if this has passed when the module is loaded again, the timer runs at once. */
	unsigned long due;
	unsigned int ticks;
} clock;

static __persistent unsigned int works, rounds;

/* Not kept: each load has its own. */
static struct workqueue_struct *queue;
static struct delayed_work work;
static struct task_struct *thread;

static void tick(struct timer_list *timer)
{
	clock.ticks++;
	clock.due = jiffies + INTERVAL;
	mod_timer(&clock.timer, clock.due);
}

static void do_work(struct work_struct *unused)
{
	works++;
	queue_delayed_work(queue, &work, INTERVAL);
}

static int run(void *unused)
{
	while (!kthread_should_stop()) {
		rounds++;
		schedule_timeout_interruptible(INTERVAL);
	}
	return 0;
}

static int __init timers_example_init(void)
{
	int err;

	queue = alloc_workqueue("timers", WQ_UNBOUND, 0);
	if (!queue)
		return -ENOMEM;
	thread = kthread_run(run, NULL, "timers");
	if (IS_ERR(thread)) {
		err = PTR_ERR(thread);
		destroy_workqueue(queue);
		return err;
	}
	INIT_DELAYED_WORK(&work, do_work);
	queue_delayed_work(queue, &work, INTERVAL);
	timer_setup(&clock.timer, tick, 0);
	if (!clock.due)
		clock.due = jiffies + INTERVAL;
	mod_timer(&clock.timer, clock.due);
	pr_info("loaded with %u ticks, %u works, %u rounds\n", clock.ticks, works, rounds);
	return 0;
}

static void __exit timers_example_exit(void)
{
	timer_delete_sync(&clock.timer);
	memset(&clock.timer, 0, sizeof(clock.timer));
	cancel_delayed_work_sync(&work);
	destroy_workqueue(queue);
	kthread_stop(thread);
	pr_info("unloaded with %u ticks, %u works, %u rounds\n", clock.ticks, works, rounds);
}

module_init(timers_example_init);
module_exit(timers_example_exit);
MODULE_DESCRIPTION("persistent data: timers, work and a thread");
MODULE_LICENSE("GPL");
