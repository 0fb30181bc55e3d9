// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of name_token. They use names of their own and delete them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/name_token.h>

#include "name_token_test.h"

#define NAME "name_token test"
#define ROUNDS 20000
#define RACERS 2

/* More than are in the reserve. */
#define MANY 40

/* What did not hold first. */
static const char *failure;

#define expect(holds) \
	do { \
		if (!(holds)) \
			cmpxchg(&failure, NULL, #holds); \
	} while (0)

static const struct name_token zero;

static const char *test_create(void)
{
	struct name_token old = zero, new = { .word = { 0, 0, 0, 1 } };

	expect(name_token_create(NAME, GFP_KERNEL) == 0);
	/* It exists and is not set. */
	expect(name_token_create(NAME, GFP_KERNEL) == 0);
	expect(name_token_create(NAME, 0) == 0);
	expect(name_token_update(NAME, &old, &new) == 0);
	/* Any word makes it set. */
	expect(name_token_create(NAME, GFP_KERNEL) == -EEXIST);
	expect(name_token_delete(NAME) == 0);
	expect(name_token_create(NAME, GFP_KERNEL) == 0);
	expect(name_token_delete(NAME) == 0);
	return failure;
}

static const char *test_find(void)
{
	struct name_token token = { .word = { 7 } };

	expect(name_token_find(NAME, &token) == -ENOENT);
	expect(token.word[0] == 7);
	expect(name_token_create(NAME, GFP_KERNEL) == 0);
	expect(name_token_find(NAME, &token) == 0);
	expect(!memcmp(&token, &zero, sizeof(token)));
	expect(name_token_delete(NAME) == 0);
	expect(name_token_find(NAME, &token) == -ENOENT);
	return failure;
}

static const char *test_update(void)
{
	struct name_token first = name_token_of(&zero, 32), second = { .word = { 1, 2, 3, 4 } };
	struct name_token old = zero;

	expect(name_token_update(NAME, &old, &first) == -ENOENT);
	expect(name_token_create(NAME, GFP_KERNEL) == 0);
	expect(name_token_update(NAME, &old, &first) == 0);
	/* Whoever knew it before is told. */
	expect(name_token_update(NAME, &old, &second) == -ESTALE);
	expect(!memcmp(&old, &first, sizeof(old)));
	expect(name_token_pointer(&old) == &zero);
	expect(name_token_update(NAME, &old, &second) == 0);
	expect(name_token_find(NAME, &old) == 0);
	expect(!memcmp(&old, &second, sizeof(old)));
	expect(name_token_update(NAME, &old, &zero) == 0);
	expect(name_token_create(NAME, GFP_KERNEL) == 0);
	expect(name_token_delete(NAME) == 0);
	return failure;
}

static const char *test_delete(void)
{
	expect(name_token_delete(NAME) == -ENOENT);
	expect(name_token_create(NAME, GFP_KERNEL) == 0);
	expect(name_token_delete(NAME) == 0);
	expect(name_token_delete(NAME) == -ENOENT);
	return failure;
}

static const char *test_names(void)
{
	struct name_token token = { .word = { 1 } }, old = zero;

	expect(name_token_create("", GFP_KERNEL) == -EINVAL);
	expect(name_token_create("0123456789abcdefX", GFP_KERNEL) == -ENAMETOOLONG);
	expect(name_token_find("0123456789abcdefX", &token) == -ENAMETOOLONG);
	expect(name_token_create("0123456789abcdef", GFP_KERNEL) == 0);
	expect(name_token_update("0123456789abcdef", &old, &token) == 0);
	/* A name that is the beginning of another one. */
	expect(name_token_find("0123456789abcde", &old) == -ENOENT);
	expect(name_token_find("0123456789abcdef", &old) == 0 && old.word[0] == 1);
	expect(name_token_delete("0123456789abcdef") == 0);
	return failure;
}

static const char *test_type(void)
{
	char longest[NAME_TOKEN_TYPE_LEN + 1];

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	expect(name_token_type(NAME, struct name_token) == -ENOENT);
	expect(name_token_create(NAME, GFP_KERNEL) == 0);
	expect(name_token_type(NAME, struct name_token) == 0);
	expect(__name_token_type(NAME, KBUILD_MODNAME, longest) == -ENAMETOOLONG);
	expect(name_token_delete(NAME) == 0);
	return failure;
}

/* Without memory there is a reserve; with memory, there is no end. */
static const char *test_reserve(void)
{
	char name[NAME_TOKEN_NAME_LEN];
	unsigned int i, made;

	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "nt test %u", i);
		expect(name_token_create(name, GFP_KERNEL) == 0);
	}
	for (made = 0; made < 1000; made++) {
		snprintf(name, sizeof(name), "nt rest %u", made);
		if (name_token_create(name, 0))
			break;
	}
	expect(made > 0 && made < 1000);
	expect(name_token_create(name, 0) == -ENOMEM);
	expect(name_token_create(name, GFP_KERNEL) == 0);
	expect(name_token_delete(name) == 0);
	while (made--) {
		snprintf(name, sizeof(name), "nt rest %u", made);
		expect(name_token_delete(name) == 0);
	}
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "nt test %u", i);
		expect(name_token_delete(name) == 0);
	}
	return failure;
}

