/* SPDX-License-Identifier: GPL-2.0 */
/* The tests of name_token, for the parameter selftest and for KUnit. */
#ifndef _NAME_TOKEN_TEST_H
#define _NAME_TOKEN_TEST_H

struct name_token_case {
	const char *name;
	const char *(*run)(void);
};

/* The last one has no name. */
extern const struct name_token_case name_token_cases[];

const char *name_token_run(const struct name_token_case *one);
int name_token_selftest(void);

#endif /* _NAME_TOKEN_TEST_H */
