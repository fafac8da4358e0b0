"""The servers: Voilà's page and JupyterLab, each with a kernel started in advance."""
