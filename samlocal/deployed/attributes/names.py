"""Which attributes `!GetAtt` knows of each resource type, the names of one type in one text.

Source: the resource types' schemas (CloudFormation registry, ``readOnlyProperties``), with the differences between
them and CloudFormation's own list as cfn-lint 1.58 has them. Types that are not here are not judged.
"""

from __future__ import annotations

from collections.abc import Mapping

ATTRIBUTE_NAMES: Mapping[str, str] = {
    "AWS::AmazonMQ::Broker": (
        "AmqpEndpoints Arn ConfigurationId ConfigurationRevision ConsoleURLs EngineVersionCurrent Id "
        "IpAddresses MqttEndpoints OpenWireEndpoints StompEndpoints WssEndpoints"
    ),
    "AWS::Amplify::App": "AppId AppName Arn DefaultDomain",
    "AWS::Amplify::Branch": (
        "AppId Arn Backend.StackArn BasicAuthConfig.EnableBasicAuth BasicAuthConfig.Password "
        "BasicAuthConfig.Username BranchName BuildSpec ComputeRoleArn Description EnableAutoBuild "
        "EnablePerformanceMode EnablePullRequestPreview EnableSkewProtection EnvironmentVariables Framework "
        "PullRequestEnvironmentName Stage Tags"
    ),
    "AWS::ApiGateway::ApiKey": "APIKeyId",
    "AWS::ApiGateway::Authorizer": "AuthorizerId",
    "AWS::ApiGateway::Deployment": "DeploymentId",
    "AWS::ApiGateway::DomainName": (
        "DistributionDomainName DistributionHostedZoneId DomainNameArn RegionalDomainName RegionalHostedZoneId"
    ),
    "AWS::ApiGateway::Model": "",
    "AWS::ApiGateway::RequestValidator": "RequestValidatorId",
    "AWS::ApiGateway::Resource": "ResourceId",
    "AWS::ApiGateway::RestApi": "RestApiId RootResourceId",
    "AWS::ApiGateway::Stage": "",
    "AWS::ApiGateway::UsagePlan": "Id",
    "AWS::ApiGateway::VpcLink": "VpcLinkId",
    "AWS::ApiGatewayV2::Api": "ApiEndpoint ApiId ExecuteApiArn",
    "AWS::ApiGatewayV2::Authorizer": "AuthorizerId",
    "AWS::ApiGatewayV2::Deployment": "DeploymentId",
    "AWS::ApiGatewayV2::DomainName": "DomainNameArn RegionalDomainName RegionalHostedZoneId",
    "AWS::ApiGatewayV2::Integration": "IntegrationId",
    "AWS::ApiGatewayV2::Route": "RouteId",
    "AWS::ApiGatewayV2::Stage": "",
    "AWS::ApiGatewayV2::VpcLink": "VpcLinkId",
    "AWS::AppConfig::Application": "ApplicationId",
    "AWS::AppConfig::ConfigurationProfile": "ConfigurationProfileId KmsKeyArn",
    "AWS::AppConfig::DeploymentStrategy": "Id",
    "AWS::AppConfig::Environment": "EnvironmentId",
    "AWS::AppConfig::HostedConfigurationVersion": "VersionNumber",
    "AWS::AppSync::Api": "ApiArn ApiId Dns Dns.Http Dns.Realtime",
    "AWS::AppSync::ApiKey": "ApiKey ApiKeyId Arn",
    "AWS::AppSync::ChannelNamespace": "ChannelNamespaceArn",
    "AWS::AppSync::DataSource": "DataSourceArn Name",
    "AWS::AppSync::GraphQLApi": "ApiId Arn GraphQLDns GraphQLEndpointArn GraphQLUrl RealtimeDns RealtimeUrl",
    "AWS::Athena::NamedQuery": "NamedQueryId",
    "AWS::Athena::WorkGroup": (
        "CreationTime WorkGroupConfiguration.EngineVersion.EffectiveEngineVersion "
        "WorkGroupConfigurationUpdates.EngineVersion.EffectiveEngineVersion"
    ),
    "AWS::AutoScaling::AutoScalingGroup": (
        "AutoScalingGroupARN AutoScalingGroupName AvailabilityZoneDistribution.CapacityDistributionStrategy "
        "AvailabilityZoneIds AvailabilityZoneImpairmentPolicy.ImpairedZoneHealthCheckBehavior "
        "AvailabilityZoneImpairmentPolicy.ZonalShiftEnabled AvailabilityZones CapacityRebalance "
        "CapacityReservationSpecification.CapacityReservationPreference "
        "CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationIds "
        "CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationResourceGroupArns "
        "Context Cooldown DefaultInstanceWarmup DeletionProtection DesiredCapacity DesiredCapacityType "
        "HealthCheckGracePeriod HealthCheckType InstanceId "
        "InstanceLifecyclePolicy.RetentionTriggers.TerminateHookAbandon "
        "InstanceMaintenancePolicy.MaxHealthyPercentage InstanceMaintenancePolicy.MinHealthyPercentage "
        "LaunchConfigurationName LaunchTemplate.LaunchTemplateId LaunchTemplate.LaunchTemplateName "
        "LaunchTemplate.Version LifecycleHookSpecificationList LoadBalancerNames MaxInstanceLifetime MaxSize "
        "MetricsCollection MinSize MixedInstancesPolicy.InstancesDistribution.DistributionSegments "
        "MixedInstancesPolicy.InstancesDistribution.OnDemandAllocationStrategy "
        "MixedInstancesPolicy.InstancesDistribution.OnDemandBaseCapacity "
        "MixedInstancesPolicy.InstancesDistribution.OnDemandPercentageAboveBaseCapacity "
        "MixedInstancesPolicy.InstancesDistribution.SpotAllocationStrategy "
        "MixedInstancesPolicy.InstancesDistribution.SpotInstancePools "
        "MixedInstancesPolicy.InstancesDistribution.SpotMaxPrice "
        "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateId "
        "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateName "
        "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.Version "
        "MixedInstancesPolicy.LaunchTemplate.Overrides NewInstancesProtectedFromScaleIn "
        "NotificationConfiguration.NotificationTypes NotificationConfiguration.TopicARN "
        "NotificationConfigurations PlacementGroup ServiceLinkedRoleARN SkipZonalShiftValidation Tags "
        "TargetGroupARNs TerminationPolicies TrafficSources VPCZoneIdentifier"
    ),
    "AWS::Backup::BackupVault": (
        "BackupVaultArn BackupVaultName EncryptionKeyArn LockConfiguration.ChangeableForDays "
        "LockConfiguration.MaxRetentionDays LockConfiguration.MinRetentionDays "
        "Notifications.BackupVaultEvents Notifications.SNSTopicArn"
    ),
    "AWS::Batch::JobDefinition": "JobDefinitionArn",
    "AWS::Batch::JobQueue": "JobQueueArn",
    "AWS::Bedrock::Agent": (
        "AgentArn AgentId AgentStatus AgentVersion CreatedAt FailureReasons PreparedAt RecommendedActions UpdatedAt"
    ),
    "AWS::Bedrock::AgentAlias": (
        "AgentAliasArn AgentAliasHistoryEvents AgentAliasId AgentAliasStatus CreatedAt UpdatedAt"
    ),
    "AWS::Bedrock::DataSource": (
        "CreatedAt DataSourceConfiguration.WebConfiguration.CrawlerConfiguration.UserAgentHeader DataSourceId "
        "DataSourceStatus FailureReasons UpdatedAt"
    ),
    "AWS::Bedrock::Flow": "Arn CreatedAt Id Status UpdatedAt Validations Version",
    "AWS::Bedrock::Guardrail": (
        "CreatedAt FailureRecommendations GuardrailArn GuardrailId Status StatusReasons UpdatedAt Version"
    ),
    "AWS::Bedrock::KnowledgeBase": "CreatedAt FailureReasons KnowledgeBaseArn KnowledgeBaseId Status UpdatedAt",
    "AWS::Bedrock::Prompt": "Arn CreatedAt Id UpdatedAt Version",
    "AWS::BedrockAgentCore::Gateway": (
        "CreatedAt GatewayArn GatewayIdentifier GatewayUrl Status StatusReasons UpdatedAt WebAclArn "
        "WorkloadIdentityDetails"
    ),
    "AWS::BedrockAgentCore::Runtime": (
        "AgentRuntimeArn AgentRuntimeId AgentRuntimeVersion CreatedAt FailureReason LastUpdatedAt Status "
        "WorkloadIdentityDetails"
    ),
    "AWS::CertificateManager::Certificate": "CertificateArn",
    "AWS::CloudFront::CachePolicy": "Id LastModifiedTime",
    "AWS::CloudFront::CloudFrontOriginAccessIdentity": "Id S3CanonicalUserId",
    "AWS::CloudFront::Distribution": "DomainName Id",
    "AWS::CloudFront::Function": "FunctionARN FunctionMetadata.FunctionARN Stage",
    "AWS::CloudFront::KeyGroup": "Id LastModifiedTime",
    "AWS::CloudFront::OriginAccessControl": "Id",
    "AWS::CloudFront::PublicKey": "CreatedTime Id",
    "AWS::CloudTrail::Trail": "Arn SnsTopicArn",
    "AWS::CloudWatch::Alarm": "Arn",
    "AWS::CloudWatch::CompositeAlarm": "Arn",
    "AWS::CloudWatch::Dashboard": "",
    "AWS::CodeBuild::Project": "Arn Id",
    "AWS::CodePipeline::Pipeline": "Arn Version",
    "AWS::Cognito::IdentityPool": "Id Name",
    "AWS::Cognito::UserPool": "Arn ProviderName ProviderURL UserPoolId",
    "AWS::Cognito::UserPoolClient": "ClientId ClientSecret Name",
    "AWS::Cognito::UserPoolDomain": "CloudFrontDistribution",
    "AWS::Cognito::UserPoolGroup": "",
    "AWS::Config::ConfigRule": "Arn Compliance.Type ConfigRuleId",
    "AWS::DAX::Cluster": "Arn ClusterDiscoveryEndpoint ClusterDiscoveryEndpointURL Id",
    "AWS::DSQL::Cluster": (
        "CreationTime EncryptionDetails Endpoint Identifier PolicyVersion ResourceArn Status VpcEndpoint "
        "VpcEndpointServiceName"
    ),
    "AWS::DocDB::DBCluster": "ClusterResourceId Endpoint Id Port ReadEndpoint",
    "AWS::DynamoDB::GlobalTable": "Arn StreamArn TableId",
    "AWS::DynamoDB::Table": "Arn StreamArn",
    "AWS::EC2::EIP": "AllocationId PublicIp",
    "AWS::EC2::FlowLog": "Id",
    "AWS::EC2::Instance": (
        "AdditionalInfo Affinity AvailabilityZone BlockDeviceMappings CpuOptions.CoreCount "
        "CpuOptions.ThreadsPerCore CreditSpecification.CPUCredits DisableApiTermination EbsOptimized "
        "ElasticGpuSpecifications ElasticInferenceAccelerators EnclaveOptions.Enabled "
        "HibernationOptions.Configured HostId HostResourceGroupArn IamInstanceProfile ImageId InstanceId "
        "InstanceInitiatedShutdownBehavior InstanceType Ipv6AddressCount Ipv6Addresses KernelId KeyName "
        "LicenseSpecifications Monitoring NetworkInterfaces PlacementGroupName PrivateDnsName PrivateIp "
        "PrivateIpAddress PropagateTagsToVolumeOnCreation PublicDnsName PublicIp RamdiskId SecurityGroupIds "
        "SecurityGroups SourceDestCheck SsmAssociations SubnetId Tags Tenancy UserData Volumes VpcId"
    ),
    "AWS::EC2::InternetGateway": "InternetGatewayId",
    "AWS::EC2::KeyPair": "KeyFingerprint KeyPairId",
    "AWS::EC2::LaunchTemplate": "DefaultVersionNumber LatestVersionNumber LaunchTemplateId",
    "AWS::EC2::NatGateway": "AutoProvisionZones AutoScalingIps EniId NatGatewayId RouteTableId",
    "AWS::EC2::NetworkAcl": "Id",
    "AWS::EC2::NetworkInterface": (
        "Id PrimaryIpv6Address PrimaryPrivateIpAddress PublicIpDnsNameOptions SecondaryPrivateIpAddresses VpcId"
    ),
    "AWS::EC2::RouteTable": "RouteTableId",
    "AWS::EC2::SecurityGroup": (
        "GroupDescription GroupId GroupName Id SecurityGroupEgress SecurityGroupIngress Tags VpcId"
    ),
    "AWS::EC2::Subnet": (
        "AssignIpv6AddressOnCreation AvailabilityZone AvailabilityZoneId "
        "BlockPublicAccessStates.InternetGatewayBlockMode CidrBlock EnableDns64 EnableLniAtDeviceIndex "
        "Ipv4IpamPoolId Ipv4NetmaskLength Ipv6CidrBlock Ipv6CidrBlocks Ipv6IpamPoolId Ipv6Native "
        "Ipv6NetmaskLength MapPublicIpOnLaunch NetworkAclAssociationId OutpostArn "
        "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsAAAARecord "
        "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsARecord "
        "PrivateDnsNameOptionsOnLaunch.HostnameType SubnetId Tags VpcId"
    ),
    "AWS::EC2::TransitGateway": "EncryptionSupportState Id TransitGatewayArn",
    "AWS::EC2::VPC": (
        "CidrBlock CidrBlockAssociations DefaultNetworkAcl DefaultSecurityGroup EnableDnsHostnames "
        "EnableDnsSupport InstanceTenancy Ipv4IpamPoolId Ipv4NetmaskLength Ipv6CidrBlocks Tags "
        "VpcEncryptionControl.EgressOnlyInternetGatewayExclusion "
        "VpcEncryptionControl.ElasticFileSystemExclusion VpcEncryptionControl.InternetGatewayExclusion "
        "VpcEncryptionControl.LambdaExclusion VpcEncryptionControl.Mode "
        "VpcEncryptionControl.NatGatewayExclusion "
        "VpcEncryptionControl.ResourceExclusions.EgressOnlyInternetGateway.State "
        "VpcEncryptionControl.ResourceExclusions.EgressOnlyInternetGateway.StateMessage "
        "VpcEncryptionControl.ResourceExclusions.ElasticFileSystem.State "
        "VpcEncryptionControl.ResourceExclusions.ElasticFileSystem.StateMessage "
        "VpcEncryptionControl.ResourceExclusions.InternetGateway.State "
        "VpcEncryptionControl.ResourceExclusions.InternetGateway.StateMessage "
        "VpcEncryptionControl.ResourceExclusions.Lambda.State "
        "VpcEncryptionControl.ResourceExclusions.Lambda.StateMessage "
        "VpcEncryptionControl.ResourceExclusions.NatGateway.State "
        "VpcEncryptionControl.ResourceExclusions.NatGateway.StateMessage "
        "VpcEncryptionControl.ResourceExclusions.VirtualPrivateGateway.State "
        "VpcEncryptionControl.ResourceExclusions.VirtualPrivateGateway.StateMessage "
        "VpcEncryptionControl.ResourceExclusions.VpcLattice.State "
        "VpcEncryptionControl.ResourceExclusions.VpcLattice.StateMessage "
        "VpcEncryptionControl.ResourceExclusions.VpcPeering.State "
        "VpcEncryptionControl.ResourceExclusions.VpcPeering.StateMessage VpcEncryptionControl.State "
        "VpcEncryptionControl.StateMessage VpcEncryptionControl.VirtualPrivateGatewayExclusion "
        "VpcEncryptionControl.VpcEncryptionControlId VpcEncryptionControl.VpcId "
        "VpcEncryptionControl.VpcLatticeExclusion VpcEncryptionControl.VpcPeeringExclusion VpcId"
    ),
    "AWS::EC2::VPCEndpoint": "CreationTimestamp DnsEntries Id NetworkInterfaceIds",
    "AWS::EC2::VPCEndpointService": (
        "PrivateDnsNameConfiguration.Name PrivateDnsNameConfiguration.State PrivateDnsNameConfiguration.Type "
        "PrivateDnsNameConfiguration.Value ServiceId"
    ),
    "AWS::EC2::Volume": "VolumeId",
    "AWS::ECR::Repository": "Arn RepositoryUri",
    "AWS::ECS::Cluster": "Arn",
    "AWS::ECS::Service": "Name ServiceArn",
    "AWS::ECS::TaskDefinition": "TaskDefinitionArn",
    "AWS::EFS::AccessPoint": "AccessPointId Arn",
    "AWS::EFS::MountTarget": "FileSystemId Id IpAddress IpAddressType Ipv6Address SecurityGroups SubnetId",
    "AWS::EKS::Cluster": (
        "Arn CertificateAuthority.Active.ActivatedBy CertificateAuthority.Active.Id CertificateAuthority.Data "
        "CertificateAuthorityData ClusterSecurityGroupId EncryptionConfigKeyArn Endpoint Id "
        "KubernetesNetworkConfig.ServiceIpv6Cidr OpenIdConnectIssuerUrl"
    ),
    "AWS::ElastiCache::CacheCluster": (
        "ConfigurationEndpoint ConfigurationEndpoint.Address ConfigurationEndpoint.Port RedisEndpoint "
        "RedisEndpoint.Address RedisEndpoint.Port"
    ),
    "AWS::ElastiCache::ReplicationGroup": (
        "AtRestEncryptionEnabled AuthToken AutoMinorVersionUpgrade AutomaticFailoverEnabled CacheNodeType "
        "CacheParameterGroupName CacheSecurityGroupNames CacheSubnetGroupName ClusterMode "
        "ConfigurationEndPoint.Address ConfigurationEndPoint.Port DataTieringEnabled Durability "
        "EffectiveDurability Engine EngineVersion GlobalReplicationGroupId IpDiscovery KmsKeyId "
        "LogDeliveryConfigurations MultiAZEnabled NetworkType NodeGroupConfiguration NotificationTopicArn "
        "NumCacheClusters NumNodeGroups Port PreferredCacheClusterAZs PreferredMaintenanceWindow "
        "PrimaryClusterId PrimaryEndPoint.Address PrimaryEndPoint.Port ReadEndPoint.Addresses "
        "ReadEndPoint.AddressesList ReadEndPoint.Ports ReadEndPoint.PortsList ReaderEndPoint.Address "
        "ReaderEndPoint.Port ReplicasPerNodeGroup ReplicationGroupDescription ReplicationGroupId "
        "SecurityGroupIds SnapshotArns SnapshotName SnapshotRetentionLimit SnapshotWindow "
        "SnapshottingClusterId Tags TransitEncryptionEnabled TransitEncryptionMode UserGroupIds"
    ),
    "AWS::ElastiCache::ServerlessCache": (
        "ARN CreateTime Endpoint.Address Endpoint.Port FullEngineVersion ReaderEndpoint.Address "
        "ReaderEndpoint.Port Status"
    ),
    "AWS::ElastiCache::SubnetGroup": "",
    "AWS::ElasticLoadBalancing::LoadBalancer": (
        "CanonicalHostedZoneName CanonicalHostedZoneNameID DNSName SourceSecurityGroup "
        "SourceSecurityGroup.GroupName SourceSecurityGroup.OwnerAlias"
    ),
    "AWS::ElasticLoadBalancingV2::Listener": "ListenerArn",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (
        "CanonicalHostedZoneID DNSName EnableCapacityReservationProvisionStabilize "
        "EnablePrefixForIpv6SourceNat EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic IpAddressType "
        "Ipv4IpamPoolId LoadBalancerArn LoadBalancerAttributes LoadBalancerFullName LoadBalancerName Name "
        "Scheme SecurityGroups SubnetMappings Subnets Tags Type"
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup": (
        "LoadBalancerArns TargetGroupArn TargetGroupFullName TargetGroupName"
    ),
    "AWS::Elasticsearch::Domain": "Arn DomainArn DomainEndpoint Id",
    "AWS::EventSchemas::Registry": "Description RegistryArn RegistryName Tags",
    "AWS::EventSchemas::Schema": (
        "Content Description LastModified RegistryName SchemaArn SchemaName SchemaVersion Tags Type "
        "VersionCreatedDate"
    ),
    "AWS::Events::ApiDestination": "Arn ArnForPolicy",
    "AWS::Events::Archive": "Arn",
    "AWS::Events::Connection": (
        "Arn ArnForPolicy AuthParameters.ConnectivityParameters.ResourceParameters.ResourceAssociationArn "
        "InvocationConnectivityParameters.ResourceParameters.ResourceAssociationArn SecretArn"
    ),
    "AWS::Events::EventBus": (
        "Arn DeadLetterConfig.Arn Description EventSourceName KmsKeyIdentifier LogConfig.IncludeDetail "
        "LogConfig.Level Name Tags"
    ),
    "AWS::Events::Rule": "Arn RuleName",
    "AWS::Glue::Crawler": "",
    "AWS::Glue::Database": "",
    "AWS::Glue::Job": "",
    "AWS::Glue::Registry": "Arn",
    "AWS::Glue::Schema": "Arn InitialSchemaVersionId",
    "AWS::Glue::Table": "",
    "AWS::Glue::Workflow": "",
    "AWS::IAM::AccessKey": "Id SecretAccessKey",
    "AWS::IAM::Group": "Arn",
    "AWS::IAM::InstanceProfile": "Arn",
    "AWS::IAM::ManagedPolicy": (
        "AttachmentCount CreateDate DefaultVersionId IsAttachable PermissionsBoundaryUsageCount PolicyArn "
        "PolicyId UpdateDate"
    ),
    "AWS::IAM::Role": "Arn RoleId",
    "AWS::IAM::User": "Arn",
    "AWS::IoT::Certificate": "Arn Id",
    "AWS::IoT::Policy": "Arn Id",
    "AWS::IoT::RoleAlias": "RoleAliasArn",
    "AWS::IoT::Thing": "Arn Id",
    "AWS::IoT::TopicRule": "Arn",
    "AWS::KMS::Alias": "",
    "AWS::KMS::Key": "Arn KeyId",
    "AWS::Kendra::Index": "Arn Id",
    "AWS::Kinesis::Stream": "Arn WarmThroughputObject",
    "AWS::Kinesis::StreamConsumer": "ConsumerARN ConsumerCreationTimestamp ConsumerName ConsumerStatus StreamARN",
    "AWS::KinesisFirehose::DeliveryStream": "Arn",
    "AWS::KinesisVideo::Stream": "Arn",
    "AWS::Lambda::Alias": "AliasArn",
    "AWS::Lambda::CapacityProvider": "Arn State",
    "AWS::Lambda::CodeSigningConfig": "CodeSigningConfigArn CodeSigningConfigId",
    "AWS::Lambda::EventSourceMapping": "EventSourceMappingArn Id",
    "AWS::Lambda::Function": "Arn SnapStartResponse SnapStartResponse.ApplyOn SnapStartResponse.OptimizationStatus",
    "AWS::Lambda::LayerVersion": "LayerVersionArn",
    "AWS::Lambda::Url": "FunctionArn FunctionUrl",
    "AWS::Lambda::Version": "FunctionArn Version",
    "AWS::Location::GeofenceCollection": "Arn CollectionArn CreateTime UpdateTime",
    "AWS::Location::Map": "Arn CreateTime MapArn UpdateTime",
    "AWS::Location::PlaceIndex": "Arn CreateTime IndexArn UpdateTime",
    "AWS::Location::RouteCalculator": "Arn CalculatorArn CreateTime UpdateTime",
    "AWS::Location::Tracker": "Arn CreateTime TrackerArn UpdateTime",
    "AWS::Logs::LogGroup": "Arn",
    "AWS::Logs::LogStream": "",
    "AWS::MSK::Cluster": "Arn CurrentVersion",
    "AWS::MSK::ServerlessCluster": "Arn",
    "AWS::MemoryDB::Cluster": "ARN ClusterEndpoint.Address ClusterEndpoint.Port ParameterGroupStatus Status",
    "AWS::Neptune::DBCluster": (
        "AssociatedRoles AvailabilityZones BackupRetentionPeriod ClusterResourceId CopyTagsToSnapshot "
        "DBClusterIdentifier DBClusterParameterGroupName DBInstanceParameterGroupName DBPort "
        "DBSubnetGroupName DeletionProtection EnableCloudwatchLogsExports Endpoint EngineVersion "
        "GlobalClusterIdentifier IamAuthEnabled KmsKeyId NetworkType Port PreferredBackupWindow "
        "PreferredMaintenanceWindow ReadEndpoint RestoreToTime RestoreType "
        "ServerlessScalingConfiguration.MaxCapacity ServerlessScalingConfiguration.MinCapacity "
        "SnapshotIdentifier SourceDBClusterIdentifier StorageEncrypted Tags UseLatestRestorableTime "
        "VpcSecurityGroupIds"
    ),
    "AWS::OpenSearchServerless::Collection": "Arn CollectionEndpoint DashboardEndpoint FipsEndpoints Id KmsKeyArn",
    "AWS::OpenSearchService::Domain": (
        "AdvancedSecurityOptions.AnonymousAuthDisableDate Arn DomainArn DomainEndpoint DomainEndpointV2 "
        "DomainEndpoints Id IdentityCenterOptions.IdentityCenterApplicationARN "
        "IdentityCenterOptions.IdentityStoreId ServiceSoftwareOptions"
    ),
    "AWS::Pinpoint::App": "Arn Id",
    "AWS::Pipes::Pipe": "Arn CreationTime CurrentState LastModifiedTime StateReason",
    "AWS::QBusiness::Application": (
        "ApplicationArn ApplicationId CreatedAt IdentityCenterApplicationArn Status UpdatedAt"
    ),
    "AWS::QBusiness::DataSource": "CreatedAt DataSourceArn DataSourceId Status Type UpdatedAt",
    "AWS::QBusiness::Index": "CreatedAt IndexArn IndexId IndexStatistics Status UpdatedAt",
    "AWS::RDS::DBCluster": (
        "DBClusterArn DBClusterResourceId Endpoint Endpoint.Address Endpoint.Port MasterUserSecret.SecretArn "
        "ReadEndpoint ReadEndpoint.Address StorageEncryptionType StorageThroughput"
    ),
    "AWS::RDS::DBInstance": (
        "AdditionalStorageVolumes AllocatedStorage AllowMajorVersionUpgrade ApplyImmediately AssociatedRoles "
        "AutoMinorVersionUpgrade AutomaticBackupReplicationKmsKeyId AutomaticBackupReplicationRegion "
        "AutomaticBackupReplicationRetentionPeriod AutomaticRestartTime AvailabilityZone "
        "BackupRetentionPeriod BackupTarget CACertificateIdentifier CertificateDetails.CAIdentifier "
        "CertificateDetails.ValidTill CertificateRotationRestart CharacterSetName CopyTagsToSnapshot "
        "CustomIAMInstanceProfile DBClusterIdentifier DBClusterSnapshotIdentifier DBInstanceArn "
        "DBInstanceClass DBInstanceIdentifier DBInstanceStatus DBName DBParameterGroupName DBSecurityGroups "
        "DBSnapshotIdentifier DBSubnetGroupName DBSystemId DatabaseInsightsMode DbiResourceId "
        "DedicatedLogVolume DeleteAutomatedBackups DeletionProtection Domain DomainAuthSecretArn DomainDnsIps "
        "DomainFqdn DomainIAMRoleName DomainOu EnableCloudwatchLogsExports EnableIAMDatabaseAuthentication "
        "EnablePerformanceInsights Endpoint.Address Endpoint.HostedZoneId Endpoint.Port Engine "
        "EngineLifecycleSupport EngineVersion InstanceCreateTime Iops IsStorageConfigUpgradeAvailable "
        "KmsKeyId LatestRestorableTime LicenseModel ListenerEndpoint.Address ListenerEndpoint.HostedZoneId "
        "ListenerEndpoint.Port ManageMasterUserPassword MasterUserAuthenticationType MasterUserPassword "
        "MasterUserSecret.KmsKeyId MasterUserSecret.SecretArn MasterUsername MaxAllocatedStorage "
        "MonitoringInterval MonitoringRoleArn MultiAZ NcharCharacterSetName NetworkType OptionGroupName "
        "PercentProgress PerformanceInsightsKMSKeyId PerformanceInsightsRetentionPeriod Port "
        "PreferredBackupWindow PreferredMaintenanceWindow ProcessorFeatures PromotionTier PubliclyAccessible "
        "ReadReplicaDBClusterIdentifiers ReadReplicaDBInstanceIdentifiers ReplicaMode RestoreTime "
        "ResumeFullAutomationModeTime SecondaryAvailabilityZone SourceDBClusterIdentifier "
        "SourceDBInstanceAutomatedBackupsArn SourceDBInstanceIdentifier SourceDbiResourceId SourceRegion "
        "StatusInfos StorageEncrypted StorageOperationPercentProgress StorageOperationStatus "
        "StorageThroughput StorageType Tags TdeCredentialArn TdeCredentialPassword Timezone "
        "UseDefaultProcessorFeatures UseLatestRestorableTime VPCSecurityGroups"
    ),
    "AWS::RDS::DBProxy": "DBProxyArn Endpoint VpcId",
    "AWS::RDS::DBSubnetGroup": "DBSubnetGroupArn",
    "AWS::Redshift::Cluster": (
        "ClusterNamespaceArn DeferMaintenanceIdentifier Endpoint.Address Endpoint.Port MasterPasswordSecretArn"
    ),
    "AWS::RedshiftServerless::Workgroup": (
        "BaseCapacity ConfigParameters EnhancedVpcRouting MaxCapacity NamespaceName Port PubliclyAccessible "
        "RecoveryPointId SecurityGroupIds SnapshotArn SnapshotName SnapshotOwnerAccount SubnetIds Tags "
        "TrackName Workgroup.BaseCapacity Workgroup.ConfigParameters Workgroup.CreationDate "
        "Workgroup.Endpoint.Address Workgroup.Endpoint.Port Workgroup.Endpoint.VpcEndpoints "
        "Workgroup.EnhancedVpcRouting Workgroup.MaxCapacity Workgroup.NamespaceName "
        "Workgroup.PricePerformanceTarget.Level Workgroup.PricePerformanceTarget.Status "
        "Workgroup.PubliclyAccessible Workgroup.SecurityGroupIds Workgroup.Status Workgroup.SubnetIds "
        "Workgroup.TrackName Workgroup.WorkgroupArn Workgroup.WorkgroupId Workgroup.WorkgroupName "
        "WorkgroupName"
    ),
    "AWS::Rekognition::Collection": "Arn",
    "AWS::Route53::HealthCheck": "HealthCheckId",
    "AWS::Route53::HostedZone": "Id NameServers",
    "AWS::S3::AccessPoint": (
        "Alias Arn Bucket BucketAccountId Name NetworkOrigin PublicAccessBlockConfiguration.BlockPublicAcls "
        "PublicAccessBlockConfiguration.BlockPublicPolicy PublicAccessBlockConfiguration.IgnorePublicAcls "
        "PublicAccessBlockConfiguration.RestrictPublicBuckets Tags VpcConfiguration.VpcId"
    ),
    "AWS::S3::Bucket": (
        "Arn DomainName DualStackDomainName MetadataConfiguration.AnnotationTableConfiguration.TableArn "
        "MetadataConfiguration.AnnotationTableConfiguration.TableName MetadataConfiguration.Destination "
        "MetadataConfiguration.InventoryTableConfiguration.TableArn "
        "MetadataConfiguration.InventoryTableConfiguration.TableName "
        "MetadataConfiguration.JournalTableConfiguration.TableArn "
        "MetadataConfiguration.JournalTableConfiguration.TableName "
        "MetadataTableConfiguration.S3TablesDestination.TableArn "
        "MetadataTableConfiguration.S3TablesDestination.TableNamespace RegionalDomainName WebsiteURL"
    ),
    "AWS::S3Express::DirectoryBucket": "Arn AvailabilityZoneName",
    "AWS::S3Tables::TableBucket": "TableBucketARN",
    "AWS::S3Vectors::VectorBucket": "CreationTime VectorBucketArn",
    "AWS::SES::ConfigurationSet": "",
    "AWS::SES::EmailIdentity": (
        "DkimDNSTokenName1 DkimDNSTokenName2 DkimDNSTokenName3 DkimDNSTokenValue1 DkimDNSTokenValue2 "
        "DkimDNSTokenValue3"
    ),
    "AWS::SES::ReceiptRuleSet": "",
    "AWS::SNS::Subscription": "Arn",
    "AWS::SNS::Topic": (
        "ContentBasedDeduplication DeliveryStatusLogging DisplayName FifoThroughputScope FifoTopic "
        "KmsMasterKeyId MaximumMessageSize SignatureVersion Subscription Tags TopicArn TopicName "
        "TracingConfig"
    ),
    "AWS::SQS::Queue": (
        "Arn ContentBasedDeduplication DeduplicationScope DelaySeconds FifoQueue FifoThroughputLimit "
        "KmsDataKeyReusePeriodSeconds KmsMasterKeyId MaximumMessageSize MessageRetentionPeriod QueueName "
        "QueueUrl ReceiveMessageWaitTimeSeconds RedrivePolicy.deadLetterTargetArn "
        "RedrivePolicy.maxReceiveCount SqsManagedSseEnabled Tags VisibilityTimeout"
    ),
    "AWS::SSM::Document": "",
    "AWS::SSM::Parameter": "AllowedPattern Arn DataType Description Name Policies Tier Type Value",
    "AWS::SageMaker::Endpoint": "EndpointArn EndpointName",
    "AWS::Scheduler::Schedule": "Arn",
    "AWS::Scheduler::ScheduleGroup": "Arn CreationDate LastModificationDate State",
    "AWS::SecretsManager::Secret": "Id",
    "AWS::SecretsManager::SecretTargetAttachment": "Id",
    "AWS::ServiceDiscovery::PrivateDnsNamespace": "Arn HostedZoneId Id",
    "AWS::ServiceDiscovery::Service": "Arn Id Name",
    "AWS::StepFunctions::Activity": (
        "Arn EncryptionConfiguration.KmsDataKeyReusePeriodSeconds EncryptionConfiguration.KmsKeyId "
        "EncryptionConfiguration.Type Name Tags"
    ),
    "AWS::StepFunctions::StateMachine": "Arn Name StateMachineRevisionId",
    "AWS::StepFunctions::StateMachineAlias": "Arn",
    "AWS::StepFunctions::StateMachineVersion": "Arn",
    "AWS::Timestream::Database": "Arn",
    "AWS::Transfer::Server": "Arn As2ServiceManagedEgressIpAddresses ServerId State",
    "AWS::VerifiedPermissions::PolicyStore": "Arn EncryptionState PolicyStoreId",
    "AWS::VpcLattice::Service": "Arn CreatedAt DnsEntry.DomainName DnsEntry.HostedZoneId Id LastUpdatedAt Status",
    "AWS::VpcLattice::ServiceNetwork": "Arn CreatedAt Id LastUpdatedAt",
    "AWS::WAFv2::WebACL": "Arn Capacity Id LabelNamespace",
}
