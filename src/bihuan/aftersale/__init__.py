"""After-sale: money and goods that go back, by pieces, with the merchant, and with the platform as judge."""
