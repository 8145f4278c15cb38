"""The Open Platform's third-party platforms (第三方平台): tickets, authorization, authorizers' tokens."""
