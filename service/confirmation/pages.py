"""What a browser shows after it came back from the provider: whole pages, without scripts, for any browser."""

from collections.abc import Sequence
from html import escape

from service.core.operations import Rendered

_STYLE = (
    "body{font:1.1rem/1.5 sans-serif;max-width:32rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}"
    "h1{font-size:1.4rem}.code{font:bold 2.4rem monospace;letter-spacing:.15em}"
    ".warning{border-left:.3rem solid #c00;padding-left:1rem}[lang=en]{color:#555;font-size:.9rem}"
)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "Content-Language": "ru, en",
    "X-Robots-Tag": "noindex",
}
_PLATFORMS = {"vk": "ВКонтакте", "ok": "Одноклассники", "max": "MAX", "telegram": "Telegram"}
_WHY: dict[str, tuple[str, str]] = {
    "denied": (
        "Вы не разрешили передать сведения. Ничего не изменилось: вернитесь в приложение.",
        "You did not allow it. Nothing has changed: go back to the app.",
    ),
    "provider_failed": (
        "Сервис входа не ответил как нужно. Вернитесь в приложение и попробуйте ещё раз через несколько минут.",
        "The provider did not answer as it should. Go back to the app, and try again in a few minutes.",
    ),
    "untrusted": (
        "Ваша учётная запись на Госуслугах не подтверждена. Подтвердите её (в банке или МФЦ) и попробуйте снова.",
        "Your account is not a confirmed one. Have it confirmed, and try again.",
    ),
    "incomplete": (
        "Сервис входа не передал имя, дату рождения или пол. Проверьте, заполнены ли они там, и попробуйте снова.",
        "The provider did not tell a name, a birth date or a sex. See whether it knows them, and try again.",
    ),
    "unknown": (
        "Эта ссылка не подходит: она уже использована, устарела или не отсюда. Начните заново в приложении.",
        "This link leads nowhere: it was used, is too old, or not ours. Begin anew in the app.",
    ),
}


def code_page(code: str, accounts: Sequence[dict[str, str]]) -> Rendered:
    """The code, whose app it is for, and that it is nobody else's business."""
    whose = ", ".join(_account(account) for account in accounts)
    return _page(
        "Остался один шаг",
        f"""<p>Введите этот код в приложении, где вы начали подтверждение. Он действует 15 минут.</p>
<p class="code">{escape(code)}</p>
<p>Код только для аккаунта: <strong>{whose}</strong>.</p>
<div class="warning">
<p><strong>Никому не сообщайте код.</strong> Ни школа, ни поликлиника, ни поддержка его не спрашивают. Кто узнает код,
запишет себя вами и вашими детьми.</p>
<p>Это не ваш аккаунт, или вы перешли по чужой ссылке? Закройте страницу: без кода ничего не произойдёт.</p>
</div>
<p lang="en">Enter this code in the app where you began: it is for the account named above, and good for 15 minutes.
Tell it to nobody. If somebody else sent you here, close this page: nothing happens without the code.</p>""",
    )


def failure_page(failure: str) -> Rendered:
    ru, en = _WHY[failure]
    return _page("Подтвердить не получилось", f'<p>{escape(ru)}</p>\n<p lang="en">{escape(en)}</p>')


def _account(account: dict[str, str]) -> str:
    """The platform and the end of the account's number: enough to see that it is not one's own, and not to find it."""
    name = escape(_PLATFORMS.get(account["platform"], account["platform"]))
    return f"{name}, №&nbsp;…{escape(account['ending'])}" if account["ending"] else name


def _page(title: str, body: str) -> Rendered:
    page = f"""<!DOCTYPE html>
<html lang="ru">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>{_STYLE}</style></head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""
    return Rendered("text/html", page.encode(), dict(_HEADERS))
