"""The speed promises, each measured against a floor of the same run (`make bench`)."""
