"""From the kernel to the page: columns, their history, packing and flow control."""
