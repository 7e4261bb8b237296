"""Every page has its English: no sentence is missing, and none loses what is put into it."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from django.test import Client

from tests.cast import Cast

ROOT = Path(__file__).resolve().parents[2]
PLACES = re.compile(r"%\(\w+\)s|\{\w+\}|</?strong>")


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("translations", ROOT / "frontend" / "translations.py")
    assert spec
    assert spec.loader
    module = sys.modules["translations"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def said(tool: ModuleType) -> set[str]:
    return set(tool.sentences())


def test_every_sentence_has_its_english(tool: ModuleType, said: set[str]) -> None:
    assert said - set(tool.english()) == set(), "write it into src/loket/locale/english/"


def test_nothing_is_translated_that_is_said_nowhere(tool: ModuleType, said: set[str]) -> None:
    assert set(tool.english()) - said == set(), "remove it from src/loket/locale/english/"


def test_what_is_put_into_a_sentence_is_in_its_english_too(tool: ModuleType) -> None:
    odd = {id_: en for id_, en in tool.english().items() if sorted(PLACES.findall(id_)) != sorted(PLACES.findall(en))}
    assert odd == {}


def test_the_compiled_catalogue_is_the_written_one(tool: ModuleType) -> None:
    catalogue = tool.english()
    assert (tool.MESSAGES / "django.mo").read_bytes() == tool.compiled(catalogue), "run frontend/translations.py --compile"
    assert (tool.MESSAGES / "django.po").read_text() == tool.as_po(catalogue)


@pytest.mark.parametrize(
    ("address", "indonesian", "english"),
    [("/", "Ajukan", "File"), ("/cek/", "Cek permohonan", "Check a request"), ("/tidak-ada/", "tidak", "not found")],
)
def test_a_page_speaks_the_language_that_was_asked_for(cast: Cast, client: Client, address: str, indonesian: str, english: str) -> None:
    assert indonesian in client.get(address).content.decode()
    answer = client.get(address, {"bahasa": "en"})
    assert answer.headers["Content-Language"] == "en"
    assert english in answer.content.decode()
    assert '<html lang="en"' in answer.content.decode()
