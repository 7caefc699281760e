"""The kernel: runs, chunks, leases. It never sees a table, a file format or HTTP."""
