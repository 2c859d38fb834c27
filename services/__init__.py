"""The four services. They see each other only through `contract` modules."""
