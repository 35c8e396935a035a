/* Assertions for bugs in the program, always on. What a client or a disk can cause is an hr_err
 * instead. */
#ifndef HR_BASE_CHECK_H
#define HR_BASE_CHECK_H
_Noreturn void hr_check_failed(const char *condition, const char *file, int line);
#define HR_CHECK(condition) \
    ((condition) ? (void)0 : hr_check_failed(#condition, __FILE__, __LINE__))
#endif
