"""The forms of the resource types that serverless applications are made of.

Sources: CloudFormation's template reference, "Return values" of each type and the tables under `Ref` and `Fn::GetAtt`
(awsdocs/aws-cloudformation-user-guide); the registry's schemas as cfn-lint carries them; botocore's models for
the ARNs. `Ref` is the physical id for every type. Cloud Control's identifiers where they are not the physical id:
the schemas' primaryIdentifier, read back live by go-to-k/cdk-real-drift (src/read/router.ts).
"""

from __future__ import annotations

from collections.abc import Mapping

from samlocal.deployed.attributes.form import Form, arn, by_name, only_id

_TABLE = Form(
    name_property="TableName",
    attributes={"Arn": arn("dynamodb", "table/{id}")},
    placeholders={"StreamArn": arn("dynamodb", "table/{name}/stream/2000-01-01T00:00:00.000")},
)

COMPUTE: Mapping[str, Form] = {
    "AWS::Lambda::Function": by_name("FunctionName", Arn=arn("lambda", "function:{id}")),
    # SAM's own attributes stand for resources that the transform makes beside the function.
    "AWS::Serverless::Function": Form(
        name_property="FunctionName",
        attributes={"Arn": arn("lambda", "function:{id}")},
        placeholders={
            "Alias": arn("lambda", "function:{name}:live"),
            "Version": arn("lambda", "function:{name}:1"),
        },
    ),
    "AWS::Lambda::Version": Form(
        id=arn("lambda", "function:{function:name}:{version:number}"),
        attributes={"FunctionArn": "{id}", "Version": "{version}"},
    ),
    "AWS::Lambda::Alias": only_id(arn("lambda", "function:{function:name}:{alias:name}"), "AliasArn"),
    "AWS::Lambda::LayerVersion": Form(
        id=arn("lambda", "layer:{name}:{version:number}"),
        name_property="LayerName",
        attributes={"LayerVersionArn": "{id}"},
    ),
    "AWS::Lambda::Url": Form(
        id=arn("lambda", "function:{function:path}"),
        attributes={"FunctionArn": "{id}"},
        placeholders={"FunctionUrl": "https://{short}.lambda-url.{region}.on.aws/"},
    ),
    "AWS::Lambda::EventSourceMapping": Form(
        id="{uuid}",
        attributes={"Id": "{id}", "EventSourceMappingArn": arn("lambda", "event-source-mapping:{id}")},
    ),
    "AWS::Lambda::CodeSigningConfig": Form(
        id=arn("lambda", "code-signing-config:csc-{hex}"),
        attributes={"CodeSigningConfigArn": "{id}", "CodeSigningConfigId": "csc-{hex}"},
    ),
    "AWS::Lambda::CapacityProvider": by_name("CapacityProviderName", Arn=arn("lambda", "capacity-provider:{id}")),
    "AWS::StepFunctions::StateMachine": Form(
        id=arn("states", "stateMachine:{name}"),
        name_property="StateMachineName",
        attributes={"Arn": "{id}", "Name": "{name}"},
    ),
    "AWS::Serverless::StateMachine": Form(
        id=arn("states", "stateMachine:{name}"),
        name_property="Name",
        attributes={"Arn": "{id}", "Name": "{name}"},
    ),
    "AWS::StepFunctions::Activity": Form(
        id=arn("states", "activity:{name}"),
        name_property="Name",
        attributes={"Arn": "{id}", "Name": "{name}"},
    ),
    "AWS::StepFunctions::StateMachineAlias": only_id(
        arn("states", "stateMachine:{machine:name}:{alias:name}"), "Arn"
    ),
    "AWS::StepFunctions::StateMachineVersion": only_id(
        arn("states", "stateMachine:{machine:name}:{version:number}"), "Arn"
    ),
}

STORAGE: Mapping[str, Form] = {
    "AWS::DynamoDB::Table": _TABLE,
    "AWS::DynamoDB::GlobalTable": _TABLE,
    "AWS::S3::Bucket": Form(
        id="{name:lower}",
        name_property="BucketName",
        attributes={
            "Arn": "arn:{partition}:s3:::{id}",
            "DomainName": "{id}.s3.{suffix}",
            "DualStackDomainName": "{id}.s3.dualstack.{region}.{suffix}",
            "RegionalDomainName": "{id}.s3.{region}.{suffix}",
            "WebsiteURL": "http://{id}.{s3_website}",
        },
    ),
    "AWS::S3::AccessPoint": by_name("Name", Arn=arn("s3", "accesspoint/{id}"), Name="{id}"),
    "AWS::S3Express::DirectoryBucket": by_name("BucketName", Arn=arn("s3express", "bucket/{id}")),
    "AWS::S3Tables::TableBucket": Form(
        id=arn("s3tables", "bucket/{name}"),
        name_property="TableBucketName",
        attributes={"TableBucketARN": "{id}"},
    ),
    "AWS::S3Vectors::VectorBucket": only_id(arn("s3vectors", "bucket/{name}"), "VectorBucketArn"),
    # An EFS file system has no name of its own; `Ref` is `fs-…`.
    "AWS::EFS::FileSystem": Form(
        id="fs-{hex}",
        attributes={"FileSystemId": "{id}", "Arn": arn("elasticfilesystem", "file-system/{id}")},
    ),
    "AWS::EFS::AccessPoint": Form(
        id="fsap-{hex}",
        attributes={"AccessPointId": "{id}", "Arn": arn("elasticfilesystem", "access-point/{id}")},
    ),
    "AWS::EFS::MountTarget": Form(
        id="fsmt-{hex}",
        attributes={"Id": "{id}"},
        placeholders={"IpAddress": "192.0.2.1"},
    ),
}

