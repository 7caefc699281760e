"""The four kinds of job: where the kernel and the rows meet."""
