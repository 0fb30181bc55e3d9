// SPDX-License-Identifier: GPL-2.0
//#cflags: -g
/*
 * What a driver registers: a file in /proc, one in sysfs, a notifier; and a table of operations.
 *
 * Everything that is registered leads to the module's code: init registers it, exit unregisters it,
 * and none of it is marked. For the same reason a kept pointer to a table of operations is set by
 * every init and cleared by exit. Keep which table it is, and not where.
 */
#define pr_fmt(fmt)	KBUILD_MODNAME ": " fmt

#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/sysfs.h>
#include <persistent.h>

struct codec {
	const char *name;
	unsigned int (*encode)(unsigned int value);
};

static unsigned int same(unsigned int value)
{
	return value;
}

static unsigned int inverted(unsigned int value)
{
	return ~value & 0xff;
}

static const struct codec codecs[] = {
	{ "same", same },
	{ "inverted", inverted },
};

static __persistent struct {
	unsigned int mode;		/* which: kept */
	const struct codec *codec;	/* where: set by init */
	unsigned int reads;
	unsigned int modules_seen;
} device;

static int hooks_show(struct seq_file *file, void *unused)
{
	seq_printf(file, "%s, 7 is %u, %u reads\n", device.codec->name, device.codec->encode(7),
		   ++device.reads);
	return 0;
}

static ssize_t mode_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", device.mode);
}

static ssize_t mode_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf,
			  size_t len)
{
	unsigned int mode;
	int err = kstrtouint(buf, 0, &mode);

	if (err)
		return err;
	if (mode >= ARRAY_SIZE(codecs))
		return -EINVAL;
	device.mode = mode;
	device.codec = &codecs[mode];
	return len;
}

static struct kobj_attribute mode_attribute = __ATTR_RW(mode);
static struct kobject *directory;

static int module_event(struct notifier_block *unused, unsigned long event, void *module)
{
	if (event == MODULE_STATE_LIVE)
		device.modules_seen++;
	return NOTIFY_DONE;
}

static struct notifier_block modules = { .notifier_call = module_event };

static int __init hooks_init(void)
{
	int err = -ENOMEM;

	/* A version with fewer tables may find a number that it does not have. */
	if (device.mode >= ARRAY_SIZE(codecs))
		device.mode = 0;
	device.codec = &codecs[device.mode];

	directory = kobject_create_and_add("hooks", kernel_kobj);
	if (!directory)
		goto clear;
	err = sysfs_create_file(directory, &mode_attribute.attr);
	if (err)
		goto remove_directory;
	err = register_module_notifier(&modules);
	if (err)
		goto remove_directory;
	err = -ENOMEM;
	if (!proc_create_single("hooks", 0444, NULL, hooks_show))
		goto remove_notifier;
	return 0;

remove_notifier:
	unregister_module_notifier(&modules);
remove_directory:
	kobject_put(directory);
clear:
	device.codec = NULL;
	return err;
}

static void __exit hooks_exit(void)
{
	remove_proc_entry("hooks", NULL);
	unregister_module_notifier(&modules);
	kobject_put(directory);
	device.codec = NULL;
}

module_init(hooks_init);
module_exit(hooks_exit);
MODULE_DESCRIPTION("persistent data: what a driver registers");
MODULE_LICENSE("GPL");
