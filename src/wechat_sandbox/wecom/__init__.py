"""WeCom (企业微信, qyapi.weixin.qq.com): a company's people, its customers, and its app. wire.md section 5."""
