// SPDX-License-Identifier: GPL-2.0
//#cflags: -g
/*
 * Objects in a list, a tree and an XArray.
 *
 * The heads are marked; the objects are in heap memory, which no unload frees. An object must not
 * be a static variable of the module ("static struct item first;"): it would be gone after rmmod,
 * and still on the list. Only the persistent variables themselves may be linked in as well.
 *
 * Memory that only persistent data leads to is lost if that data is discarded. The parameter
 * "release" makes exit free it:
 *
 *	echo 1 > /sys/module/lists/parameters/release
 *	rmmod --discard lists
 *
 * and if the module is not loaded: insmod lists.ko release=1, then rmmod --discard lists.
 */
#define pr_fmt(fmt)	KBUILD_MODNAME ": " fmt

#include <linux/list.h>
#include <linux/module.h>
#include <linux/rbtree.h>
#include <linux/slab.h>
#include <linux/xarray.h>
#include <persistent.h>

struct item {
	struct list_head node;
	struct rb_node by_key;
	u32 key;
	u32 index;
};

/* A list does not say what is on it: if struct item changes, the new version is to be refused. */
PERSISTENT_HOLDS(struct item);

static __persistent LIST_HEAD(items);
static __persistent struct rb_root tree = RB_ROOT;
static __persistent struct xarray by_index;
static __persistent unsigned int count;

static unsigned int more = 1;
module_param(more, uint, 0444);
MODULE_PARM_DESC(more, "how many items this load adds");

static bool release;
module_param(release, bool, 0644);
MODULE_PARM_DESC(release, "free everything when the module is unloaded");

static void insert(struct item *new)
{
	struct rb_node **link = &tree.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		if (new->key < rb_entry(parent, struct item, by_key)->key)
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&new->by_key, parent, link);
	rb_insert_color(&new->by_key, &tree);
}

static int add(u32 key)
{
	struct item *item = kzalloc(sizeof(*item), GFP_KERNEL);
	int err;

	if (!item)
		return -ENOMEM;
	item->key = key;
	item->index = count;
	err = xa_err(xa_store(&by_index, item->index, item, GFP_KERNEL));
	if (err) {
		kfree(item);
		return err;
	}
	list_add_tail(&item->node, &items);
	insert(item);
	count++;
	return 0;
}

static void free_all(void)
{
	struct item *item, *next;

	list_for_each_entry_safe(item, next, &items, node) {
		list_del(&item->node);
		kfree(item);
	}
	tree = RB_ROOT;
	xa_destroy(&by_index);
	count = 0;
}

static int __init lists_init(void)
{
	const bool is_first = !count;
	const struct item *last;
	int err;

	if (!more)
		return -EINVAL;

	/* See locks.c: all of it at the first load, its lock at every other. */
	if (is_first)
		xa_init(&by_index);
	else
		spin_lock_init(&by_index.xa_lock);
	/* Downwards, so that the tree has another order than the list. */
	while (more--) {
		err = add(10000 - count);
		if (err)
			goto failed;
	}
	last = xa_load(&by_index, count - 1);
	pr_info("%u items, first %u, smallest %u, last %u\n", count,
		list_first_entry(&items, struct item, node)->key,
		rb_entry(rb_first(&tree), struct item, by_key)->key, last->key);
	return 0;

failed:
	/* If the first init fails, the data is dropped at once. Later on it is still there. */
	if (is_first)
		free_all();
	return err;
}

static void __exit lists_exit(void)
{
	if (release)
		free_all();
}

module_init(lists_init);
module_exit(lists_exit);
MODULE_DESCRIPTION("persistent data: a list, a tree and an XArray");
MODULE_LICENSE("GPL");
