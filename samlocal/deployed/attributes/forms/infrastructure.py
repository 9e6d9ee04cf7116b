"""The forms of the resource types that applications run beside: networks, containers, builds, devices.

Sources: as in ``application_forms.py``.
"""

from __future__ import annotations

from collections.abc import Mapping

from samlocal.deployed.attributes.form import Form, arn, by_name, only_id

NETWORK: Mapping[str, Form] = {
    "AWS::EC2::VPC": Form(
        id="vpc-{hex}",
        attributes={"VpcId": "{id}"},
        placeholders={
            "CidrBlock": "10.0.0.0/16",
            "CidrBlockAssociations": ("vpc-cidr-assoc-{hex}",),
            "DefaultNetworkAcl": "acl-{hex}",
            "DefaultSecurityGroup": "sg-{hex}",
            "Ipv6CidrBlocks": ("2001:db8::/56",),
        },
    ),
    "AWS::EC2::Subnet": Form(
        id="subnet-{hex}",
        attributes={"SubnetId": "{id}"},
        placeholders={
            "AvailabilityZone": "{region}a",
            "CidrBlock": "10.0.0.0/24",
            "Ipv6CidrBlocks": ("2001:db8::/64",),
            "NetworkAclAssociationId": "aclassoc-{hex}",
            "VpcId": "vpc-{hex}",
        },
    ),
    # A group outside a VPC of its own has its name for an id; that form determines nothing.
    "AWS::EC2::SecurityGroup": Form(
        id="sg-{hex}",
        attributes={"GroupId": "{id}", "Id": "{id}"},
        placeholders={"VpcId": "vpc-{hex}", "GroupName": "{name}"},
    ),
    "AWS::EC2::RouteTable": only_id("rtb-{hex}", "RouteTableId"),
    "AWS::EC2::InternetGateway": only_id("igw-{hex}", "InternetGatewayId"),
    "AWS::EC2::NatGateway": only_id("nat-{hex}", "NatGatewayId"),
    "AWS::EC2::NetworkAcl": only_id("acl-{hex}", "Id"),
    "AWS::EC2::Volume": only_id("vol-{hex}", "VolumeId"),
    "AWS::EC2::TransitGateway": only_id("tgw-{hex}", "Id"),
    "AWS::EC2::FlowLog": only_id("fl-{hex}", "Id"),
    "AWS::EC2::VPCEndpointService": only_id("vpce-svc-{hex}", "ServiceId"),
    "AWS::EC2::EIP": Form(
        id="{ip}",
        attributes={"PublicIp": "{id}"},
        placeholders={"AllocationId": "eipalloc-{hex}"},
        identifier="",
    ),
    "AWS::EC2::VPCEndpoint": Form(
        id="vpce-{hex}",
        attributes={"Id": "{id}"},
        placeholders={
            "NetworkInterfaceIds": ("eni-{hex}",),
            "DnsEntries": ("Z{upper}:vpce-{hex}.{region}.vpce.{suffix}",),
        },
    ),
    "AWS::EC2::NetworkInterface": Form(
        id="eni-{hex}",
        attributes={"Id": "{id}"},
        placeholders={"PrimaryPrivateIpAddress": "192.0.2.1"},
    ),
    "AWS::EC2::Instance": Form(
        id="i-{hex}",
        attributes={"InstanceId": "{id}"},
        placeholders={
            "AvailabilityZone": "{region}a",
            "PrivateDnsName": "ip-192-0-2-1.{region}.compute.internal",
            "PrivateIp": "192.0.2.1",
            "PublicDnsName": "ec2-192-0-2-1.{region}.compute.{suffix}",
            "PublicIp": "192.0.2.1",
        },
    ),
    "AWS::EC2::LaunchTemplate": Form(
        id="lt-{hex}",
        attributes={"LaunchTemplateId": "{id}"},
        placeholders={"LatestVersionNumber": "1", "DefaultVersionNumber": "1"},
    ),
    "AWS::EC2::KeyPair": Form(name_property="KeyName", placeholders={"KeyPairId": "key-{hex}"}),
    "AWS::AutoScaling::AutoScalingGroup": by_name("AutoScalingGroupName", AutoScalingGroupName="{id}"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": Form(
        id=arn("elasticloadbalancing", "loadbalancer/{kind:balancer}/{name:segment}/{hex}"),
        name_property="Name",
        attributes={
            "LoadBalancerArn": "{id}",
            "LoadBalancerFullName": "{kind}/{name}/{hex}",
            "LoadBalancerName": "{name}",
        },
        placeholders={
            "CanonicalHostedZoneID": "Z{upper}",
            "DNSName": "{lower}-0000000000.{region}.elb.{suffix}",
            "SecurityGroups": ("sg-{hex}",),
        },
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup": Form(
        id=arn("elasticloadbalancing", "targetgroup/{name:segment}/{hex}"),
        name_property="Name",
        attributes={
            "TargetGroupArn": "{id}",
            "TargetGroupFullName": "targetgroup/{name}/{hex}",
            "TargetGroupName": "{name}",
        },
    ),
    "AWS::ElasticLoadBalancingV2::Listener": only_id(
        arn("elasticloadbalancing", "listener/{listener:path}"), "ListenerArn"
    ),
    "AWS::ElasticLoadBalancing::LoadBalancer": Form(
        name_property="LoadBalancerName",
        placeholders={"DNSName": "{lower}-0000000000.{region}.elb.{suffix}"},
    ),
    "AWS::CloudFront::Distribution": Form(
        id="{upper}",
        attributes={"Id": "{id}"},
        placeholders={"DomainName": "d{short}.cloudfront.net"},
    ),
    "AWS::CloudFront::Function": Form(
        id="arn:{partition}:cloudfront::{account}:function/{name}",
        name_property="Name",
        attributes={"FunctionARN": "{id}", "FunctionMetadata.FunctionARN": "{id}"},
    ),
    "AWS::CloudFront::OriginAccessControl": only_id("{upper}", "Id"),
    "AWS::CloudFront::CloudFrontOriginAccessIdentity": only_id("{upper}", "Id"),
    "AWS::CloudFront::PublicKey": only_id("{upper}", "Id"),
    "AWS::CloudFront::KeyGroup": only_id("{uuid}", "Id"),
    "AWS::CloudFront::CachePolicy": only_id("{uuid}", "Id"),
    "AWS::Route53::HostedZone": Form(
        id="{upper}",
        attributes={"Id": "{id}"},
        placeholders={"NameServers": ("ns-1.example.com", "ns-2.example.com")},
    ),
    "AWS::Route53::HealthCheck": only_id("{uuid}", "HealthCheckId"),
    "AWS::CertificateManager::Certificate": only_id(arn("acm", "certificate/{uuid}"), "CertificateArn"),
    "AWS::WAFv2::WebACL": Form(
        id="{acl:segment}|{uuid}|{scope}",
        attributes={"Id": "{uuid}"},
        placeholders={"Arn": arn("wafv2", "regional/webacl/{name}/{uuid}")},
    ),
    "AWS::ServiceDiscovery::PrivateDnsNamespace": Form(
        id="ns-{namespace:short}",
        attributes={"Id": "{id}", "Arn": arn("servicediscovery", "namespace/{id}")},
    ),
    "AWS::ServiceDiscovery::Service": Form(
        id="srv-{service:short}",
        attributes={"Id": "{id}", "Arn": arn("servicediscovery", "service/{id}")},
        placeholders={"Name": "{name}"},
    ),
}

