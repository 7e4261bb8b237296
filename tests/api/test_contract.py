"""The API as the contract states it: shapes, roles, idempotency, problems, items that stand alone."""

from __future__ import annotations

import base64
import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from loket.applications.models import Application
from loket.core import clock, codes
from loket.core.actor import Actor, Role
from loket.delivery import actions as delivery
from loket.staff import actions as staff
from tests import cast as play
from tests.cast import CILEGON, Cast


class Api:
    """Calls the API as each role, with a token of its own."""

    def __init__(self) -> None:
        by = Actor("loket:test", CILEGON)
        self.tokens = {role: staff.issue_token(role=role, name="uji", by=by, at=clock.now()) for role in Role}
        self.client = Client()

    def post(self, role: Role, path: str, body: Any, key: str | None = None) -> tuple[int, dict[str, Any]]:
        response = self.client.post(
            f"/api/v1/{path}", json.dumps(body), content_type="application/json",
            headers={"Authorization": f"Bearer {self.tokens[role]}", "Idempotency-Key": key or uuid4().hex},
        )  # fmt: skip
        return response.status_code, json.loads(response.content)

    def get(self, role: Role, path: str) -> tuple[int, dict[str, Any]]:
        response = self.client.get(f"/api/v1/{path}", headers={"Authorization": f"Bearer {self.tokens[role]}"})
        return response.status_code, json.loads(response.content)


@pytest.fixture
def api(cast: Cast) -> Api:
    return Api()


def _body(**given: Any) -> dict[str, Any]:
    wanted = play.filing("SUKET_EXCHANGE")
    photo = base64.b64encode(play.photo()).decode()
    return {
        "service": "SUKET_EXCHANGE", "nik": wanted.nik, "kk_number": wanted.kk_number, "name": "Siti Aisyah",
        "birth_date": "1990-05-17", "phone": wanted.phone, "channel": "online",
        "address": {"line": "Jalan Mawar 3 RT 01 RW 02", "kelurahan": f"{CILEGON}.01.1001", "postal_code": "42423"},
        "documents": [{"kind": "kk", "content_base64": photo}, {"kind": "suket", "content_base64": photo}],
        **given,
    }  # fmt: skip


def test_a_whole_lifecycle_through_the_api(api: Api, cast: Cast) -> None:
    body = _body()
    status, receipt = api.post(Role.RESIDENT, "applications", body)
    assert (status, receipt["state"], receipt["place"], receipt["promise_on"]) == (201, "submitted", 1, "2020-06-16")
    code = receipt["code"]
    items = {"items": [{"nik": body["nik"], "status": "PRR", "as_of": "2020-06-01"}]}
    assert api.post(Role.ADMIN, "enrolment-statuses", items)[1]["results"][0]["ok"]
    shown = f"{code[:4]}-{code[4:8]}-{code[8:]}".lower()
    _, verdict = api.post(Role.VERIFIER, "verifications", {"items": [{"code": shown, "verdict": "approve"}]})
    assert verdict["results"][0] == {"code": code, "ok": True, "state": "ready", "problem": None}
    play.blanks(cast, 1)
    status, batch = api.post(Role.PRINTER, "batches", {"size": 20})
    assert (status, batch["codes"]) == (200, [code])
    results = {"items": [{"code": code, "result": "printed"}]}
    assert api.post(Role.PRINTER, f"batches/{batch['batch']}/results", results)[1]["results"][0]["state"] == "printed"
    assert api.post(Role.RESIDENT, f"applications/{code}/choice", {"method": "post"})[1]["fee"] == 14_000
    status, manifest = api.post(Role.DISPATCHER, "manifests", {"items": [{"code": code}]})
    assert status == 200
    path = f"manifests/{manifest['manifest']}"
    assert api.post(Role.DISPATCHER, f"{path}/close", {"count": 1})[0] == 200
    taken = {"items": [{"code": code, "tracking_number": "p1234567890"}]}
    assert api.post(Role.COURIER, f"{path}/handover", taken)[1]["results"][0]["state"] == "in_transit"
    scan = {"code": code, "scan_id": uuid4().hex, "outcome": "delivered", "receiver": "Siti", "relation": "self",
            "suket": "withdrawn"}  # fmt: skip
    assert api.post(Role.COURIER, "deliveries", {"items": [scan]})[1]["results"][0]["state"] == "delivered"
    _, case = api.get(Role.RESIDENT, f"applications/{code}")
    assert (case["state"], case["tracking_number"], case["who_acts"]) == ("delivered", "P1234567890", "nobody")
    assert case["resident"] == {"name": "S*** A***", "nik": "36••••••••••••••"}
    assert case["timeline"][0]["state"] == "submitted"


