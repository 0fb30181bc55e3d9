/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Variables of all types that C has, as a kernel module might keep them. The tests show them with the bytes that
 * they have here, and compare them with what gdb prints for any bytes.
 */
typedef unsigned char u8;
typedef unsigned long long u64;
typedef _Bool bool;

struct list_head {
	struct list_head *next, *prev;
};
struct hlist_node {
	struct hlist_node *next, **pprev;
};
struct hlist_head {
	struct hlist_node *first;
};
struct rb_node {
	unsigned long __rb_parent_color;
	struct rb_node *rb_right;
	struct rb_node *rb_left;
};
struct rb_root {
	struct rb_node *rb_node;
};

enum mode { SLOW, FAST, TURBO = 7 };
enum flags { READ = 1, WRITE = 2, SYNC = 4, DIRECT = 0x40 };
enum level { LOW = -1, MIDDLE, HIGH };

struct sample {
	struct list_head node;
	long value;
	struct rb_node by_value;
	struct hlist_node by_hash;
};

struct bits {
	unsigned int low : 3;
	int small : 5;
	unsigned int over : 27;
	enum mode mode : 4;
	bool flag : 1;
	u64 wide : 50;
	long long sign : 40;
};

struct stats {
	u64 count;
	int low;
	enum mode mode;
	enum flags flags;
	enum level level;
	bool busy;
	char name[12];
	char mark;
	u8 mac[6];
	short pairs[3][2];
	double mean;
	float last;
	union {
		long word;
		u8 bytes[8];
	};
	struct {
		int x, y;
	} points[20];
	struct bits bits;
	__int128 large;
	int (*read)(struct stats *stats);
	const char *text;
};

/* In a file, not only in .bss: so that gdb has bytes to print. */
#define KEPT __attribute__((section(".data")))

KEPT struct stats stats = {
	.count = 1ull << 63,
	.low = -5,
	.mode = FAST,
	.flags = READ | SYNC,
	.level = LOW,
	.busy = 1,
	.name = "a\0b\"\x1b",
	.mark = 'x',
	.mac = { 2, 0, 0, 0xff, 1, 9 },
	.pairs = { { 1, -1 }, { 2, -2 }, { 3, -3 } },
	.mean = 1.5,
	.last = -0.25f,
	.word = 0x4142,
	.points = { { 1, 2 }, { 1, 2 }, [19] = { 7, 8 } },
	.bits = { 5, -2, 0x5555555, TURBO, 1, 0x3ffffffffffff, -3 },
	.large = -7,
};
KEPT unsigned int table[64] = {
	3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4, 6, 2, 6, 4, 3, 3, 8, 3, 2, 7,
};
KEPT struct list_head samples;
KEPT struct hlist_head hashed;
KEPT struct rb_root sorted;
KEPT struct sample *best;
KEPT void *anything;
KEPT struct stats *counters;
KEPT char full[4] = "full";
KEPT enum mode modes[8];

KEPT struct sample *held_sample;
