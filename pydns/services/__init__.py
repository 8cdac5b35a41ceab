"""What a cluster has: namespaces, services, endpoints and pods, and the TOML file that a person writes them in."""
