// SPDX-License-Identifier: GPL-2.0
/*
 * Tokens that the kernel remembers by name. See linux/name_token.h for what it
 * is good for, and show() for the list in /proc.
 *
 * Callers may hold any lock and be in any context. So there is one raw
 * spinlock, under which nothing is allocated and nothing is freed: entries come
 * from a list of unused ones. A caller that may allocate fills that list up
 * before it takes the lock, and a reserve is there for those that may not. An
 * entry that is no longer used goes back to the list, since kfree() may not be
 * called everywhere either.
 *
 * Each token holds the module: it cannot be unloaded before all are deleted.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/hardirq.h>
#include <linux/jhash.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>
#include <linux/name_token.h>

#include "name_token_test.h"

#define BUCKETS 64

/* Unused entries for callers that may not allocate. */
#define RESERVE 16

struct entry {
	struct hlist_node node;
	struct name_token token;
	/* Not terminated if it has the full length. */
	char name[NAME_TOKEN_NAME_LEN];
	char module[MODULE_NAME_LEN];
	char type[NAME_TOKEN_TYPE_LEN];
};

/* Protects all that follows. */
static DEFINE_RAW_SPINLOCK(lock);
static struct hlist_head buckets[BUCKETS];
static unsigned int count;

/* Built-in callers may come before the init below, so nothing is set up there. */
static struct entry reserve[RESERVE];
static unsigned int reserve_used;
static HLIST_HEAD(unused);
static unsigned int unused_count;

static bool selftest;
module_param(selftest, bool, 0400);
MODULE_PARM_DESC(selftest, "test the service when it is loaded");

/* An NMI must not wait for what it may have interrupted. */
static bool take_lock(unsigned long *flags)
{
	if (in_nmi())
		return raw_spin_trylock_irqsave(&lock, *flags);
	raw_spin_lock_irqsave(&lock, *flags);
	return true;
}

static void release_lock(unsigned long flags)
{
	raw_spin_unlock_irqrestore(&lock, flags);
}

/* The name, filled up with zeros. */
static int fill_key(const char *name, char key[NAME_TOKEN_NAME_LEN])
{
	size_t length = strnlen(name, NAME_TOKEN_NAME_LEN + 1);

	if (!length)
		return -EINVAL;
	if (length > NAME_TOKEN_NAME_LEN)
		return -ENAMETOOLONG;
	memset(key, 0, NAME_TOKEN_NAME_LEN);
	memcpy(key, name, length);
	return 0;
}

static struct hlist_head *bucket_of(const char key[NAME_TOKEN_NAME_LEN])
{
	return &buckets[jhash(key, NAME_TOKEN_NAME_LEN, 0) % BUCKETS];
}

static struct entry *find_entry(const char key[NAME_TOKEN_NAME_LEN])
{
	struct entry *entry;

	hlist_for_each_entry(entry, bucket_of(key), node) {
		if (!memcmp(entry->name, key, NAME_TOKEN_NAME_LEN))
			return entry;
	}
	return NULL;
}

static bool is_set(const struct name_token *token)
{
	return memchr_inv(token, 0, sizeof(*token));
}

static unsigned int available(void)
{
	return unused_count + RESERVE - reserve_used;
}

static struct entry *take_unused(void)
{
	struct entry *entry;

	if (!unused_count)
		return reserve_used < RESERVE ? &reserve[reserve_used++] : NULL;
	entry = hlist_entry(unused.first, struct entry, node);
	hlist_del(&entry->node);
	unused_count--;
	return entry;
}

static void put_unused(struct entry *entry)
{
	hlist_add_head(&entry->node, &unused);
	unused_count++;
}

static void insert(struct entry *entry, const char key[NAME_TOKEN_NAME_LEN])
{
	memset(entry, 0, sizeof(*entry));
	memcpy(entry->name, key, NAME_TOKEN_NAME_LEN);
	hlist_add_head(&entry->node, bucket_of(key));
	if (!count++)
		__module_get(THIS_MODULE);
}

static void remove(struct entry *entry)
{
	hlist_del(&entry->node);
	put_unused(entry);
	if (!--count)
		module_put(THIS_MODULE);
}

/**
 * name_token_create() - make a token that is not set, unless there is one
 * @name: its name, of 1 to 16 characters
 * @gfp: how memory for it may be allocated; 0 takes it from a small reserve
 *
 * Several callers may create a token at the same time: each gets 0 until one of
 * them has set it with name_token_update(), which tells the others.
 *
 * Return: 0 if there is a token now that is not set, %-EEXIST if it is set,
 * %-EINVAL or %-ENAMETOOLONG for a wrong name, %-ENOMEM, or %-EBUSY in an NMI.
 */
