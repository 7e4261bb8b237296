"""Refusals: what Loket says when it does not do something, as a sentence that tells what to do instead."""

from __future__ import annotations


def N_(text: str) -> str:
    """Mark a sentence for the catalogue of translations; the door that shows it translates it."""
    return text


class Refusal(Exception):
    """A request that a rule turns down. It leaves no trace: the transaction that raised it is rolled back.

    `code` is stable and machine-readable; `message` is an Indonesian template whose parameters are `params`;
    `status` is the HTTP status a door answers with (404, 409, 413, 422, 429 …).
    """

    def __init__(self, code: str, message: str, /, *, field: str | None = None, status: int = 422, **params: object):
        super().__init__(code)
        self.code = code
        self.message = message
        self.field = field
        self.status = status
        self.params = params

    @property
    def text(self) -> str:
        """The sentence in Indonesian, parameters filled in."""
        return self.message.format(**self.shown) if self.params else self.message

    @property
    def shown(self) -> dict[str, object]:
        """The parameters as people read them: a request code in its three groups."""
        code = self.params.get("code")
        if isinstance(code, str) and len(code) == 11 and code.isalnum():
            return {**self.params, "code": f"{code[:4]}-{code[4:8]}-{code[8:]}"}
        return self.params

    def __str__(self) -> str:
        return self.text


class Refusals(Exception):
    """Several refusals of one form, so that a person can mend them all at once."""

    status = 422
    code = "invalid"

    def __init__(self, problems: list[Refusal]):
        super().__init__("; ".join(problem.code for problem in problems))
        self.problems = problems

    @property
    def text(self) -> str:
        return " ".join(problem.text for problem in self.problems)
