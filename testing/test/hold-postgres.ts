/** Opens a PostgreSQL, tells its address, and waits to be killed. Started by postgres.test.ts. */
import { openPostgres } from "../src/postgres.ts";

const { url } = await openPostgres();
process.send?.(url);
