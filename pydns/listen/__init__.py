"""Where messages come in and answers leave: UDP and TCP, and the sockets under them."""
