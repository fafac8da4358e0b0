"""The widgets that the page is made of."""
