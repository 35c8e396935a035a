/* Between loop.c and child.c: each loop watches SIGCHLD once, from its first child on. */
#ifndef HR_IO_LOOP_PRIVATE_H
#define HR_IO_LOOP_PRIVATE_H
#include <stdbool.h>

struct hr_loop;
bool hr_loop_claim_children(struct hr_loop *loop); /* true the first time */
/* children outlive a freed loop; nobody is told of them any more */
void hr_child_loop_freed(struct hr_loop *loop);
#endif
