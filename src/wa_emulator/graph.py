"""Refusals in the provider's own envelope, with the codes its documentation gives them."""

from typing import Any

TITLES = {
    0: "AuthException",
    1: "An unknown error occurred",
    2: "Service temporarily unavailable",
    3: "Capability or permissions issue",
    4: "Application request limit reached",
    10: "Permission denied",
    100: "Invalid parameter",
    190: "Invalid OAuth access token",
    200: "Permission denied",
    368: "Temporarily blocked for policies violations",
    80007: "Rate limit issues",
    130429: "Rate limit hit",
    130472: "User's number is part of an experiment",
    130497: "Business account is restricted from messaging users in this country",
    131000: "Something went wrong",
    131005: "Access denied",
    131008: "Required parameter is missing",
    131009: "Parameter value is not valid",
    131016: "Service unavailable",
    131021: "Recipient cannot be sender",
    131026: "Message undeliverable",
    131030: "Recipient phone number not in allowed list",
    131031: "Account has been locked",
    131037: "Display name approval is needed",
    131042: "Business eligibility payment issue",
    131045: "Incorrect certificate",
    131047: "Re-engagement message",
    131048: "Spam rate limit hit",
    131049: "This message was not delivered to maintain healthy ecosystem engagement",
    131050: "User has stopped marketing messages from this business",
    131051: "Unsupported message type",
    131052: "Media download error",
    131053: "Media upload error",
    131056: "(Business Account, Consumer Account) pair rate limit hit",
    131057: "Account in maintenance mode",
    131060: "This message is unavailable",
    131062: "Business-scoped user id is not accepted for this message",
    131064: "Misclassified template limit hit",
    132000: "Number of parameters does not match the expected number of params",
    132001: "Template name does not exist in the translation",
    132005: "Translated text too long",
    132007: "Character policy violated",
    132008: "Parameter value is not valid for the template",
    132012: "Parameter format does not match format in the created template",
    132015: "Template is paused",
    132016: "Template is disabled",
    132068: "Flow is blocked",
    132069: "Flow is throttled",
    133010: "Phone number not registered",
    137000: "Identity key of the recipient has changed",
}
HTTP_STATUS = {
    0: 401, 2: 503, 3: 500, 4: 429, 10: 403, 190: 401, 200: 403, 368: 403, 1: 500, 130429: 429, 130497: 403, 131000: 500,
    131005: 403, 131016: 503, 131031: 403, 131045: 500, 131057: 500, 132001: 404,
}  # fmt: skip


class Refused(Exception):
    """The provider does not take this call; `details` says what is wrong with it."""

    def __init__(
        self, code: int, details: str, *, subcode: int | None = None, title: str = "", retry_after: int | None = None
    ) -> None:
        super().__init__(details)
        self.code = code
        self.details = details
        self.subcode = subcode
        self.title = title or TITLES.get(code, "Error")
        self.retry_after = retry_after
        self.http_status = HTTP_STATUS.get(code, 400)

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}

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


def unknown_object(name: str) -> Refused:
    """The provider's answer to an id it does not know, or that is no longer there."""
    details = (
        f"Unsupported request. Object with ID '{name}' does not exist, cannot be loaded due to missing"
        " permissions, or does not support this operation."
    )
    return Refused(100, details, subcode=33)
