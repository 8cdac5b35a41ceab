"""The client of the Kubernetes API: access, lists and watches, and its objects as `pydns.services` has them."""
