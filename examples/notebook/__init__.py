"""The example notebook of the documentation: written as a page, made and executed by a script."""
