"""The rows of an answer, and the forms that they take."""
