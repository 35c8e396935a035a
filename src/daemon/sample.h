/* Sample data of a fresh home: Titanic.csv in its container, made by tools/sample.py and part of
 * this program. */
#ifndef HR_DAEMON_SAMPLE_H
#define HR_DAEMON_SAMPLE_H
#include "daemon/home.h"

extern const char hr_sample_titanic[];
extern const size_t hr_sample_titanic_len;

/* to be called while a home is made, in its transaction: the sample is owed from then on */
enum hr_code hr_sample_owe(struct hr_home *home, struct hr_err *err);
/* Puts it there if it is owed, and never again: what a user overwrites or removes stays so. Before
 * the account starts. */
enum hr_code hr_sample_place(struct hr_home *home, struct hr_err *err);
#endif
