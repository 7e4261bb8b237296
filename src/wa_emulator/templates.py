"""Templates: what may be written in one, how it is judged, and whether a call fits the one that was approved."""

import json
import re
from typing import Any

from wa_emulator.graph import Refused, unknown_object
from wa_emulator.world import World

Json = dict[str, Any]
PLACE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
NAME = re.compile(r"[a-z0-9_]{1,512}")
LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2,3})?")
CATEGORIES = ("AUTHENTICATION", "MARKETING", "UTILITY")
STATES = ("PENDING", "APPROVED", "REJECTED", "PAUSED", "DISABLED")
LONGEST = {"BODY": 1024, "HEADER": 60, "FOOTER": 60}
BUTTONS = {"QUICK_REPLY": 10, "URL": 2, "PHONE_NUMBER": 1, "COPY_CODE": 1, "OTP": 1}
BUTTON_TEXT, BUTTON_URL = 25, 2000
PAUSE_SECONDS = {1: 3 * 3600.0, 2: 6 * 3600.0}


# -- the provider's side: create, list, delete


def create(world: World, call: Json) -> Json:
    """POST /{account}/message_templates: kept as PENDING, judged after a while."""
    spec = judged(call)
    _unique(world, spec)
    spec |= {"id": world.ids.media(), "status": "PENDING"}
    with world.store.transaction():
        _keep(world, spec)
        verdict = {"id": spec["id"], "status": "REJECTED" if _is_promotional(spec) else "APPROVED"}
        world.plan_chore("template", verdict, world.clock.now() + world.knobs.review_seconds)
    return {"id": spec["id"], "status": "PENDING", "category": spec["category"]}


def listed(world: World, query: dict[str, str]) -> Json:
    """GET /{account}/message_templates: by name, status, language and page."""
    found = [
        spec
        for spec in everything(world)
        if all(str(spec.get(key, "")) == query[key] for key in ("name", "status", "language", "category") if query.get(key))
    ]
    limit, start = min(int(query.get("limit") or 25), 1000), int(query.get("after") or 0)
    page = found[start : start + limit]
    cursors: Json = {"cursors": {"before": str(start), "after": str(start + len(page))}} if page else {}
    if start + limit < len(found):
        cursors["next"] = f"http://127.0.0.1:{world.settings.port}/{world.settings.account}/message_templates?after={start + limit}"
    wanted = [name for name in query.get("fields", "").split(",") if name]
    return {"data": [_fields(spec, wanted) for spec in page], "paging": cursors}


def by_id(world: World, template_id: str) -> Json | None:
    row = world.store.one("SELECT spec FROM templates WHERE id = ?", template_id)
    return json.loads(row["spec"]) if row else None


def edit(world: World, template_id: str, call: Json) -> Json:
    """POST /{template}: new components or category, and judged anew."""
    spec = by_id(world, template_id)
    if spec is None:
        raise unknown_object(template_id)
    if spec["status"] == "PENDING":
        raise Refused(100, "Invalid parameter", subcode=2388023)
    changed = judged(spec | {key: call[key] for key in ("components", "category") if key in call})
    with world.store.transaction():
        _keep(world, changed | {"id": template_id, "status": "PENDING"})
        verdict = {"id": template_id, "status": "REJECTED" if _is_promotional(changed) else "APPROVED"}
        world.plan_chore("template", verdict, world.clock.now() + world.knobs.review_seconds)
    return {"success": True}


def delete(world: World, query: dict[str, str]) -> Json:
    """DELETE /{account}/message_templates?name=: every language of it, or the one whose id is in hsm_id."""
    gone = [
        spec
        for spec in everything(world)
        if spec["name"] == query.get("name") and spec["id"] == query.get("hsm_id", spec["id"])
    ]
    if not gone:
        raise Refused(100, "Invalid parameter", subcode=2593002)
    with world.store.transaction():
        for spec in gone:
            world.store.run("DELETE FROM templates WHERE id = ?", spec["id"])
    return {"success": True}


