"""Ways to reach people, a file each: it is found by being here, and says itself whom it serves."""
