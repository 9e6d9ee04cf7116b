"""By what a function is found: CloudFormation's names, the template's, CDK's, and beginnings of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from corpus import NAMES, TEMPLATES, needs_corpus

from samlocal.deployed.environment import Environment
from samlocal.deployed.rights.credential_cache import CredentialCache
from samlocal.deployed.snapshot import Snapshot
from samlocal.errors import FunctionNotFoundError
from samlocal.function.application import Application, application
from samlocal.template.reader import parse, read

PATH = Path("shop.template.json")
ACCOUNT = "123456789012"
STACK = f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/shop/0"
DEPLOYED = "shop-OrdersGet1A2B-x7Kq2bV9nT0w"

# The ids and the paths as CDK writes them.
SHOP = """
Resources:
  OrdersGet1A2B:
    Type: AWS::Lambda::Function
    Metadata: {"aws:cdk:path": Prod/ShopStack/Orders/Get/Resource}
  OrdersPut3C4D:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: store-order}
    Metadata: {"aws:cdk:path": Prod/ShopStack/Orders/Put/Resource}
  Report: {Type: AWS::Lambda::Function}
  ReportAll: {Type: AWS::Lambda::Function}
"""


class Shop:
    """AWS, of whom a stack is asked."""

    region = "eu-west-1"
    profile: str | None = None

    def endpoint_of(self, _: str) -> str | None:
        return None

    def call(self, *_: str, **__: str) -> dict[str, Any]:
        return {"Stacks": [{"StackName": "shop", "StackId": STACK, "StackStatus": "CREATE_COMPLETE"}]}

    def pages(self, *_: str, **__: str) -> Iterator[dict[str, Any]]:
        resource = {
            "LogicalResourceId": "OrdersGet1A2B",
            "PhysicalResourceId": DEPLOYED,
            "ResourceType": "AWS::Lambda::Function",
            "ResourceStatus": "CREATE_COMPLETE",
        }
        yield {"StackResourceSummaries": [resource]}


def shop(folder: Path | None = None) -> Application:
    """Deployed, where there is a folder for what AWS says."""
    aws: Any = Shop()
    environment = folder and Environment(
        aws,
        stack_name="shop",
        snapshot=Snapshot(None, clock=lambda: 0.0),
        credentials=CredentialCache(folder, caller="c", clock=lambda: 0.0),
    )
    return application(
        parse(SHOP, path=PATH), environment=environment or None, region="eu-west-1", flags={}, configured={}
    )


def found(wanted: str, app: Application) -> str:
    _, resource = app.find(wanted)
    return resource.logical_id


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("OrdersPut3C4D", "OrdersPut3C4D"),
        ("store-order", "OrdersPut3C4D"),
        ("Prod/ShopStack/Orders/Get", "OrdersGet1A2B"),
        ("ShopStack/Orders/Get", "OrdersGet1A2B"),
        ("Orders/Get", "OrdersGet1A2B"),
        ("Get", "OrdersGet1A2B"),
        ("shopstack/orders/put", "OrdersPut3C4D"),
        ("STORE", "OrdersPut3C4D"),
        ("ordersp", "OrdersPut3C4D"),
        ("Report", "Report"),
        ("report", "Report"),
        ("reporta", "ReportAll"),
        (f"arn:aws:lambda:us-east-2:{ACCOUNT}:function:store-order:live", "OrdersPut3C4D"),
    ],
)
def test_a_function_is_found_by_each_of_its_names_and_by_the_beginning_of_one(wanted: str, meant: str) -> None:
    assert found(wanted, shop()) == meant


@pytest.mark.parametrize(
    ("wanted", "several"), [("orders", "OrdersGet1A2B, OrdersPut3C4D"), ("REP", "Report, ReportAll")]
)
def test_a_beginning_that_several_names_have_names_those_functions(wanted: str, several: str) -> None:
    with pytest.raises(FunctionNotFoundError, match=f"begin with {wanted}: {several}"):
        shop().find(wanted)


def test_a_deployed_function_is_found_by_its_physical_name_and_by_its_arn(tmp_path: Path) -> None:
    app = shop(tmp_path)

    assert found(DEPLOYED, app) == "OrdersGet1A2B"
    assert found(f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{DEPLOYED}", app) == "OrdersGet1A2B"
    assert found("shop-ordersget", app) == "OrdersGet1A2B"
    with pytest.raises(
        FunctionNotFoundError, match=f"another account or region than this environment: eu-west-1 of {ACCOUNT}"
    ):
        app.find(f"arn:aws:lambda:us-east-2:{ACCOUNT}:function:{DEPLOYED}")


def test_a_function_of_a_nested_stack_is_found_by_the_beginning_of_its_way(tmp_path: Path) -> None:
    (tmp_path / "child.yaml").write_text("Resources: {Send: {Type: AWS::Lambda::Function}}")
    top = "Resources: {Mail: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: child.yaml}}}"
    app = application(
        parse(top, path=tmp_path / "template.yaml"), environment=None, region="eu-west-1", flags={}, configured={}
    )

    for wanted in ("Mail/Send", "mail/send", "mail/", "Send", "se"):
        owner, resource = app.find(wanted)
        assert owner.path(resource) == "Mail/Send"
    with pytest.raises(FunctionNotFoundError, match="did you mean Mail/Send"):
        app.find("Mial/Send")


@needs_corpus
@pytest.mark.parametrize("name", NAMES)
def test_every_function_of_a_real_template_is_found_in_any_case_and_by_the_least_beginning(name: str) -> None:
    app = application(read(TEMPLATES / name), environment=None, region="us-east-1", flags={}, configured={})
    names = {owner.path(resource): owner.names(resource).all for owner, resource in app.functions(absent=True)}
    for path in names:
        others = [each.lower() for other, its in names.items() if other != path for each in its]
        beginnings = (path[:length] for length in range(1, len(path)))
        least = next((each for each in beginnings if not any(o.startswith(each.lower()) for o in others)), path)
        for spelling in (path, path.swapcase(), least):
            owner, resource = app.find(spelling)
            assert owner.path(resource) == path, spelling
