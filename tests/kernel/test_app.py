"""The application starts and refuses in problem details."""

import httpx


async def test_an_unknown_path_is_a_problem_in_the_readers_language(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/nothing", headers={"Accept-Language": "en-GB"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "not_found"
    assert problem["title"] == "There is no such thing here."
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert (await client.get("/api/nothing")).json()["title"].startswith("没有找到")


async def test_the_openapi_document_is_served(client: httpx.AsyncClient) -> None:
    document = (await client.get("/api/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
