/** Opens a Redis, tells its port, and waits to be killed. Started by redis.test.ts. */
import { openRedis } from "../src/redis.ts";

const { port } = await openRedis();
process.send?.(port);
