"""The webhook that a request asks for, checked before its job is put on the queue."""

from __future__ import annotations

from service.errors import RequestError
from service.faults import shown
from solver.errors import Fault
from worker.errors import WebhookUrlError
from worker.webhook_settings import WebhookSettings
from worker.webhook_url import WebhookUrl


def require_webhook(asked: str | None, settings: WebhookSettings) -> str:
    """The URL of a webhook that the operator allows; empty for none. Its host is not resolved here.

    Raises:
        RequestError: it is no such URL, or not allowed.
    """
    if asked is None:
        return ""
    try:
        url = WebhookUrl.read(asked)
    except WebhookUrlError as error:
        raise _fault(asked, str(error)) from error
    if not settings.webhook_hosts:
        raise _fault(
            asked, "the operator of this server allows no webhooks; leave it out, and wait for the solution"
        )
    if not url.is_allowed(settings.webhook_hosts):
        hosts = ", ".join(settings.webhook_hosts)
        raise _fault(
            asked, f"{url.authority} is none of the hosts that the operator allows; take one of {hosts}"
        )
    if url.scheme != "https" and not settings.webhook_private:
        raise _fault(asked, "it is not encrypted; give an https URL")
    return asked


def _fault(asked: str, message: str) -> RequestError:
    return RequestError([Fault(("webhook",), f"webhook = {shown(asked)}: {message}")])
