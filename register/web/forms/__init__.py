"""The shape of what people type; whether it may be is for the services to say."""
