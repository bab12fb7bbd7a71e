/* The functions of ../c/functions.h and worlds of ../c/fake.h for unwind.cc, as both are C. */
#define CHECK_OWN_MAIN
#include "../c/functions.h"
#include "../c/unwind/worlds.c"
#include "functions.h"

long functions_count(void)
{
	return (long)(sizeof(functions) / sizeof(functions[0]));
}

const char *functions_name(long number)
{
	return functions[number].name;
}

void functions_call(long number)
{
	functions[number].call();
}

void functions_prepare(void)
{
	arguments();
}
