/* The least that a shared library can be. */
int tiny(void);
int tiny(void)
{
	return 1;
}
