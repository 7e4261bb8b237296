"""What a phone shows of a message: one flat description, made from the JSON that was sent."""

import re

from wa_emulator.checks import Json, body_parameters
from wa_emulator.templates import buttons, text_of

PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
MEDIA = ("image", "document", "audio", "video", "sticker")


def show(message: Json, kind: str, template_spec: Json | None = None) -> Json:
    """Keys that may be there: text, header, footer, buttons, list, link, media, template, quote, unsupported."""
    content = message.get(kind) or {}
    if kind == "text":
        view: Json = {"text": content["body"]}
    elif kind == "interactive":
        view = _interactive(content)
    elif kind == "template":
        view = _template(content, template_spec)
    elif kind in MEDIA:
        view = {"media": _media(kind, content), "text": content.get("caption")}
    elif kind == "reaction":
        view = {"text": content.get("emoji") or "", "reaction_to": content.get("message_id")}
    elif kind == "button":
        view = {"text": content.get("text")}
    elif kind == "location":
        view = {"location": {key: content.get(key) for key in ("latitude", "longitude", "name", "address") if content.get(key)}}
    elif kind == "contacts":
        people = message.get("contacts") or []
        view = {"contacts": [(one.get("name") or {}).get("formatted_name", "") for one in people]}
    else:
        view = {"unsupported": kind}
    quote = (message.get("context") or {}).get("message_id") or (message.get("context") or {}).get("id")
    if quote:
        view["quote"] = quote
    return {key: value for key, value in view.items() if value is not None}


def _media(kind: str, media: Json) -> Json:
    return {key: media.get(key) for key in ("id", "link", "filename", "mime_type") if media.get(key)} | {"kind": kind}


def _interactive(interactive: Json) -> Json:
    """Works both for what the office sends and for what the person answers."""
    kind = interactive.get("type")
    if kind in ("button_reply", "list_reply"):
        return {"text": interactive[kind].get("title"), "detail": interactive[kind].get("description")}
    view: Json = {"text": interactive["body"]["text"], "footer": (interactive.get("footer") or {}).get("text")}
    header = interactive.get("header") or {}
    if header.get("type") == "text":
        view["header"] = header["text"]
    elif header:
        view["media"] = _media(header["type"], header[header["type"]])
    action = interactive["action"]
    if kind == "button":
        view["buttons"] = [button["reply"] for button in action["buttons"]]
    elif kind == "list":
        view["list"] = {"button": action["button"], "sections": action["sections"]}
    elif kind == "cta_url":
        view["link"] = {"title": action["parameters"]["display_text"], "url": action["parameters"]["url"]}
    return view


def _words(parameter: Json) -> str:
    """One parameter as text, whatever its type is."""
    value = parameter.get(str(parameter.get("type", "text")), "")
    if isinstance(value, dict):
        value = value.get("fallback_value") or value.get("filename") or value.get("link") or ""
    return str(value)


def fill(body: str, parameters: list[Json]) -> str:
    """The text of a template with its positional or named places filled."""
    values = {str(place): _words(parameter) for place, parameter in enumerate(parameters, start=1)}
    values |= {str(parameter["parameter_name"]): _words(parameter) for parameter in parameters if "parameter_name" in parameter}
    return PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), body)


def _template(template: Json, spec: Json | None) -> Json:
    """An approved template as text and buttons; without one, the parameters as they are."""
    spec = spec or {}
    parameters = body_parameters(template)
    body = text_of(spec, "BODY")
    text = fill(body, parameters) if body else "\n".join(_words(parameter) for parameter in parameters)
    view: Json = {"template": template["name"], "text": text or template["name"], "footer": text_of(spec, "FOOTER") or None}
    view["header"] = fill(text_of(spec, "HEADER"), _parameters(template, "header")) or None
    given = _button_parameters(template)
    for place, button in enumerate(buttons(spec) or [{}] * len(given)):
        _add_button(view, button, given.get(place, {}))
    return view


def _parameters(template: Json, kind: str) -> list[Json]:
    found = [c for c in template.get("components") or [] if str(c.get("type", "")).lower() == kind]
    return list(found[0].get("parameters") or []) if found else []


def _button_parameters(template: Json) -> dict[int, Json]:
    """Button components by index."""
    components = [c for c in template.get("components") or [] if str(c.get("type", "")).lower() == "button"]
    return {int(component.get("index", place)): component for place, component in enumerate(components)}


def _add_button(view: Json, button: Json, component: Json) -> None:
    if str(button.get("type", "")).upper() in ("PHONE_NUMBER", "COPY_CODE", "OTP"):
        return
    parameter = _words(((component.get("parameters") or [{}]) or [{}])[0])
    kind = str(button.get("type") or component.get("sub_type") or "quick_reply").lower()
    title = str(button.get("text") or button.get("title") or parameter)
    if kind == "url":
        url = fill(str(button.get("url", "{{1}}")), [{"type": "text", "text": parameter}])
        view["link"] = {"title": title, "url": url}
    else:
        reply = {"id": parameter or title, "title": title, "template": True}
        view.setdefault("buttons", []).append(reply)
