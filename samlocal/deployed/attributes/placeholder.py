"""What an attribute might look like, judged by its name, for types and attributes that no table knows."""

from __future__ import annotations

import re
from collections.abc import Mapping

# The service in an ARN where it is not the one in the type's name (Service Authorization Reference).
_ARN_SERVICE = {
    "amazonmq": "mq",
    "apigatewayv2": "apigateway",
    "certificatemanager": "acm",
    "cognito": "cognito-idp",
    "efs": "elasticfilesystem",
    "elasticloadbalancingv2": "elasticloadbalancing",
    "elasticsearch": "es",
    "kinesisfirehose": "firehose",
    "location": "geo",
    "msk": "kafka",
    "opensearchserverless": "aoss",
    "opensearchservice": "es",
    "pinpoint": "mobiletargeting",
    "stepfunctions": "states",
}


def guessed_attribute(resource_type: str, attribute: str, physical_id: str, fields: Mapping[str, str]) -> str:
    """A value of the kind that the attribute's name tells: an ARN, a host, a URL, a port, an id, a name.

    Hosts are under ``.invalid``, which no name server resolves (RFC 2606), so that nothing strange is ever reached.
    """
    word = attribute.rsplit(".", 1)[-1]
    host = f"{fields['lower']}.{fields['region']}.invalid"
    if re.search(r"arn$", word, re.IGNORECASE):
        return _arn(resource_type, fields)
    if re.search(r"ur[li]$", word, re.IGNORECASE):
        return f"https://{host}"
    if re.search(r"(endpoint|address|host|hostname|domain|domainname|dns|dnsname)$", word, re.IGNORECASE):
        return host
    if re.search(r"port$", word, re.IGNORECASE):
        return "0"
    if re.search(r"id$", word, re.IGNORECASE):
        kind = resource_type.rsplit("::", 1)[-1]
        own = word.lower() in {"id", f"{kind}id".lower()}
        return physical_id if own else f"{fields['logical_id']}-{word}"
    if re.search(r"name$", word, re.IGNORECASE):
        return fields["name"]
    return f"{fields['logical_id']}-{word}"


def _arn(resource_type: str, fields: Mapping[str, str]) -> str:
    parts = resource_type.split("::")
    service = parts[1].lower() if len(parts) == 3 and parts[0] == "AWS" else "cloudformation"
    kind = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", parts[-1]).lower()
    return (
        f"arn:{fields['partition']}:{_ARN_SERVICE.get(service, service)}:{fields['region']}:{fields['account']}"
        f":{kind}/{fields['logical_id']}"
    )
