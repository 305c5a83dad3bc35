"""One module per exercise: its tasks, as a table. `funnelkit.exercises.registry` finds them."""
