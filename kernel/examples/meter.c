// SPDX-License-Identifier: GPL-2.0
//#cflags: -g
//#variant: meter_reads -DMETER_READS
//#variant: meter_v2 -DMETER_READS -DMETER_V2
//#variant: meter_v3 -DMETER_READS -DMETER_V3
/*
 * A small driver whose state survives a reload. Write a number to /dev/meter to add a sample;
 * read it to get statistics and the latest samples. The statistics, the list and its nodes are
 * kept while the driver is replaced. So is the lock, but every init initialises it again, because
 * its lockdep data belongs to the module that was unloaded.
 */
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <persistent.h>

#define KEEP_SAMPLES	8

struct sample {
	struct list_head node;
	long value;
};

struct meter_stats {
#ifdef METER_V3			/* a version that would cut the count off: it is refused */
	unsigned short count;
#else
	unsigned long count;
#endif
#ifdef METER_V2			/* a field more: the structure is converted */
	unsigned long rejected;
#endif
	long min, max, sum;
};

struct meter_state {
	struct mutex lock;
	struct meter_stats stats;
	unsigned int kept;
	unsigned int generation;
};

static __persistent struct meter_state meter;

#ifdef METER_READS			/* a variable more: the others stay as they are */
static __persistent unsigned long reads;
#endif

/* An initial value may point into persistent data. It is set once, at the first load. */
static __persistent LIST_HEAD(samples);

/* A persistent parameter: it keeps its value across reloads unless the command line sets it. */
static __persistent int scale = 1;
module_param(scale, int, 0644);
MODULE_PARM_DESC(scale, "factor for each sample");

static bool release;
module_param(release, bool, 0644);
MODULE_PARM_DESC(release, "free the samples when the module is unloaded, for rmmod --discard");

static void remember(long value)
{
	struct sample *sample;

	if (meter.kept >= KEEP_SAMPLES) {
		sample = list_first_entry(&samples, struct sample, node);
		list_del(&sample->node);
	} else {
		sample = kmalloc(sizeof(*sample), GFP_KERNEL);
		if (!sample)
			return;
		meter.kept++;
	}
	sample->value = value;
	list_add_tail(&sample->node, &samples);
}

static ssize_t meter_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	long value;
	int err = kstrtol_from_user(buf, len, 0, &value);

	if (err) {
#ifdef METER_V2
		mutex_lock(&meter.lock);
		meter.stats.rejected++;
		mutex_unlock(&meter.lock);
#endif
		return err;
	}
	value *= scale;
	mutex_lock(&meter.lock);
	if (!meter.stats.count || value < meter.stats.min)
		meter.stats.min = value;
	if (!meter.stats.count || value > meter.stats.max)
		meter.stats.max = value;
	meter.stats.sum += value;
	meter.stats.count++;
	remember(value);
	mutex_unlock(&meter.lock);
	return len;
}

static int meter_show(struct seq_file *m, void *unused)
{
	struct sample *sample;

	mutex_lock(&meter.lock);
	seq_printf(m, "generation %u, %lu samples, min %ld, max %ld, sum %ld\nlatest:",
		   meter.generation, (unsigned long)meter.stats.count, meter.stats.min,
		   meter.stats.max, meter.stats.sum);
	list_for_each_entry(sample, &samples, node)
		seq_printf(m, " %ld", sample->value);
	seq_puts(m, "\n");
#ifdef METER_READS
	seq_printf(m, "reads: %lu\n", ++reads);
#endif
#ifdef METER_V2
	seq_printf(m, "rejected: %lu\n", meter.stats.rejected);
#endif
	mutex_unlock(&meter.lock);
	return 0;
}

static int meter_open(struct inode *inode, struct file *file)
{
	/* misc_open() stored the device here, but seq_file expects NULL. */
	file->private_data = NULL;
	return single_open(file, meter_show, NULL);
}

static const struct file_operations meter_fops = {
	.owner = THIS_MODULE,
	.open = meter_open,
	.read = seq_read,
	.write = meter_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static struct miscdevice meter_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "meter",
	.fops = &meter_fops,
};

static int __init meter_init(void)
{
	mutex_init(&meter.lock);
	meter.generation++;
	return misc_register(&meter_device);
}

static void __exit meter_exit(void)
{
	struct sample *sample, *next;

	misc_deregister(&meter_device);
	if (!release)
		return;
	list_for_each_entry_safe(sample, next, &samples, node) {
		list_del(&sample->node);
		kfree(sample);
	}
	meter.kept = 0;
}

module_init(meter_init);
module_exit(meter_exit);
MODULE_DESCRIPTION("persistent data: a driver whose state survives a reload");
MODULE_LICENSE("GPL");
