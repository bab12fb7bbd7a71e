/* What functions.c has for unwind.cc. */
#ifdef __cplusplus
extern "C" {
#endif
long functions_count(void);
const char *functions_name(long number);
void functions_call(long number);
void functions_prepare(void);
/* Each changes the calling process, and returns NULL or why it cannot. */
const char *policies_refused(void);
const char *a_node_without_cpumap(void);
#ifdef __cplusplus
}
#endif
