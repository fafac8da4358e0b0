"""A user's file as plain arrays: read by pandas, pyarrow, openpyxl, anndata, scipy and numpy, in a process that ends afterwards.

`process` starts that process with limits on memory, time and open files; `__main__` is the process; `sheet` is what a file contains, and
`roles` proposes what each column is for. Nothing here imports torch, and nothing outside the process imports pandas.
"""
