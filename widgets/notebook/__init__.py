"""The lab inside a notebook: still figures, re-run cells, closing."""
