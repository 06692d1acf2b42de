"""What the commands of the command line share: output, connection, files, times, watches."""
