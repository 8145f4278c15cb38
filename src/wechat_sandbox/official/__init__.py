"""The official account's own interfaces (api.weixin.qq.com/cgi-bin), wire.md section 3."""