def test_the_same_key_and_body_get_the_same_answer(api: Api) -> None:
    body, key = _body(), uuid4().hex
    first = api.post(Role.RESIDENT, "applications", body, key)
    assert api.post(Role.RESIDENT, "applications", body, key) == first
    status, problem = api.post(Role.RESIDENT, "applications", {**body, "name": "Orang Lain"}, key)
    assert (status, problem["code"]) == (422, "idempotency_reused")
    assert Application.objects.count() == 1


def test_what_was_refused_may_be_sent_again_with_the_same_key(api: Api) -> None:
    body, key = _body(), uuid4().hex
    assert api.post(Role.RESIDENT, "applications", {**body, "phone": "1"}, key)[0] == 422
    assert api.post(Role.RESIDENT, "applications", body, key)[0] == 201


def test_a_post_without_a_key_is_refused(api: Api) -> None:
    response = api.client.post(
        "/api/v1/batches", "{\"size\":1}", content_type="application/json",
        headers={"Authorization": f"Bearer {api.tokens[Role.PRINTER]}"},
    )  # fmt: skip
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"nik": "367299170590"}, "nik_length"),
        ({"nik": "3.67E+15"}, "nik_excel"),
        ({"nik": "3672998105900001"}, "nik_day"),
        ({"nik": "3672991713900001"}, "nik_month"),
        ({"birth_date": "17/05/1990"}, "shape"),
        ({"service": "SIM_BARU"}, "service_unknown"),
        ({"documents": []}, "document_missing"),
        ({"documents": [{"kind": "kk", "content_base64": "JVBERi0xLjQ="}, {"kind": "suket", "content_base64": "JVBERi0xLjQ="}]}, "photo_is_pdf"),
        ({"unexpected": 1}, "shape"),
    ],
)  # fmt: skip
def test_bad_input_gets_a_sentence_and_leaves_no_trace(api: Api, change: dict[str, Any], code: str) -> None:
    status, problem = api.post(Role.RESIDENT, "applications", _body(**change))
    assert status in (413, 422)
    assert problem["code"] == code
    assert len(problem["detail"]) > 20
    assert not Application.objects.exists()


def test_swapped_nik_and_kk_are_named(api: Api) -> None:
    body = _body()
    swapped = {**body, "nik": body["kk_number"], "kk_number": body["nik"]}
    status, problem = api.post(Role.RESIDENT, "applications", swapped)
    assert (status, problem["code"]) == (422, "kk_is_nik")
    assert "bukan Nomor KK" in problem["detail"]
    assert not Application.objects.exists()


CALLS = {
    "applications": {Role.RESIDENT, Role.COUNTER},
    "enrolment-statuses": {Role.RECORDER, Role.ADMIN},
    "verifications": {Role.VERIFIER},
    "batches": {Role.PRINTER},
    "manifests": {Role.DISPATCHER},
    "deliveries": {Role.COURIER},
    "pickups": {Role.COUNTER},
}


@pytest.mark.parametrize("path", CALLS)
def test_every_call_takes_its_own_roles_only(api: Api, path: str) -> None:
    bodies: dict[str, Any] = {
        "applications": _body(),
        "enrolment-statuses": {"items": [{"nik": "1", "status": "PRR", "as_of": "2020-06-01"}]},
        "verifications": {"items": [{"code": "X", "verdict": "approve"}]},
        "batches": {"size": 1},
        "manifests": {"items": [{"code": "X"}]},
        "deliveries": {"items": [{"code": "X", "scan_id": "x" * 8, "outcome": "failed"}]},
        "pickups": {"items": [{"code": "X", "pickup_code": "1", "receiver": "A", "relation": "self", "suket": "none"}]},
    }
    for role in Role:
        status, _body_ = api.post(role, path, bodies[path])
        assert (status == 403) == (role not in CALLS[path]), role


def test_without_a_token_nothing_is_told(api: Api) -> None:
    response = api.client.get("/api/v1/queue")
    assert response.status_code == 401
    assert json.loads(response.content)["code"] == "token"


