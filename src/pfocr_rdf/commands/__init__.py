"""The commands, each in a module that is imported only when the command is called."""