def everything(world: World) -> list[Json]:
    return [json.loads(row["spec"]) for row in world.store.all("SELECT spec FROM templates ORDER BY name, language")]


def _fields(spec: Json, wanted: list[str]) -> Json:
    shown = {key: value for key, value in spec.items() if key != "pauses"}
    return {key: value for key, value in shown.items() if not wanted or key in (*wanted, "id")}


def _keep(world: World, spec: Json) -> None:
    values = (spec["id"], spec["name"], spec["language"], json.dumps(spec))
    world.store.run("INSERT OR REPLACE INTO templates (id, name, language, spec) VALUES (?, ?, ?, ?)", *values)


def _unique(world: World, spec: Json) -> None:
    if world.store.one("SELECT 1 FROM templates WHERE name = ? AND language = ?", spec["name"], spec["language"]):
        raise Refused(100, "Content in this language already exists", subcode=2388024)


def _is_promotional(spec: Json) -> bool:
    """What the review refuses: a utility that sells."""
    words = ("promo", "diskon", "discount", "gratis ongkir", "voucher")
    return spec["category"] == "UTILITY" and any(word in text_of(spec, "BODY").lower() for word in words)


# -- the life of one


def set_state(world: World, template_id: str, state: str, reason: str = "NONE") -> None:
    """A new state, kept and told; a pause ends by itself, and the third one is for good."""
    spec = by_id(world, template_id)
    if spec is None or spec["status"] == state:
        return
    other: Json = {}
    if state == "PAUSED":
        spec["pauses"] = spec.get("pauses", 0) + 1
        if spec["pauses"] in PAUSE_SECONDS:
            other = {"title": "FIRST_PAUSE" if spec["pauses"] == 1 else "SECOND_PAUSE", "description": "Low quality."}
            until = world.clock.now() + PAUSE_SECONDS[spec["pauses"]]
            world.plan_chore("template", {"id": template_id, "status": "APPROVED", "from": "PAUSED"}, until)
        else:
            state = "DISABLED"
    elif state == "APPROVED" and spec["status"] == "PAUSED":
        other = {"title": "UNPAUSE", "description": "Your WhatsApp message template has been unpaused."}
    if state == "REJECTED" and reason == "NONE":
        reason = "TAG_CONTENT_MISMATCH"
    spec["status"] = state
    if state == "REJECTED":
        spec["rejected_reason"] = reason
    with world.store.transaction():
        _keep(world, spec)
        value: Json = {
            "event": state,
            "message_template_id": int(template_id),
            "message_template_name": spec["name"],
            "message_template_language": spec["language"],
            "reason": reason,
            "message_template_category": spec["category"],
        }
        if other:
            value["other_info"] = other
        if state == "DISABLED":
            value["disable_info"] = {"disable_date": str(int(world.clock.now()))}
        world.announce_account("message_template_status_update", value)


def turn(world: World, call: Json) -> Json:
    """The tester's hand: {name, language, status, reason} moves a template, and the office is told."""
    state = str(call.get("status", "")).upper()
    if state not in STATES:
        raise ValueError(f"{state}: unknown; there are {', '.join(STATES)}")
    row = world.store.one("SELECT id FROM templates WHERE name = ? AND language = ?", call["name"], call["language"])
    if row is None:
        raise ValueError(f"{call['name']}: no such template in {call['language']}")
    set_state(world, row["id"], state, str(call.get("reason", "NONE")))
    return by_id(world, row["id"]) or {}


def register(world: World, specs: list[Json]) -> Json:
    """The tester's short cut: {name, language, body, header, footer, buttons, category, status} or the provider's own
    `components`, known at once in the state it names (APPROVED)."""
    with world.store.transaction():
        for given in specs:
            if not isinstance(given.get("name"), str) or not isinstance(given.get("language"), str):
                raise ValueError("a template needs name and language")
            state = str(given.get("status", "APPROVED")).upper()
            if state not in STATES:
                raise ValueError(f"{state}: unknown; there are {', '.join(STATES)}")
            row = world.store.one("SELECT id FROM templates WHERE name = ? AND language = ?", given["name"], given["language"])
            spec = {
                "category": "UTILITY", "parameter_format": _format(given.get("body", "")), **given,
                "components": given.get("components") or _components(given), "status": state,
                "id": row["id"] if row else world.ids.media(),
            }  # fmt: skip
            _keep(world, spec)
    return {"registered": len(specs)}


