"""The widgets of the page."""
