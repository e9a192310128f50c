"""Recording live, and turning one kind of recording into another."""
