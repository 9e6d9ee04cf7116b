// What CloudFormation puts beside inline Node code: answers for custom resources.
// Written for samlocal after the interface in CloudFormation's user guide, "cfn-response module".
"use strict";

exports.SUCCESS = "SUCCESS";
exports.FAILED = "FAILED";

exports.send = (event, context, responseStatus, responseData, physicalResourceId, noEcho) => {
  const body = JSON.stringify({
    Status: responseStatus,
    Reason: `See the details in CloudWatch Log Stream: ${context.logStreamName}`,
    PhysicalResourceId: physicalResourceId || context.logStreamName,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    NoEcho: noEcho || false,
    Data: responseData,
  });
  console.log("Response body:\n", body);
  const url = new URL(event.ResponseURL);
  const { request } = require(url.protocol === "http:" ? "http" : "https");
  const headers = { "content-type": "", "content-length": Buffer.byteLength(body) };
  const sent = request(url, { method: "PUT", headers }, (answer) => {
    console.log(`Status code: ${answer.statusCode}`);
    context.done();
  });
  sent.on("error", (error) => {
    console.log(`send(..) failed executing https.request(..): ${error}`);
    context.done();
  });
  sent.end(body);
};