def _components(given: Json) -> list[Json]:
    components: list[Json] = []
    if given.get("header"):
        components.append({"type": "HEADER", "format": "TEXT", "text": given["header"]})
    body = given.get("body")
    if body is None and given.get("params"):
        params = given["params"]
        body = " ".join(f"{{{{{place}}}}}" for place in (range(1, params + 1) if isinstance(params, int) else params))
    components.append({"type": "BODY", "text": body or given["name"]})
    if given.get("footer"):
        components.append({"type": "FOOTER", "text": given["footer"]})
    if given.get("buttons"):
        buttons = [{**one, "type": str(one.get("type", "quick_reply")).upper()} for one in given["buttons"]]
        components.append({"type": "BUTTONS", "buttons": buttons})
    return components


def _format(body: str) -> str:
    places = PLACE.findall(body or "")
    return "NAMED" if places and not all(place.isdigit() for place in places) else "POSITIONAL"


# -- reading a template


def component(spec: Json, kind: str) -> Json:
    for one in spec.get("components") or []:
        if str(one.get("type", "")).upper() == kind:
            return dict(one)
    return {}


def text_of(spec: Json, kind: str) -> str:
    return str(component(spec, kind).get("text") or "")


def buttons(spec: Json) -> list[Json]:
    return list(component(spec, "BUTTONS").get("buttons") or [])


def places(text: str) -> list[str]:
    """The names or numbers of the places in a text, once each, in order."""
    return list(dict.fromkeys(PLACE.findall(text)))


# -- what may be written in one


def judged(call: Json) -> Json:
    """A new template as it is kept, or the refusal that says what is wrong with it."""
    name, language = str(call.get("name") or ""), str(call.get("language") or "")
    category = str(call.get("category") or "").upper()
    if not NAME.fullmatch(name):
        raise _wrong("Param name must be lowercase letters, digits and underscores, at most 512.")
    if not LANGUAGE.fullmatch(language):
        raise _wrong(f"Param language must be one of the supported languages - got \"{language}\".")
    if category not in CATEGORIES:
        raise _wrong(f"Param category must be one of {{{', '.join(CATEGORIES)}}} - got \"{category}\".")
    components = call.get("components")
    if not isinstance(components, list) or not all(isinstance(one, dict) for one in components):
        raise _wrong("Param components must be an array.")
    named = str(call.get("parameter_format") or "POSITIONAL").upper() == "NAMED"
    spec = {
        "name": name, "language": language, "category": category, "components": components,
        "parameter_format": "NAMED" if named else "POSITIONAL",
    }  # fmt: skip
    kinds = [str(one.get("type", "")).upper() for one in components]
    if kinds.count("BODY") != 1 or len(set(kinds)) < len(kinds):
        raise _wrong("A template needs one BODY and every other component at most once.")
    for one, kind in zip(components, kinds, strict=True):
        if kind == "BUTTONS":
            _judge_buttons(one)
        elif kind not in LONGEST:
            raise _wrong(f"Unexpected component type {kind}.")
        elif kind != "HEADER" or str(one.get("format", "TEXT")).upper() == "TEXT":
            if category != "AUTHENTICATION":
                _judge_text(one, kind, named)
        elif not (one.get("example") or {}).get("header_handle"):
            raise _wrong("A header with media needs an example from a resumable upload.", 2388273)
    return spec


