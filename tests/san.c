/* SPDX-License-Identifier: 0BSD */
/* san.c - options of the sanitizers for make SAN=1. In the environment a setuid
 * program does not see them; and the leak checker cannot look at one. */

const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}

const char *__ubsan_default_options(void);
const char *
__ubsan_default_options(void)
{
	return "print_stacktrace=1";
}
