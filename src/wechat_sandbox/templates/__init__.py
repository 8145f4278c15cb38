"""Templates of subscribe and template messages: the library, what an account added, what shoppers granted."""
