// SPDX-License-Identifier: GPL-2.0
/* The other file of several_main.c. */
#include <persistent.h>

#include "several.h"

__persistent unsigned long received;
static __persistent unsigned long resets;

void receive(void)
{
	received += 10;
	resets++;
}

unsigned long resets_of_rx(void)
{
	return resets;
}
