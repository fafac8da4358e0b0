"""What a run has learned, as tables and files to take along: one function for each, which `Run` has as a method.

They return pandas data frames in the units of the data, use a random stream of their own, and leave the run as it is.
"""
