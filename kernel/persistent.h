/* SPDX-License-Identifier: GPL-2.0 */
/*
 * __persistent marks module variables that keep their value and address when the module is
 * unloaded and loaded again. This needs an insmod that supports it; see persistent(7).
 *
 *	#include <persistent.h>
 *
 *	static __persistent struct foo *foo_p;
 *	static __persistent_bss char log[1 << 20];
 *
 * Use __persistent for variables with or without an initialiser; they take space in the module
 * file. Use __persistent_bss for large variables that start as zero; they take none.
 *
 * Each variable is kept by itself, under the name of its source file and its own. So variables
 * may be added, removed and moved about in a file. The mark belongs to the definition, not to a
 * declaration, and to one variable: those of "int a, b;" under one mark stay together. If a
 * variable gets another name, or its file, a field, or a structure that pointers lead to, say so,
 * or its value is not found:
 *
 *	PERSISTENT_RENAMED("foo_main.c:old_name", "foo_main.c:new_name");
 *	PERSISTENT_RENAMED("old_file.c:", "new_file.c:");
 *	PERSISTENT_RENAMED("struct foo.old_field", "struct foo.new_field");
 *	PERSISTENT_RENAMED("struct old_tag", "struct new_tag");
 *
 * Two source files of one name in a module are told apart by a definition before the include:
 *
 *	#define PERSISTENT_FILE "a_util"
 *
 * The same source can be built in (=y) or as a module (=m): in built-in code all of this expands
 * to nothing, because built-in variables live as long as the kernel.
 *
 * Memory survives, but the module's code, strings and ordinary data do not. So a persistent
 * variable must not point to them when the module is unloaded, and nothing in it may stay
 * registered (timers, work items, nodes on other lists). Every init function must initialise
 * the locks in it again.
 */
#ifndef _MODPERSIST_PERSISTENT_H
#define _MODPERSIST_PERSISTENT_H

#ifdef MODULE

/*
 * used: without it, gcc drops variables that this build never reads, and stores to them; the
 * next build may read them. no_reorder: without it, gcc emits variables in reverse order, which
 * matters where several share a section.
 */
#if defined(__has_attribute)
#if __has_attribute(no_reorder)
#define __persistent_order	__attribute__((__no_reorder__))
#endif
#endif
#ifndef __persistent_order
#define __persistent_order
#endif

/* kbuild's name for the source file, a string; elsewhere the compiler's. */
#ifndef PERSISTENT_FILE
#if defined(KBUILD_BASENAME)
#define PERSISTENT_FILE		KBUILD_BASENAME
#elif defined(__FILE_NAME__)
#define PERSISTENT_FILE		__FILE_NAME__
#endif
#endif

/*
 * A variable has one section. gcc refuses a second one (__read_mostly, DEFINE_PER_CPU()); clang only
 * warns and takes the first, so that a variable would not be kept, or not be one for each CPU.
 */
#ifdef __clang__
#pragma clang diagnostic error "-Wsection"
#endif

/* A section for each variable: nothing else is in it whose place could depend on the others. */
#if defined(PERSISTENT_FILE) && defined(__COUNTER__)
#define __persistent_section(mark, n)	__persistent_section_(mark, n)
#define __persistent_section_(mark, n)	__section__(mark "." PERSISTENT_FILE "." #n)
#else
#define __persistent_section(mark, n)	__section__(mark)
#endif

#define __persistent	\
	__attribute__((__persistent_section(".data..persistent", __COUNTER__), __used__))	\
	__persistent_order
#define __persistent_bss	\
	__attribute__((__persistent_section(".bss..persistent", __COUNTER__), __used__))	\
	__persistent_order

#define PERSISTENT_RENAMED(old, new)	\
	__persistent_hint(__COUNTER__, "persistent_renamed=" old "=" new)
#define __persistent_hint(n, text)	__persistent_hint_(n, text)
#define __persistent_hint_(n, text)	\
	static const char __persistent_hint_##n[]	\
	__attribute__((__section__(".modinfo"), __used__, __aligned__(1))) = text

#else /* !MODULE */

#define __persistent
#define __persistent_bss
#define PERSISTENT_RENAMED(old, new)	struct __persistent_hint

#endif /* MODULE */

/*
 * What only a pointer without a type, a list or an IDR leads to is not seen by anybody who compares
 * types. Name it, once, and an insmod that finds its fields changed refuses to read what is in memory:
 *
 *	PERSISTENT_HOLDS(struct foo_device);
 *
 * The variable is only there for the debug information; the linker discards it.
 *
 * If a variable changes in a way that cannot be converted, the new init function may do it: in the
 * load that makes the new variable, persistent_old() is where the old one still is, else NULL.
 *
 *	struct foo_v1 *old = persistent_old(foo, struct foo_v1);
 *
 * Its use says that this is taken care of, so that the load is not refused.
 */
#ifdef MODULE

#define __persistent_name(name, n)	__persistent_name_(name, n)
#define __persistent_name_(name, n)	name##n

#define PERSISTENT_HOLDS(type)	\
	static type *__persistent_name(__persistent_holds_, __COUNTER__)	\
	__attribute__((__section__(".discard.persist_holds"), __used__))

/* The address names the variable; insmod fills in the other word. */
struct __persistent_old {
	const volatile void *variable;
	void *old;
};

#define persistent_old(variable, type)	({	\
	static struct __persistent_old __persistent_slot	\
	__attribute__((__section__(".data..persist_old"), __used__)) = { &(variable), 0 };	\
	(type *)*(void *volatile *)&__persistent_slot.old;	\
})

#else /* !MODULE */

#define PERSISTENT_HOLDS(type)		struct __persistent_nothing
#define persistent_old(variable, type)	((type *)0)

#endif /* MODULE */

#endif /* _MODPERSIST_PERSISTENT_H */