MESSAGING: Mapping[str, Form] = {
    "AWS::SQS::Queue": Form(
        id="https://sqs.{region}.{suffix}/{account}/{name}",
        name_property="QueueName",
        attributes={"Arn": arn("sqs", "{name}"), "QueueName": "{name}", "QueueUrl": "{id}"},
        # Older endpoints (`https://queue.amazonaws.com/…`) and local ones have other hosts.
        reads=r"https?://[^/]+/(?:.*/)?(?P<account>\d{12})/(?P<name>[^/]+)",
    ),
    "AWS::SNS::Topic": Form(
        id=arn("sns", "{name}"),
        name_property="TopicName",
        attributes={"TopicArn": "{id}", "TopicName": "{name}"},
    ),
    "AWS::SNS::Subscription": only_id(arn("sns", "{topic:name}:{uuid}"), "Arn"),
    "AWS::Kinesis::Stream": by_name("Name", Arn=arn("kinesis", "stream/{id}")),
    "AWS::Kinesis::StreamConsumer": Form(
        id=arn("kinesis", "stream/{stream:segment}/consumer/{name:segment}:{created:number}"),
        attributes={
            "ConsumerARN": "{id}",
            "ConsumerName": "{name}",
            "StreamARN": arn("kinesis", "stream/{stream}"),
        },
    ),
    "AWS::KinesisFirehose::DeliveryStream": by_name("DeliveryStreamName", Arn=arn("firehose", "deliverystream/{id}")),
    "AWS::Events::EventBus": by_name("Name", Arn=arn("events", "event-bus/{id}"), Name="{id}"),
    # `Ref` is `bus|rule` on a bus of one's own (cloudformation-coverage-roadmap issue 1131), so a name fixes no id.
    "AWS::Events::Rule": Form(
        id="{rule:name}",
        attributes={"Arn": arn("events", "rule/{rule}"), "RuleName": "{rule}"},
        otherwise=Form(
            id="{bus:segment}|{rule:segment}",
            attributes={"Arn": arn("events", "rule/{bus}/{rule}"), "RuleName": "{rule}"},
            identifier="",
        ),
    ),
    "AWS::Events::Archive": by_name("ArchiveName", Arn=arn("events", "archive/{id}")),
    "AWS::Events::ApiDestination": Form(
        name_property="Name",
        placeholders={"Arn": arn("events", "api-destination/{name}/{uuid}")},
    ),
    "AWS::Events::Connection": Form(
        name_property="Name",
        placeholders={
            "Arn": arn("events", "connection/{name}/{uuid}"),
            "SecretArn": arn("secretsmanager", "secret:events!connection/{name}/{uuid}-AbCdEf"),
        },
    ),
    # A schedule's ARN names its group, which the id does not tell.
    "AWS::Scheduler::Schedule": Form(
        name_property="Name",
        placeholders={"Arn": arn("scheduler", "schedule/default/{name}")},
    ),
    "AWS::Scheduler::ScheduleGroup": by_name("Name", Arn=arn("scheduler", "schedule-group/{id}")),
    "AWS::Pipes::Pipe": by_name("Name", Arn=arn("pipes", "pipe/{id}")),
    "AWS::EventSchemas::Registry": Form(
        id=arn("schemas", "registry/{name}"),
        name_property="RegistryName",
        attributes={"RegistryArn": "{id}", "RegistryName": "{name}"},
    ),
    "AWS::EventSchemas::Schema": Form(
        id=arn("schemas", "schema/{registry:segment}/{name:segment}"),
        attributes={"SchemaArn": "{id}", "SchemaName": "{name}", "RegistryName": "{registry}"},
    ),
}

OPERATIONS: Mapping[str, Form] = {
    # Its outputs are attributes too, which the stack itself tells (``stack.py``).
    "AWS::CloudFormation::Stack": Form(id=arn("cloudformation", "stack/{stack:segment}/{uuid}")),
    "AWS::Logs::LogGroup": by_name("LogGroupName", Arn=arn("logs", "log-group:{id}:*")),
    "AWS::Logs::LogStream": Form(name_property="LogStreamName", identifier="{LogGroupName}|{id}"),
    # A parameter's own slash is the one after `parameter`.
    "AWS::SSM::Parameter": Form(
        name_property="Name",
        attributes={"Arn": arn("ssm", "parameter/{id}"), "Name": "{id}"},
        placeholders={"Type": "String", "Value": "{name}"},
        reads=r"(?P<name>[^/:|][^:|]*)",
        otherwise=Form(
            name_property="Name",
            attributes={"Arn": arn("ssm", "parameter{id}"), "Name": "{id}"},
            reads=r"(?P<name>/[^:|]+)",
        ),
    ),
    "AWS::CloudWatch::Alarm": by_name("AlarmName", Arn=arn("cloudwatch", "alarm:{id}")),
    "AWS::CloudWatch::CompositeAlarm": by_name("AlarmName", Arn=arn("cloudwatch", "alarm:{id}")),
    "AWS::CloudWatch::Dashboard": by_name("DashboardName"),
    "AWS::AppConfig::Application": only_id("{short}", "ApplicationId"),
    "AWS::AppConfig::Environment": Form(
        id="{short}", attributes={"EnvironmentId": "{id}"}, identifier="{ApplicationId}|{id}"
    ),
    "AWS::AppConfig::ConfigurationProfile": Form(
        id="{short}", attributes={"ConfigurationProfileId": "{id}"}, identifier="{ApplicationId}|{id}"
    ),
    "AWS::AppConfig::HostedConfigurationVersion": Form(
        id="{number}",
        attributes={"VersionNumber": "{id}"},
        identifier="{ApplicationId}|{ConfigurationProfileId}|{id}",
    ),
    "AWS::AppConfig::DeploymentStrategy": only_id("{short}", "Id"),
}