def test_lists_page_by_cursor_without_a_gap(api: Api, cast: Cast) -> None:
    wanted = [play.file(cast).code for _ in range(7)]
    found: list[str] = []
    cursor = ""
    while True:
        _, page = api.get(Role.VERIFIER, f"queue?limit=3&cursor={cursor.replace('+', '%2B')}")
        found += [item["code"] for item in page["items"]]
        cursor = page["next"] or ""
        if not cursor:
            break
    assert found == wanted


def test_search_by_nik_needs_a_reason_and_is_recorded(api: Api, cast: Cast) -> None:
    from loket.audit.models import Entry

    body = _body()
    api.post(Role.RESIDENT, "applications", body)
    assert api.get(Role.VERIFIER, f"search?q={body['nik']}")[0] == 422
    _, found = api.get(Role.VERIFIER, f"search?q={body['nik']}&reason=Telepon+dari+warga")
    assert len(found["items"]) == 1
    assert Entry.objects.filter(action="read.search_nik").count() == 1
    assert len(api.get(Role.VERIFIER, "search?q=siti+ais")[1]["items"]) == 1


def test_the_description_is_open_to_anyone(api: Api) -> None:
    document = json.loads(api.client.get("/api/v1/openapi.json").content)
    assert document["openapi"].startswith("3.1")
    assert len(document["paths"]) >= 15


def _in_the_post(cast: Cast) -> str:
    code = play.printed(cast, "SUKET_EXCHANGE")
    delivery.choose(code, "post", by=cast.resident, at=clock.now())
    manifest, _results = delivery.open_manifest([code], by=cast.dispatcher, at=clock.now())
    delivery.close_manifest(manifest.pk, 1, by=cast.dispatcher, at=clock.now())
    delivery.hand_over(manifest.pk, [(code, "")], by=cast.courier, at=clock.now())
    return code


def test_a_manifest_of_unknown_codes_answers_item_by_item(api: Api, cast: Cast) -> None:
    status, answer = api.post(Role.DISPATCHER, "manifests", {"items": [{"code": "0000-0000-000"}, {"code": "nonsense"}]})
    assert (status, answer["manifest"]) == (200, None)
    assert [item["problem"]["code"] for item in answer["results"]] == ["code_unknown", "code_unknown"]


def test_a_scan_id_tells_one_thing_once(api: Api, cast: Cast) -> None:
    code = _in_the_post(cast)
    failed = {"code": code, "scan_id": "s1", "outcome": "failed", "receiver": "", "relation": "self", "reason": "not_home"}
    proof = {"code": code, "scan_id": "s1", "outcome": "delivered", "receiver": "Siti", "relation": "self", "suket": "withdrawn"}
    for item, expected in ((failed, None), (failed, None), (proof, "scan_id"), ({**proof, "scan_id": "s2"}, None)):
        _status, answer = api.post(Role.COURIER, "deliveries", {"items": [item]})
        problem = answer["results"][0]["problem"]
        assert (problem and problem["code"]) == expected


def test_a_suket_that_is_exchanged_is_accounted_for(api: Api, cast: Cast) -> None:
    code = _in_the_post(cast)
    proof = {"code": code, "scan_id": "s1", "outcome": "delivered", "receiver": "Siti", "relation": "self"}
    _status, answer = api.post(Role.COURIER, "deliveries", {"items": [proof]})
    assert answer["results"][0]["problem"]["code"] == "suket"
    _status, answer = api.post(Role.COURIER, "deliveries", {"items": [{**proof, "suket": "not_available"}]})
    assert answer["results"][0]["state"] == "delivered"


def test_a_large_batch_is_as_large_as_one_operator_holds(api: Api, cast: Cast) -> None:
    code = play.ready(cast)
    play.blanks(cast, 1)
    status, batch = api.post(Role.PRINTER, "batches", {"size": 500})
    assert (status, batch["codes"]) == (200, [code])


def test_a_date_the_other_way_round_is_told_how_to_write_it(api: Api, cast: Cast) -> None:
    _status, problem = api.post(Role.RESIDENT, "applications", _body(birth_date="12/05/1990"))
    assert "TAHUN-BULAN-HARI" in problem["detail"]


def test_a_code_in_a_sentence_has_its_hyphens(api: Api, cast: Cast) -> None:
    code = codes.generate()
    _status, answer = api.post(Role.DISPATCHER, "manifests", {"items": [{"code": code}]})
    assert codes.shown(code) in answer["results"][0]["problem"]["detail"]
