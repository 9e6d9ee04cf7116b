// What the Node.js functions of the events API share.

/** The answer that API Gateway's proxy integration expects of a function. */
export const response = (statusCode, body) => ({
  statusCode,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});
