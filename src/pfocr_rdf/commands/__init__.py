"""The commands, each in a module that is read when somebody asks for it."""
