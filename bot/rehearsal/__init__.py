"""A cycle played through before it begins: the real program, people of habits, and a clock that is put forward."""
