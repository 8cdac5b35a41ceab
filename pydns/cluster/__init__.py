"""A cluster by the names that are asked for, and what is answered for them: shared by the plugins that know it."""
