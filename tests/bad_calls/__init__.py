"""A valid call of every public function, by subject; test_dialects.py spoils their arguments."""
