/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SEVERAL_H
#define SEVERAL_H

/* The mark belongs to the definition, in one of the C files: not here. */
extern unsigned long received;

void receive(void);
unsigned long resets_of_rx(void);

#endif
