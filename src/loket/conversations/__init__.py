"""Every message in and out, the reply window and the gateways."""