CONTAINERS: Mapping[str, Form] = {
    "AWS::ECR::Repository": by_name(
        "RepositoryName", Arn=arn("ecr", "repository/{id}"), RepositoryUri="{account}.dkr.ecr.{region}.{suffix}/{id}"
    ),
    "AWS::ECS::Cluster": by_name("ClusterName", Arn=arn("ecs", "cluster/{id}")),
    # Services made before the longer ARNs of 2018 do not name their cluster.
    "AWS::ECS::Service": Form(
        id=arn("ecs", "service/{cluster:segment}/{service:segment}"),
        attributes={"ServiceArn": "{id}", "Name": "{service}"},
        identifier="{id}|{cluster}",
        otherwise=Form(
            id=arn("ecs", "service/{service:segment}"),
            attributes={"ServiceArn": "{id}", "Name": "{service}"},
            identifier="{id}|{Cluster}",
        ),
    ),
    "AWS::ECS::TaskDefinition": Form(
        id=arn("ecs", "task-definition/{name:segment}:{revision:number}"),
        name_property="Family",
        attributes={"TaskDefinitionArn": "{id}"},
    ),
    "AWS::EKS::Cluster": Form(
        name_property="Name",
        attributes={"Arn": arn("eks", "cluster/{id}")},
        placeholders={"Endpoint": "https://{upper}.gr7.{region}.eks.{suffix}"},
    ),
    "AWS::Batch::JobQueue": Form(
        id=arn("batch", "job-queue/{name:segment}"),
        name_property="JobQueueName",
        attributes={"JobQueueArn": "{id}"},
    ),
    "AWS::Batch::ComputeEnvironment": Form(
        id=arn("batch", "compute-environment/{name:segment}"),
        name_property="ComputeEnvironmentName",
        attributes={"ComputeEnvironmentArn": "{id}"},
    ),
    "AWS::Batch::JobDefinition": Form(
        id=arn("batch", "job-definition/{name:segment}:{revision:number}"),
        name_property="JobDefinitionName",
        attributes={"JobDefinitionArn": "{id}"},
        identifier="{name}",
    ),
    "AWS::CodeBuild::Project": by_name("Name", Id="{id}", Arn=arn("codebuild", "project/{id}")),
    "AWS::CodePipeline::Pipeline": by_name("Name", Arn=arn("codepipeline", "{id}")),
}

