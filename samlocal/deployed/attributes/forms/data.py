"""The forms of the resource types that applications run beside: databases, search, analytics, models.

Sources: as in ``application_forms.py``.
"""

from __future__ import annotations

from collections.abc import Mapping

from samlocal.deployed.attributes.form import Form, arn, by_name, only_id

# RDS lower-cases identifiers; so do the services built on it, and ElastiCache.
_RDS_HOST = "{lower}.000000000000.{region}.rds.{suffix}"
_CACHE_HOST = "{lower}.000000.{region}.cache.{suffix}"

DATABASES: Mapping[str, Form] = {
    "AWS::RDS::DBInstance": Form(
        id="{lower}",
        name_property="DBInstanceIdentifier",
        attributes={"DBInstanceArn": arn("rds", "db:{id}"), "DBInstanceIdentifier": "{id}"},
        placeholders={
            "Endpoint.Address": _RDS_HOST,
            "Endpoint.Port": "3306",
            "MasterUserSecret.SecretArn": arn("secretsmanager", "secret:rds!db-{uuid}-AbCdEf"),
        },
    ),
    "AWS::RDS::DBCluster": Form(
        id="{lower}",
        name_property="DBClusterIdentifier",
        attributes={"DBClusterArn": arn("rds", "cluster:{id}")},
        placeholders={
            "Endpoint.Address": "{lower}.cluster-000000000000.{region}.rds.{suffix}",
            "Endpoint.Port": "3306",
            "ReadEndpoint.Address": "{lower}.cluster-ro-000000000000.{region}.rds.{suffix}",
            "DBClusterResourceId": "cluster-{upper}",
            "MasterUserSecret.SecretArn": arn("secretsmanager", "secret:rds!cluster-{uuid}-AbCdEf"),
        },
    ),
    "AWS::RDS::DBSubnetGroup": Form(id="{lower}", name_property="DBSubnetGroupName"),
    "AWS::RDS::DBProxy": Form(
        name_property="DBProxyName",
        placeholders={
            "DBProxyArn": arn("rds", "db-proxy:prx-{hex}"),
            "Endpoint": "{lower}.proxy-000000000000.{region}.rds.{suffix}",
        },
    ),
    "AWS::DocDB::DBCluster": Form(
        id="{lower}",
        name_property="DBClusterIdentifier",
        attributes={"Id": "{id}"},
        placeholders={
            "Endpoint": "{lower}.cluster-000000000000.{region}.docdb.{suffix}",
            "ReadEndpoint": "{lower}.cluster-ro-000000000000.{region}.docdb.{suffix}",
            "Port": "27017",
        },
    ),
    "AWS::Neptune::DBCluster": Form(
        id="{lower}",
        name_property="DBClusterIdentifier",
        attributes={"DBClusterIdentifier": "{id}"},
        placeholders={
            "Endpoint": "{lower}.cluster-000000000000.{region}.neptune.{suffix}",
            "ReadEndpoint": "{lower}.cluster-ro-000000000000.{region}.neptune.{suffix}",
            "Port": "8182",
        },
    ),
    "AWS::ElastiCache::CacheCluster": Form(
        id="{lower}",
        name_property="ClusterName",
        placeholders={
            "RedisEndpoint.Address": _CACHE_HOST,
            "RedisEndpoint.Port": "6379",
            "ConfigurationEndpoint.Address": _CACHE_HOST,
            "ConfigurationEndpoint.Port": "11211",
        },
    ),
    "AWS::ElastiCache::ReplicationGroup": Form(
        id="{lower}",
        name_property="ReplicationGroupId",
        attributes={"ReplicationGroupId": "{id}"},
        placeholders={
            "PrimaryEndPoint.Address": _CACHE_HOST,
            "PrimaryEndPoint.Port": "6379",
            "ReaderEndPoint.Address": _CACHE_HOST,
            "ReaderEndPoint.Port": "6379",
            "ConfigurationEndPoint.Address": _CACHE_HOST,
            "ConfigurationEndPoint.Port": "6379",
        },
    ),
    "AWS::ElastiCache::ServerlessCache": Form(
        id="{lower}",
        name_property="ServerlessCacheName",
        attributes={"ARN": arn("elasticache", "serverlesscache:{id}")},
        placeholders={
            "Endpoint.Address": _CACHE_HOST,
            "Endpoint.Port": "6379",
            "ReaderEndpoint.Address": _CACHE_HOST,
            "ReaderEndpoint.Port": "6380",
        },
    ),
    "AWS::ElastiCache::SubnetGroup": Form(id="{lower}", name_property="CacheSubnetGroupName"),
    "AWS::MemoryDB::Cluster": Form(
        id="{lower}",
        name_property="ClusterName",
        attributes={"ARN": arn("memorydb", "cluster/{id}")},
        placeholders={
            "ClusterEndpoint.Address": "clustercfg.{lower}.000000.memorydb.{region}.{suffix}",
            "ClusterEndpoint.Port": "6379",
        },
    ),
    "AWS::DAX::Cluster": Form(
        id="{lower}",
        name_property="ClusterName",
        attributes={"Id": "{id}", "Arn": arn("dax", "cache/{id}")},
        placeholders={
            "ClusterDiscoveryEndpoint": "{lower}.000000.dax-clusters.{region}.{suffix}:8111",
            "ClusterDiscoveryEndpointURL": "dax://{lower}.000000.dax-clusters.{region}.{suffix}",
        },
    ),
    "AWS::DSQL::Cluster": Form(
        id="{cluster:short}",
        attributes={"Identifier": "{id}", "ResourceArn": arn("dsql", "cluster/{id}")},
        placeholders={"Endpoint": "{short}.dsql.{region}.on.aws"},
    ),
    "AWS::Redshift::Cluster": Form(
        id="{lower}",
        name_property="ClusterIdentifier",
        placeholders={
            "Endpoint.Address": "{lower}.000000000000.{region}.redshift.{suffix}",
            "Endpoint.Port": "5439",
        },
    ),
    "AWS::RedshiftServerless::Workgroup": Form(
        name_property="WorkgroupName",
        attributes={"WorkgroupName": "{id}", "Workgroup.WorkgroupName": "{id}"},
        placeholders={
            "Workgroup.Endpoint.Address": "{lower}.{account}.{region}.redshift-serverless.{suffix}",
            "Workgroup.Endpoint.Port": "5439",
        },
    ),
    "AWS::Timestream::Database": by_name("DatabaseName", Arn=arn("timestream", "database/{id}")),
    "AWS::OpenSearchService::Domain": Form(
        name_property="DomainName",
        attributes={
            "Arn": arn("es", "domain/{id}"),
            "DomainArn": arn("es", "domain/{id}"),
            "Id": "{account}/{id}",
        },
        placeholders={"DomainEndpoint": "search-{lower}-0000000000.{region}.es.{suffix}"},
    ),
    "AWS::Elasticsearch::Domain": Form(
        name_property="DomainName",
        attributes={"Arn": arn("es", "domain/{id}"), "DomainArn": arn("es", "domain/{id}")},
        placeholders={"DomainEndpoint": "search-{lower}-0000000000.{region}.es.{suffix}"},
    ),
    "AWS::OpenSearchServerless::Collection": Form(
        id="{collection:short}",
        attributes={"Id": "{id}", "Arn": arn("aoss", "collection/{id}")},
        placeholders={"CollectionEndpoint": "https://{short}.{region}.aoss.{suffix}"},
    ),
    "AWS::MSK::Cluster": Form(
        id=arn("kafka", "cluster/{name:segment}/{cluster:segment}"),
        name_property="ClusterName",
        attributes={"Arn": "{id}"},
    ),
    "AWS::MSK::ServerlessCluster": only_id(arn("kafka", "cluster/{name:segment}/{cluster:segment}"), "Arn"),
    "AWS::AmazonMQ::Broker": Form(
        id="b-{uuid}",
        attributes={"Id": "{id}"},
        placeholders={
            "Arn": arn("mq", "broker:{name}:b-{uuid}"),
            "AmqpEndpoints": ("amqps://b-{uuid}.mq.{region}.{suffix}:5671",),
        },
    ),
}

