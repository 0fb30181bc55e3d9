/* SPDX-License-Identifier: GPL-2.0 */
/*
 * __persistent: module variables that keep value and address while the module is unloaded and
 * loaded again by an insmod that knows them.
 *
 *	#include <persistent.h>
 *
 *	static __persistent struct foo *foo_p;
 *	static __persistent_bss char log[1 << 20];
 *
 * __persistent is for variables with or without an initialiser; they take room in the file.
 * __persistent_bss is for large ones that start as zero and take none.
 *
 * In code that is built into the kernel both mean nothing: such variables live as long as the
 * kernel does anyway, so one source serves =m and =y.
 *
 * What survives is memory. Code, strings and ordinary data of the module go away at rmmod, so a
 * persistent variable must not point to them, nothing in it may stay registered (timers, work,
 * list nodes on other lists), and locks in it are to be initialised again by every init.
 */
#ifndef _MODPERSIST_PERSISTENT_H
#define _MODPERSIST_PERSISTENT_H

#ifdef MODULE

/*
 * used: without it gcc drops variables, and stores to variables, that this build never reads;
 * the next build may read them. no_reorder: without it gcc emits variables backwards, so that
 * one appended at the end moves all others.
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
