"""The application starts and refuses in problem details."""

import re

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


async def test_every_refusal_is_described_in_both_languages(client: httpx.AsyncClient) -> None:
    document = (await client.get("/api/openapi.json")).json()
    codes = document["components"]["schemas"]["ProblemOut"]["properties"]["code"]["x-codes"]
    assert codes["not_found"] == {"status": 404, "zh": "没有找到您要的内容。", "en": "There is no such thing here."}
    assert {"out_of_stock", "sign_in_locked", "idempotency_key_reused"} <= codes.keys()
    assert [code for code, row in codes.items() if not row["zh"] or not row["en"] or row["en"] == row["zh"]] == []
    hanzi = re.compile("[\u4e00-\u9fff]")
    assert [code for code, row in codes.items() if hanzi.search(row["en"]) or not hanzi.search(row["zh"])] == []
