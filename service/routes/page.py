"""``/``: the page, for people; it asks everything of the same API."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from service.conditional import ASKED_AGAIN, tagged
from service.page import FOLDER, INDEX, SECURITY_HEADERS, Page

router = APIRouter(include_in_schema=False)


@router.get("/", response_model=None)
async def show_page(request: Request) -> Response:
    """The page; a query, as those who share links add one, changes nothing."""
    return _answer(request, INDEX)


@router.get(FOLDER + "{name:path}", response_model=None)
async def get_page_file(request: Request) -> Response:
    """One of the files that the page consists of."""
    return _answer(request, request.path_params["name"])


def _answer(request: Request, name: str) -> Response:
    page: Page = request.app.state.page
    file = page.files.get(name)
    if file is None:
        raise HTTPException(404)
    answer = tagged(request, file.content, ASKED_AGAIN, file.media_type)
    answer.headers.update(SECURITY_HEADERS)
    return answer