static void in_interrupt_context(void *unused)
{
	struct name_token old, new;
	int err;

	expect(name_token_create("nt interrupt", 0) == 0 ||
	       name_token_create("nt interrupt", 0) == -EEXIST);
	expect(name_token_find("nt interrupt", &old) == 0);
	do {
		new = old;
		new.word[1]++;
		err = name_token_update("nt interrupt", &old, &new);
	} while (err == -ESTALE);
	expect(err == 0);
}

/* In the interrupts of all CPUs at once, and with a raw lock held. */
static const char *test_contexts(void)
{
	static DEFINE_RAW_SPINLOCK(held);
	struct name_token token;
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < 100; i++)
		on_each_cpu(in_interrupt_context, NULL, 1);
	raw_spin_lock_irqsave(&held, flags);
	in_interrupt_context(NULL);
	raw_spin_unlock_irqrestore(&held, flags);
	expect(name_token_find("nt interrupt", &token) == 0);
	expect(token.word[1] == 100 * num_online_cpus() + 1);
	expect(name_token_delete("nt interrupt") == 0);
	return failure;
}

/* Two threads, on two CPUs where there are two. */
struct racer {
	struct completion done;
	unsigned long number;
	unsigned long wins;
	unsigned long losses;
};

static atomic_t arrived;

static void wait_for_others(int round)
{
	atomic_inc(&arrived);
	while (atomic_read(&arrived) < RACERS * round)
		cond_resched();
}

static bool is_other(const struct name_token *token, unsigned long number)
{
	return token->word[0] && token->word[0] != number;
}

/*
 * The race of two loads: both create the token, both find that it is not set,
 * and both set it. One wins, and the other is told whose it is.
 */
static int compete(void *data)
{
	struct racer *racer = data;
	struct name_token old, new = { .word = { racer->number } };
	int round, err;

	for (round = 1; round <= ROUNDS; round++) {
		err = name_token_create("nt race", GFP_KERNEL);
		expect(err == 0 || err == -EEXIST);
		old = zero;
		err = name_token_update("nt race", &old, &new);
		expect(err == 0 || (err == -ESTALE && is_other(&old, racer->number)));
		if (err)
			racer->losses++;
		else
			racer->wins++;
		wait_for_others(2 * round - 1);
		/* Either may be first here, too. */
		err = name_token_delete("nt race");
		expect(err == 0 || err == -ENOENT);
		wait_for_others(2 * round);
	}
	complete(&racer->done);
	return 0;
}

static const char *test_race(void)
{
	static struct racer racers[RACERS];
	unsigned int i, cpu = cpumask_first(cpu_online_mask);
	struct task_struct *threads[RACERS];

	atomic_set(&arrived, 0);
	for (i = 0; i < RACERS; i++) {
		memset(&racers[i], 0, sizeof(racers[i]));
		init_completion(&racers[i].done);
		racers[i].number = i + 1;
		threads[i] = kthread_create(compete, &racers[i], "name_token/%u", i);
		if (IS_ERR(threads[i])) {
			while (i--)
				kthread_stop(threads[i]);
			return "kthread_create()";
		}
		kthread_bind(threads[i], cpu);
		if (cpumask_next(cpu, cpu_online_mask) < nr_cpu_ids)
			cpu = cpumask_next(cpu, cpu_online_mask);
	}
	for (i = 0; i < RACERS; i++)
		wake_up_process(threads[i]);
	for (i = 0; i < RACERS; i++)
		wait_for_completion(&racers[i].done);
	expect(racers[0].wins + racers[1].wins == ROUNDS);
	expect(racers[0].losses + racers[1].losses == ROUNDS);
	pr_info("race on %u CPUs: %lu and %lu of %u\n", num_online_cpus(),
		racers[0].wins, racers[1].wins, ROUNDS);
	return failure;
}

const struct name_token_case name_token_cases[] = {
	{ "create", test_create },
	{ "find", test_find },
	{ "update", test_update },
	{ "delete", test_delete },
	{ "names", test_names },
	{ "type", test_type },
	{ "reserve", test_reserve },
	{ "contexts", test_contexts },
	{ "race", test_race },
	{ }
};

/* Runs one test. Returns what does not hold, or NULL. */
const char *name_token_run(const struct name_token_case *one)
{
	failure = NULL;
	return one->run();
}

/* Runs all tests. */
int name_token_selftest(void)
{
	const struct name_token_case *one;
	unsigned int failed = 0, passed = 0;

	for (one = name_token_cases; one->name; one++) {
		const char *what = name_token_run(one);

		if (what) {
			pr_err("selftest %s failed: %s\n", one->name, what);
			failed++;
		} else {
			passed++;
		}
	}
	pr_info("selftest: %u passed, %u failed\n", passed, failed);
	return failed ? -EIO : 0;
}
