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
 * The same source can be built in (=y) or as a module (=m): in built-in code both marks expand
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
 * next build may read them. no_reorder: without it, gcc emits variables in reverse order, so
 * appending one would move all the others.
 */
#if defined(__has_attribute)
#if __has_attribute(no_reorder)
#define __persistent_order	__attribute__((__no_reorder__))
#endif
#endif
#ifndef __persistent_order
#define __persistent_order
#endif

#define __persistent	\
	__attribute__((__section__(".data..persistent"), __used__)) __persistent_order
#define __persistent_bss	\
	__attribute__((__section__(".bss..persistent"), __used__)) __persistent_order

#else /* !MODULE */

#define __persistent
#define __persistent_bss

#endif /* MODULE */

#endif /* _MODPERSIST_PERSISTENT_H */