def _judge_text(one: Json, kind: str, named: bool) -> None:
    text = str(one.get("text") or "")
    if not text.strip() or len(text) > LONGEST[kind]:
        raise _wrong(f"{kind.capitalize()} text must be 1 to {LONGEST[kind]} characters long.", 2388040)
    found = places(text)
    if kind == "FOOTER" and found:
        raise _wrong("Variables are not allowed in the footer.", 2388072)
    if kind == "HEADER" and len(found) > 1:
        raise _wrong("The header holds one variable at most.", 2388072)
    if not found:
        return
    if named and not all(re.fullmatch(r"[a-z_][a-z0-9_]*", place) for place in found):
        raise _wrong("Named parameters are lowercase letters and underscores.", 2388072)
    if not named and found != [str(place + 1) for place in range(len(found))]:
        raise _wrong("Positional parameters are {{1}}, {{2}}, … in this order.", 2388072)
    if kind == "BODY":
        _judge_places(text, len(found))
    _judge_example(one, kind, named, found)


def _judge_places(text: str, count: int) -> None:
    """No bare {{1}}: words around every place, and enough of them."""
    bare = PLACE.sub("\0", text.strip())
    if bare.startswith("\0") or bare.rstrip(".!?,;:") .endswith("\0"):
        raise _wrong("Variables can't be at the start or end of the template.", 2388299)
    if re.search(r"\0\s*\0", bare):
        raise _wrong("Variables can't stand next to each other.", 2388072)
    if len(bare.replace("\0", " ").split()) < 2 * count + 1:
        raise _wrong("This template has too many variables for its length.", 2388293)


def _judge_example(one: Json, kind: str, named: bool, found: list[str]) -> None:
    example = one.get("example") or {}
    key = f"{kind.lower()}_text"
    if named:
        given = {str(item.get("param_name")) for item in example.get(f"{key}_named_params") or []}
        fits = given == set(found)
    else:
        values = example.get(key) or []
        row = values[0] if kind == "BODY" and values and isinstance(values[0], list) else values
        fits = len(row) == len(found)
    if not fits:
        raise _wrong(f"Component of type {kind} is missing expected field(s) (example).", 2388043)


def _judge_buttons(one: Json) -> None:
    given = one.get("buttons")
    if not isinstance(given, list) or not 1 <= len(given) <= 10:
        raise _wrong("A template has 1 to 10 buttons.", 2388072)
    kinds = [str(button.get("type", "")).upper() for button in given]
    for kind, button in zip(kinds, given, strict=True):
        if kind not in BUTTONS or kinds.count(kind) > BUTTONS[kind]:
            raise _wrong(f"Unexpected or too many buttons of type {kind}.", 2388072)
        if kind != "COPY_CODE" and kind != "OTP" and not 1 <= len(str(button.get("text") or "")) <= BUTTON_TEXT:
            raise _wrong(f"Button text must be 1 to {BUTTON_TEXT} characters long.", 2388054)
        if kind == "URL":
            _judge_url(button)
    runs = [kind == "QUICK_REPLY" for kind in kinds]
    if sum(left != right for left, right in zip(runs, runs[1:], strict=False)) > 1:
        raise _wrong("Quick replies stand together.", 2388072)


def _judge_url(button: Json) -> None:
    url = str(button.get("url") or "")
    found = places(url)
    if not url.startswith(("http://", "https://")) or len(url) > BUTTON_URL:
        raise _wrong("Button url is not valid.", 2388072)
    if found and (len(found) > 1 or not PLACE.sub("\0", url).endswith("\0")):
        raise _wrong("A button url holds one variable, at its end.", 2388072)
    if found and not button.get("example"):
        raise _wrong("Component of type BUTTONS is missing expected field(s) (example).", 2388043)


def _wrong(details: str, subcode: int | None = None) -> Refused:
    return Refused(100, details, subcode=subcode)


# -- whether a call fits


def for_send(world: World, template: Json) -> Json | None:
    """The template a call names, checked against it; none where any template is taken."""
    name, language = template["name"], template["language"]["code"]
    row = world.store.one("SELECT spec FROM templates WHERE name = ? AND language = ?", name, language)
    spec: Json | None = json.loads(row["spec"]) if row else None
    if spec is None and world.settings.accept_any_template:
        return None
    if spec is None or spec["status"] in ("PENDING", "REJECTED"):
        raise Refused(132001, f"template name ({name}) does not exist in {language}")
    if spec["status"] == "PAUSED":
        raise Refused(132015, f"template name ({name}) is paused due to low quality")
    if spec["status"] == "DISABLED":
        raise Refused(132016, f"template name ({name}) is disabled")
    _fit(template, spec)
    return spec