int name_token_create(const char *name, gfp_t gfp)
{
	char key[NAME_TOKEN_NAME_LEN];
	struct entry *entry, *more = NULL;
	unsigned long flags;
	int err = fill_key(name, key);

	if (err)
		return err;
	if (!take_lock(&flags))
		return -EBUSY;
	if (gfp && !find_entry(key) && available() <= RESERVE) {
		release_lock(flags);
		/* Without it, the reserve is used. */
		more = kcalloc(1, sizeof(*more), gfp | __GFP_NOWARN);
		if (!take_lock(&flags)) {
			kfree(more);
			return -EBUSY;
		}
	}
	if (more)
		put_unused(more);
	entry = find_entry(key);
	if (entry) {
		err = is_set(&entry->token) ? -EEXIST : 0;
	} else {
		entry = take_unused();
		if (entry)
			insert(entry, key);
		else
			err = -ENOMEM;
	}
	release_lock(flags);
	return err;
}
EXPORT_SYMBOL_GPL(name_token_create);

/**
 * name_token_find() - get a token
 * @name: its name
 * @token: where to store it; it is all 0 if it is not set
 *
 * Return: 0, %-ENOENT, %-EINVAL or %-ENAMETOOLONG for a wrong name, or %-EBUSY in
 * an NMI. If it is not 0, nothing is stored.
 */
int name_token_find(const char *name, struct name_token *token)
{
	char key[NAME_TOKEN_NAME_LEN];
	struct entry *entry;
	unsigned long flags;
	int err = fill_key(name, key);

	if (err)
		return err;
	if (!take_lock(&flags))
		return -EBUSY;
	entry = find_entry(key);
	if (entry)
		*token = entry->token;
	else
		err = -ENOENT;
	release_lock(flags);
	return err;
}
EXPORT_SYMBOL_GPL(name_token_find);

/**
 * name_token_update() - set a token, unless somebody else has done so before
 * @name: its name
 * @old: the token as the caller knows it; if it is another one now, that is
 *       stored here
 * @new: what it shall be; all 0 for a token that is not set
 *
 * Return: 0, %-ESTALE if the token is not @old, %-ENOENT, %-EINVAL or
 * %-ENAMETOOLONG for a wrong name, or %-EBUSY in an NMI.
 */
int name_token_update(const char *name, struct name_token *old,
		      const struct name_token *new)
{
	char key[NAME_TOKEN_NAME_LEN];
	struct entry *entry;
	unsigned long flags;
	int err = fill_key(name, key);

	if (err)
		return err;
	if (!take_lock(&flags))
		return -EBUSY;
	entry = find_entry(key);
	if (!entry) {
		err = -ENOENT;
	} else if (memcmp(&entry->token, old, sizeof(*old))) {
		*old = entry->token;
		err = -ESTALE;
	} else {
		entry->token = *new;
	}
	release_lock(flags);
	return err;
}
EXPORT_SYMBOL_GPL(name_token_update);

/**
 * name_token_delete() - forget a token, set or not
 * @name: its name
 *
 * What it points to is the caller's, as ever.
 *
 * Return: 0, %-ENOENT, %-EINVAL or %-ENAMETOOLONG for a wrong name, or %-EBUSY in
 * an NMI.
 */
int name_token_delete(const char *name)
{
	char key[NAME_TOKEN_NAME_LEN];
	struct entry *entry;
	unsigned long flags;
	int err = fill_key(name, key);

	if (err)
		return err;
	if (!take_lock(&flags))
		return -EBUSY;
	entry = find_entry(key);
	if (entry)
		remove(entry);
	else
		err = -ENOENT;
	release_lock(flags);
	return err;
}
EXPORT_SYMBOL_GPL(name_token_delete);

/**
 * __name_token_type() - use name_token_type() instead
 * @name: name of the token
 * @module: name of the module whose debug information has the type
 * @type: the type
 *
 * Both are copied: they are in memory of a module that will be unloaded.
 *
 * Return: as name_token_type().
 */
int __name_token_type(const char *name, const char *module, const char *type)
{
	char key[NAME_TOKEN_NAME_LEN];
	struct entry *entry;
	unsigned long flags;
	int err = fill_key(name, key);

	if (err)
		return err;
	if (strlen(type) >= NAME_TOKEN_TYPE_LEN || strlen(module) >= MODULE_NAME_LEN)
		return -ENAMETOOLONG;
	if (!take_lock(&flags))
		return -EBUSY;
	entry = find_entry(key);
	if (entry) {
		strscpy(entry->module, module, sizeof(entry->module));
		strscpy(entry->type, type, sizeof(entry->type));
	} else {
		err = -ENOENT;
	}
	release_lock(flags);
	return err;
}
EXPORT_SYMBOL_GPL(__name_token_type);

