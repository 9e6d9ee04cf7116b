"""Which calls tell the attributes of the types in ``infrastructure_forms.py`` and ``data_forms.py``.

Sources: botocore's models for calls and responses; the template reference for what each attribute means.
"""

from __future__ import annotations

from collections.abc import Mapping

from samlocal.deployed.attributes.describe_call import Call, Parameter, call


def _of_vpc(operation: str, **answers: str) -> Call:
    """A call for what a VPC is made with."""
    mark = "default" if operation == "describe_network_acls" else "group-name"
    value = "true" if mark == "default" else "default"
    filters: Parameter = [{"Name": "vpc-id", "Values": ["{id}"]}, {"Name": mark, "Values": [value]}]
    return call("ec2", operation, {"Filters": filters}, **answers)


def _db_clusters(service: str) -> Call:
    """DocumentDB and Neptune answer as RDS does."""
    return call(
        service,
        "describe_db_clusters",
        {"DBClusterIdentifier": "{id}"},
        Endpoint="DBClusters.0.Endpoint",
        ReadEndpoint="DBClusters.0.ReaderEndpoint",
        Port="DBClusters.0.Port",
        ClusterResourceId="DBClusters.0.DbClusterResourceId",
    )


CALLS: Mapping[str, tuple[Call, ...]] = {
    "AWS::EC2::VPC": (
        call(
            "ec2",
            "describe_vpcs",
            {"VpcIds": ["{id}"]},
            CidrBlock="Vpcs.0.CidrBlock",
            CidrBlockAssociations="Vpcs.0.CidrBlockAssociationSet.*.AssociationId",
            Ipv6CidrBlocks="Vpcs.0.Ipv6CidrBlockAssociationSet.*.Ipv6CidrBlock",
        ),
        _of_vpc("describe_security_groups", DefaultSecurityGroup="SecurityGroups.0.GroupId"),
        _of_vpc("describe_network_acls", DefaultNetworkAcl="NetworkAcls.0.NetworkAclId"),
    ),
    "AWS::EC2::Subnet": (
        call(
            "ec2",
            "describe_subnets",
            {"SubnetIds": ["{id}"]},
            AvailabilityZone="Subnets.0.AvailabilityZone",
            AvailabilityZoneId="Subnets.0.AvailabilityZoneId",
            CidrBlock="Subnets.0.CidrBlock",
            Ipv6CidrBlocks="Subnets.0.Ipv6CidrBlockAssociationSet.*.Ipv6CidrBlock",
            VpcId="Subnets.0.VpcId",
        ),
    ),
    "AWS::EC2::SecurityGroup": (
        call(
            "ec2",
            "describe_security_groups",
            {"GroupIds": ["{id}"]},
            VpcId="SecurityGroups.0.VpcId",
            GroupName="SecurityGroups.0.GroupName",
        ),
    ),
    "AWS::EC2::EIP": (
        call("ec2", "describe_addresses", {"PublicIps": ["{id}"]}, AllocationId="Addresses.0.AllocationId"),
    ),
    "AWS::EC2::VPCEndpoint": (
        call(
            "ec2",
            "describe_vpc_endpoints",
            {"VpcEndpointIds": ["{id}"]},
            NetworkInterfaceIds="VpcEndpoints.0.NetworkInterfaceIds",
        ),
    ),
    "AWS::EC2::NetworkInterface": (
        call(
            "ec2",
            "describe_network_interfaces",
            {"NetworkInterfaceIds": ["{id}"]},
            PrimaryPrivateIpAddress="NetworkInterfaces.0.PrivateIpAddress",
            VpcId="NetworkInterfaces.0.VpcId",
        ),
    ),
    "AWS::EC2::Instance": (
        call(
            "ec2",
            "describe_instances",
            {"InstanceIds": ["{id}"]},
            AvailabilityZone="Reservations.0.Instances.0.Placement.AvailabilityZone",
            PrivateDnsName="Reservations.0.Instances.0.PrivateDnsName",
            PrivateIp="Reservations.0.Instances.0.PrivateIpAddress",
            PublicDnsName="Reservations.0.Instances.0.PublicDnsName",
            PublicIp="Reservations.0.Instances.0.PublicIpAddress",
        ),
    ),
    "AWS::EC2::LaunchTemplate": (
        call(
            "ec2",
            "describe_launch_templates",
            {"LaunchTemplateIds": ["{id}"]},
            LatestVersionNumber="LaunchTemplates.0.LatestVersionNumber",
            DefaultVersionNumber="LaunchTemplates.0.DefaultVersionNumber",
        ),
    ),
    "AWS::EC2::KeyPair": (
        call("ec2", "describe_key_pairs", {"KeyNames": ["{id}"]}, KeyPairId="KeyPairs.0.KeyPairId"),
    ),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (
        call(
            "elbv2",
            "describe_load_balancers",
            {"LoadBalancerArns": ["{id}"]},
            DNSName="LoadBalancers.0.DNSName",
            CanonicalHostedZoneID="LoadBalancers.0.CanonicalHostedZoneId",
            SecurityGroups="LoadBalancers.0.SecurityGroups",
        ),
    ),
    "AWS::ElasticLoadBalancing::LoadBalancer": (
        call(
            "elb",
            "describe_load_balancers",
            {"LoadBalancerNames": ["{id}"]},
            DNSName="LoadBalancerDescriptions.0.DNSName",
            CanonicalHostedZoneName="LoadBalancerDescriptions.0.CanonicalHostedZoneName",
            CanonicalHostedZoneNameID="LoadBalancerDescriptions.0.CanonicalHostedZoneNameID",
            SourceSecurityGroup__GroupName="LoadBalancerDescriptions.0.SourceSecurityGroup.GroupName",
            SourceSecurityGroup__OwnerAlias="LoadBalancerDescriptions.0.SourceSecurityGroup.OwnerAlias",
        ),
    ),
    "AWS::EKS::Cluster": (
        call(
            "eks",
            "describe_cluster",
            {"name": "{id}"},
            Endpoint="cluster.endpoint",
            CertificateAuthorityData="cluster.certificateAuthority.data",
            ClusterSecurityGroupId="cluster.resourcesVpcConfig.clusterSecurityGroupId",
            OpenIdConnectIssuerUrl="cluster.identity.oidc.issuer",
        ),
    ),
    "AWS::EFS::MountTarget": (
        call("efs", "describe_mount_targets", {"MountTargetId": "{id}"}, IpAddress="MountTargets.0.IpAddress"),
    ),
    "AWS::RDS::DBInstance": (
        call(
            "rds",
            "describe_db_instances",
            {"DBInstanceIdentifier": "{id}"},
            Endpoint__Address="DBInstances.0.Endpoint.Address",
            Endpoint__Port="DBInstances.0.Endpoint.Port",
            Endpoint__HostedZoneId="DBInstances.0.Endpoint.HostedZoneId",
            DbiResourceId="DBInstances.0.DbiResourceId",
            MasterUserSecret__SecretArn="DBInstances.0.MasterUserSecret.SecretArn",
        ),
    ),
    "AWS::RDS::DBCluster": (
        call(
            "rds",
            "describe_db_clusters",
            {"DBClusterIdentifier": "{id}"},
            Endpoint__Address="DBClusters.0.Endpoint",
            Endpoint__Port="DBClusters.0.Port",
            ReadEndpoint__Address="DBClusters.0.ReaderEndpoint",
            DBClusterResourceId="DBClusters.0.DbClusterResourceId",
            MasterUserSecret__SecretArn="DBClusters.0.MasterUserSecret.SecretArn",
        ),
    ),
    "AWS::RDS::DBProxy": (
        call(
            "rds",
            "describe_db_proxies",
            {"DBProxyName": "{id}"},
            DBProxyArn="DBProxies.0.DBProxyArn",
            Endpoint="DBProxies.0.Endpoint",
            VpcId="DBProxies.0.VpcId",
        ),
    ),
    "AWS::DocDB::DBCluster": (_db_clusters("docdb"),),
    "AWS::Neptune::DBCluster": (_db_clusters("neptune"),),
    "AWS::ElastiCache::CacheCluster": (
        call(
            "elasticache",
            "describe_cache_clusters",
            {"CacheClusterId": "{id}", "ShowCacheNodeInfo": True},
            RedisEndpoint__Address="CacheClusters.0.CacheNodes.0.Endpoint.Address",
            RedisEndpoint__Port="CacheClusters.0.CacheNodes.0.Endpoint.Port",
            ConfigurationEndpoint__Address="CacheClusters.0.ConfigurationEndpoint.Address",
            ConfigurationEndpoint__Port="CacheClusters.0.ConfigurationEndpoint.Port",
        ),
    ),
    "AWS::ElastiCache::ReplicationGroup": (
        call(
            "elasticache",
            "describe_replication_groups",
            {"ReplicationGroupId": "{id}"},
            PrimaryEndPoint__Address="ReplicationGroups.0.NodeGroups.0.PrimaryEndpoint.Address",
            PrimaryEndPoint__Port="ReplicationGroups.0.NodeGroups.0.PrimaryEndpoint.Port",
            ReaderEndPoint__Address="ReplicationGroups.0.NodeGroups.0.ReaderEndpoint.Address",
            ReaderEndPoint__Port="ReplicationGroups.0.NodeGroups.0.ReaderEndpoint.Port",
            ConfigurationEndPoint__Address="ReplicationGroups.0.ConfigurationEndpoint.Address",
            ConfigurationEndPoint__Port="ReplicationGroups.0.ConfigurationEndpoint.Port",
        ),
    ),
    "AWS::ElastiCache::ServerlessCache": (
        call(
            "elasticache",
            "describe_serverless_caches",
            {"ServerlessCacheName": "{id}"},
            Endpoint__Address="ServerlessCaches.0.Endpoint.Address",
            Endpoint__Port="ServerlessCaches.0.Endpoint.Port",
            ReaderEndpoint__Address="ServerlessCaches.0.ReaderEndpoint.Address",
            ReaderEndpoint__Port="ServerlessCaches.0.ReaderEndpoint.Port",
        ),
    ),
    "AWS::MemoryDB::Cluster": (
        call(
            "memorydb",
            "describe_clusters",
            {"ClusterName": "{id}"},
            ClusterEndpoint__Address="Clusters.0.ClusterEndpoint.Address",
            ClusterEndpoint__Port="Clusters.0.ClusterEndpoint.Port",
        ),
    ),
    "AWS::DAX::Cluster": (
        call(
            "dax",
            "describe_clusters",
            {"ClusterNames": ["{id}"]},
            ClusterDiscoveryEndpoint=(
                "Clusters.0.ClusterDiscoveryEndpoint.Address:Clusters.0.ClusterDiscoveryEndpoint.Port"
            ),
            ClusterDiscoveryEndpointURL="Clusters.0.ClusterDiscoveryEndpoint.URL",
        ),
    ),
    "AWS::Redshift::Cluster": (
        call(
            "redshift",
            "describe_clusters",
            {"ClusterIdentifier": "{id}"},
            Endpoint__Address="Clusters.0.Endpoint.Address",
            Endpoint__Port="Clusters.0.Endpoint.Port",
        ),
    ),
    "AWS::OpenSearchService::Domain": (
        call(
            "opensearch",
            "describe_domain",
            {"DomainName": "{id}"},
            DomainEndpoint="DomainStatus.Endpoint|DomainStatus.Endpoints.vpc",
        ),
    ),
    "AWS::Elasticsearch::Domain": (
        call(
            "es",
            "describe_elasticsearch_domain",
            {"DomainName": "{id}"},
            DomainEndpoint="DomainStatus.Endpoint|DomainStatus.Endpoints.vpc",
        ),
    ),
    "AWS::OpenSearchServerless::Collection": (
        call(
            "opensearchserverless",
            "batch_get_collection",
            {"ids": ["{id}"]},
            CollectionEndpoint="collectionDetails.0.collectionEndpoint",
            DashboardEndpoint="collectionDetails.0.dashboardEndpoint",
        ),
    ),
    "AWS::AmazonMQ::Broker": (
        call(
            "mq",
            "describe_broker",
            {"BrokerId": "{id}"},
            Arn="BrokerArn",
            IpAddresses="BrokerInstances.*.IpAddress",
        ),
    ),
    "AWS::ServiceDiscovery::PrivateDnsNamespace": (
        call(
            "servicediscovery",
            "get_namespace",
            {"Id": "{id}"},
            HostedZoneId="Namespace.Properties.DnsProperties.HostedZoneId",
        ),
    ),
    "AWS::ServiceDiscovery::Service": (call("servicediscovery", "get_service", {"Id": "{id}"}, Name="Service.Name"),),
    "AWS::IoT::Thing": (call("iot", "describe_thing", {"thingName": "{id}"}, Id="thingId"),),
    "AWS::Config::ConfigRule": (
        call(
            "config",
            "describe_config_rules",
            {"ConfigRuleNames": ["{id}"]},
            Arn="ConfigRules.0.ConfigRuleArn",
            ConfigRuleId="ConfigRules.0.ConfigRuleId",
        ),
    ),
    "AWS::Amplify::App": (
        call("amplify", "get_app", {"appId": "{app}"}, AppName="app.name", DefaultDomain="app.defaultDomain"),
    ),
}