ANALYTICS: Mapping[str, Form] = {
    "AWS::Glue::Database": by_name("DatabaseName"),
    "AWS::Glue::Table": Form(),
    "AWS::Glue::Job": by_name("Name"),
    "AWS::Glue::Crawler": by_name("Name"),
    "AWS::Glue::Workflow": by_name("Name"),
    "AWS::Glue::Registry": only_id(arn("glue", "registry/{name:segment}"), "Arn"),
    "AWS::Glue::Schema": only_id(arn("glue", "schema/{registry:segment}/{name:segment}"), "Arn"),
    "AWS::Athena::WorkGroup": by_name("Name"),
    "AWS::Athena::NamedQuery": only_id("{uuid}", "NamedQueryId"),
    "AWS::Kendra::Index": Form(id="{uuid}", attributes={"Id": "{id}", "Arn": arn("kendra", "index/{id}")}),
    "AWS::Location::PlaceIndex": by_name(
        "IndexName", Arn=arn("geo", "place-index/{id}"), IndexArn=arn("geo", "place-index/{id}")
    ),
    "AWS::Location::Map": by_name("MapName", Arn=arn("geo", "map/{id}"), MapArn=arn("geo", "map/{id}")),
    "AWS::Location::RouteCalculator": by_name(
        "CalculatorName",
        Arn=arn("geo", "route-calculator/{id}"),
        CalculatorArn=arn("geo", "route-calculator/{id}"),
    ),
    "AWS::Location::GeofenceCollection": by_name(
        "CollectionName",
        Arn=arn("geo", "geofence-collection/{id}"),
        CollectionArn=arn("geo", "geofence-collection/{id}"),
    ),
    "AWS::Location::Tracker": by_name(
        "TrackerName", Arn=arn("geo", "tracker/{id}"), TrackerArn=arn("geo", "tracker/{id}")
    ),
    "AWS::Pinpoint::App": Form(id="{hex}", attributes={"Id": "{id}", "Arn": arn("mobiletargeting", "apps/{id}")}),
    "AWS::Bedrock::Agent": Form(
        id="{upper}", attributes={"AgentId": "{id}", "AgentArn": arn("bedrock", "agent/{id}")}
    ),
    "AWS::Bedrock::AgentAlias": Form(
        id="{agent:upper}|{alias:upper}",
        attributes={
            "AgentAliasId": "{alias}",
            "AgentAliasArn": arn("bedrock", "agent-alias/{agent}/{alias}"),
        },
    ),
    "AWS::Bedrock::KnowledgeBase": Form(
        id="{upper}",
        attributes={"KnowledgeBaseId": "{id}", "KnowledgeBaseArn": arn("bedrock", "knowledge-base/{id}")},
    ),
    "AWS::Bedrock::DataSource": Form(id="{base:upper}|{source:upper}", attributes={"DataSourceId": "{source}"}),
    "AWS::Bedrock::Guardrail": Form(
        id=arn("bedrock", "guardrail/{guardrail:short}"),
        attributes={"GuardrailArn": "{id}", "GuardrailId": "{guardrail}"},
        placeholders={"Version": "DRAFT"},
    ),
    "AWS::Bedrock::Flow": Form(id=arn("bedrock", "flow/{flow:upper}"), attributes={"Arn": "{id}", "Id": "{flow}"}),
    "AWS::Bedrock::Prompt": Form(
        id=arn("bedrock", "prompt/{prompt:upper}"), attributes={"Arn": "{id}", "Id": "{prompt}"}
    ),
    "AWS::BedrockAgentCore::Runtime": Form(
        id="{runtime:name}",
        attributes={"AgentRuntimeId": "{id}", "AgentRuntimeArn": arn("bedrock-agentcore", "runtime/{id}")},
    ),
    "AWS::BedrockAgentCore::Memory": Form(
        id=arn("bedrock-agentcore", "memory/{memory:segment}"),
        attributes={"MemoryArn": "{id}", "MemoryId": "{memory}"},
    ),
    "AWS::BedrockAgentCore::Gateway": Form(
        id="{gateway:name}",
        attributes={"GatewayIdentifier": "{id}", "GatewayArn": arn("bedrock-agentcore", "gateway/{id}")},
        placeholders={"GatewayUrl": "https://{short}.gateway.bedrock-agentcore.{region}.{suffix}/mcp"},
    ),
    # SageMaker's ARNs are in lower case, so they do not tell the name.
    "AWS::SageMaker::Endpoint": Form(
        id=arn("sagemaker", "endpoint/{lower}"),
        attributes={"EndpointArn": "{id}"},
        placeholders={"EndpointName": "{name}"},
    ),
}