OTHERS: Mapping[str, Form] = {
    "AWS::IoT::Thing": by_name("ThingName", Arn=arn("iot", "thing/{id}")),
    "AWS::IoT::Policy": by_name("PolicyName", Arn=arn("iot", "policy/{id}")),
    "AWS::IoT::TopicRule": by_name("RuleName", Arn=arn("iot", "rule/{id}")),
    "AWS::IoT::RoleAlias": by_name("RoleAlias", RoleAliasArn=arn("iot", "rolealias/{id}")),
    "AWS::IoT::Certificate": Form(id="{hex}", attributes={"Id": "{id}", "Arn": arn("iot", "cert/{id}")}),
    "AWS::SES::ConfigurationSet": by_name("Name"),
    "AWS::SES::EmailIdentity": by_name("EmailIdentity"),
    "AWS::SES::ReceiptRuleSet": by_name("RuleSetName"),
    "AWS::SSM::Document": by_name("Name"),
    "AWS::Config::ConfigRule": Form(
        name_property="ConfigRuleName",
        placeholders={
            "Arn": arn("config", "config-rule/config-rule-{short}"),
            "ConfigRuleId": "config-rule-{short}",
        },
    ),
    "AWS::CloudTrail::Trail": by_name("TrailName", Arn=arn("cloudtrail", "trail/{id}")),
    "AWS::Backup::BackupVault": by_name(
        "BackupVaultName", BackupVaultArn=arn("backup", "backup-vault:{id}"), BackupVaultName="{id}"
    ),
    "AWS::Amplify::App": Form(
        id=arn("amplify", "apps/{app:short}"),
        attributes={"Arn": "{id}", "AppId": "{app}"},
        placeholders={"AppName": "{name}", "DefaultDomain": "d{short}.amplifyapp.com"},
    ),
    "AWS::Amplify::Branch": Form(
        id=arn("amplify", "apps/{app:short}/branches/{branch:path}"),
        attributes={"Arn": "{id}", "AppId": "{app}", "BranchName": "{branch}"},
    ),
    "AWS::Transfer::Server": Form(
        id=arn("transfer", "server/s-{hex}"), attributes={"Arn": "{id}", "ServerId": "s-{hex}"}
    ),
    "AWS::VpcLattice::Service": Form(
        id=arn("vpc-lattice", "service/svc-{hex}"),
        attributes={"Arn": "{id}", "Id": "svc-{hex}"},
        placeholders={"DnsEntry.DomainName": "{lower}-{hex}.7d67968.vpc-lattice-svcs.{region}.on.aws"},
    ),
    "AWS::VpcLattice::ServiceNetwork": Form(
        id=arn("vpc-lattice", "servicenetwork/sn-{hex}"), attributes={"Arn": "{id}", "Id": "sn-{hex}"}
    ),
    "AWS::QBusiness::Application": Form(
        id="{uuid}",
        attributes={"ApplicationId": "{id}", "ApplicationArn": arn("qbusiness", "application/{id}")},
    ),
    "AWS::QBusiness::Index": Form(
        id="{application:uuid}|{index:uuid}",
        attributes={
            "IndexId": "{index}",
            "IndexArn": arn("qbusiness", "application/{application}/index/{index}"),
        },
    ),
    "AWS::QBusiness::DataSource": Form(
        id="{application:uuid}|{source:uuid}|{index:uuid}",
        attributes={
            "DataSourceId": "{source}",
            "DataSourceArn": arn("qbusiness", "application/{application}/index/{index}/data-source/{source}"),
        },
    ),
    "AWS::Rekognition::Collection": by_name("CollectionId", Arn=arn("rekognition", "collection/{id}")),
    "AWS::KinesisVideo::Stream": Form(
        name_property="Name", placeholders={"Arn": arn("kinesisvideo", "stream/{name}/1")}
    ),
}