def _fit(template: Json, spec: Json) -> None:
    given = {"HEADER": [], "BODY": []} | {
        str(one.get("type", "")).upper(): list(one.get("parameters") or [])
        for one in template.get("components") or []
        if str(one.get("type", "")).lower() != "button"
    }
    named = spec.get("parameter_format") == "NAMED"
    for kind, parameters in given.items():
        if kind not in ("HEADER", "BODY"):
            raise Refused(132012, f"{kind.lower()}: is not a component with parameters")
        if kind == "HEADER" and str(component(spec, kind).get("format", "TEXT")).upper() != "TEXT":
            _fit_media(parameters, component(spec, kind))
        else:
            _fit_words(kind, parameters, places(text_of(spec, kind)), named)
    _fit_length(given["BODY"], text_of(spec, "BODY"))
    _fit_buttons(template, buttons(spec))


def _fit_words(kind: str, given: list[Json], wanted: list[str], named: bool) -> None:
    place = kind.lower()
    if len(given) != len(wanted):
        raise Refused(
            132000, f"{place}: number of localizable_params ({len(given)}) does not match the expected number of params ({len(wanted)})"
        )
    for parameter in given:
        if parameter.get("type", "text") not in ("text", "currency", "date_time"):
            raise Refused(132012, f"{place}: format mismatch, expected TEXT, received {str(parameter.get('type')).upper()}")
        if named != bool(parameter.get("parameter_name")):
            raise Refused(132012, f"{place}: parameter name is {'missing or empty' if named else 'not expected'}")
        check_words(parameter, place)
    if named and {str(parameter["parameter_name"]) for parameter in given} != set(wanted):
        raise Refused(132012, f"{place}: parameters are {', '.join(wanted)}")


def check_words(parameter: Json, place: str) -> None:
    """What stands in a place of a template has no line break, no tab and at most four spaces in a row."""
    text = parameter.get("text")
    if parameter.get("type", "text") != "text":
        return
    if not isinstance(text, str) or not text:
        raise Refused(131008, f"{place}: parameter of type text is missing text value")
    if re.search(r"[\n\r\t]| {5,}", text):
        raise Refused(100, "Param text cannot have new-line/tab characters or more than 4 consecutive spaces")


def _fit_media(given: list[Json], spec: Json) -> None:
    kind = str(spec["format"]).lower()
    if len(given) != 1 or given[0].get("type") != kind:
        found = given[0].get("type") if given else "UNKNOWN"
        raise Refused(132012, f"header: Format mismatch, expected {kind.upper()}, received {str(found).upper()}")


def _fit_length(given: list[Json], body: str) -> None:
    longest = len(PLACE.sub("", body)) + sum(len(str(parameter.get("text") or "")) for parameter in given)
    if longest > LONGEST["BODY"]:
        raise Refused(132005, f"Translated text is too long: {longest} characters")


def _fit_buttons(template: Json, wanted: list[Json]) -> None:
    given = [one for one in template.get("components") or [] if str(one.get("type", "")).lower() == "button"]
    seen = set()
    for one in given:
        index = int(one.get("index", 0))
        if index >= len(wanted):
            raise Refused(132000, f"buttons: button at index {index} does not exist in the template")
        kind, sub = str(wanted[index].get("type", "")).lower(), str(one.get("sub_type", "")).lower()
        if kind != sub:
            raise Refused(132012, f"buttons: sub_type of button at index {index} is {kind}, not {sub}")
        if kind == "url" and not places(str(wanted[index].get("url", ""))):
            raise Refused(132000, f"buttons: button at index {index} of type Url does not require a parameter")
        seen.add(index)
    for index, button in enumerate(wanted):
        if str(button.get("type", "")).upper() == "URL" and places(str(button.get("url", ""))) and index not in seen:
            raise Refused(131008, f"buttons: Button at index {index} of type Url requires a parameter")
