"""What can be configured, and the file it is read from; which settings there are is `settings.py`'s.

option.py is the declaration of one setting, config_file.py reads a file of them, database_urls.py hides passwords.
"""