/* Copies of all entries, to be freed with kvfree(). */
static struct entry *copy_all(unsigned int *copied)
{
	struct entry *copies, *entry;
	unsigned int i, size = 0;
	unsigned long flags;

	for (;;) {
		copies = kvmalloc_array(size + 1, sizeof(*copies), GFP_KERNEL);
		if (!copies)
			return NULL;
		raw_spin_lock_irqsave(&lock, flags);
		if (count <= size)
			break;
		size = count;
		raw_spin_unlock_irqrestore(&lock, flags);
		kvfree(copies);
	}
	*copied = 0;
	for (i = 0; i < BUCKETS; i++) {
		hlist_for_each_entry(entry, &buckets[i], node)
			copies[(*copied)++] = *entry;
	}
	raw_spin_unlock_irqrestore(&lock, flags);
	return copies;
}

static int compare_names(const void *a, const void *b)
{
	const struct entry *first = a, *second = b;

	return memcmp(first->name, second->name, NAME_TOKEN_NAME_LEN);
}

static void show_field(struct seq_file *m, const char *text)
{
	seq_putc(m, ' ');
	if (*text)
		seq_escape(m, text, " \t\n\\");
	else
		seq_putc(m, '-');
}

/*
 * A line for each token, sorted by name:
 *
 *	token NAME WORD WORD WORD WORD MODULE TYPE
 *
 * Words are hexadecimal, and all 0 for readers without CAP_SYSLOG. In the
 * other fields, white space and backslashes are octal (\040); MODULE and TYPE
 * are - if nobody has told. Other fields may follow, and other kinds of lines.
 */
static int show(struct seq_file *m, void *nothing)
{
	/* A token has addresses in it. */
	bool visible = file_ns_capable(m->file, &init_user_ns, CAP_SYSLOG);
	struct entry *copies;
	unsigned int i, word, copied;

	copies = copy_all(&copied);
	if (!copies)
		return -ENOMEM;
	sort(copies, copied, sizeof(*copies), compare_names, NULL);
	for (i = 0; i < copied; i++) {
		char name[NAME_TOKEN_NAME_LEN + 1] = "";

		memcpy(name, copies[i].name, NAME_TOKEN_NAME_LEN);
		seq_puts(m, "token");
		show_field(m, name);
		for (word = 0; word < NAME_TOKEN_WORDS; word++)
			seq_printf(m, " %lx", visible ? copies[i].token.word[word] : 0);
		show_field(m, copies[i].module);
		show_field(m, copies[i].type);
		seq_putc(m, '\n');
	}
	kvfree(copies);
	return 0;
}

static int open(struct inode *inode, struct file *file)
{
	return single_open(file, show, NULL);
}

/* "delete NAME", for what a module has left that will not come back. */
static ssize_t write(struct file *file, const char __user *text, size_t size,
		     loff_t *pos)
{
	static const char word[] = "delete ";
	char command[sizeof(word) + NAME_TOKEN_NAME_LEN + 1] = "";
	int err;

	if (!capable(CAP_SYS_MODULE))
		return -EPERM;
	if (size >= sizeof(command))
		return -EINVAL;
	if (copy_from_user(command, text, size))
		return -EFAULT;
	if (size && command[size - 1] == '\n')
		command[size - 1] = '\0';
	if (strncmp(command, word, strlen(word)))
		return -EINVAL;
	err = name_token_delete(command + strlen(word));
	return err ?: size;
}

static const struct proc_ops name_tokens_ops = {
	.proc_open	= open,
	.proc_read	= seq_read,
	.proc_write	= write,
	.proc_lseek	= seq_lseek,
	.proc_release	= single_release,
};

static int __init name_token_init(void)
{
	struct proc_dir_entry *list;
	int err = 0;

	list = proc_create("name_tokens", 0600, NULL, &name_tokens_ops);
	if (!list)
		return -ENOMEM;
	if (selftest)
		err = name_token_selftest();
	if (err)
		proc_remove(list);
	return err;
}

static void __exit name_token_exit(void)
{
	struct hlist_node *next;
	struct entry *entry;

	remove_proc_entry("name_tokens", NULL);
	hlist_for_each_entry_safe(entry, next, &unused, node) {
		if (entry < reserve || entry >= reserve + RESERVE)
			kfree(entry);
	}
}

module_init(name_token_init);
module_exit(name_token_exit);
MODULE_DESCRIPTION("tokens that the kernel remembers by name");
MODULE_LICENSE("GPL");
