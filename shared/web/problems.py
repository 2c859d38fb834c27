"""Problems as RFC 9457 says: a stable code, where in the request it lies, and never what was sent."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from shared.decider import Rejected
from shared.web.context import trace_id

MEDIA_TYPE = "application/problem+json"
REJECTED = {"invalid": 422, "not_found": 404, "conflict": 409, "gone": 410}


class ProblemError(BaseModel):
    """One thing that is wrong."""

    pointer: str = Field(description="JSON pointer into the request body, or the parameter's name.")
    code: str = Field(description="Stable code of what is wrong there.")
    detail: str = Field(description="The same in words, without the value that was sent.")


class ProblemBody(BaseModel):
    """An RFC 9457 problem."""

    type: str = Field(default="about:blank", description="What kind of problem it is.")
    title: str = Field(description="The status in words.")
    status: int = Field(description="The HTTP status.")
    code: str = Field(description="Stable code, for programs.")
    detail: str = Field(description="What is wrong, for people.")
    trace_id: str = Field(description="Under which the logs know this request.")
    errors: list[ProblemError] = Field(default_factory=list, description="Each thing that is wrong.")


class Problem(HTTPException):
    """Raised anywhere on the edge; answered as problem+json. `errors` are (pointer, code, detail)."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: Sequence[tuple[str, str, str]] = (),
        *,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(status, detail, headers)
        self.code = code
        self.errors = tuple(errors)
        self.members = members or {}

    def response(self) -> JSONResponse:
        """The answer."""
        body = {
            "type": f"urn:guanxi:problem:{self.code}",
            "title": HTTPStatus(self.status_code).phrase,
            "status": self.status_code,
            "code": self.code,
            "detail": self.detail,
            "trace_id": trace_id.get(),
            "errors": [{"pointer": pointer, "code": code, "detail": detail} for pointer, code, detail in self.errors],
            **self.members,
        }
        return JSONResponse(body, self.status_code, dict(self.headers or {}), MEDIA_TYPE)


def invalid(code: str, detail: str, pointer: str = "") -> Problem:
    """422 about one place in the request."""
    return Problem(422, code, detail, [(pointer, code, detail)])


def unavailable(code: str, detail: str, seconds: int = 1) -> Problem:
    """503: nothing is wrong with the request, try it again after so many seconds."""
    return Problem(503, code, detail, headers={"Retry-After": str(seconds)})


def from_rejected(rejected: Rejected) -> Problem:
    """A business rule's no."""
    return Problem(
        REJECTED[rejected.kind],
        rejected.code,
        rejected.detail,
        [(rejected.pointer, rejected.code, rejected.detail)] if rejected.pointer else (),
        headers={"Retry-After": "1"} if rejected.retryable else None,
        members={"retryable": True} if rejected.retryable else None,
    )


_MEANINGS = {
    400: "The request is not well-formed HTTP or JSON.",
    401: "No valid bearer token.",
    403: "The token lacks the scope that this needs.",
    404: "No such resource for this caller.",
    408: "The body did not arrive in time.",
    405: "Not a method of this path.",
    409: "Not possible in the present state.",
    410: "The personal values were erased.",
    412: "If-Match names another version than the present one.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "Something in the request is not valid.",
    428: "If-Match is required.",
    429: "Too many requests.",
    500: "A defect.",
    503: "Not possible just now; try again.",
}
_ALWAYS = (400, 401, 403, 405, 413, 415, 422, 429, 500, 503)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: these problems and those that every route can answer with."""
    return {
        status: {
            "description": _MEANINGS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({*_ALWAYS, *statuses})
    }
