"""moto's inside as samlocal uses it: these fail first where a newer moto has changed it, and say what to look at.

The range in pyproject.toml is moto 5.2's, because ``samlocal/local/moto/*.py`` replace parts of it.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

import pytest

# What is replaced or called, and the names of its parameters (`cls` of a class method is not seen from outside).
USED = {
    "moto.cloudformation.parsing:parse_and_create_resource": (
        "logical_id resource_json resources_map account_id region_name"
    ),
    "moto.cloudformation.parsing:parse_and_update_resource": (
        "logical_id resource_json resources_map account_id region_name"
    ),
    "moto.cloudformation.parsing:parse_output": "output_logical_id output_json resources_map",
    "moto.cloudformation.parsing:get_model_map": "",
    "moto.cloudformation.parsing:clean_json": "resource_json resources_map",
    "moto.cloudformation.parsing:ResourceMap.validate_outputs": "self",
    "moto.cloudformation.parsing:ResourceMap.update": "self template parameters",
    "moto.cloudformation.parsing:ResourceMap.build_resource_diff": "self other_template parameters",
    "moto.cloudformation.parsing:ResourceMap.parse_ssm_parameter": "self value value_type",
    "moto.cloudformation.parsing:ResourceMap._delete_resource": "self parsed_resource resource_json",
    "moto.cloudformation.models:Stack.create_from_cloudformation_json": (
        "resource_name cloudformation_json account_id region_name kwargs"
    ),
    "moto.cloudformation.exceptions:UnformattedGetAttTemplateException": None,
    "moto.awslambda.models:LambdaFunction.invoke": "self body request_headers response_headers",
    "moto.awslambda.models:LambdaBackend.invoke": ("self function_name qualifier body headers response_headers"),
    "moto.awslambda.models:LambdaStorage.put_function": "self fn",
    "moto.awslambda.models:LambdaBackend.create_event_source_mapping": "self spec",
    "moto.kinesis.models:Consumer.__init__": "self consumer_name account_id region_name stream_arn",
    "moto.cloudformation.parsing:resource_class_from_type": "resource_type",
    "moto.cloudformation.parsing:generate_resource_name": "resource_type stack_name logical_id",
    "moto.s3.models:FakeBucket.get_permission": "self action resource",
    "moto.iam.access_control:IAMPolicy.is_action_permitted": (
        "self action resource principal incoming_condition_values"
    ),
    "moto.s3.models:events_send_notification": "source event_name region resources detail",
    "moto.awslambda.responses:LambdaResponse.invoke": "self",
    "moto.awslambda.responses:LambdaResponse.invoke_async": "self",
    "moto.awslambda.models:LambdaBackend.get_function": "self function_name_or_arn qualifier",
    "moto.s3.notifications:send_event": "account_id event_name bucket key",
    "moto.s3.models:S3Backend._set_delete_marker": "self bucket_name key_name",
    "moto.s3.models:FakeBucket.set_notification_configuration": "self notification_config",
    "moto.s3.models:FakeBucket.create_from_cloudformation_json": (
        "resource_name cloudformation_json account_id region_name kwargs"
    ),
    "moto.s3.models:Notification.matches": "self event_name key_name",
    "moto.events.models:Rule.send_to_targets": "self original_event transform_input",
    "moto.events.models:Rule._send_to_events_archive": "self resource_id event",
    "moto.sns.models:Subscription._parse_message_structure": None,
    "moto.stepfunctions.models:StateMachine.create_from_cloudformation_json": (
        "resource_name cloudformation_json account_id region_name kwargs"
    ),
    "moto.stepfunctions.parser.models:StepFunctionsParserBackend._validate_definition": "definition",
    "moto.scheduler.models:Schedule.to_dict": None,
    "moto.cognitoidp.models:CognitoIdpBackend.sign_up": "self client_id username password attributes",
    "moto.cognitoidp.models:CognitoIdpBackend.admin_create_user": (
        "self user_pool_id username message_action temporary_password attributes"
    ),
    "moto.cognitoidp.models:CognitoIdpBackend.confirm_sign_up": "self client_id username",
    "moto.cognitoidp.models:CognitoIdpBackend.admin_confirm_sign_up": "self user_pool_id username",
    "moto.cognitoidp.models:CognitoIdpBackend.initiate_auth": "self client_id auth_flow auth_parameters",
    "moto.cognitoidp.models:CognitoIdpBackend.admin_initiate_auth": (
        "self user_pool_id client_id auth_flow auth_parameters"
    ),
    "moto.cognitoidp.models:CognitoIdpBackend.respond_to_auth_challenge": (
        "self session client_id challenge_name challenge_responses"
    ),
    "moto.cognitoidp.models:CognitoIdpBackend._log_user_in": "self user_pool client username",
    "moto.cognitoidp.models:CognitoIdpUserPool.create_jwt": (
        "self client_id username token_use expires_in extra_data"
    ),
    "moto.s3.responses:S3Response.put_object_tagging": "self",
    "moto.sns.models:SNSBackend._validate_filter_policy": "self value scope",
    "moto.sns.utils:FilterPolicyMatcher.__init__": "self filter_policy filter_policy_scope",
    "moto.sns.utils:FilterPolicyMatcher.matches": "self message_attributes message",
    "moto.logs.models:LogStream._send_log_events": "self service destination_arn filter_name log_events",
    "moto.iam.models:Role.put_policy": "self policy_name policy_json",
    "moto.sqs.models:SQSBackend.receive_message": (
        "self queue_name count wait_seconds_timeout visibility_timeout message_attribute_names"
    ),
    "moto.sqs.models:Queue.__init__": "self name region account_id kwargs",
    "moto.sqs.models:Queue.update_from_cloudformation_json": (
        "original_resource new_resource_name cloudformation_json account_id region_name"
    ),
    "moto.iot.models:IoTBackend.create_topic_rule": "self rule_name sql kwargs",
    "moto.iot.exceptions:InvalidRequestException": "msg",
    "moto.iotdata.models:IoTDataPlaneBackend.publish": "self topic payload",
    "moto.sqs.models:SQSBackend.send_message": None,
    "moto.sqs.models:SQSBackend.send_message_batch": None,
    "moto.sqs.models:SQSBackend.delete_message": None,
    "moto.sqs.models:SQSBackend.delete_message_batch": None,
    "moto.sqs.models:SQSBackend.change_message_visibility": None,
    "moto.sqs.models:SQSBackend.change_message_visibility_batch": None,
    "moto.sqs.models:SQSBackend.purge_queue": None,
    "moto.sqs.models:Queue.wait_for_messages": "self timeout",
    "moto.dynamodb.models.table:StreamShard.add": "self old new",
    "moto.kinesis.models:Shard.put_record": None,
    "moto.kinesis.models:Shard.get_records": None,
    "moto.kinesis.models:Stream.get_shard_for_key": "self partition_key explicit_hash_key",
    "moto.kinesis.models:Stream.put_record": None,
    "moto.kinesis.models:Stream.split_shard": None,
    "moto.kinesis.models:Stream.merge_shards": None,
    "moto.batch.models:BatchBackend.submit_job": None,
    "moto.codebuild.models:CodeBuildBackend.start_build": None,
    "moto.ecs.models:EC2ContainerServiceBackend.run_task": None,
    "moto.ecs.models:EC2ContainerServiceBackend.start_task": None,
    "moto.sns.models:Subscription.publish": (
        "self message message_id subject message_attributes group_id deduplication_id message_structure"
    ),
    "moto.batch.exceptions:ClientException": None,
    "moto.codebuild.exceptions:InvalidInputException": None,
    "moto.ecs.exceptions:InvalidParameterException": None,
    "moto.moto_server.werkzeug_app:create_backend_app": "service",
    "moto.moto_server.werkzeug_app:DomainDispatcherApplication.__init__": "self create_app",
    "moto.moto_server.werkzeug_app:MotoRequestHandler": None,
}


def found(name: str) -> Any:
    module, _, path = name.partition(":")
    value: Any = importlib.import_module(module)
    for part in path.split("."):
        value = getattr(value, part)
    return value


@pytest.mark.parametrize("name", USED)
def test_what_samlocal_replaces_in_moto_is_still_there(name: str) -> None:
    wanted = USED[name]
    thing = found(name)
    assert callable(thing)
    if wanted is not None:
        assert " ".join(inspect.signature(thing).parameters) == wanted


def test_a_stacks_properties_are_what_samlocal_puts_its_own_over(client: Callable[[str], Any]) -> None:
    from moto.cloudformation.models import Stack
    from moto.cloudformation.parsing import OutputMap

    for owner, name in ((Stack, "parameter_list"), (Stack, "physical_resource_id"), (OutputMap, "exports")):
        assert isinstance(inspect.getattr_static(owner, name), property), name
    client("cloudformation").create_stack(
        StackName="inside", TemplateBody='{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}'
    )
    (stack,) = client("cloudformation").describe_stacks(StackName="inside")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"


def test_a_resource_map_has_the_parts_that_updates_and_attributes_need() -> None:
    from moto.cloudformation.parsing import ResourceMap

    source = inspect.getsource(ResourceMap)
    for part in (
        "self._account_id",
        "self._region_name",
        "self._parsed_resources",
        "self._resource_json_map",
        "self.input_parameters",
        "self.resolved_parameters",
        "self.lazy_condition_map",
    ):
        assert part in source, part
