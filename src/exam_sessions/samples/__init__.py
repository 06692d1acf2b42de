"""What ships with the service for people to try it with."""
