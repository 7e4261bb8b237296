"""Refusals in the provider's own envelope, with the codes its documentation gives them."""

from typing import Any

TITLES = {
    1: "An unknown error occurred",
    4: "Application request limit reached",
    100: "Invalid parameter",
    190: "Invalid OAuth access token",
    368: "Temporarily blocked for policies violations",
    80007: "Rate limit issues",
    130429: "Rate limit hit",
    131000: "Something went wrong",
    131005: "Access denied",
    131008: "Required parameter is missing",
    131009: "Parameter value is not valid",
    131016: "Service unavailable",
    131026: "Message undeliverable",
    131031: "Account has been locked",
    131042: "Business eligibility payment issue",
    131047: "Re-engagement message",
    131048: "Spam rate limit hit",
    131049: "Meta chose not to deliver",
    131051: "Unsupported message type",
    131052: "Media download error",
    131053: "Media upload error",
    131056: "(Business Account, Consumer Account) pair rate limit hit",
    131062: "Business-scoped user id is not accepted for this message",
    132000: "Number of parameters does not match the expected number of params",
    132001: "Template name does not exist in the translation",
    132015: "Template is paused",
    132016: "Template is disabled",
}
HTTP_STATUS = {1: 500, 131000: 500, 131016: 503, 190: 401, 4: 429, 130429: 429, 131005: 403, 132001: 404}


class Refused(Exception):
    """The provider does not take this call; `details` says what is wrong with it."""

    def __init__(self, code: int, details: str, *, subcode: int | None = None) -> None:
        super().__init__(details)
        self.code = code
        self.details = details
        self.subcode = subcode
        self.http_status = HTTP_STATUS.get(code, 400)

    @property
    def title(self) -> str:
        return TITLES.get(self.code, "Error")

    def envelope(self, trace: str) -> dict[str, Any]:
        """The body of the HTTP answer."""
        message = self.details if self.code in (100, 190) else self.title
        error: dict[str, Any] = {"message": f"(#{self.code}) {message}", "type": "OAuthException", "code": self.code}
        if self.code == 190:
            error["message"] = message
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.code not in (100, 190):
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        error["fbtrace_id"] = trace
        return {"error": error}

    def in_status(self) -> dict[str, Any]:
        """The same refusal as it stands in the `errors` of a `failed` status."""
        return {
            "code": self.code,
            "title": self.title,
            "message": self.title,
            "error_data": {"details": self.details},
            "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
        }
