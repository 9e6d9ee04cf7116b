// The file that Lambda's Node starts; the runtime client does the rest.
import { run } from "./aws-lambda-ric/index.mjs";

await run(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);
