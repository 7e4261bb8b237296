"""What the provider takes and what it refuses in a message to a person: pure rules over the JSON of the call."""

from collections.abc import Callable
from typing import Any

from wa_emulator.graph import Refused

Json = dict[str, Any]
WINDOW_SECONDS = 24 * 3600


def part(value: Json, key: str) -> Json:
    """The object under this key, or a refusal that names it."""
    found = value.get(key)
    if not isinstance(found, dict):
        raise Refused(131008, f"{key} is required")
    return found


def string(value: Json, key: str, *, name: str, most: int, code: int = 131009) -> str:
    """A text of 1 to `most` characters under this key."""
    found = value.get(key)
    if found is None:
        raise Refused(131008, f"{name} is required")
    if not isinstance(found, str) or not 1 <= len(found) <= most:
        raise Refused(code, f"{name} length invalid. Min length: 1, Max length: {most}")
    return found


def check(message: Json) -> str:
    """Checks a whole message of a known type; answers the type. Windows and templates are looked at elsewhere."""
    kind = message.get("type", "text")
    rule = RULES.get(kind)
    if rule is None:
        raise Refused(100, f"Param type must be one of {{{', '.join(sorted(RULES)).upper()}}} - got \"{kind}\".")
    callback = message.get("biz_opaque_callback_data")
    if callback is not None and (not isinstance(callback, str) or len(callback) > 512):
        raise Refused(100, "Param biz_opaque_callback_data must be at most 512 characters long.")
    if message.get("recipient_type", "individual") != "individual":
        raise Refused(100, "Param recipient_type must be one of {INDIVIDUAL}.")
    if kind == "contacts":
        _contacts(message.get("contacts"))
    else:
        rule(part(message, kind))
    return str(kind)


def _text(text: Json) -> None:
    body = text.get("body")
    if not isinstance(body, str) or not body.strip():
        raise Refused(100, "The parameter text['body'] is required.")
    if len(body) > 4096:
        raise Refused(100, "Param text['body'] must be at most 4096 characters long.")


def _media(media: Json) -> None:
    if bool(media.get("id")) == bool(media.get("link")):
        raise Refused(131009, "Exactly one of id and link is needed")
    if media.get("caption") is not None:
        string(media, "caption", name="Caption", most=1024)


def _location(location: Json) -> None:
    for name, most in (("latitude", 90.0), ("longitude", 180.0)):
        try:
            fits = abs(float(location[name])) <= most
        except (KeyError, TypeError, ValueError):
            fits = False
        if not fits:
            raise Refused(131009, f"Location {name} is not valid")


def _contacts(contacts: Any) -> None:
    if not isinstance(contacts, list) or not contacts:
        raise Refused(131008, "contacts is required")
    for one in contacts:
        string(part(one, "name"), "formatted_name", name="Contact formatted_name", most=1024)


def _reaction(reaction: Json) -> None:
    string(reaction, "message_id", name="Reaction message_id", most=256)


def _template(template: Json) -> None:
    string(template, "name", name="Template name", most=512)
    string(part(template, "language"), "code", name="Template language code", most=16)
    if not isinstance(template.get("components", []), list):
        raise Refused(100, "Param template['components'] must be an array.")


def _interactive(interactive: Json) -> None:
    kind = interactive.get("type")
    rule = INTERACTIVE_RULES.get(str(kind))
    if rule is None:
        raise Refused(131009, f"Interactive type is not valid: {kind}")
    body_limit = 4096 if kind == "list" else 1024
    string(part(interactive, "body"), "text", name="Body text", most=body_limit)
    if interactive.get("footer") is not None:
        string(part(interactive, "footer"), "text", name="Footer text", most=60)
    if interactive.get("header") is not None:
        _header(part(interactive, "header"))
    rule(part(interactive, "action"))


def _header(header: Json) -> None:
    if header.get("type") == "text":
        string(header, "text", name="Header text", most=60)
    else:
        _media(part(header, str(header.get("type"))))


def _buttons(action: Json) -> None:
    buttons = action.get("buttons")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        raise Refused(131009, "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3")
    replies = [part(button, "reply") for button in buttons]
    for reply in replies:
        string(reply, "title", name="Button title", most=20)
        if string(reply, "id", name="Button id", most=256) != reply["id"].strip():
            raise Refused(131009, "Button id must not begin or end with a space")
    for key in ("id", "title"):
        if len({reply[key] for reply in replies}) < len(replies):
            raise Refused(131009, f"Button {key}s must be unique")


def _list(action: Json) -> None:
    string(action, "button", name="List button label", most=20)
    sections = action.get("sections")
    if not isinstance(sections, list) or not 1 <= len(sections) <= 10:
        raise Refused(131009, "Invalid sections count. Min allowed sections: 1, Max allowed sections: 10")
    rows = [row for section in sections for row in section.get("rows", [])]
    if not 1 <= len(rows) <= 10:
        raise Refused(131009, "Total row count exceed max allowed count: 10")
    for section in sections:
        if len(sections) > 1 or section.get("title") is not None:
            string(section, "title", name="Section title", most=24)
    for row in rows:
        string(row, "title", name="Row title", most=24)
        string(row, "id", name="Row id", most=200)
        if row.get("description") is not None:
            string(row, "description", name="Row description", most=72)
    if len({row["id"] for row in rows}) < len(rows):
        raise Refused(131009, "Row ids must be unique")


def _cta_url(action: Json) -> None:
    parameters = part(action, "parameters")
    string(parameters, "display_text", name="Button text", most=20)
    url = string(parameters, "url", name="Button url", most=2000)
    if not url.startswith(("http://", "https://")):
        raise Refused(131009, "Button url is not valid")


def _nothing(_: Json) -> None:
    """Taken as it comes."""


RULES: dict[str, Callable[[Json], None]] = {
    "text": _text,
    "interactive": _interactive,
    "template": _template,
    "image": _media,
    "document": _media,
    "audio": _media,
    "video": _media,
    "sticker": _media,
    "reaction": _reaction,
    "location": _location,
    "contacts": _nothing,
}
INTERACTIVE_RULES: dict[str, Callable[[Json], None]] = {
    "button": _buttons,
    "list": _list,
    "cta_url": _cta_url,
    "location_request_message": _nothing,
    "request_contact_info": _nothing,
}


def window_is_open(last_wrote: float | None, now: float) -> bool:
    """Free messages may go for 24 hours from the person's last message."""
    return last_wrote is not None and now < last_wrote + WINDOW_SECONDS


def body_parameters(template: Json) -> list[Json]:
    """The parameters of the body component, in order."""
    for component in template.get("components") or []:
        if str(component.get("type", "")).lower() == "body":
            return list(component.get("parameters") or [])
    return []
