"""What is served, as an OpenAPI document says it."""

from __future__ import annotations

from routes_kit import api

from samlocal.http_api.openapi_document import openapi_document

TEMPLATE = """
  Web:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth: {Authorizers: {Jwt: {IdentitySource: $request.header.Authorization,
        JwtConfiguration: {issuer: "https://i.example", audience: [a]}}}}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Web, Path: "/a/{id}", Method: get, Auth: {Authorizer: Jwt}}}
        Any: {Type: HttpApi, Properties: {ApiId: !Ref Web, Path: "/b/{rest+}", Method: any}}
        Post: {Type: HttpApi,
          Properties: {ApiId: !Ref Web, Path: "/b/{rest+}", Method: post, Auth: {Authorizer: Jwt}}}
        Rest: {Type: HttpApi, Properties: {ApiId: !Ref Web}}
"""


def test_each_route_is_an_operation_with_its_parameters_and_its_authorizer() -> None:
    document = openapi_document(api(TEMPLATE), "http://127.0.0.1:3000")

    assert document["openapi"] == "3.0.3"
    assert document["servers"] == [{"url": "http://127.0.0.1:3000"}]
    paths = document["paths"]
    assert set(paths) == {"/a/{id}", "/b/{rest}", "/", "/{path}"}
    get = paths["/a/{id}"]["get"]
    assert get["x-samlocal-function"] == "Fn"
    assert get["security"] == [{"Jwt": []}]
    assert [(each["name"], each["in"], each["required"]) for each in get["parameters"]] == [("id", "path", True)]
    assert document["components"]["securitySchemes"]["Jwt"] == {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
    }


def test_a_route_for_any_method_is_one_for_each_that_has_none_of_its_own() -> None:
    operations = openapi_document(api(TEMPLATE), "http://x")["paths"]["/b/{rest}"]

    assert set(operations) == {"get", "put", "post", "delete", "options", "head", "patch"}
    assert [method for method, operation in operations.items() if "security" in operation] == ["post"]
    assert operations["get"]["parameters"][0]["description"] == "The rest of the path, slashes and all."
