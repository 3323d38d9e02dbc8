/* Ends the program with what went wrong. */
#ifndef FAIL_H
#define FAIL_H
_Noreturn void fail(const char *what);
#endif
