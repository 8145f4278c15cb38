"""An Alipay for the desk: the gateway of the open platform, its cashier page and its notifications."""
