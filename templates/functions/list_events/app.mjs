// GET /events: lists the events in DynamoDB, a page at a time.

import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { response } from "/opt/nodejs/events-api.mjs";

// Outside the handler: made once for a sandbox, kept for all of its invocations.
const dynamodb = DynamoDBDocumentClient.from(new DynamoDBClient({}));

const PAGE = 100;

export const handler = async (event) => {
  const table = process.env.TABLE_NAME;
  const after = event.queryStringParameters?.after;

  const { Items, LastEvaluatedKey } = await dynamodb.send(
    new ScanCommand({
      TableName: table,
      Limit: PAGE,
      ExclusiveStartKey: after && { id: after },
    }),
  );
  return response(200, { items: Items, next: LastEvaluatedKey?.id ?? null, table });
};
