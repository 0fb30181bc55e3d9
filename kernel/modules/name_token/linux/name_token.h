/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tokens that the kernel remembers by name, also while no module that knows
 * the name is loaded.
 *
 * A module that is loaded again finds by a token what it left: most often a
 * structure that it has allocated and not freed. The service stores the token
 * and does not look into it. By convention, its first word is a pointer and
 * its second one the length of what is there, in bytes: see
 * name_token_of() and name_token_pointer(). Tools decode tokens that follow it.
 *
 * All functions lock for themselves and may be called from any context, with
 * interrupts off and locks held. In an NMI they return -EBUSY if another
 * caller has the lock, because the NMI may have interrupted that one.
 */
#ifndef _LINUX_NAME_TOKEN_H
#define _LINUX_NAME_TOKEN_H

#include <linux/build_bug.h>
#include <linux/gfp.h>
#include <linux/types.h>

/* The longest name. A name of this length needs no NUL in the kernel's list. */
#define NAME_TOKEN_NAME_LEN	16

/* The longest name of a type, with its NUL. */
#define NAME_TOKEN_TYPE_LEN	64

/* Words of a token. */
#define NAME_TOKEN_WORDS	4

/**
 * struct name_token - what is stored under a name
 * @word: the caller's; a token is not set as long as all words are 0
 */
struct name_token {
	unsigned long word[NAME_TOKEN_WORDS];
};

static_assert(sizeof(struct name_token) ==
	      4 * (sizeof(void *) < sizeof(long) ? sizeof(void *) : sizeof(long)));

int name_token_create(const char *name, gfp_t gfp);
int name_token_find(const char *name, struct name_token *token);
int name_token_update(const char *name, struct name_token *old,
		      const struct name_token *new);
int name_token_delete(const char *name);
int __name_token_type(const char *name, const char *module, const char *type);

/**
 * name_token_type() - say of which type the memory is that a token points to
 * @name: name of the token
 * @type: a C type, as a declaration has it: struct foo
 *
 * It is for tools that decode addresses. They find the type in the debug
 * information of the calling module.
 *
 * Return: 0, %-ENOENT if there is no such token, %-EINVAL or %-ENAMETOOLONG for
 * a wrong name, or %-EBUSY in an NMI.
 */
#define name_token_type(name, type) \
	__name_token_type(name, KBUILD_MODNAME, #type)

/**
 * name_token_of() - make a token of a pointer and a length
 * @pointer: address of the memory
 * @length: its length in bytes
 *
 * Return: the token.
 */
static inline struct name_token name_token_of(const void *pointer, size_t length)
{
	return (struct name_token){ .word = { (unsigned long)pointer, length } };
}

/**
 * name_token_pointer() - the pointer in a token
 * @token: a token that name_token_of() has made, or one that is not set
 *
 * Return: the pointer, or NULL if the token is not set.
 */
static inline void *name_token_pointer(const struct name_token *token)
{
	return (void *)token->word[0];
}

#endif /* _LINUX_NAME_TOKEN_H */
