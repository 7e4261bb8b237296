"""The OpenAPI door and incoming webhooks."""
