"""What payments by Alipay refuses."""

from bihuan.kernel.errors import BadGateway, Conflict, NotFound, Unavailable, Unprocessable


class NoAlipayAccount(NotFound):
    """The merchant has no account at Alipay yet."""

    code = "no_alipay_account"
    zh = "尚未配置支付宝账户。"
    en = "There is no Alipay account yet."


class AlipayMissing(Conflict):
    """The extra `alipay` is not installed on this server."""

    code = "alipay_not_installed"
    zh = "服务器未安装支付宝组件，请管理员执行 pip install 'bihuan[alipay]' 后重启。"
    en = "This server lacks the Alipay package; install it with pip install 'bihuan[alipay]' and restart."


class OwnPublicKey(Unprocessable):
    """The app's own public key was given where Alipay's belongs."""

    code = "own_public_key"
    zh = "这里需要填写支付宝公钥，您填写的是应用公钥。"
    en = "This is the app's own public key; Alipay's public key belongs here."


class AlipayCallRefused(BadGateway):
    """Alipay refused; `alipay_code` is its word."""

    code = "alipay_refused"
    zh = "支付宝拒绝了本次请求（{alipay_code}）。"
    en = "Alipay refused ({alipay_code})."


class AlipayNotAnswering(Unavailable):
    """Alipay gave no usable answer; the same request may be made again."""

    code = "alipay_unavailable"
    zh = "支付宝暂时没有响应，请稍后再试。"
    en = "Alipay does not answer at the moment; try again."
